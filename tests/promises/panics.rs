//! A sink that panics keeps nothing from being erased: its own outputs, those of the others, now and later.

use calltap::consent::{Digit, Reason};
use calltap::engine::{CallEvent, Pushed};
use calltap::policy::Tap;
use calltap::sink::{Fate, Outcome};

use super::scene::{AGENT, CALLER, MONITOR, RECORD, Scene, ms};
use super::witness::{Method, Mood, Told};

/// A call in which a sink's every method is called, one of which makes it panic; a closing only where the call ends.
///
/// Where it panics ends the call's tapping, but for a closing and an erasure: there is nothing left to be tapped.
fn panicking(sink: usize, method: Method) -> Scene {
    let mut scene = Scene::new("ecommerce-be");
    scene.sinks[sink].set_mood(Mood::Panics(method));
    scene.notice(0, 1_000);
    scene.run_to(ms(7_000));
    // Silence makes a gap, the pause a mark.
    scene.phones[CALLER].speaks = false;
    scene.run_to(ms(7_200));
    scene.phones[CALLER].speaks = true;
    scene.run_to(ms(7_600));
    scene.call.pause(ms(7_600));
    scene.run_to(ms(8_000));
    scene.call.resume(ms(8_000));
    scene.run_to(ms(9_000));
    if method == Method::Close {
        scene.end();
    }
    let told =
        |event: &CallEvent| matches!(event, CallEvent::SinkFailed { what, .. } if what.contains("told to panic"));
    assert_eq!(scene.events.iter().any(told), method != Method::Erase, "{method:?}: it is told");
    assert_eq!(scene.has_failed(), !matches!(method, Method::Close | Method::Erase), "{method:?}");
    scene
}

/// The library says of every sink that it has audio exactly while it does.
fn says_who_has_audio(scene: &Scene) {
    for (sink, tap) in [(RECORD, Tap::Record), (MONITOR, Tap::Monitor)] {
        let pieces = [CALLER, AGENT].into_iter().flat_map(|leg| scene.sinks[sink].pieces(leg));
        let has = pieces.filter(|piece| !piece.erased).count() > 0;
        assert!(scene.call.holds_audio(tap) || !has, "{tap:?}: a file nobody knows of");
        let tried = matches!(scene.sinks[sink].mood(), Mood::Panics(Method::Frame) | Mood::FailsIn(Method::Frame));
        assert!(!scene.call.holds_audio(tap) || has || tried, "{tap:?}");
    }
}

/// Every output is erased, the accounts say so, and nothing more comes.
fn is_gone(scene: &mut Scene, what: &str) {
    scene.take_events();
    for (sink, tap) in [(RECORD, Tap::Record), (MONITOR, Tap::Monitor)] {
        for leg in [CALLER, AGENT] {
            assert!(scene.sinks[sink].pieces(leg).iter().all(|piece| piece.erased), "{what}: sink {sink}");
            let ledger = scene.call.ledger(leg as u8).expect("the leg exists");
            assert_eq!((ledger.erased, ledger.in_flight), (ledger.delivered, 0), "{what}: {ledger:?}");
        }
        assert!(!scene.call.holds_audio(tap), "{what}: {tap:?}");
    }
    let packets = scene.sinks.iter().map(|sink| sink.packets(CALLER)).collect::<Vec<_>>();
    scene.run_to(ms(11_000));
    assert_eq!(scene.answers, [Pushed::Shut; 2], "{what}");
    assert_eq!(packets, scene.sinks.iter().map(|sink| sink.packets(CALLER)).collect::<Vec<_>>());
    scene.check_the_end();
}

#[test]
fn whatever_a_sink_panics_in_a_withdrawal_erases_every_output() {
    for sink in [RECORD, MONITOR] {
        for method in Method::ALL.into_iter().filter(|&method| method != Method::Erase) {
            let what = format!("sink {sink} panics in {method:?}");
            let mut scene = panicking(sink, method);
            scene.check_accounts();
            says_who_has_audio(&scene);
            let receipts = scene.call.withdraw(ms(9_000), "the agent's screen");
            assert!(receipts.iter().all(|receipt| receipt.fate == Fate::Erased), "{what}: {receipts:?}");
            let other = MONITOR - sink;
            let wrote = [RECORD, MONITOR].into_iter().filter(|&one| scene.sinks[one].is_opened() || one == sink);
            assert_eq!(receipts.len(), wrote.count(), "{what}: a receipt of each output");
            assert!(scene.sinks[sink].is_erased(), "{what}: what it may have begun, too");
            assert!(scene.sinks[other].is_erased() || !scene.sinks[other].is_opened(), "{what}");
            assert_eq!(scene.call.decision(Tap::Record).reason, Reason::Withdrawn);
            is_gone(&mut scene, &what);
        }
    }
}

#[test]
fn whatever_a_sink_panics_in_a_nine_afterwards_erases_every_output() {
    for sink in [RECORD, MONITOR] {
        for method in Method::ALL.into_iter().filter(|&method| method != Method::Erase) {
            // After the end of the call itself nobody presses anything: it is reported late.
            let onsets = if method == Method::Close { &[Some(ms(8_950))][..] } else { &[Some(ms(8_950)), None] };
            for &onset in onsets {
                let what = format!("sink {sink} panics in {method:?}, a 9 at {onset:?}");
                let mut scene = panicking(sink, method);
                scene.call.digit(ms(9_100), CALLER as u8, Digit::NINE, onset);
                scene.take_events();
                assert_eq!(scene.objected(), Some(onset.unwrap_or(ms(9_100))), "{what}");
                is_gone(&mut scene, &what);
            }
        }
    }
}

#[test]
fn a_sink_that_panics_when_it_should_erase_keeps_no_other_from_erasing() {
    for sink in [RECORD, MONITOR] {
        let other = MONITOR - sink;
        for by_nine in [false, true] {
            let mut scene = panicking(sink, Method::Erase);
            if by_nine {
                scene.call.digit(ms(9_000), CALLER as u8, Digit::NINE, None);
                scene.run_to(ms(12_500));
                assert_eq!(scene.objected(), Some(ms(9_000)));
            } else {
                let receipts = scene.call.withdraw(ms(9_000), "the agent's screen");
                let fates: Vec<_> = receipts.iter().map(|receipt| receipt.fate.clone()).collect();
                assert_eq!(fates[other], Fate::Erased);
                assert!(matches!(&fates[sink], Fate::Pending(what) if what.contains("told to panic")), "{fates:?}");
                assert!(receipts[sink].frames > 100, "{receipts:?}");
                scene.take_events();
            }
            let told = scene.events.iter().filter(|event| matches!(event, CallEvent::Receipt(_))).count();
            assert_eq!(told, 2, "a receipt of each output, also of the one that is not erased");
            assert!(scene.sinks[other].is_erased() && !scene.sinks[sink].is_erased());
            says_who_has_audio(&scene);
            assert_eq!(scene.call.ledger(0).expect("the leg exists").erased, 0, "one still has it");
            scene.check_accounts();
            // As long as it takes.
            assert_eq!(scene.call.withdraw(scene.now(), "again").len(), 1);
            scene.sinks[sink].set_mood(Mood::Good);
            let receipts = scene.call.withdraw(scene.now(), "again");
            assert_eq!((receipts.len(), &receipts[0].fate), (1, &Fate::Erased));
            says_who_has_audio(&scene);
            scene.check_the_end();
        }
    }
}

#[test]
fn a_withdrawal_that_is_said_again_asks_those_again_that_could_not_erase() {
    let mut scene = Scene::open_to(8_000);
    scene.sinks[RECORD].set_mood(Mood::Keeps);
    assert_eq!(scene.call.withdraw(ms(8_000), "the agent's screen").len(), 2);
    scene.run_to(ms(9_000));
    let again = scene.call.withdraw(ms(9_000), "the agent's screen");
    assert!(matches!(again.as_slice(), [one] if matches!(one.fate, Fate::Pending(_))), "{again:?}");
    says_who_has_audio(&scene);
    scene.sinks[RECORD].set_mood(Mood::Good);
    let last = scene.call.withdraw(ms(9_500), "the agent's screen");
    assert!(matches!(last.as_slice(), [one] if one.fate == Fate::Erased), "{last:?}");
    assert_eq!(scene.sinks.iter().map(|sink| sink.asked_to_erase()).collect::<Vec<_>>(), [3, 1]);
    is_gone(&mut scene, "at last");
    assert!(scene.call.withdraw(ms(12_000), "the agent's screen").is_empty());
}

#[test]
fn an_output_whose_closing_or_opening_panics_is_known_until_it_is_erased() {
    for method in [Method::Close, Method::Open] {
        let mut scene = panicking(RECORD, method);
        assert_eq!(scene.call.holds_audio(Tap::Record), method == Method::Close);
        let receipts = scene.call.withdraw(ms(9_500), "a letter");
        assert!(receipts.iter().all(|receipt| receipt.fate == Fate::Erased), "{receipts:?}");
        assert!(scene.sinks[RECORD].is_erased(), "{method:?}");
        scene.check_the_end();
    }
}

#[test]
fn a_panic_in_one_closing_leaves_the_other_outputs_closed_and_whole() {
    let mut scene = panicking(RECORD, Method::Close);
    assert_eq!(scene.sinks[MONITOR].told().last(), Some(&Told::Closed(Outcome::Complete)));
    for leg in [CALLER, AGENT] {
        assert_eq!(scene.sinks[MONITOR].heard(leg).last().expect("audio").to, ms(9_020));
    }
    scene.take_events();
    scene.check_the_end();
}

#[test]
fn an_error_in_any_method_ends_that_sink_and_neither_the_call_nor_an_erasure() {
    for method in Method::ALL.into_iter().filter(|&method| method != Method::Erase) {
        let mut scene = Scene::new("ecommerce-be");
        scene.sinks[MONITOR].set_mood(Mood::FailsIn(method));
        scene.notice(0, 1_000);
        scene.run_to(ms(7_000));
        scene.phones[CALLER].speaks = false;
        scene.run_to(ms(7_200));
        scene.phones[CALLER].speaks = true;
        scene.run_to(ms(7_600));
        scene.call.pause(ms(7_600));
        scene.call.resume(ms(7_610));
        scene.run_to(ms(9_000));
        scene.end();
        let told = scene.events.iter().filter(|event| matches!(event, CallEvent::SinkFailed { .. })).count();
        assert_eq!((told, scene.has_failed()), (1, false), "{method:?}: told once");
        assert_eq!(scene.sinks[RECORD].heard(AGENT).last().expect("audio").to, ms(9_020), "{method:?}");
        scene.check_accounts();
        says_who_has_audio(&scene);
        let receipts = scene.call.withdraw(ms(9_000), "a letter");
        assert_eq!(receipts.len(), 2, "{method:?}");
        is_gone(&mut scene, &format!("{method:?}"));
    }
}

#[test]
fn a_sink_that_has_a_part_of_a_packet_has_audio() {
    // A 9 in the very first packet of the permission: its first half is handed on, all else waits.
    let mut scene = Scene::open_to(4_000);
    scene.call.digit(ms(4_010), CALLER as u8, Digit::NINE, None);
    scene.run_to(ms(5_000));
    for leg in [CALLER, AGENT] {
        let heard = scene.sinks[RECORD].heard(leg);
        assert_eq!((heard[0].from, heard[0].to), (ms(4_000), ms(4_010)));
    }
    says_who_has_audio(&scene);
    scene.run_to(ms(8_000));
    assert!(scene.sinks[RECORD].is_erased());
    is_gone(&mut scene, "ten milliseconds");
}

#[test]
fn a_sink_that_panics_while_it_is_closed_for_a_transfer_ends_the_tapping() {
    let mut scene = Scene::new("ecommerce-be");
    scene.sinks[RECORD].set_mood(Mood::Panics(Method::Close));
    scene.notice(0, 1_000);
    scene.run_to(ms(8_000));
    scene.call.transfer(ms(8_000), "ecommerce-nl", "customer-care");
    scene.take_events();
    assert!(scene.has_failed());
    scene.call.notice_started(ms(9_000), "en");
    scene.run_to(ms(10_000));
    scene.call.notice_finished(ms(10_000), true);
    scene.run_to(ms(15_000));
    assert_eq!(scene.answers, [Pushed::Shut; 2]);
    let opened = scene.sinks[RECORD].told().into_iter().filter(|told| matches!(told, Told::Opened { .. }));
    assert_eq!(opened.count(), 1, "nothing for the next controller");
    assert_eq!(scene.call.decision(Tap::Record).reason, Reason::Failed);
}

#[test]
fn a_sink_that_panics_when_the_call_ends_takes_nothing_from_the_other() {
    for method in [Method::Frame, Method::Gap, Method::Flush, Method::Close] {
        let mut scene = Scene::open_to(8_000);
        scene.phones[CALLER].speaks = false;
        scene.run_to(ms(8_100));
        scene.sinks[RECORD].set_mood(Mood::Panics(method));
        scene.end();
        let said = |event: &&CallEvent| matches!(event, CallEvent::SinkFailed { .. });
        assert!(scene.events.iter().filter(said).count() <= 1, "{method:?}: {:?}", scene.events);
        let heard = scene.sinks[MONITOR].heard(AGENT);
        assert_eq!(heard.last().map(|stretch| stretch.to), Some(ms(8_120)), "{method:?}: all that was held");
        assert_eq!(scene.sinks[MONITOR].told().last(), Some(&Told::Closed(Outcome::Complete)), "{method:?}");
        scene.check_accounts();
    }
}
