//! Promise 3, for telephone-events as they come over bad lines and from odd telephones: a 9 takes effect at its onset,
//! and not one sample of it or after it is delivered.

use std::time::Duration;

use calltap::engine::{CallEvent, Config, Pushed};
use calltap::time::CallTime;

use super::keypad::{Event, key, payload, press};
use super::scene::{AGENT, CALLER, EVENT, MONITOR, PCMA, RECORD, RED, Scene, ms, sample};

/// Where the 9 begins in these calls: the notice is from 0 to 1 s, the permission from 4 s on.
const ONSET: CallTime = CallTime::from_millis(8_030);
const OPEN: CallTime = CallTime::from_millis(4_000);

/// A call up to `until`, its notice from 0 to 1 s.
fn at(until: CallTime) -> Scene {
    from(Scene::new("ecommerce-be"), until)
}

fn from(mut scene: Scene, until: CallTime) -> Scene {
    scene.notice(0, 1_000);
    scene.run_to(until);
    scene
}

/// The caller refused at the onset: all that lies before it was delivered, nothing from it on, and all is erased.
fn refused_at(scene: &mut Scene, onset: CallTime) {
    scene.run_to(ms(onset.nanos() / 1_000_000 + 3_500));
    assert_eq!(scene.objected(), Some(onset), "{:?}", scene.events);
    for sink in [RECORD, MONITOR] {
        for leg in [CALLER, AGENT] {
            let heard = scene.sinks[sink].heard(leg);
            let last = heard.last().expect("audio from before the 9").to;
            assert!(last <= onset + Duration::from_micros(125), "sink {sink}, leg {leg}: {heard:?}");
            assert!(last >= onset - Duration::from_micros(125), "sink {sink}, leg {leg}: {heard:?}");
            assert_eq!((heard.len(), heard[0].from), (1, OPEN), "whole until then");
            assert!(scene.sinks[sink].pieces(leg).iter().all(|piece| piece.erased));
        }
    }
    assert_eq!(scene.answers, [Pushed::Shut; 2]);
    scene.end();
    scene.check_the_end();
}

#[test]
fn a_nine_takes_effect_at_its_onset() {
    let mut scene = at(ONSET);
    key(&mut scene, CALLER, 9, ONSET, &press(180));
    refused_at(&mut scene, ONSET);
}

#[test]
fn a_nine_whose_first_packets_are_lost_takes_effect_at_its_onset() {
    for lost in [1, 2, 5, 8] {
        let mut scene = at(ONSET);
        key(&mut scene, CALLER, 9, ONSET, &press(180)[lost..]);
        refused_at(&mut scene, ONSET);
    }
}

#[test]
fn any_single_packet_of_a_nine_is_enough() {
    let all = press(100);
    for number in 0..all.len() {
        let mut scene = at(ONSET);
        key(&mut scene, CALLER, 9, ONSET, &all[number..=number]);
        refused_at(&mut scene, ONSET);
    }
}

#[test]
fn of_a_nine_that_comes_too_late_nothing_more_is_delivered_and_the_rest_is_erased() {
    // A press of a second, of which only the end arrives.
    let all = press(1_000);
    let mut scene = at(ONSET);
    key(&mut scene, CALLER, 9, ONSET, &all[all.len() - 3..]);
    let report = scene.now();
    scene.run_to(ms(12_000));
    assert_eq!(scene.objected(), Some(ONSET));
    for leg in [CALLER, AGENT] {
        let pieces = scene.sinks[RECORD].pieces(leg);
        let after_report = pieces.iter().filter(|piece| piece.came >= report);
        assert!(after_report.clone().all(|piece| piece.stretch.to <= ONSET), "{:?}", after_report.collect::<Vec<_>>());
        assert!(pieces.iter().any(|piece| piece.stretch.from >= ONSET), "it was late");
        assert!(pieces.iter().all(|piece| piece.erased));
    }
    scene.end();
    scene.check_the_end();
}

#[test]
fn a_nine_whose_packets_come_before_their_own_place_takes_effect_at_its_place() {
    // A telephone that stamps a digit with the time of the audio packet that comes next.
    for early in [22, 19, 1] {
        let events: Vec<Event> = press(180).iter().map(|one| Event { after: one.after - 20 - early, ..*one }).collect();
        let mut scene = at(ONSET - Duration::from_millis(60));
        key(&mut scene, CALLER, 9, ONSET, &events);
        refused_at(&mut scene, ONSET);
    }
}

#[test]
fn numbers_that_wrap_before_within_and_after_a_nine_change_nothing() {
    // Samples from the call's zero to the onset.
    let onset = ONSET.sample(8_000) as u32;
    for units in [0, 1, 159, 160, 700, 1_440, onset / 2, onset] {
        let timestamps = [0u32.wrapping_sub(onset).wrapping_sub(units).wrapping_add(1_440), 5];
        for packets in [395, 401, 404, 410, 412] {
            let sequences = [0u16.wrapping_sub(packets), 0];
            let scene = Scene::with("ecommerce-be", Config::default(), timestamps, sequences);
            let mut scene = from(scene, ONSET);
            key(&mut scene, CALLER, 9, ONSET, &press(180));
            refused_at(&mut scene, ONSET);
        }
    }
}

#[test]
fn a_nine_counts_in_any_block_of_a_redundant_packet() {
    let event = payload(9, Event { after: 0, duration: 800, end: false });
    let redundant = |payload_type: u8, offset: u16, length: usize| {
        let word = u32::from(offset) << 10 | length as u32;
        [&[0x80 | payload_type][..], &word.to_be_bytes()[1..]].concat()
    };
    for before in [false, true] {
        let mut scene = at(ONSET);
        scene.run_to(ONSET + Duration::from_millis(100));
        let now = scene.now();
        let place = CallTime::from_nanos(now.nanos() / 20_000_000 * 20_000_000);
        let (payload, timestamp) = if before {
            // An event that began earlier, beside the audio of now.
            let offset = (now.sample(8_000) - ONSET.sample(8_000)) as u16;
            let first = now.sample(8_000);
            let audio: Vec<u8> = (first..first + 80).map(|at| sample(CALLER, at)).collect();
            let payload = [&redundant(EVENT, offset, 4)[..], &[PCMA], &event, &audio].concat();
            (payload, scene.phones[CALLER].timestamp_at(now))
        } else {
            // The event as the primary, beside audio that came before.
            let audio: Vec<u8> = (0..160).map(|at| sample(CALLER, place.sample(8_000) - 160 + at)).collect();
            let payload = [&redundant(PCMA, 160, 160)[..], &[EVENT], &audio, &event].concat();
            (payload, scene.phones[CALLER].timestamp_at(ONSET))
        };
        let packet = scene.phones[CALLER].packet(RED, false, timestamp, &payload);
        assert_eq!(scene.push(CALLER, &packet), Pushed::Taken);
        refused_at(&mut scene, ONSET);
    }
}

#[test]
fn a_press_longer_than_its_counter_is_one_press_from_its_first_onset() {
    let mut scene = at(ONSET);
    // Ten seconds: 80,000 units of which one packet can tell 65,535.
    let first: Vec<Event> =
        (1..=409).map(|step| Event { after: step * 20, duration: step as u16 * 160, end: false }).collect();
    key(&mut scene, CALLER, 9, ONSET, &first[..200]);
    refused_at(&mut scene, ONSET);
}

#[test]
fn the_next_segment_of_a_long_press_is_no_second_press() {
    // A long press of a key that says nothing, as data; its second segment comes when digits are no data any more.
    let mut scene = at(ONSET);
    scene.call.digits_are_data(ONSET, true);
    let first: Vec<Event> =
        (1..=409).map(|step| Event { after: step * 20, duration: step as u16 * 160, end: false }).collect();
    key(&mut scene, CALLER, 9, ONSET, &first);
    let now = scene.now();
    scene.call.digits_are_data(now, false);
    let second = CallTime::from_nanos(ONSET.nanos() + 65_535 * 125_000);
    let timestamp = scene.phones[CALLER].timestamp_at(second);
    for (number, duration) in [160u16, 320, 480].into_iter().enumerate() {
        let event = Event { after: 0, duration, end: number == 2 };
        let packet = scene.phones[CALLER].packet(EVENT, false, timestamp, &payload(9, event));
        let _ = scene.push(CALLER, &packet);
        scene.run_to(now + Duration::from_millis(20 * (number as u64 + 1)));
    }
    scene.run_to(now + Duration::from_secs(5));
    assert_eq!(scene.objected(), None, "{:?}", scene.events);
    scene.end();
    scene.check_the_end();
}

#[test]
fn a_nine_as_the_second_event_of_a_packet_begins_where_the_first_ends() {
    let mut scene = at(ONSET);
    let event = |key, duration| payload(key, Event { after: 0, duration, end: true });
    // `#` is no different digit: the 9 after it stands alone.
    let both = [event(11, 400), event(9, 480)].concat();
    let timestamp = scene.phones[CALLER].timestamp_at(ONSET);
    let packet = scene.phones[CALLER].packet(EVENT, true, timestamp, &both);
    scene.run_to(ONSET + Duration::from_millis(110));
    let _ = scene.push(CALLER, &packet);
    refused_at(&mut scene, ONSET + Duration::from_millis(50));
}

#[test]
fn a_nine_in_a_new_stream_of_the_caller_counts() {
    let mut scene = at(ONSET);
    // The telephone begins anew: another SSRC, other numbers.
    let phone = &mut scene.phones[CALLER];
    (phone.ssrc, phone.sequence, phone.timestamp) = (0xfeed, 9, phone.timestamp.wrapping_add(1 << 30));
    let onset = ms(9_000);
    scene.run_to(onset);
    key(&mut scene, CALLER, 9, onset, &press(180));
    refused_at(&mut scene, onset);
}

#[test]
fn a_nine_as_the_first_packet_of_a_new_stream_counts_where_it_arrives() {
    let mut scene = at(ONSET);
    scene.phones[CALLER].speaks = false;
    scene.phones[CALLER].ssrc = 0xfeed;
    let event = Event { after: 0, duration: 160, end: false };
    scene.run_to(ONSET + Duration::from_millis(20));
    let packet = scene.phones[CALLER].packet(EVENT, true, 77, &payload(9, event));
    let _ = scene.push(CALLER, &packet);
    scene.run_to(ms(12_000));
    assert_eq!(scene.objected(), Some(ONSET), "its duration before its arrival");
    for leg in [CALLER, AGENT] {
        let last = scene.sinks[RECORD].heard(leg).last().expect("audio").to;
        assert!(last <= ONSET + Duration::from_micros(125), "leg {leg}: {last:?}");
    }
    scene.end();
    scene.check_the_end();
}

#[test]
fn a_nine_during_which_the_telephone_sends_no_audio_takes_effect_at_its_onset() {
    let mut scene = at(ONSET);
    scene.phones[CALLER].speaks = false;
    key(&mut scene, CALLER, 9, ONSET, &press(400));
    scene.phones[CALLER].speaks = true;
    scene.run_to(ms(11_700));
    assert_eq!(scene.objected(), Some(ONSET));
    for sink in [RECORD, MONITOR] {
        let last = scene.sinks[sink].heard(AGENT).last().expect("audio").to;
        assert!(last <= ONSET + Duration::from_micros(125), "{last:?}");
        assert!(scene.sinks[sink].is_erased());
    }
    scene.end();
    scene.check_the_end();
}

#[test]
fn a_nine_that_another_packet_overtakes_takes_effect_at_its_onset() {
    let mut scene = at(ONSET);
    let timestamp = scene.phones[CALLER].timestamp_at(ONSET);
    let event = Event { after: 0, duration: 160, end: false };
    let packet = scene.phones[CALLER].packet(EVENT, true, timestamp, &payload(9, event));
    // It comes 120 ms late, and is the only one.
    scene.run_to(ONSET + Duration::from_millis(140));
    let _ = scene.push(CALLER, &packet);
    refused_at(&mut scene, ONSET);
}

/// A call with its notice from 0 to 1 s, in which a side presses 9 at `onset`, run to 12 s.
fn pressed(leg: usize, onset: CallTime) -> Scene {
    let mut scene = Scene::new("ecommerce-be");
    scene.call.notice_started(ms(0), "en");
    if onset < ms(1_000) {
        scene.run_to(onset);
        key(&mut scene, leg, 9, onset, &press(100));
    }
    scene.run_to(ms(1_000));
    scene.call.notice_finished(ms(1_000), true);
    if onset >= ms(1_000) {
        scene.run_to(onset);
        key(&mut scene, leg, 9, onset, &press(100));
    }
    scene.run_to(ms(12_000));
    scene
}

#[test]
fn in_notice_and_window_every_nine_counts_at_once_and_nothing_is_ever_opened() {
    // The last one begins a sample before the window's end, and is known after it.
    let last = CallTime::from_nanos(OPEN.nanos() - 125_000);
    for onset in [ms(10), ms(500), ms(1_000), ms(2_500), ms(3_990), last] {
        let mut scene = pressed(CALLER, onset);
        assert_eq!(scene.objected(), Some(onset));
        assert!(scene.sinks.iter().all(|sink| !sink.is_opened() && sink.told().is_empty()), "{onset:?}");
        scene.end();
        scene.check_the_end();
    }
}

#[test]
fn a_nine_right_after_the_window_takes_out_itself_and_all_after_it() {
    let onset = OPEN + Duration::from_millis(10);
    let mut scene = at(onset);
    key(&mut scene, CALLER, 9, onset, &press(100));
    refused_at(&mut scene, onset);
}

#[test]
fn a_nine_beside_another_digit_is_no_objection_and_the_recording_is_whole() {
    for keys in [[9, 4], [4, 9], [9, 0], [15, 9]] {
        let mut scene = at(ONSET);
        let second = ONSET + Duration::from_millis(1_500);
        key(&mut scene, CALLER, keys[0], ONSET, &press(100));
        key(&mut scene, CALLER, keys[1], second, &press(100));
        scene.run_to(ms(14_000));
        scene.end();
        assert_eq!(scene.objected(), None);
        for leg in [CALLER, AGENT] {
            let heard = scene.sinks[RECORD].heard(leg);
            assert_eq!((heard.len(), heard[0].from), (1, OPEN), "{keys:?}, leg {leg}: {heard:?}");
            assert_eq!(heard[0].to, ms(14_020));
            // The listener never hears old audio.
            let live = scene.sinks[MONITOR].pieces(leg);
            assert!(live.iter().all(|piece| piece.came <= piece.stretch.from + Duration::from_millis(250)));
        }
        scene.check_the_end();
    }
}

#[test]
fn the_agents_nine_is_nothing_wherever_it_comes() {
    for onset in [ms(500), ms(2_000), ms(3_900), ONSET] {
        let mut scene = pressed(AGENT, onset);
        scene.end();
        assert_eq!(scene.objected(), None);
        for leg in [CALLER, AGENT] {
            let heard = scene.sinks[RECORD].heard(leg);
            assert_eq!((heard.len(), heard[0].from, heard[0].to), (1, OPEN, ms(12_020)), "{onset:?}, leg {leg}");
        }
        assert!(!scene.events.iter().any(|event| matches!(event, CallEvent::Receipt(_))));
        scene.check_the_end();
    }
}
