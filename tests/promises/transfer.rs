//! A call that moves: to another entity, whose recordings are its own and need a notice of their own, or to one whose
//! calls are never tapped.

use calltap::consent::{Digit, Reason};
use calltap::engine::Pushed;
use calltap::policy::Tap;
use calltap::sink::{Outcome, OutputId};
use calltap::time::CallTime;

use super::scene::{AGENT, CALLER, MONITOR, RECORD, Scene, ms};
use super::witness::Told;

/// A call to Belgium, permitted from 4 s on, that moves at 8 s.
fn moved_to(entity: &str, service: &str) -> Scene {
    let mut scene = Scene::new("ecommerce-be");
    scene.notice(0, 1_000);
    scene.run_to(ms(8_000));
    scene.call.transfer(ms(8_000), entity, service);
    scene.take_events();
    scene
}

/// The new controller's notice, and its window: permitted from 14 s on.
fn asked_again(scene: &mut Scene) {
    scene.run_to(ms(10_000));
    scene.call.notice_started(ms(10_000), "en");
    scene.run_to(ms(11_000));
    scene.call.notice_finished(ms(11_000), true);
}

fn outputs(scene: &Scene, sink: usize) -> Vec<(OutputId, String, CallTime)> {
    let opened = |told| match told {
        Told::Opened { output, entity, from } => Some((output, entity, from)),
        _ => None,
    };
    scene.sinks[sink].told().into_iter().filter_map(opened).collect()
}

fn heard(scene: &Scene, sink: usize, leg: usize) -> Vec<(CallTime, CallTime)> {
    scene.sinks[sink].heard(leg).iter().map(|stretch| (stretch.from, stretch.to)).collect()
}

#[test]
fn the_recording_of_the_first_controller_ends_where_the_call_moves() {
    let mut scene = moved_to("ecommerce-nl", "customer-care");
    for leg in [CALLER, AGENT] {
        assert_eq!(heard(&scene, RECORD, leg), [(ms(4_000), ms(8_000))], "at once, without the hold-back");
    }
    assert_eq!(scene.sinks[RECORD].told().last(), Some(&Told::Closed(Outcome::Complete)));
    scene.run_to(ms(10_000));
    assert_eq!(
        scene.answers,
        [Pushed::Taken, Pushed::Wait],
        "a 9 may be on its way: the caller is listened to, no more"
    );
    assert_eq!(scene.call.decision(Tap::Record).reason, Reason::NoticeNotGiven);
    scene.end();
    assert_eq!(outputs(&scene, RECORD).len(), 1);
    scene.check_the_end();
}

#[test]
fn the_next_controller_needs_a_notice_and_a_window_of_its_own() {
    let mut scene = moved_to("ecommerce-nl", "customer-care");
    asked_again(&mut scene);
    scene.run_to(ms(16_000));
    scene.end();
    for sink in [RECORD, MONITOR] {
        let outputs = outputs(&scene, sink);
        let [(first, be, from), (second, nl, later)] = outputs.as_slice() else { panic!("{outputs:?}") };
        assert_eq!((be.as_str(), *from, nl.as_str(), *later), ("ecommerce-be", ms(4_000), "ecommerce-nl", ms(14_000)));
        assert_ne!(first, second);
        for leg in [CALLER, AGENT] {
            assert_eq!(heard(&scene, sink, leg), [(ms(4_000), ms(8_000)), (ms(14_000), ms(16_020))]);
        }
    }
    let permitted = scene.call.permitted(scene.sinks[RECORD].pairs());
    let ends: Vec<_> = permitted.iter().map(|one| (one.stretch.from, one.ended)).collect();
    assert_eq!(ends, [(ms(4_000), Reason::Ended), (ms(14_000), Reason::Ended)]);
    for leg in [0, 1] {
        assert_eq!(scene.call.ledger(leg).expect("the leg exists").lost, 0, "what was refused is not lost");
    }
    scene.check_the_end();
}

#[test]
fn a_nine_to_the_next_controller_erases_what_both_have() {
    let mut scene = moved_to("ecommerce-nl", "customer-care");
    asked_again(&mut scene);
    scene.run_to(ms(12_000));
    scene.call.digit(ms(12_000), CALLER as u8, Digit::NINE, None);
    scene.take_events();
    assert_eq!(scene.objected(), Some(ms(12_000)));
    assert!(scene.sinks[RECORD].pieces(CALLER).iter().all(|piece| piece.erased));
    scene.run_to(ms(16_000));
    assert_eq!((scene.answers, outputs(&scene, RECORD).len()), ([Pushed::Shut; 2], 1));
    scene.end();
    scene.check_the_end();
}

#[test]
fn an_objection_to_one_controller_stays_with_the_next() {
    let mut scene = Scene::new("ecommerce-be");
    scene.notice(0, 1_000);
    scene.run_to(ms(2_000));
    scene.call.digit(ms(2_000), CALLER as u8, Digit::NINE, None);
    scene.run_to(ms(8_000));
    scene.call.transfer(ms(8_000), "ecommerce-nl", "customer-care");
    asked_again(&mut scene);
    scene.run_to(ms(16_000));
    assert_eq!(scene.answers, [Pushed::Shut; 2]);
    assert!(scene.sinks.iter().all(|sink| !sink.is_opened()));
    scene.end();
    scene.check_the_end();
}

#[test]
fn a_nine_that_waits_when_the_call_moves_is_an_objection() {
    let mut scene = Scene::new("ecommerce-be");
    scene.notice(0, 1_000);
    scene.run_to(ms(7_000));
    scene.call.digit(ms(7_000), CALLER as u8, Digit::NINE, None);
    scene.run_to(ms(8_000));
    scene.call.transfer(ms(8_000), "ecommerce-nl", "customer-care");
    scene.take_events();
    assert_eq!(scene.objected(), Some(ms(7_000)));
    assert!(scene.sinks[RECORD].is_erased());
    scene.end();
    scene.check_the_end();
}

#[test]
fn a_call_that_moves_to_a_never_entity_is_shut_for_good() {
    for (entity, service, reason) in [
        ("ecommerce-us", "customer-care", Reason::EntityExcluded),
        ("ebilling-in", "customer-care", Reason::EntityExcluded),
        ("nobody", "customer-care", Reason::EntityUnknown),
        ("ecommerce-be", "sales", Reason::ServiceNotCovered),
    ] {
        let mut scene = moved_to(entity, service);
        assert_eq!(scene.call.decision(Tap::Record).reason, reason);
        assert!(!scene.call.decision(Tap::Record).hook_needed);
        asked_again(&mut scene);
        scene.call.transfer(ms(11_000), "ecommerce-be", "customer-care");
        scene.call.notice_started(ms(11_000), "en");
        scene.call.notice_finished(ms(11_500), true);
        scene.run_to(ms(16_000));
        assert_eq!(scene.answers, [Pushed::Shut; 2], "back does not help");
        for leg in [CALLER, AGENT] {
            assert_eq!(heard(&scene, RECORD, leg), [(ms(4_000), ms(8_000))], "what was allowed before stays");
        }
        assert!(scene.call.holds_audio(Tap::Record));
        scene.end();
        scene.check_the_end();
    }
}
