//! Legs and sinks of other kinds than a caller, an agent and sinks that are there from the beginning: legs that close,
//! fall silent or are not there, packets with several payloads, sinks that join in the middle.

use std::sync::Arc;

use calltap::consent::{Reason, Role};
use calltap::engine::{Config, CountedIds, DropCause, Engine, Pushed};
use calltap::policy::{Policy, Tap};
use calltap::sink::GapCause;
use calltap::time::CallTime;

use super::keypad::{Event, payload};
use super::scene::{AGENT, CALLER, EVENT, MONITOR, PCMA, RECORD, RED, Scene, ms, sample};
use super::witness::{Log, Told};

/// A call with these legs and a recorder.
fn between(roles: &[Role]) -> Scene {
    let ids = Box::new(CountedIds::default());
    let engine = Engine::with_ids(Config::default(), Some(Policy::embedded()), ids).expect("sound");
    let mut scene = Scene::between(Arc::new(engine), "ecommerce-be", roles, [5, 6], [7, 8]);
    scene.add_sink(Tap::Record, Log::default());
    scene
}

fn heard(scene: &Scene, sink: usize, leg: usize) -> Vec<(CallTime, CallTime)> {
    scene.sinks[sink].heard(leg).iter().map(|stretch| (stretch.from, stretch.to)).collect()
}

#[test]
fn a_call_without_a_callers_leg_is_recorded_from_half_a_second_after_the_window_and_nothing_is_lost() {
    for role in [Role::Mix, Role::Agent] {
        let mut scene = between(&[role]);
        scene.notice(0, 1_000);
        scene.run_to(ms(4_480));
        assert!(!scene.sinks[RECORD].is_opened(), "{role:?}: a caller may still be heard of");
        scene.run_to(ms(8_000));
        scene.check_permitted();
        scene.end();
        assert_eq!(heard(&scene, RECORD, 0), [(ms(4_000), ms(8_020))], "{role:?}");
        scene.check_the_end();
    }
}

#[test]
fn a_call_without_a_leg_opens_nothing_and_ends_well() {
    let mut scene = between(&[]);
    scene.notice(0, 1_000);
    scene.run_to(ms(8_000));
    assert_eq!(scene.call.decision(Tap::Record).reason, Reason::Allowed);
    scene.end();
    assert!(scene.sinks[RECORD].told().is_empty() && !scene.call.holds_audio(Tap::Record));
    scene.check_the_end();
}

#[test]
fn when_the_callers_leg_has_closed_the_agents_audio_goes_on() {
    for closed in [3_000, 4_100, 8_000] {
        let mut scene = between(&[Role::Caller, Role::Agent]);
        scene.notice(0, 1_000);
        scene.run_to(ms(closed));
        scene.call.close_leg(ms(closed), CALLER as u8);
        scene.run_to(ms(12_000));
        assert_eq!(scene.answers, [Pushed::Shut, Pushed::Taken], "closed at {closed}");
        scene.end();
        assert_eq!(heard(&scene, RECORD, AGENT), [(ms(4_000), ms(12_020))], "closed at {closed}");
        let whole = [(ms(4_000), ms(closed + 20))];
        assert_eq!(heard(&scene, RECORD, CALLER), if closed > 4_000 { &whole[..] } else { &[] });
        scene.check_permitted();
        scene.check_the_end();
    }
}

#[test]
fn a_shut_leg_answers_shut_whatever_it_is_offered() {
    let mut scene = Scene::open_to(8_000);
    let known = |scene: &mut Scene, payload_type| scene.phones[CALLER].packet(payload_type, false, 0, &[0; 20]);
    let unknown = known(&mut scene, 77);
    assert_eq!(scene.push(CALLER, &unknown), Pushed::Dropped(DropCause::Format));
    scene.end();
    let long = scene.phones[CALLER].packet(PCMA, false, 0, &[0; 2_000]);
    for packet in [&unknown[..], &long, &unknown[..5], &[], &[0xff; 3]] {
        assert_eq!(scene.push(CALLER, packet), Pushed::Shut, "the host may stop offering");
    }
    scene.check_the_end();
}

#[test]
fn an_audio_block_before_the_primary_one_is_repetition_and_an_event_is_no_audio() {
    let mut scene = Scene::open_to(6_000);
    scene.phones[AGENT].speaks = false;
    let audio = |leg, place: CallTime| -> Vec<u8> {
        let first = place.sample(8_000);
        (first..first + 160).map(|at| sample(leg, at)).collect()
    };
    let block = |payload_type: u8, offset: u32, length: usize| -> Vec<u8> {
        [&[0x80 | payload_type][..], &(offset << 10 | length as u32).to_be_bytes()[1..]].concat()
    };
    for place in (6_020..=8_000).step_by(20) {
        scene.run_to(ms(place));
        let event = payload(4, Event { after: 0, duration: 160, end: false });
        let mine = audio(AGENT, ms(place));
        let data = if place <= 7_000 {
            // Audio of now, which is not the primary; the primary is an event.
            [&block(PCMA, 0, 160)[..], &[EVENT], &mine, &event].concat()
        } else {
            // An event, the audio before, and the audio of now.
            let before = audio(AGENT, ms(place - 20));
            [&block(EVENT, 0, 4)[..], &block(PCMA, 160, 160), &[PCMA], &event, &before, &mine].concat()
        };
        let timestamp = scene.phones[AGENT].timestamp_at(ms(place));
        let packet = scene.phones[AGENT].packet(RED, false, timestamp, &data);
        assert_eq!(scene.push(AGENT, &packet), Pushed::Taken);
    }
    scene.run_to(ms(8_010));
    scene.end();
    assert!(!scene.has_failed(), "{:?}", scene.events);
    assert_eq!(heard(&scene, RECORD, AGENT), [(ms(4_000), ms(6_020)), (ms(7_020), ms(8_020))]);
    assert!(scene.call.ledger(AGENT as u8).expect("the leg exists").withheld >= 50);
    scene.check_the_end();
}

#[test]
fn a_leg_that_is_silent_at_the_end_is_told_as_a_gap_to_the_end() {
    let mut scene = Scene::open_to(8_000);
    scene.phones[AGENT].speaks = false;
    scene.run_to(ms(12_000));
    scene.end();
    for sink in [RECORD, MONITOR] {
        let gaps = scene.sinks[sink].gaps(AGENT);
        let [(cause, stretch)] = gaps.as_slice() else { panic!("{gaps:?}") };
        assert_eq!((*cause, stretch.from, stretch.to), (GapCause::Silent, ms(8_020), ms(12_020)));
        assert_eq!(scene.sinks[sink].gaps(CALLER), []);
        assert!(matches!(scene.sinks[sink].told().last(), Some(Told::Closed(_))), "told before it is closed");
    }
    scene.check_the_end();
}

#[test]
fn a_leg_that_is_silent_where_the_call_moves_is_told_as_a_gap_up_to_there() {
    let mut scene = Scene::open_to(8_000);
    scene.phones[AGENT].speaks = false;
    scene.run_to(ms(9_000));
    scene.call.pause(ms(9_000));
    scene.run_to(ms(9_500));
    scene.call.transfer(ms(9_500), "ecommerce-nl", "customer-care");
    let gaps: Vec<_> = scene.sinks[RECORD].gaps(AGENT).iter().map(|(cause, it)| (*cause, it.from, it.to)).collect();
    assert_eq!(gaps, [(GapCause::Silent, ms(8_020), ms(9_000)), (GapCause::Paused, ms(9_000), ms(9_500))]);
    scene.end();
    scene.check_the_end();
}

#[test]
fn a_sink_that_is_registered_later_begins_there_and_missed_nothing() {
    for tap in [Tap::Record, Tap::Monitor] {
        let mut scene = Scene::open_to(8_000);
        let late = Log::default();
        late.set_now(ms(8_000));
        late.set_since(ms(8_000));
        scene.add_sink(tap, late);
        assert!(!scene.sinks[2].is_opened(), "nothing of now is due yet");
        scene.run_to(ms(12_000));
        scene.end();
        for leg in [CALLER, AGENT] {
            assert_eq!(heard(&scene, 2, leg), [(ms(8_000), ms(12_020))], "{tap:?}, leg {leg}");
            assert_eq!(scene.sinks[2].gaps(leg), [], "{tap:?}, leg {leg}");
            assert_eq!(heard(&scene, RECORD, leg), [(ms(4_000), ms(12_020))]);
        }
        scene.check_permitted();
        scene.check_the_end();
    }
}

#[test]
fn a_sink_that_is_registered_before_the_permission_begins_with_it() {
    let mut scene = Scene::open_to(3_000);
    scene.add_sink(Tap::Record, Log::default());
    scene.run_to(ms(8_000));
    scene.end();
    for leg in [CALLER, AGENT] {
        assert_eq!(heard(&scene, 2, leg), [(ms(4_000), ms(8_020))]);
    }
    scene.check_the_end();
}
