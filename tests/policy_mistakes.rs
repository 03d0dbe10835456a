//! A mistake in a policy file is refused with file, line, column and what was expected; no text makes it panic.

use std::io::Write;

use calltap::policy::{Direction, Pairs, Policy, PolicyError, Purpose, Refusal, SIZE_LIMIT, Tap};
use jiff::Timestamp;

const FICTION: &str = include_str!("policies/fiction.toml");
const DIRECTIONS: [Direction; 3] = [Direction::Inbound, Direction::Outbound, Direction::Internal];

/// The fictional policy with one thing changed.
fn changed(from: &str, to: &str) -> String {
    assert!(FICTION.contains(from), "the test changes nothing: {from}");
    FICTION.replacen(from, to, 1)
}

fn error(text: &str) -> String {
    match Policy::parse(text, "f.toml") {
        Ok(_) => panic!("this was taken for a valid policy:\n{text}"),
        Err(wrong) => wrong.to_string(),
    }
}

// ---- Mistakes ----------------------------------------------------------------------------------------------

/// Changes the fictional policy and expects it to be refused, at the place marked with `¦`, in these words.
#[track_caller]
fn refused(from: &str, to: &str, words: &str) {
    let marked = changed(from, to);
    let before = marked.split('¦').next().unwrap();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    let message = error(&marked.replace('¦', ""));
    let place = format!("f.toml:{line}:{column}: ");
    assert!(message.starts_with(&place) && message.contains(words), "expected {place}... {words}, got {message}");
    assert!(message.contains("expected"), "it does not say what was expected: {message}");
}

#[test]
fn a_mistake_in_the_shape_is_refused_with_its_place() {
    refused("format = 1", "format = 1\n¦format = 1", "this key is here twice");
    refused("format = 1", "format = ¦2", "unknown format 2; expected 1");
    refused("format = 1", "format = ¦\"1\"", "expected a whole number");
    refused("format = 1", "¦colour = 1\nformat = 1", "unknown key `colour`");
    refused(
        "name = \"Sales\"",
        "name = \"Sales\"\n¦nom = \"Ventes\"",
        "unknown key `nom`, expected one of `id`, `name`, `directions`",
    );
    refused("service = \"sales\" }", "service = \"sales\", ¦fax = true }", "unknown key `fax`");
    let from =
        "[[entity]]\nid = \"west\"\nname = \"Ouest Paiements SAS\"\ncountry = \"FR\"\ntime_zone = \"Europe/Paris\"\n";
    refused(from, &format!("¦{}", from.replace("time_zone = \"Europe/Paris\"\n", "")), "expected `time_zone`");
    refused("disputable_cap = false", "disputable_cap = ¦0", "expected a boolean");
    refused("[opt_out]", "[opt_out¦", "unclosed table");
    refused("name = \"Coaches\"", "name = \"Coaches¦", "expected `\"`");
}

#[test]
fn a_mistake_in_an_entity_is_refused_with_its_place() {
    refused("id = \"west\"", "id = ¦\"north\"", "the id \"north\" is taken since line 8");
    refused("id = \"west\"", "id = ¦\"West 1\"", "\"West 1\" is no id");
    refused("name = \"Ouest Paiements SAS\"", "name = ¦\" \"", "is no text");
    refused("name = \"Ouest Paiements SAS\"", "name = ¦\"a\\u001b[31mb\"", "is no text");
    refused("country = \"FR\"", "country = ¦\"XX\"", "unknown country \"XX\"; expected an ISO 3166-1");
    refused("never_countries = [\"US\"]", "never_countries = [¦\"USA\"]", "unknown country \"USA\"");
    refused("time_zone = \"Europe/Paris\"", "time_zone = ¦\"Europe/Lutetia\"", "unknown time zone \"Europe/Lutetia\"");
    refused("record = [\"evidence\"]", "record = [¦\"marketing\"]", "unknown value `marketing`, expected `quality` or");
    refused("record = [\"evidence\"]", "record = [\"evidence\", ¦\"evidence\"]", "this purpose is here twice");
    refused("record = [\"evidence\"]", "record = ¦\"evidence\"", "expected a list");
    refused("monitor = [\"quality\"]", "monitor = [\"quality\", ¦\"evidence\"]", "monitoring is never for evidence");
    let from = "country = \"US\"\ntime_zone = \"America/New_York\"\nmonitor = []\nrecord = []";
    let never = "overseas is in US, a country of never_countries";
    refused(from, &from.replace("record = []", "record = [¦\"evidence\"]"), never);
    refused(from, &from.replace("monitor = []", "monitor = [¦\"quality\"]"), never);
}

#[test]
fn a_mistake_in_a_number_is_refused_with_its_place() {
    let from = "number = \"+33 1 99 00 12\", service = \"customer-care\"";
    refused(from, "number = ¦\"+44 20 7946-0150\", service = \"customer-care\"", "is north's already");
    refused(from, "number = ¦\"01 99 00 12\", service = \"customer-care\"", "is not in international form");
    refused(from, "number = ¦\"+33 (0)1 99 00 12\", service = \"customer-care\"", "which is not dialled from abroad");
    refused(from, "number = ¦\"+33\", service = \"customer-care\"", "claims too much");
    refused(from, "number = ¦\"+33 1 99 00 1x\", service = \"customer-care\"", "is no number");
    refused(from, "number = \"+33 1 99 00 12\", service = ¦\"repairs\"", "expected the id of a service: such as \"col");
}

#[test]
fn a_mistake_in_the_rest_is_refused_with_its_place() {
    refused("directions = [\"inbound\"]", "directions = [¦\"inbond\"]", "unknown value `inbond`, expected one of");
    refused("language = \"de-CH\"", "language = ¦\"german\"", "is no language; expected an RFC 5646");
    refused("language = \"de-CH\"", "language = ¦\"EN\"", "a second notice in \"en\"");
    refused("window = \"5s\"", "window = ¦\"0s\"", "out of bounds; expected 1s at least and 60s at most");
    refused("window = \"5s\"", "window = ¦\"61s\"", "out of bounds");
    refused("window = \"5s\"", "window = ¦\"5 seconds\"", "is no duration");
    refused("window = \"5s\"", "window = ¦\"99999999999999999999s\"", "is no duration");
    refused("alone = \"2500ms\"", "alone = ¦\"999ms\"", "out of bounds; expected 1s at least and 10s at most");
    refused("until = \"window\"", "until = ¦\"never\"", "unknown value `never`, expected `call-end` or `window`");
    refused("on_objection = \"stop\"", "on_objection = ¦\"keep\"", "expected `erase` or `stop`");
    refused("period = \"90 days\"", "period = ¦\"a while\"", "is no retention period; expected a whole number of days");
    refused("extension = \"never\"", "extension = ¦\"quality\"", "expected `never` or `evidence`");
    refused("lead = \"north\"", "lead = ¦\"south\"", "expected the id of an entity: such as \"east\", \"north\"");
    refused("head = \"north\"", "head = ¦\"listeners\"", "unknown id \"listeners\"");
    refused("id = \"listeners\"", "id = ¦\"north\"", "is taken since line 8");
    refused(
        "from = 1973-01-01, until = 2020-01-31",
        "from = 1973-01-01, until = ¦1972-12-31",
        "expected 1973-01-01 or later",
    );
    refused("until = 2019-12-31", "until = ¦2019-12-31T00:00:00Z", "this is no day");
    refused("until = 2019-12-31", "until = ¦2019-02-31", "");
    refused("until = 2019-12-31", "until = ¦0000-01-01T00:00:00", "this is no day");
    refused("    { country = \"FR\"", "    { country = ¦\"DE\"", "DE is a member twice on the same day");
    refused("entities = [\"north\", ", "entities = [\"north\", ¦\"north\", ", "this id is here twice");
    refused(
        "entities = [\"north\", ",
        "entities = [¦\"South\", ",
        "unknown id \"South\"; expected the id of an entity",
    );
    refused("entities = [\"north\", \"west\", \"east\"]", "entities = ¦[]", "this list is empty");
    refused("page = \"https://www.example.com/recording\"", "page = ¦\"example.com\"", "is no web address");
}

#[test]
fn a_mistake_in_a_role_is_refused_with_its_place() {
    refused("employers = [\"controller\"]", "employers = [¦\"anyone\"]", "unknown value `anyone`, expected one of");
    refused("employers = [\"controller\"]", "employers = ¦[]", "this list is empty; expected an employer");
    refused("id = \"coach\"", "id = ¦\"coach\"\nof = []", "who holds this role is not clear; expected one of");
    let from = "id = \"coach\"\nname = \"Coaches\"\nemployers = [\"controller\"]\nmonitor = [\"quality\"]\n";
    let to = "id = ¦\"coach\"\nname = \"Coaches\"\nemployers = [\"controller\"]\n";
    refused(from, to, "a key of this role is missing; expected `monitor`");
    refused("of = [\"coach\"]", "of = [¦\"coach-deputy\"]", "expected the id of a role that stands above this one");
    refused(
        "of = [\"coach\"]",
        "of = [\"coach\"]\nmonitor = ¦[\"quality\"]",
        "takes its purposes from the roles it names",
    );
    refused("of = [\"coach\"]", "law_firm_of = [¦\"agent\"]", "expected one of `controller`, `recipient`, `group`");
}

#[test]
fn columns_count_characters_and_not_bytes() {
    refused("name = \"Sales\"", "name = \"Verkäufe – “Süd”\" ¦x", "");
    refused("{ number = \"+33", "{ \"numéro\" = 1, ¦\"numéro\" = \"+33", "this key is here twice");
}

#[test]
fn a_policy_without_entity_or_notice_is_none() {
    let without = |table: &str| {
        let tables = FICTION.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
        let mut kept = String::new();
        let mut inside = false;
        for line in tables {
            if line.starts_with('[') {
                inside = line.starts_with(table);
            }
            if !inside {
                kept.push_str(&line);
            }
        }
        error(&kept)
    };
    assert_eq!(without("[[entity]]"), "f.toml:1:1: there is no entity; expected at least one [[entity]]");
    assert_eq!(without("[[notice]]"), "f.toml:1:1: there is no notice; expected at least one [[notice]]");
    assert_eq!(without("[retention]"), "f.toml:1:1: a key is missing here; expected `retention`");
    assert_eq!(error(""), "f.toml:1:1: a key is missing here; expected `format`");
}

// ---- Files that cannot be read -----------------------------------------------------------------------------

#[test]
fn a_file_that_cannot_be_read_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.toml");
    for (path, why) in [(folder.path(), "it is a directory"), (&missing, "No such file")] {
        let wrong = Policy::load(path).unwrap_err();
        assert!(matches!(&wrong, PolicyError::Unreadable { .. }), "{wrong:?}");
        assert!(wrong.to_string().starts_with(path.to_str().unwrap()) && wrong.to_string().contains(why), "{wrong}");
    }
}

#[test]
fn a_file_that_is_no_text_is_refused_at_its_first_wrong_byte() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all("format = 1\n# é ".as_bytes()).unwrap();
    file.write_all(b"\xe9\n").unwrap();
    let message = Policy::load(file.path()).unwrap_err().to_string();
    assert!(message.ends_with(":2:5: this byte is not UTF-8; expected a TOML file in UTF-8"), "{message}");
}

#[test]
fn a_file_that_is_too_large_is_refused_and_one_of_the_limit_is_read() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let comment = format!("#{}\n", "x".repeat(SIZE_LIMIT - FICTION.len() - 2));
    file.write_all(FICTION.as_bytes()).unwrap();
    file.write_all(comment.as_bytes()).unwrap();
    assert!(Policy::load(file.path()).is_ok());
    file.write_all(b"\n").unwrap();
    assert!(matches!(Policy::load(file.path()), Err(PolicyError::TooLarge { .. })));
    let text = format!("{FICTION}{comment}\n");
    assert!(matches!(Policy::parse(&text, "f.toml"), Err(PolicyError::TooLarge { .. })));
}

#[test]
fn a_device_that_never_ends_is_too_large() {
    assert!(matches!(Policy::load("/dev/zero"), Err(PolicyError::TooLarge { .. })));
}

// ---- Anything at all ---------------------------------------------------------------------------------------

#[test]
fn deep_nesting_and_huge_values_are_refused_like_any_mistake() {
    for text in [
        "[".repeat(100_000),
        format!("a={}", "[".repeat(100_000)),
        format!("a={}", "{a=".repeat(100_000)),
        format!("{}a=1", "a.".repeat(100_000)),
        format!("[{}a]", "a.".repeat(100_000)),
        format!("format = {}", "9".repeat(100_000)),
        format!("format = 1e{}", "9".repeat(100_000)),
        format!("{} = 1", "x".repeat(100_000)),
        changed("\"90 days\"", &format!("\"{} days\"", "9".repeat(100_000))),
        changed("\"Europe/Paris\"", &format!("\"{}\"", "../".repeat(10_000))),
        changed("\"+33 1 99 00 12\"", &format!("\"+{}\"", "3".repeat(100_000))),
        "\0".into(),
        "\u{feff}".into(),
    ] {
        assert_refused_at_a_place(&text);
    }
}

#[test]
fn no_changed_policy_panics_and_each_is_valid_or_refused_at_a_place() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut valid, mut refused) = (0, 0);
    for _ in 0..2_500 {
        let mut text = FICTION.to_owned();
        for _ in 0..=random.below(3) {
            text = mutated(&text, &mut random);
        }
        match Policy::parse(&text, "f.toml") {
            Ok(policy) => {
                valid += 1;
                assert_holds(&policy, &text);
            }
            Err(_) => {
                refused += 1;
                assert_refused_at_a_place(&text);
            }
        }
    }
    assert!(valid > 100 && refused > 1_000, "the changes test little: {valid} valid, {refused} refused");
}

#[test]
fn no_key_can_be_misspelt() {
    for (index, line) in FICTION.lines().enumerate() {
        if !line.contains(" = ") || line.starts_with(['#', ' ']) {
            continue;
        }
        let mut lines: Vec<_> = FICTION.lines().map(str::to_owned).collect();
        lines[index] = format!("x{line}");
        let message = error(&lines.join("\n"));
        assert!(message.starts_with(&format!("f.toml:{}:1: unknown key", index + 1)), "{line}: {message}");
    }
}

/// What holds of every valid policy.
fn assert_holds(policy: &Policy, text: &str) {
    for entity in policy.entities() {
        assert!(!entity.pairs().covers(Pairs::one(Tap::Monitor, Purpose::Evidence)), "{text}");
        let never = policy.never_countries().contains(&entity.country());
        for (service, direction) in policy.services().iter().flat_map(|service| DIRECTIONS.map(|way| (service, way))) {
            match policy.rules(entity.id(), &service.id, direction) {
                Ok(rules) => {
                    assert!(!never && !rules.pairs.is_empty() && !rules.languages.is_empty(), "{text}");
                    assert!(service.directions.contains(&direction), "{text}");
                }
                Err(refusal) => assert!(!never || refusal == Refusal::EntityExcluded, "{text}"),
            }
        }
        for number in entity.numbers() {
            assert!(
                policy
                    .dialed(&number.number)
                    .is_some_and(|(owner, service)| (owner.id(), service) == (entity.id(), number.service.as_str()))
            );
        }
        assert!(policy.delete_after(entity, Timestamp::MAX).timestamp() == Timestamp::MAX, "{text}");
        assert!(policy.delete_after(entity, Timestamp::UNIX_EPOCH).timestamp() > Timestamp::UNIX_EPOCH, "{text}");
        assert!(!policy.show(Some(entity)).is_empty());
    }
    assert!(!policy.show(None).is_empty() && !policy.summary().is_empty());
}

#[track_caller]
fn assert_refused_at_a_place(text: &str) {
    let wrong = Policy::parse(text, "f.toml").unwrap_err();
    let message = wrong.to_string();
    let PolicyError::Wrong { place, .. } = wrong else { panic!("{message}") };
    let line = text.split('\n').nth(place.line - 1).unwrap_or_else(|| panic!("no such line: {message}"));
    assert!((1..=line.chars().count() + 1).contains(&place.column), "no such column: {message}");
    assert!(message.starts_with(&format!("f.toml:{}:{}: ", place.line, place.column)), "{message}");
    assert!(message.contains("expected"), "{message}");
    assert!(message.len() < 5_000 && !message.chars().any(char::is_control), "{message:?}");
}

/// A small generator, so that every run tries the same texts.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }

    fn of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

/// The text with a line moved, doubled, lost or mixed with another, or with characters or a value changed.
fn mutated(text: &str, random: &mut Random) -> String {
    const PIECES: [&str; 24] = [
        "\"",
        "'",
        "[",
        "]",
        "{",
        "}",
        "=",
        ".",
        ",",
        "\n",
        "\0",
        "é",
        "\u{202e}",
        "#",
        "-",
        "9",
        "US",
        "\"\"",
        "[]",
        "true",
        "2020-02-30",
        "1e999",
        "\"north\"",
        "\"\\u0000\"",
    ];
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    let cut = |line: &str, at: usize| line.char_indices().nth(at).map_or(line.len(), |(byte, _)| byte);
    match random.below(8) {
        0 => drop(lines.remove(one)),
        1 => lines.insert(other, lines[one].clone()),
        2 => lines.swap(one, other),
        3 => {
            // One line's key with the other's value.
            let value = lines[other].split_once('=').map(|(_, value)| value.to_owned());
            if let (Some((key, _)), Some(value)) = (lines[one].clone().split_once('='), value) {
                lines[one] = format!("{key}={value}");
            }
        }
        4 => {
            if let Some((key, _)) = lines[one].clone().split_once('=') {
                lines[one] = format!("{key}= {}", random.of(&PIECES));
            }
        }
        5 => {
            let at = random.below(lines[one].chars().count() + 1);
            let byte = cut(&lines[one], at);
            lines[one].insert_str(byte, random.of(&PIECES));
        }
        6 => {
            let at = random.below(lines[one].chars().count());
            let range = cut(&lines[one], at)..cut(&lines[one], at + 1 + random.below(4));
            lines[one].replace_range(range, "");
        }
        _ => {
            // Rarely, so that most texts stay whole.
            if random.below(8) == 0 {
                lines.truncate(one);
            }
        }
    }
    lines.join("\n")
}
