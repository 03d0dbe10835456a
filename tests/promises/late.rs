//! What is told too late: a 9 that comes when the call has moved, failed or gone, audio of a controller before.

use std::sync::Arc;

use calltap::consent::{Digit, Reason};
use calltap::engine::{Config, CountedIds, Engine, Pushed};
use calltap::policy::{Policy, Tap};
use calltap::sink::Outcome;

use super::keypad::nine;
use super::scene::{AGENT, CALLER, MONITOR, RECORD, Scene, ms};
use super::witness::{Log, Method, Mood, Told};

/// The listener's sink panics within the next second, and with it the call's tapping fails.
fn fails_by(scene: &mut Scene, until: i64) {
    scene.sinks[MONITOR].set_mood(Mood::Panics(Method::Flush));
    scene.run_to(ms(until));
    assert!(scene.has_failed());
}

fn four() -> Digit {
    Digit::from_char('4').expect("a key")
}

#[test]
fn a_nine_that_nobody_had_read_when_the_call_is_dropped_is_an_objection() {
    let mut scene = Scene::open_to(8_000);
    let packet = nine(&mut scene, CALLER, ms(8_000), 20);
    assert_eq!(scene.push(CALLER, &packet), Pushed::Taken);
    let Scene { call, sinks, .. } = scene;
    drop(call);
    assert!(sinks.iter().all(Log::is_erased));
}

#[test]
fn a_nine_that_waits_when_the_call_is_dropped_is_an_objection_whatever_has_failed_before() {
    for mood in [Mood::Good, Mood::Fails, Mood::FailsIn(Method::Flush), Mood::Panics(Method::Flush)] {
        for sink in [RECORD, MONITOR] {
            let mut scene = Scene::open_to(8_000);
            scene.sinks[sink].set_mood(mood);
            scene.call.digit(ms(8_000), CALLER as u8, Digit::NINE, None);
            scene.run_to(ms(9_500));
            let Scene { call, sinks, .. } = scene;
            drop(call);
            assert!(sinks.iter().all(Log::is_erased), "{mood:?}");
        }
    }
}

#[test]
fn a_call_that_is_dropped_without_a_nine_keeps_what_it_has_and_says_that_it_failed() {
    let scene = Scene::open_to(8_000);
    let Scene { call, sinks, .. } = scene;
    drop(call);
    for sink in &sinks {
        assert_eq!(sink.told().last(), Some(&Told::Closed(Outcome::Failed)));
        assert!(!sink.is_erased());
    }
}

#[test]
fn a_nine_after_a_failure_counts_once_a_notice_was_given() {
    let mut scene = Scene::open_to(8_000);
    fails_by(&mut scene, 9_000);
    scene.run_to(ms(12_000));
    assert!(!scene.sinks[RECORD].is_erased() && scene.call.holds_audio(Tap::Record));
    scene.call.digit(ms(12_000), CALLER as u8, four(), None);
    scene.call.digit(ms(12_000), AGENT as u8, Digit::NINE, None);
    scene.take_events();
    assert_eq!(scene.objected(), None);
    // Nobody settles it any more, so the 4 beside it does not help.
    scene.call.digit(ms(12_500), CALLER as u8, Digit::NINE, None);
    scene.take_events();
    assert_eq!(scene.objected(), Some(ms(12_500)));
    assert!(scene.sinks.iter().all(Log::is_erased));
    assert!(!scene.call.holds_audio(Tap::Record));
    scene.check_the_end();
}

#[test]
fn a_nine_after_a_failure_is_nothing_where_only_the_window_counts() {
    let text = include_str!("../../src/policy/default.toml").replace("until = \"call-end\"", "until = \"window\"");
    let policy = Arc::new(Policy::parse(&text, "a test's policy").expect("a good policy"));
    let ids = Box::new(CountedIds::default());
    let engine = Arc::new(Engine::with_ids(Config::default(), Some(policy), ids).expect("sound"));
    let mut scene = Scene::of(engine, "ecommerce-be", [0, 0], [0, 0]);
    scene.add_sink(Tap::Record, Log::default());
    scene.add_sink(Tap::Monitor, Log::default());
    scene.notice(0, 1_000);
    scene.run_to(ms(8_000));
    scene.call.digit(ms(8_000), CALLER as u8, Digit::NINE, None);
    fails_by(&mut scene, 9_500);
    scene.call.digit(ms(9_500), CALLER as u8, Digit::NINE, None);
    scene.take_events();
    assert_eq!((scene.objected(), scene.sinks[RECORD].is_erased()), (None, false));
    // One that was pressed in the window and is told only now.
    scene.call.digit(ms(9_600), CALLER as u8, Digit::NINE, Some(ms(3_900)));
    scene.take_events();
    assert_eq!((scene.objected(), scene.sinks[RECORD].is_erased()), (Some(ms(3_900)), true));
    scene.check_the_end();
}

#[test]
fn after_a_failure_a_nine_counts_from_where_a_pause_or_data_end() {
    for (pause, data) in [(true, false), (false, true)] {
        let mut scene = Scene::open_to(8_000);
        scene.call.digits_are_data(ms(8_000), data);
        if pause {
            scene.call.pause(ms(8_000));
        }
        fails_by(&mut scene, 9_500);
        scene.call.digit(ms(9_500), CALLER as u8, Digit::NINE, None);
        scene.take_events();
        assert_eq!(scene.objected(), None);
        scene.call.resume(ms(10_000));
        scene.call.digits_are_data(ms(10_000), false);
        scene.call.digit(ms(10_500), CALLER as u8, Digit::NINE, Some(ms(9_900)));
        scene.take_events();
        assert_eq!(scene.objected(), None, "it lies before");
        scene.call.digit(ms(10_600), CALLER as u8, Digit::NINE, Some(ms(10_100)));
        scene.take_events();
        assert_eq!(scene.objected(), Some(ms(10_100)));
        assert!(scene.sinks.iter().all(Log::is_erased));
        assert_eq!(scene.answers, [Pushed::Shut; 2]);
        scene.check_the_end();
    }
}

#[test]
fn a_nine_pressed_just_before_the_call_moves_whose_packets_come_after_it_erases() {
    let mut scene = Scene::open_to(8_000);
    scene.call.transfer(ms(8_000), "ecommerce-nl", "customer-care");
    for millis in [20, 60] {
        scene.run_to(ms(8_000 + i64::from(millis)));
        let packet = nine(&mut scene, CALLER, ms(7_990), millis);
        let answer = scene.push(CALLER, &packet);
        assert_eq!(answer, if millis == 20 { Pushed::Taken } else { Pushed::Shut }, "one packet is enough");
    }
    scene.run_to(ms(12_000));
    assert_eq!(scene.objected(), Some(ms(7_990)));
    assert!(scene.sinks.iter().all(Log::is_erased));
    assert_eq!(scene.call.decision(Tap::Record).reason, Reason::Objected);
    scene.end();
    scene.check_the_end();
}

#[test]
fn a_nine_pressed_in_a_notice_whose_packets_come_when_it_has_stopped_counts() {
    for complete in [false, true] {
        let mut scene = Scene::new("ecommerce-be");
        scene.call.notice_started(ms(0), "en");
        scene.run_to(ms(2_000));
        scene.call.notice_finished(ms(2_000), complete);
        for millis in [20, 60] {
            scene.run_to(ms(1_990 + i64::from(millis)));
            let packet = nine(&mut scene, CALLER, ms(1_990), millis);
            let answer = scene.push(CALLER, &packet);
            assert_eq!(answer, if millis == 20 { Pushed::Taken } else { Pushed::Shut }, "one packet is enough");
        }
        // The notice is played again, whole.
        scene.run_to(ms(2_500));
        scene.call.notice_started(ms(2_500), "en");
        scene.run_to(ms(4_000));
        scene.call.notice_finished(ms(4_000), true);
        scene.run_to(ms(9_000));
        assert_eq!(scene.objected(), Some(ms(1_990)), "complete: {complete}");
        assert!(scene.sinks.iter().all(|sink| !sink.is_opened()));
        scene.end();
        scene.check_the_end();
    }
}

#[test]
fn what_was_spoken_to_the_first_controller_and_comes_late_is_not_the_seconds() {
    let mut scene = Scene::open_to(9_500);
    // The caller's network stalls from 9.5 to 16 s; the call moves meanwhile, and the next notice is given.
    scene.phones[CALLER].speaks = false;
    scene.run_to(ms(10_000));
    scene.call.transfer(ms(10_000), "ecommerce-nl", "customer-care");
    scene.call.notice_started(ms(10_000), "en");
    scene.run_to(ms(11_000));
    scene.call.notice_finished(ms(11_000), true);
    scene.run_to(ms(16_000));
    assert_eq!(scene.call.decision(Tap::Record).reason, Reason::Allowed, "as good as silent");
    for place in (9_520..=16_000).step_by(20) {
        let packet = scene.audio(CALLER, ms(place));
        let _ = scene.push(CALLER, &packet);
        if place % 200 == 0 {
            scene.step();
        }
    }
    scene.phones[CALLER].speaks = true;
    scene.run_to(ms(18_000));
    scene.end();
    let heard = scene.sinks[RECORD].heard(CALLER);
    let [first, second] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!((first.from, first.to), (ms(4_000), ms(9_520)));
    assert_eq!((second.from, second.to), (ms(14_000), ms(18_020)), "its own, late as it was");
    for piece in scene.sinks[RECORD].pieces(CALLER) {
        assert!(piece.came < ms(10_010) || piece.stretch.from >= ms(14_000), "{piece:?}");
    }
    scene.check_permitted();
    scene.check_the_end();
}

#[test]
fn a_pause_keeps_a_nine_open_to_its_neighbour() {
    for (neighbour, expected) in [(Some(10_950), None), (None, Some(ms(8_000)))] {
        let mut scene = Scene::open_to(8_000);
        scene.call.digit(ms(8_000), CALLER as u8, Digit::NINE, None);
        // All audio within 3 s of it has come, but not long enough ago for every digit in it to be known.
        scene.run_to(ms(11_020));
        scene.call.pause(ms(11_020));
        if let Some(onset) = neighbour {
            scene.call.digit(ms(11_040), CALLER as u8, four(), Some(ms(onset)));
        }
        scene.run_to(ms(12_000));
        assert_eq!(scene.objected(), expected);
        assert_eq!(scene.sinks[RECORD].is_erased(), expected.is_some());
        scene.end();
        scene.check_the_end();
    }
}
