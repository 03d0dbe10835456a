//! Promise 2: the three verbs. When one has returned, no further frame is handed on.

use std::time::Duration;

use calltap::consent::Reason;
use calltap::engine::{CallEvent, Pushed};
use calltap::policy::Tap;
use calltap::sink::{Fate, GapCause, Outcome};
use calltap::time::CallTime;

use super::scene::{AGENT, CALLER, MONITOR, RECORD, Scene, ms};
use super::witness::{Mood, Told};

/// A call with its permission from 4 s on, run to `until`.
fn at(until: i64) -> Scene {
    let mut scene = Scene::new("ecommerce-be");
    scene.notice(0, 1_000);
    scene.run_to(ms(until));
    scene
}

/// How many pieces each sink has.
fn counts(scene: &Scene) -> Vec<usize> {
    scene.sinks.iter().map(|sink| sink.pieces(CALLER).len() + sink.pieces(AGENT).len()).collect()
}

/// The end of what a sink got of a leg.
fn heard_to(scene: &Scene, sink: usize, leg: usize) -> CallTime {
    scene.sinks[sink].heard(leg).last().expect("audio").to
}

#[test]
fn a_withdrawal_shuts_wipes_erases_and_answers_with_every_receipt() {
    let mut scene = at(8_000);
    let before = counts(&scene);
    let receipts = scene.call.withdraw(ms(8_000), "the agent's screen");
    scene.take_events();
    assert_eq!(counts(&scene), before, "what was held is wiped, not handed on");
    assert_eq!(receipts.len(), 2);
    assert!(receipts.iter().all(|receipt| receipt.fate == Fate::Erased));
    assert_eq!(receipts[0].frames, scene.sinks[RECORD].pieces(CALLER).len() as u64 * 2);
    let told = scene.events.iter().filter(|event| matches!(event, CallEvent::Receipt(_))).count();
    assert_eq!(told, 2, "they come as events too");
    for sink in &scene.sinks {
        assert_eq!(sink.told().last(), Some(&Told::Erased));
    }
    for leg in [CALLER, AGENT] {
        let ledger = scene.call.ledger(leg as u8).expect("the leg exists");
        assert_eq!((ledger.in_flight, ledger.erased), (0, ledger.delivered));
        assert!(ledger.purged >= 12, "one hold-back: {ledger:?}");
    }
    assert_eq!(scene.engine.held_bytes(), 0);
    scene.run_to(ms(9_000));
    assert_eq!((counts(&scene), scene.answers), (before, [Pushed::Shut; 2]));
    assert_eq!(scene.call.decision(Tap::Record).reason, Reason::Withdrawn);
    assert!(scene.call.withdraw(ms(9_000), "again").is_empty(), "nothing is left to erase");
    scene.end();
    scene.check_the_end();
}

#[test]
fn a_withdrawal_after_the_end_still_erases() {
    let mut scene = at(8_000);
    scene.end();
    assert!(scene.call.holds_audio(Tap::Record));
    let receipts = scene.call.withdraw(ms(8_500), "a letter");
    assert_eq!(receipts.iter().filter(|receipt| receipt.fate == Fate::Erased).count(), 2);
    assert!(!scene.call.holds_audio(Tap::Record));
    scene.check_the_end();
}

#[test]
fn an_erasure_that_cannot_be_done_says_so_and_is_not_counted_as_done() {
    let mut scene = at(8_000);
    scene.sinks[RECORD].set_mood(Mood::Keeps);
    let receipts = scene.call.withdraw(ms(8_000), "the agent's screen");
    let pending = receipts.iter().filter(|receipt| matches!(receipt.fate, Fate::Pending(_))).count();
    assert_eq!((receipts.len(), pending), (2, 1));
    assert!(scene.call.holds_audio(Tap::Record), "it still has it");
    assert_eq!(scene.call.ledger(0).expect("the leg exists").erased, 0);
    scene.check_accounts();
}

#[test]
fn a_pause_hands_on_what_came_before_at_once_and_nothing_after_it() {
    let mut scene = at(8_000);
    scene.call.pause(ms(8_000));
    for sink in [RECORD, MONITOR] {
        for leg in [CALLER, AGENT] {
            assert_eq!(heard_to(&scene, sink, leg), ms(8_000), "without waiting for the hold-back");
        }
    }
    let before = counts(&scene);
    scene.run_to(ms(10_000));
    assert_eq!(counts(&scene), before);
    assert_eq!(scene.answers, [Pushed::Taken, Pushed::Wait], "the caller is still listened to");
    scene.call.resume(ms(10_000));
    scene.run_to(ms(12_000));
    scene.end();
    for leg in [CALLER, AGENT] {
        let heard = scene.sinks[RECORD].heard(leg);
        assert_eq!((heard[0].from, heard[0].to), (ms(4_000), ms(8_000)));
        // The packet of 10.000 came at that moment, before the host resumed.
        assert_eq!((heard[1].from, heard[1].to), (ms(10_020), ms(12_020)));
        let gaps = scene.sinks[RECORD].gaps(leg);
        assert_eq!((gaps[0].0, gaps[0].1.from, gaps[0].1.to), (GapCause::Paused, ms(8_000), ms(10_000)));
        assert_eq!((gaps[1].0, gaps[1].1.from, gaps[1].1.to), (GapCause::Withheld, ms(10_000), ms(10_020)));
        assert_eq!(scene.call.ledger(leg as u8).expect("the leg exists").lost, 0);
    }
    scene.check_the_end();
}

#[test]
fn a_late_packet_from_before_a_pause_is_not_handed_on_in_it() {
    let mut scene = at(7_960);
    // The last packet before the pause comes when the pause has begun.
    scene.set_now(ms(7_980));
    let late = [CALLER, AGENT].map(|leg| scene.audio(leg, ms(7_980)));
    scene.run_to(ms(7_990));
    scene.set_now(ms(8_000));
    scene.call.pause(ms(8_000));
    assert_eq!(heard_to(&scene, RECORD, CALLER), ms(7_980));
    let before = counts(&scene);
    scene.set_now(ms(8_010));
    for (leg, packet) in late.iter().enumerate() {
        let _ = scene.push(leg, packet);
    }
    scene.run_to(ms(9_500));
    assert_eq!(counts(&scene), before, "pause has returned: no frame is handed on any more");
    scene.call.resume(ms(9_500));
    scene.run_to(ms(11_000));
    scene.end();
    let gaps = scene.sinks[RECORD].gaps(CALLER);
    assert_eq!((gaps[0].1.from, gaps.last().expect("gaps").1.to), (ms(7_980), ms(9_520)), "{gaps:?}");
    scene.check_the_end();
}

#[test]
fn what_a_busy_media_thread_brings_when_a_pause_has_begun_is_not_handed_on_in_it() {
    let mut scene = at(7_800);
    // Packets that came in time, as the host's clock says, and are offered late.
    scene.phones.iter_mut().for_each(|phone| phone.speaks = false);
    let places = (7_820..=7_980).step_by(20).map(ms);
    let late: Vec<_> = places.flat_map(|place| [CALLER, AGENT].map(|leg| (leg, place))).collect();
    let late: Vec<_> = late.into_iter().map(|(leg, place)| (leg, place, scene.audio(leg, place))).collect();
    scene.run_to(ms(8_000));
    scene.call.pause(ms(8_000));
    let before = counts(&scene);
    scene.set_now(ms(8_010));
    for (leg, place, packet) in &late {
        let _ = scene.push_at(*leg, packet, *place);
    }
    scene.run_to(ms(9_500));
    assert_eq!(counts(&scene), before, "pause has returned");
    scene.end();
    assert_eq!(heard_to(&scene, RECORD, CALLER), ms(7_820));
    scene.check_the_end();
}

#[test]
fn pauses_within_one_packet_cut_it_to_the_sample() {
    let mut scene = at(8_000);
    scene.call.pause(ms(8_003));
    scene.call.resume(ms(8_007));
    scene.call.pause(ms(8_011));
    scene.call.resume(ms(8_050));
    scene.run_to(ms(9_000));
    scene.end();
    for (sink, leg) in [(RECORD, CALLER), (RECORD, AGENT), (MONITOR, CALLER), (MONITOR, AGENT)] {
        let heard = scene.sinks[sink].heard(leg);
        for stretch in &heard {
            for (from, to) in [(8_003, 8_007), (8_011, 8_050)] {
                let apart = stretch.to <= ms(from) + Duration::from_micros(125) || stretch.from >= ms(to);
                assert!(apart, "sink {sink}, leg {leg}: {stretch:?} lies in the pause from {from} ms");
            }
        }
        assert_eq!((heard[0].from, heard[0].to), (ms(4_000), ms(8_003)));
        assert_eq!(heard.last().expect("audio").to, ms(9_020));
    }
    scene.check_permitted();
    scene.check_the_end();
}

#[test]
fn the_end_hands_on_what_is_held_and_closes_everything() {
    let mut scene = at(8_000);
    scene.end();
    for sink in [RECORD, MONITOR] {
        for leg in [CALLER, AGENT] {
            assert_eq!(heard_to(&scene, sink, leg), ms(8_020), "the last packet, whole");
        }
        assert_eq!(scene.sinks[sink].told().last(), Some(&Told::Closed(Outcome::Complete)));
    }
    let before = counts(&scene);
    let packet = scene.audio(CALLER, ms(8_020));
    assert_eq!(scene.push(CALLER, &packet), Pushed::Shut);
    scene.run_to(ms(9_000));
    assert_eq!(counts(&scene), before);
    scene.check_the_end();
    // Nothing that comes after it opens anything again.
    scene.call.resume(ms(9_000));
    scene.call.notice_started(ms(9_000), "en");
    scene.call.notice_finished(ms(9_100), true);
    scene.call.transfer(ms(9_100), "ecommerce-nl", "customer-care");
    scene.run_to(ms(14_000));
    scene.end();
    assert_eq!((counts(&scene), scene.answers), (before, [Pushed::Shut; 2]));
    scene.check_the_end();
}

#[test]
fn an_end_in_the_window_leaves_nothing() {
    let mut scene = at(3_900);
    scene.end();
    assert!(scene.sinks.iter().all(|sink| !sink.is_opened()));
    scene.check_the_end();
    // At the window's end itself all of the caller's audio must have been examined: the call ends before.
    let mut scene = at(4_000);
    scene.end();
    let heard: Vec<_> = scene.sinks.iter().flat_map(|sink| sink.heard(CALLER)).collect();
    assert!(heard.iter().all(|stretch| stretch.from >= ms(4_000)), "{heard:?}");
    scene.check_the_end();
}

#[test]
fn a_nine_that_waits_goes_on_being_settled_through_a_pause() {
    let digit = calltap::consent::Digit::NINE;
    let mut scene = at(8_000);
    scene.call.digit(ms(8_000), CALLER as u8, digit, None);
    scene.run_to(ms(9_000));
    scene.call.pause(ms(9_000));
    assert_eq!(heard_to(&scene, RECORD, CALLER), ms(8_000), "what was held for it is not handed on");
    scene.run_to(ms(11_300));
    assert_eq!(scene.objected(), Some(ms(8_000)));
    assert!(scene.sinks[RECORD].is_erased());
    scene.end();
    scene.check_the_end();
}

#[test]
fn a_leg_that_closes_brings_what_it_had_and_the_call_goes_on() {
    let mut scene = at(8_000);
    scene.call.close_leg(ms(8_000), AGENT as u8);
    scene.run_to(ms(9_000));
    assert_eq!(scene.answers, [Pushed::Taken, Pushed::Shut]);
    scene.end();
    assert_eq!(heard_to(&scene, RECORD, AGENT), ms(8_020));
    assert_eq!(heard_to(&scene, RECORD, CALLER), ms(9_020));
    scene.check_the_end();
}

#[test]
fn the_callers_leg_closing_settles_a_nine_as_an_objection() {
    let mut scene = at(8_000);
    scene.call.digit(ms(8_000), CALLER as u8, calltap::consent::Digit::NINE, None);
    scene.run_to(ms(8_000) + Duration::from_millis(500));
    let now = scene.now();
    scene.call.close_leg(now, CALLER as u8);
    scene.take_events();
    assert_eq!(scene.objected(), Some(ms(8_000)));
    scene.end();
    scene.check_the_end();
}
