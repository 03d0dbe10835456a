//! The policy: what the default says, and what a file can say.

use std::time::Duration;

use calltap::policy::{
    Country, Direction, Employer, Extension, Grant, OnObjection, Pairs, Policy, Purpose, Refusal, Tap, Until,
};
use jiff::Timestamp;
use jiff::civil::date;
use sha2::{Digest, Sha256};

const FICTION: &str = include_str!("policies/fiction.toml");
const DIRECTIONS: [Direction; 3] = [Direction::Inbound, Direction::Outbound, Direction::Internal];

fn fiction() -> Policy {
    Policy::parse(FICTION, "fiction.toml").unwrap()
}

/// The fictional policy with one thing changed.
fn changed(from: &str, to: &str) -> String {
    assert!(FICTION.contains(from), "the test changes nothing: {from}");
    FICTION.replacen(from, to, 1)
}

// ---- The default -------------------------------------------------------------------------------------------

#[test]
fn the_default_policy_names_eight_controllers_and_two_of_them_are_never_tapped() {
    let policy = Policy::embedded();
    let all = Pairs::from_iter([
        (Tap::Monitor, Purpose::Quality),
        (Tap::Record, Purpose::Quality),
        (Tap::Record, Purpose::Evidence),
    ]);
    let entities: Vec<_> =
        policy.entities().iter().map(|entity| (entity.id(), entity.country().code(), entity.pairs())).collect();
    assert_eq!(
        entities,
        [
            ("ecommerce-be", "BE", all),
            ("ecommerce-nl", "NL", all),
            ("ecommerce-fr", "FR", all),
            ("ecommerce-ch", "CH", all),
            ("ecommerce-uk", "GB", all),
            ("financial-be", "BE", all),
            ("ecommerce-us", "US", Pairs::NONE),
            ("ebilling-in", "IN", Pairs::NONE),
        ]
    );
    assert_eq!(policy.never_countries(), ["US", "IN"].map(|code| Country::new(code).unwrap()));
    assert_eq!(policy.group().lead, "ecommerce-be");
    assert_eq!(policy.group_companies().count(), 9);
    assert_eq!(policy.warnings(), []);
}

#[test]
fn the_default_policy_covers_inbound_calls_to_customer_care_alone() {
    let policy = Policy::embedded();
    let rules = policy.rules("ecommerce-be", "customer-care", Direction::Inbound).unwrap();
    assert_eq!(rules.window, Duration::from_secs(3));
    assert_eq!(rules.alone, Duration::from_secs(3));
    assert_eq!(rules.until, Until::CallEnd);
    assert_eq!(rules.languages, ["nl", "fr", "en", "de"]);
    assert!(!rules.pairs.covers(Pairs::one(Tap::Monitor, Purpose::Evidence)));
    assert_eq!(policy.opt_out().on_objection, OnObjection::Erase);
    assert!(policy.notices().iter().all(|notice| notice.text.contains('9')));

    let refused = |entity, service, direction| policy.rules(entity, service, direction).unwrap_err();
    for direction in [Direction::Outbound, Direction::Internal] {
        assert_eq!(refused("ecommerce-be", "customer-care", direction), Refusal::ServiceNotCovered);
    }
    assert_eq!(refused("ecommerce-be", "sales", Direction::Inbound), Refusal::ServiceNotCovered);
    assert_eq!(refused("ecommerce-us", "customer-care", Direction::Inbound), Refusal::EntityExcluded);
    assert_eq!(refused("ebilling-in", "customer-care", Direction::Inbound), Refusal::EntityExcluded);
    assert_eq!(refused("ecommerce-de", "customer-care", Direction::Inbound), Refusal::EntityUnknown);
    assert!(policy.dialed("+442079460123").is_none(), "the default has no numbers");
}

#[test]
fn the_first_reason_to_refuse_is_the_one_given() {
    let policy = Policy::embedded();
    assert_eq!(policy.rules("nobody", "sales", Direction::Outbound), Err(Refusal::EntityUnknown));
    assert_eq!(policy.rules("ecommerce-us", "sales", Direction::Outbound), Err(Refusal::EntityExcluded));
}

#[test]
fn the_legal_basis_of_the_default_depends_on_entity_and_date() {
    let policy = Policy::embedded();
    let before = date(2018, 5, 24);
    let after = date(2018, 5, 25);
    let has = |entity, day, act: &str| policy.legal().on(entity, day).any(|basis| basis.contains(act));
    for entity in ["ecommerce-be", "ecommerce-nl", "ecommerce-fr", "ecommerce-uk", "financial-be"] {
        assert!(has(entity, before, "13 June 2005") && has(entity, after, "13 June 2005"), "{entity}");
        assert!(!has(entity, before, "(EU) 2016/679") && has(entity, after, "(EU) 2016/679"), "{entity}");
        assert!(has(entity, before, "95/46/EC") && !has(entity, after, "95/46/EC"), "{entity}");
        assert_eq!(has(entity, before, "8 December 1992"), entity.ends_with("-be"), "{entity}");
    }
    for day in [before, after] {
        let swiss = ["Swiss federal act on data protection of 19 June 1992"];
        assert_eq!(policy.legal().on("ecommerce-ch", day).collect::<Vec<_>>(), swiss);
        assert_eq!(policy.legal().on("ecommerce-us", day).count(), 0);
    }
    assert!(policy.legal().ground.contains("legitimate interest"));
}

#[test]
fn the_day_of_the_legal_basis_is_the_entitys_own() {
    let policy = Policy::embedded();
    // In summer the day begins two hours before UTC's in Brussels, one hour before it in London.
    let regulation = |id, at: &str| {
        let acts = policy.legal_basis(policy.entity(id).unwrap(), at.parse().unwrap());
        acts.iter().any(|act| act.contains("(EU) 2016/679"))
    };
    assert!(!regulation("ecommerce-be", "2018-05-24T21:59:59Z") && regulation("ecommerce-be", "2018-05-24T22:00:00Z"));
    assert!(!regulation("ecommerce-uk", "2018-05-24T22:59:59Z") && regulation("ecommerce-uk", "2018-05-24T23:00:00Z"));
}

#[test]
fn the_default_keeps_a_recording_one_calendar_month_of_the_entitys_local_time() {
    let policy = Policy::embedded();
    let started: Timestamp = "2024-01-31T23:30:00Z".parse().unwrap();
    let gone = |id| policy.delete_after(policy.entity(id).unwrap(), started).to_string();
    assert_eq!(gone("ecommerce-be"), "2024-03-01T00:30:00+01:00[Europe/Brussels]");
    assert_eq!(gone("ecommerce-uk"), "2024-02-29T23:30:00+00:00[Europe/London]");
    assert_eq!(policy.retention().period.to_string(), "1 month");
    assert_eq!(policy.retention().extension, Extension::Evidence);
    assert!(policy.retention().disputable_cap);
}

#[test]
fn the_default_says_who_may_listen_and_for_whom_they_work() {
    let policy = Policy::embedded();
    let role = |id| policy.roles().iter().find(|role| role.id == id).unwrap();
    let employers = |id| match &role(id).grant {
        Grant::Employed { employers, pairs } => {
            assert!(pairs.covers(policy.entities()[0].pairs()));
            employers.clone()
        }
        other => panic!("{other:?}"),
    };
    let anyone = [Employer::Controller, Employer::GroupInEu, Employer::Recipient];
    let at_work = [
        "agents-supervisor",
        "quality-leader",
        "recording-administrator",
        "security",
        "legal-affairs",
        "human-resources",
        "audit",
    ];
    for id in at_work {
        assert_eq!(employers(id), anyone, "{id}");
    }
    assert_eq!(employers("it-maintenance"), [Employer::GroupInEu]);
    let over = |id| match &role(id).grant {
        Grant::Over { roles } => roles.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!((over("supervisor"), over("deputy")), (8, 9));
    assert!(matches!(&role("law-firm").grant, Grant::LawFirm { clients, .. } if clients.len() == 3));
    assert_eq!(policy.roles().len(), 11);
    assert_eq!(policy.recipients()[0].address, "Veemarkt 5, 2800 Mechelen, Belgium");
}

#[test]
fn the_default_knows_the_eus_members_by_date() {
    let policy = Policy::embedded();
    let member = |code, day| policy.eu().covers(Country::new(code).unwrap(), day);
    assert!(member("GB", date(2020, 1, 31)));
    assert!(!member("GB", date(2020, 2, 1)));
    assert!(member("HR", date(2013, 7, 1)) && !member("HR", date(2013, 6, 30)));
    assert!(!member("CH", date(2024, 1, 1)));
    let members = |day| policy.eu().iter().filter(|(_, days)| days.contains(day)).count();
    assert_eq!([date(1960, 1, 1), date(2010, 1, 1), date(2015, 1, 1), date(2024, 1, 1)].map(members), [6, 27, 28, 27]);
}

// ---- A file of one's own -----------------------------------------------------------------------------------

#[test]
fn a_dialled_number_belongs_to_the_entity_and_service_with_the_longest_beginning() {
    let policy = fiction();
    let whose = |number| policy.dialed(number).map(|(entity, service)| (entity.id(), service));
    assert_eq!(whose("+44 20 7946 0123"), Some(("north", "customer-care")));
    assert_eq!(whose("0044 (20) 7946-0150"), Some(("north", "sales")));
    assert_eq!(whose("+44.20.7946.0160"), Some(("north", "collections")));
    assert_eq!(whose("+33199001234"), Some(("west", "customer-care")));
    assert_eq!(whose("+1 202 555 0123"), Some(("overseas", "customer-care")));
    assert_eq!(whose("+44 20 7946 0999"), None);
    assert_eq!(whose("020 7946 0123"), None);
    assert_eq!(whose("sip:+442079460123@example.com"), None);
}

#[test]
fn rules_follow_entity_service_and_direction() {
    let policy = fiction();
    let covered = |service| DIRECTIONS.map(|direction| policy.rules("north", service, direction).is_ok());
    assert_eq!(covered("customer-care"), [true, false, false]);
    assert_eq!(covered("collections"), [true, true, false]);
    assert_eq!(covered("sales"), [false, false, false]);
    let pairs = |entity| policy.rules(entity, "customer-care", Direction::Inbound).map(|rules| rules.pairs);
    assert_eq!(pairs("west"), Ok(Pairs::one(Tap::Record, Purpose::Evidence)));
    assert_eq!(pairs("east"), Ok(Pairs::one(Tap::Monitor, Purpose::Quality)));
    assert_eq!(pairs("overseas"), Err(Refusal::EntityExcluded));
    let rules = policy.rules("north", "collections", Direction::Outbound).unwrap();
    assert_eq!((rules.window, rules.alone), (Duration::from_secs(5), Duration::from_millis(2500)));
    assert_eq!(rules.until, Until::Window);
    assert_eq!(rules.languages, ["en", "de-ch"]);
}

#[test]
fn a_policy_is_named_by_the_bytes_of_its_file() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/policies/fiction.toml");
    let bytes = Sha256::digest(std::fs::read(path).unwrap());
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let loaded = Policy::load(path).unwrap();
    assert_eq!(loaded.hash(), hex);
    assert_eq!(loaded.origin(), path);
    assert_ne!(Policy::parse(&format!("{FICTION}\n"), "f").unwrap().hash(), hex, "a byte more is another policy");
}

#[test]
fn a_valid_policy_that_looks_wrong_comes_with_warnings() {
    assert_eq!(fiction().warnings(), []);
    let warnings = |text: String| -> Vec<String> {
        Policy::parse(&text, "f.toml").unwrap().warnings().iter().map(ToString::to_string).collect()
    };
    let empty = warnings(changed("[\"US\"]", "[]"));
    assert_eq!(empty.len(), 1);
    assert!(empty[0].starts_with("f.toml:5:19: never_countries is empty"), "{empty:?}");
    let ended = warnings(changed("from = 2020-01-01", "until = 2020-01-01"));
    assert_eq!(ended.len(), 3);
    assert!(ended[0].starts_with("f.toml:8:6: north may be tapped"), "{ended:?}");
    let nothing = FICTION.replace("\"inbound\"", "").replace(", \"outbound\"", "");
    assert!(warnings(nothing)[0].contains("nothing is ever tapped"));
}

#[test]
fn with_no_never_countries_an_entity_anywhere_can_be_allowed() {
    let text = changed("[\"US\"]", "[]").replace("monitor = []\nrecord = []", "monitor = []\nrecord = [\"quality\"]");
    let policy = Policy::parse(&text, "f.toml").unwrap();
    assert!(policy.rules("overseas", "customer-care", Direction::Inbound).is_ok());
}

// ---- People ------------------------------------------------------------------------------------------------

#[test]
fn the_policy_can_be_read_by_people() {
    let policy = fiction();
    let all = policy.show(None);
    for expected in [
        policy.hash(),
        "west      FR       never             evidence           Ouest Paiements SAS",
        "sales (never)",
        "+331990012: west, customer-care",
        "en: This call may be recorded.",
        "within 5s after it",
        "A later 9 means nothing.",
        "90 days from the call",
        "It cannot be extended.",
        "Coaches (coach)",
        "An act of fiction, article 1 (until 2019-12-31)",
        "The data protection officer, 1 Example Street, London",
    ] {
        assert!(all.contains(expected), "{expected:?} is not in\n{all}");
    }
    let west = policy.show(policy.entity("west"));
    assert!(west.contains("monitored: never") && west.contains("recorded: evidence"), "{west}");
    assert!(!west.contains("+4420"), "another entity's number:\n{west}");
    let never = policy.show(policy.entity("overseas"));
    assert!(never.contains("never monitored and never recorded"), "{never}");
    assert!(!never.contains("Notice"), "{never}");
}

#[test]
fn the_summary_says_who_may_be_tapped_and_repeats_the_warnings() {
    let summary = Policy::parse(&changed("[\"US\"]", "[]"), "f.toml").unwrap().summary();
    for expected in ["may be tapped: north, west, east\n", "never tapped: overseas,", "warning: f.toml:5:19: never_"] {
        assert!(summary.contains(expected), "{expected:?} is not in\n{summary}");
    }
}

#[test]
fn numbers_do_not_show_in_debug() {
    let policy = fiction();
    let debug = format!("{policy:?} {:?}", policy.entities());
    assert!(!debug.contains("7946") && !debug.contains("99001"), "{debug}");
}
