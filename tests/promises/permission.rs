//! Promise 1: nothing reaches a sink that is not permitted for that sink's own uses and purposes.

use std::path::Path;
use std::sync::Arc;

use calltap::consent::Reason;
use calltap::engine::{Config, CountedIds, Engine, Pushed};
use calltap::policy::{Pairs, Policy, Purpose, Tap};

use super::scene::{AGENT, CALLER, RECORD, Scene, ms};
use super::witness::Log;

/// A call under the tests' own policy, whose window is 5 s.
fn under_fiction(entity: &str) -> Scene {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies/fiction.toml");
    let policy = Arc::new(Policy::load(&file).expect("a good policy"));
    let engine = Engine::with_ids(Config::default(), Some(policy), Box::new(CountedIds::default()));
    Scene::of(Arc::new(engine.expect("the configuration is sound")), entity, [0, 0], [0, 0])
}

/// Nothing was taken but what was listened to, and no sink knows of the call.
fn nothing_came(scene: &mut Scene) {
    scene.run_to(ms(12_000));
    scene.end();
    assert!(scene.sinks.iter().all(|sink| !sink.is_opened() && sink.told().is_empty()));
    for leg in [CALLER, AGENT] {
        let ledger = scene.call.ledger(leg as u8).expect("the leg exists");
        assert_eq!(ledger.withheld, ledger.pushed);
    }
    assert!(scene.call.permitted(Pairs::one(Tap::Record, Purpose::Quality)).is_empty());
    scene.check_the_end();
}

#[test]
fn each_sink_opens_for_the_purposes_that_the_policy_allows_of_its_own() {
    // North: all but monitoring for evidence. West: recording for evidence. East: monitoring for quality.
    let quality = |tap| Pairs::one(tap, Purpose::Quality);
    let evidence = |tap| Pairs::one(tap, Purpose::Evidence);
    let both = |tap| quality(tap).union(evidence(tap));
    let (record, monitor) = (Tap::Record, Tap::Monitor);
    for (entity, expected) in [
        ("north", [both(record), quality(record), evidence(record), quality(monitor), Pairs::NONE]),
        ("west", [evidence(record), Pairs::NONE, evidence(record), Pairs::NONE, Pairs::NONE]),
        ("east", [Pairs::NONE, Pairs::NONE, Pairs::NONE, quality(monitor), Pairs::NONE]),
        ("overseas", [Pairs::NONE; 5]),
    ] {
        let mut scene = under_fiction(entity);
        let wanted = [both(record), quality(record), evidence(record), both(monitor), evidence(monitor)];
        for pairs in wanted {
            scene.add_sink_for(pairs, Log::default());
        }
        scene.notice(0, 1_000);
        scene.run_to(ms(9_000));
        scene.check_permitted();
        scene.end();
        for (sink, expected) in scene.sinks.iter().zip(expected) {
            assert_eq!(sink.pairs(), expected, "{entity}");
            let heard: Vec<_> = sink.heard(CALLER).iter().map(|stretch| (stretch.from, stretch.to)).collect();
            let whole = [(ms(6_000), ms(9_020))];
            assert_eq!(heard, if expected.is_empty() { &[][..] } else { &whole }, "{entity}");
        }
        scene.check_the_end();
    }
}

#[test]
fn of_a_call_that_may_never_be_tapped_nothing_is_even_copied() {
    for (entity, reason) in [
        ("ecommerce-us", Reason::EntityExcluded),
        ("ebilling-in", Reason::EntityExcluded),
        ("nobody", Reason::EntityUnknown),
        ("", Reason::EntityUnknown),
    ] {
        let mut scene = Scene::new(entity);
        assert_eq!(scene.call.decision(Tap::Record).reason, reason);
        scene.notice(0, 1_000);
        assert_eq!(scene.answers, [Pushed::Shut; 2], "you may unhook");
        nothing_came(&mut scene);
    }
}

#[test]
fn without_a_notice_nothing_is_taken() {
    let mut scene = Scene::new("ecommerce-be");
    scene.run_to(ms(11_900));
    assert_eq!(scene.answers, [Pushed::Wait; 2], "a notice may still come");
    nothing_came(&mut scene);
}

#[test]
fn a_notice_that_is_broken_off_or_in_another_language_or_never_ends_was_not_given() {
    for (language, complete) in [("en", Some(false)), ("fr", Some(true)), ("xx", Some(true)), ("en", None)] {
        let mut scene = Scene::new("ecommerce-be");
        scene.call.notice_started(ms(0), language);
        scene.run_to(ms(1_000));
        if let Some(complete) = complete {
            scene.call.notice_finished(ms(1_000), complete);
        }
        nothing_came(&mut scene);
    }
}

#[test]
fn a_notice_that_is_given_after_one_that_was_not_is_what_counts() {
    let mut scene = Scene::new("ecommerce-be");
    scene.call.notice_started(ms(0), "en");
    scene.run_to(ms(1_000));
    scene.call.notice_finished(ms(1_000), false);
    scene.notice(3_000, 4_000);
    scene.run_to(ms(9_000));
    scene.end();
    for leg in [CALLER, AGENT] {
        let heard = scene.sinks[RECORD].heard(leg);
        assert_eq!((heard.len(), heard[0].from, heard[0].to), (1, ms(7_000), ms(9_020)));
    }
    scene.check_permitted();
    scene.check_the_end();
}

#[test]
fn while_the_caller_cannot_be_heard_the_window_stays_open() {
    // The caller's packets come, but nobody can say what they are: half a second of silence it is not.
    let mut scene = Scene::new("ecommerce-be");
    scene.phones[CALLER].speaks = false;
    scene.call.notice_started(ms(0), "en");
    for place in (20..=12_000).step_by(20) {
        scene.run_to(ms(place));
        if place == 1_000 {
            scene.call.notice_finished(ms(1_000), true);
        }
        let packet = scene.phones[CALLER].packet(77, false, 0, &[0; 160]);
        assert!(matches!(scene.push(CALLER, &packet), Pushed::Dropped(_) | Pushed::Wait));
    }
    scene.end();
    assert!(scene.sinks.iter().all(|sink| !sink.is_opened()), "{:?}", scene.events);
    scene.check_the_end();
}

#[test]
fn a_caller_who_is_silent_for_half_a_second_after_the_window_has_not_refused() {
    let mut scene = Scene::new("ecommerce-be");
    scene.notice(0, 1_000);
    scene.phones[CALLER].speaks = false;
    scene.run_to(ms(4_490));
    assert!(!scene.sinks[RECORD].is_opened());
    scene.run_to(ms(6_000));
    scene.end();
    let heard = scene.sinks[RECORD].heard(AGENT);
    assert_eq!((heard.len(), heard[0].from), (1, ms(4_000)), "what was held since the window's end is not lost");
    scene.check_permitted();
    scene.check_the_end();
}
