//! Consent against a second formulation of its rules, over random calls.
//!
//! [`rules`] keeps everything that was told and answers each question from the whole log, as the rules are worded;
//! [`story`] makes up calls. After every event both must give the same gates, decisions and changes; after every fourth
//! and the last the same permits, and the same ruling on every moment at which something may change, and just before it.

mod facts;
mod rules;
mod story;

use calltap::consent::{Change, Consent, Gate, Reason, Role, Ruling, Start, Verdict};
use calltap::policy::{Pairs, Purpose, Tap};
use calltap::time::{CallTime, Interval};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use rules::{Entry, Known, Log};

const ROLES: [Role; 3] = [Role::Caller, Role::Agent, Role::Mix];

/// Every controller of a story permits the first, some the second.
const WANTED: [Pairs; 2] = [Pairs::one(Tap::Monitor, Purpose::Quality), Pairs::one(Tap::Record, Purpose::Quality)];

const ALWAYS: Interval = Interval { from: CallTime::MIN, to: CallTime::MAX };

fn tell(consent: &mut Consent, entry: &Entry) {
    match entry.clone() {
        Entry::Tell(at, event) => consent.tell(at, event),
        Entry::Transfer(at, rules) => consent.transfer(at, rules),
        Entry::Advance { now, examined, heard } => consent.advance(now, examined, heard),
    }
}

/// All parts, after a check that they cover the stretch exactly and in order.
fn parts(consent: &Consent, pairs: Pairs, stretch: Interval) -> Vec<Verdict> {
    let parts: Vec<Verdict> = consent.judge(pairs, stretch).collect();
    let mut end = stretch.from;
    for part in &parts {
        assert_eq!(part.part.from, end, "the parts are not consecutive");
        assert!(!part.part.is_empty(), "a part is empty");
        end = part.part.to;
    }
    assert_eq!(end, stretch.to.max(stretch.from), "the parts do not cover the stretch");
    parts
}

fn agree_on_moments(consent: &Consent, known: &Known<'_>, moments: &[CallTime]) {
    for pairs in WANTED {
        for tap in Tap::ALL {
            let permit = consent.permit(tap, pairs).map(|permit| (permit.pairs(), permit.from()));
            assert_eq!(permit, known.permit(tap, pairs, moments), "permit of {tap:?} for {pairs:?}");
        }
        let all = parts(consent, pairs, ALWAYS);
        let permitted: Vec<_> = consent.permitted(pairs).collect();
        for &moment in moments {
            let ruling = all.iter().find(|part| part.part.contains(moment)).map(|part| part.ruling);
            assert_eq!(ruling, Some(known.ruling(pairs, moment)), "{pairs:?} at {moment:?}");
            let was = permitted.iter().any(|permission| permission.stretch.contains(moment));
            assert_eq!(was, known.account(pairs, moment) == Ruling::Allowed, "account of {pairs:?} at {moment:?}");
        }
        for permission in permitted {
            assert_eq!(permission.ended, known.reason_for_ending(pairs, permission.stretch.to), "{permission:?}");
        }
    }
}

/// Rulings on a part of the clock are those on the whole of it.
fn agree_on_stretches(consent: &Consent, known: &Known<'_>, moments: &[CallTime]) {
    for ends in moments.windows(4) {
        let stretch = Interval { from: ends[0], to: ends[3] };
        for part in parts(consent, WANTED[1], stretch) {
            assert_eq!(part.ruling, known.ruling(WANTED[1], part.part.from), "{:?}", part.part);
        }
    }
}

fn agree_on_now(consent: &Consent, known: &Known<'_>) {
    assert_eq!(consent.is_final(), known.is_final());
    for role in ROLES {
        assert_eq!(consent.gate(role), known.gate(role), "gate of {role:?}");
    }
    for tap in Tap::ALL {
        let decision = consent.decision(tap);
        assert_eq!(decision.reason, known.reason(tap), "{tap:?}");
        assert_eq!(decision.hook_needed, consent.gate(Role::Caller) != Gate::Shut);
        assert_eq!(decision.pairs.is_empty(), decision.reason != Reason::Allowed);
    }
    assert_eq!(consent.notice().map(|notice| (notice.played, notice.window_end)), known.notice());
}

fn in_any_order(changes: &[Change]) -> Vec<String> {
    let mut texts: Vec<String> = changes.iter().map(|change| format!("{change:?}")).collect();
    texts.sort();
    texts
}

fn play(start: Start, entries: Vec<Entry>) {
    let mut consent = Consent::new(start.clone());
    consent.drain().for_each(drop);
    let mut log = Log::new(start);
    let last = entries.len().saturating_sub(1);
    for (number, entry) in entries.into_iter().enumerate() {
        tell(&mut consent, &entry);
        let expected = log.push(entry);
        let changes: Vec<Change> = consent.drain().collect();
        assert_eq!(in_any_order(&changes), in_any_order(&expected));
        let known = log.known();
        agree_on_now(&consent, &known);
        if number == last || number % 4 == 3 {
            let moments = log.moments();
            agree_on_moments(&consent, &known, &moments);
            agree_on_stretches(&consent, &known, &moments);
        }
    }
}

/// The same calls on every run, unless `PROPTEST_CASES` or `PROPTEST_RNG_SEED` ask for more or others.
fn config() -> ProptestConfig {
    let asked = std::env::vars().any(|(name, _)| name == "PROPTEST_CASES" || name == "PROPTEST_RNG_SEED");
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if asked { config } else { ProptestConfig { cases: 5000, rng_seed: RngSeed::Fixed(9), ..config } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn consent_agrees_with_its_rules_over_random_calls((start, entries) in story::any()) {
        play(start, entries);
    }
}

#[test]
fn random_calls_reach_every_kind_of_outcome() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..2000 {
        let (start, entries) = story::any().new_tree(&mut runner).expect("a story").current();
        let mut consent = Consent::new(start);
        for entry in &entries {
            tell(&mut consent, entry);
        }
        let changes: Vec<Change> = consent.drain().collect();
        for change in changes {
            let text = format!("{change:?}");
            let kind = text.split([' ', '{']).next().unwrap_or_default().to_owned();
            *seen.entry(kind).or_default() += 1;
        }
        *seen.entry(format!("finally {}", consent.decision(Tap::Record).reason)).or_default() += 1;
    }
    for (kind, least) in [
        ("NoticeGiven", 600),
        ("NoticeNotGiven", 150),
        ("Opened", 500),
        ("Held", 150),
        ("Released", 40),
        ("Objected", 150),
        ("Withdrawn", 70),
        ("Paused", 300),
        ("Resumed", 100),
        ("ControllerChanged", 300),
        ("Closed", 200),
        ("finally allowed", 100),
        ("finally paused", 100),
        ("finally undecided", 10),
        ("finally window open", 8),
        ("finally failed", 50),
        ("finally ended", 40),
    ] {
        let count = seen.get(kind).copied().unwrap_or_default();
        assert!(count >= least, "{kind}: {count} of {least}, in {seen:?}");
    }
}
