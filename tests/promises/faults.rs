//! A fault stays in its call: sinks that panic or fail, a pool that is full, a media side that outlives its call.

use std::sync::Arc;

use calltap::consent::{Digit, Reason};
use calltap::engine::{CallEvent, Config, CountedIds, Engine, Pushed};
use calltap::policy::{Policy, Tap};
use calltap::sink::{GapCause, Outcome};
use calltap::time::CallTime;

use super::scene::{AGENT, CALLER, MONITOR, RECORD, Scene, ms};
use super::witness::{Log, Method, Mood, Told};

/// A call with its permission from 4 s on.
fn open() -> Scene {
    let mut scene = Scene::new("ecommerce-be");
    scene.notice(0, 1_000);
    scene
}

fn heard_to(scene: &Scene, sink: usize, leg: usize) -> CallTime {
    scene.sinks[sink].heard(leg).last().expect("audio").to
}

#[test]
fn a_sink_that_panics_ends_its_own_call_loudly_and_no_other() {
    let mut broken = open();
    let mut whole = open();
    for scene in [&mut broken, &mut whole] {
        scene.run_to(ms(6_000));
    }
    broken.sinks[MONITOR].set_mood(Mood::Panics(Method::Frame));
    for scene in [&mut broken, &mut whole] {
        scene.run_to(ms(9_000));
    }
    let failed: Vec<String> = broken
        .events
        .iter()
        .filter_map(|event| match event {
            CallEvent::CallFailed { what } => Some(what.clone()),
            _ => None,
        })
        .collect();
    let [what] = failed.as_slice() else { panic!("told once: {failed:?}") };
    assert!(what.contains("this sink was told to panic"), "{what}");
    assert_eq!(broken.answers, [Pushed::Shut; 2]);
    assert_eq!(broken.call.decision(Tap::Record).reason, Reason::Failed);
    assert_eq!(broken.engine.held_bytes(), 0, "what was held is wiped");
    for sink in &broken.sinks {
        assert!(sink.told().contains(&Told::Closed(Outcome::Failed)), "{:?}", sink.told());
    }
    assert!(heard_to(&broken, RECORD, CALLER) <= ms(6_000), "nothing after the panic");
    broken.check_accounts();
    broken.end();
    broken.check_the_end();

    whole.end();
    assert_eq!(heard_to(&whole, RECORD, CALLER), ms(9_020));
    assert!(!whole.events.iter().any(|event| matches!(event, CallEvent::CallFailed { .. })));
    whole.check_the_end();
}

#[test]
fn two_calls_of_one_engine_share_no_fault() {
    let ids = Box::new(CountedIds::default());
    let engine = Arc::new(Engine::with_ids(Config::default(), Some(Policy::embedded()), ids).expect("sound"));
    let mut scenes: Vec<Scene> = (0..2)
        .map(|_| {
            let mut scene = Scene::of(Arc::clone(&engine), "ecommerce-be", [5, 6], [7, 8]);
            scene.add_sink(Tap::Record, Log::default());
            scene.notice(0, 1_000);
            scene
        })
        .collect();
    scenes[0].sinks[0].set_mood(Mood::Panics(Method::Frame));
    scenes.iter_mut().for_each(|scene| scene.run_to(ms(8_000)));
    scenes.iter_mut().for_each(Scene::end);
    assert!(scenes[0].sinks[0].pieces(CALLER).is_empty());
    assert_eq!(heard_to(&scenes[1], 0, CALLER), ms(8_020));
    scenes.iter().for_each(Scene::check_the_end);
}

#[test]
fn a_sink_that_fails_is_closed_and_the_others_go_on() {
    let mut scene = open();
    scene.run_to(ms(6_000));
    scene.sinks[MONITOR].set_mood(Mood::Fails);
    scene.run_to(ms(9_000));
    scene.end();
    let failed = scene.events.iter().filter(|event| matches!(event, CallEvent::SinkFailed { .. })).count();
    assert!(failed >= 1);
    assert!(scene.sinks[MONITOR].told().contains(&Told::Closed(Outcome::Truncated)));
    assert!(heard_to(&scene, MONITOR, CALLER) <= ms(6_000));
    assert_eq!(heard_to(&scene, RECORD, CALLER), ms(9_020));
    let ledger = scene.call.sink_ledger(MONITOR, 0).expect("the sink exists");
    assert!(ledger.sink > 100 && ledger.balances(), "{ledger:?}");
    assert!(scene.call.holds_audio(Tap::Monitor), "what it got it still has");
    scene.check_the_end();
}

#[test]
fn a_sink_that_cannot_be_opened_gets_nothing_and_is_erased_like_the_others() {
    let mut scene = Scene::new("ecommerce-be");
    scene.sinks[RECORD].set_mood(Mood::Fails);
    scene.notice(0, 1_000);
    scene.run_to(ms(8_000));
    assert!(scene.sinks[RECORD].pieces(CALLER).is_empty() && !scene.sinks[RECORD].is_opened());
    assert!(!scene.call.holds_audio(Tap::Record));
    let receipts = scene.call.withdraw(ms(8_000), "the agent's screen");
    assert_eq!(receipts.len(), 2, "what it may have begun is erased too");
    scene.end();
    scene.check_the_end();
}

#[test]
fn what_finds_no_room_in_the_pool_is_counted_and_told_as_a_gap_and_the_nine_is_still_settled() {
    for (key, objected) in [(None, true), (Some('4'), false)] {
        // Room for one second of both legs; a 9 holds for three.
        let config = Config { held_bytes: 16_000, ..Config::default() };
        let mut scene = Scene::with("ecommerce-be", config, [0, 0], [0, 0]);
        scene.notice(0, 1_000);
        scene.run_to(ms(8_000));
        scene.call.digit(ms(8_000), CALLER as u8, Digit::NINE, None);
        scene.run_to(ms(10_500));
        assert!(scene.engine.held_bytes() <= 16_000);
        if let Some(key) = key {
            scene.call.digit(ms(10_500), CALLER as u8, Digit::from_char(key).expect("a key"), None);
        }
        scene.run_to(ms(12_000));
        assert_eq!(scene.objected().is_some(), objected);
        scene.end();
        for leg in [CALLER, AGENT] {
            let ledger = scene.call.ledger(leg as u8).expect("the leg exists");
            assert!(ledger.full > 20, "leg {leg}: {ledger:?}");
            let dropped = scene.sinks[RECORD].gaps(leg).iter().filter(|(cause, _)| *cause == GapCause::Dropped).count();
            assert_eq!(dropped > 0, !objected, "leg {leg}: {:?}", scene.sinks[RECORD].gaps(leg));
        }
        scene.check_the_end();
    }
}

#[test]
fn a_worker_that_is_behind_costs_the_newest_frames_and_says_so() {
    let mut scene = open();
    scene.run_to(ms(6_000));
    // 32 slots of 20 ms, and a worker that sleeps for a second.
    for place in (6_020..=7_000).step_by(20) {
        scene.set_now(ms(place));
        for leg in [CALLER, AGENT] {
            let packet = scene.audio(leg, ms(place));
            let _ = scene.push(leg, &packet);
        }
    }
    scene.step();
    scene.run_to(ms(9_000));
    scene.end();
    for leg in [CALLER, AGENT] {
        let ledger = scene.call.ledger(leg as u8).expect("the leg exists");
        assert!(ledger.full > 15 && ledger.lost == 0, "{ledger:?}");
        let gaps = scene.sinks[RECORD].gaps(leg);
        let [(cause, stretch)] = gaps.as_slice() else { panic!("{gaps:?}") };
        assert_eq!((*cause, stretch.to), (GapCause::Dropped, ms(7_020)));
    }
    scene.check_the_end();
}

#[test]
fn the_media_side_may_outlive_its_call_and_its_engine() {
    let mut scene = open();
    scene.run_to(ms(6_000));
    let packets = [CALLER, AGENT].map(|leg| scene.audio(leg, ms(6_020)));
    let Scene { call, engine, mut writers, sinks, .. } = scene;
    drop(call);
    drop(engine);
    for (writer, packet) in writers.iter_mut().zip(&packets) {
        for _ in 0..100 {
            assert_eq!(writer.push_rtp(packet, calltap::time::MonoTime(u64::MAX)), Pushed::Shut);
        }
        // Nor is what is no RTP packet taken.
        assert_ne!(writer.push_rtp(&packet[..3], calltap::time::MonoTime(0)), Pushed::Taken);
    }
    assert!(sinks.iter().all(|sink| sink.told().iter().any(|told| matches!(told, Told::Closed(_)))));
}

#[test]
fn an_engine_without_a_policy_takes_nothing() {
    let engine = Engine::new(Config::default(), None).expect("the default configuration is sound");
    let mut scene = Scene::of(Arc::new(engine), "ecommerce-be", [0, 0], [0, 0]);
    scene.add_sink(Tap::Record, Log::default());
    scene.notice(0, 1_000);
    scene.run_to(ms(8_000));
    assert_eq!(scene.answers, [Pushed::Shut; 2]);
    assert_eq!(scene.call.decision(Tap::Record).reason, Reason::PolicyUnreadable);
    scene.end();
    assert!(!scene.sinks[0].is_opened());
    scene.check_the_end();
}
