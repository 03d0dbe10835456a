//! Telephones, networks and hosts whose numbers and times are wrong: the caller's wish counts all the same, and what
//! was spoken before the permission is not recorded as if it had been spoken after it.
//!
//! Where a telephone lies about places, a packet's samples say when it came: all are that moment, in units of 20 ms.

use std::time::Duration;

use calltap::consent::Digit;
use calltap::engine::Config;
use calltap::policy::Tap;
use calltap::time::CallTime;

use super::keypad::{Event, nine, payload};
use super::scene::{AGENT, CALLER, EVENT, PCMA, RECORD, Scene, ms};
use super::witness::Log;

/// Where the permission begins, and what may come at most so long before it: a packet, and what networks reorder.
const OPEN: CallTime = CallTime::from_millis(4_000);
const CONCEDED: Duration = Duration::from_millis(100);
/// How far after its arrival a new stream is placed at most.
const AHEAD: Duration = Duration::from_millis(40);

/// A call in which only the caller lies.
fn lied_to() -> Scene {
    let scene = Scene::new("ecommerce-be");
    scene.sinks.iter().for_each(Log::take_any_samples);
    scene
}

/// A packet that came now, with any time stamp.
fn dated(scene: &mut Scene, timestamp: u32) -> Vec<u8> {
    let unit = (scene.now().nanos() / 20_000_000) as u8;
    scene.phones[CALLER].packet(PCMA, false, timestamp, &[unit; 160])
}

/// Of what the recorder got of the caller: when it came, and its place. The two are less than 2.5 s apart.
fn came(scene: &Scene) -> Vec<(CallTime, CallTime)> {
    let dated = |unit: u8, place: i64| {
        let near = place / 20_000_000;
        (near - 127..=near + 128).find(|other| *other as u8 == unit).expect("one of 256") * 20_000_000
    };
    let pieces = scene.sinks[RECORD].pieces(CALLER);
    let both = |from: CallTime, byte| (CallTime::from_nanos(dated(byte, from.nanos())), from);
    pieces.iter().map(|piece| both(piece.stretch.from, piece.byte)).collect()
}

/// Nothing was recorded that came before the permission, but for what is conceded.
fn nothing_came_early(scene: &Scene) {
    let early: Vec<_> = came(scene).into_iter().filter(|(came, _)| *came + CONCEDED < OPEN).collect();
    assert!(early.is_empty(), "{} frames from before the permission, as {:?}", early.len(), early.first());
}

/// The end of a call with 9s on a lying line: refused at `onset`, and nothing was ever opened.
fn refused_in_the_window(mut scene: Scene, onset: CallTime, what: &str) {
    scene.run_to(ms(9_000));
    scene.end();
    assert_eq!(scene.objected(), Some(onset), "{what}");
    assert!(scene.sinks.iter().all(|sink| !sink.is_opened()), "{what}");
    scene.check_the_end();
}

#[test]
fn a_nine_counts_whatever_its_packets_number_is() {
    for (what, from_the_next) in [("the last one's", -1), ("an old one", -150), ("of its own", 20_000), ("odd", 3)] {
        let mut scene = Scene::open_to(3_900);
        let next = scene.phones[CALLER].sequence;
        scene.phones[CALLER].sequence = next.wrapping_add_signed(from_the_next);
        let packet = nine(&mut scene, CALLER, ms(3_800), 100);
        scene.phones[CALLER].sequence = next;
        let _ = scene.push(CALLER, &packet);
        refused_in_the_window(scene, ms(3_800), what);
    }
}

#[test]
fn no_time_stamp_moves_a_nine_out_of_the_notice_or_its_window() {
    for (arrival, lie, what) in [
        (500, -5_000, "in the notice, stamped before it"),
        (3_500, 900, "in the window, stamped after it"),
        (3_500, 60_000, "in the window, stamped in a minute"),
        (3_500, -5_000, "in the window, stamped before the notice"),
        (3_500, -60_000, "in the window, stamped a minute ago"),
    ] {
        let mut scene = Scene::new("ecommerce-be");
        scene.call.notice_started(ms(0), "en");
        let mut is_playing = true;
        for after in [20, 40, 60] {
            if is_playing && arrival + after > 1_000 {
                scene.run_to(ms(1_000));
                scene.call.notice_finished(ms(1_000), true);
                is_playing = false;
            }
            scene.run_to(ms(arrival + after));
            let event = Event { after, duration: after as u16 * 8, end: after == 60 };
            let timestamp = scene.phones[CALLER].timestamp_at(ms(arrival)).wrapping_add_signed(lie * 8);
            let packet = scene.phones[CALLER].packet(EVENT, after == 20, timestamp, &payload(9, event));
            let _ = scene.push(CALLER, &packet);
        }
        if is_playing {
            scene.run_to(ms(1_000));
            scene.call.notice_finished(ms(1_000), true);
        }
        // A different digit, beside the place the lie names.
        scene.run_to(ms(4_300));
        scene.call.digit(ms(4_300), CALLER as u8, Digit::from_char('4').expect("a key"), None);
        refused_in_the_window(scene, ms(arrival), what);
    }
}

#[test]
fn a_press_that_a_host_puts_into_the_future_was_pressed_when_it_was_told() {
    let mut scene = Scene::open_to(8_000);
    scene.call.digit(ms(8_000), CALLER as u8, Digit::NINE, Some(ms(3_600_000)));
    scene.run_to(ms(12_000));
    assert_eq!(scene.objected(), Some(ms(8_000)));
    assert!(scene.sinks.iter().all(Log::is_erased));
    assert!(scene.sinks[RECORD].heard(AGENT).last().expect("audio").to <= ms(8_000));
    scene.end();
    scene.check_the_end();
}

#[test]
fn two_streams_in_turn_do_not_push_each_other_ahead() {
    let mut scene = lied_to();
    scene.phones[CALLER].speaks = false;
    scene.call.notice_started(ms(0), "en");
    for place in (20..=12_000).step_by(20) {
        scene.run_to(ms(place));
        if place == 1_000 {
            scene.call.notice_finished(ms(1_000), true);
        }
        let number = scene.phones[CALLER].sequence;
        for ssrc in [100, 101] {
            scene.phones[CALLER].ssrc = ssrc;
            scene.phones[CALLER].sequence = number;
            let packet = dated(&mut scene, (place * 8) as u32);
            let _ = scene.push(CALLER, &packet);
        }
    }
    scene.end();
    nothing_came_early(&scene);
    let came = came(&scene);
    assert!(came.len() > 300, "{}", came.len());
    assert!(came.iter().all(|(came, place)| *place <= *came + AHEAD), "{came:?}");
    scene.check_permitted();
    scene.check_the_end();
}

#[test]
fn another_stream_for_a_while_does_not_shift_what_comes_after_it() {
    let mut scene = lied_to();
    scene.notice(0, 1_000);
    scene.run_to(ms(8_000));
    scene.phones[CALLER].speaks = false;
    let (mut other, mut number) = (0, 5);
    for place in (8_010..=8_600).step_by(20) {
        // Ten milliseconds after each packet of the caller's, one of another sender.
        for (at, ssrc) in [(place, 77), (place + 10, 0xc0de)] {
            scene.run_to(ms(at));
            let own = std::mem::replace(&mut scene.phones[CALLER].ssrc, ssrc);
            let packet = if ssrc == own {
                let timestamp = scene.phones[CALLER].timestamp_at(ms(at));
                dated(&mut scene, timestamp)
            } else {
                std::mem::swap(&mut scene.phones[CALLER].sequence, &mut number);
                let packet = dated(&mut scene, other);
                std::mem::swap(&mut scene.phones[CALLER].sequence, &mut number);
                other += 160;
                packet
            };
            scene.phones[CALLER].ssrc = own;
            let _ = scene.push(CALLER, &packet);
        }
    }
    for place in (8_620..=16_000).step_by(20) {
        scene.run_to(ms(place));
        let timestamp = scene.phones[CALLER].timestamp_at(ms(place));
        let packet = dated(&mut scene, timestamp);
        let _ = scene.push(CALLER, &packet);
    }
    scene.end();
    let after: Vec<_> = came(&scene).into_iter().filter(|(_, place)| *place > ms(9_000)).collect();
    assert!(after.len() > 340, "{}", after.len());
    for (came, place) in after {
        assert!(place >= came && place <= came + AHEAD, "what came at {came:?} lies at {place:?}");
    }
    scene.check_the_end();
}

#[test]
fn time_stamps_that_leap_ahead_bring_nothing_of_the_window_into_the_recording() {
    for leap in [200, 900, 990, 2_000] {
        let mut scene = lied_to();
        scene.notice(0, 1_000);
        scene.run_to(ms(3_000));
        scene.phones[CALLER].speaks = false;
        for place in (3_020..=7_000).step_by(20) {
            scene.run_to(ms(place));
            let timestamp = scene.phones[CALLER].timestamp_at(ms(place + leap));
            let packet = dated(&mut scene, timestamp);
            let _ = scene.push(CALLER, &packet);
        }
        scene.end();
        nothing_came_early(&scene);
        assert!(came(&scene).len() > 100, "what came after it is recorded");
        scene.check_permitted();
        scene.check_the_end();
    }
}

#[test]
fn a_nine_is_settled_in_the_end_although_only_duplicates_come_after_it() {
    for (hold_back, patience) in [(240, 500), (600, 1_200)] {
        let config = Config { hold_back: Duration::from_millis(hold_back), ..Config::default() };
        let mut scene = Scene::with("ecommerce-be", config, [0, 0], [0, 0]);
        scene.notice(0, 1_000);
        scene.run_to(ms(8_000));
        scene.call.digit(ms(8_000), CALLER as u8, Digit::NINE, None);
        scene.phones[CALLER].speaks = false;
        scene.phones[CALLER].sequence -= 1;
        let duplicate = scene.audio(CALLER, ms(8_000));
        // Three seconds in which another digit may come, and as long as anything is waited for.
        let settled = 8_000 + 3_000 + patience;
        for place in (8_020..settled).step_by(20) {
            scene.run_to(ms(place));
            let _ = scene.push(CALLER, &duplicate);
        }
        scene.run_to(ms(settled - 10));
        assert_eq!(scene.objected(), None);
        assert!(scene.call.holds_audio(Tap::Record));
        let _ = scene.push(CALLER, &duplicate);
        scene.run_to(ms(settled));
        assert_eq!(scene.objected(), Some(ms(8_000)));
        assert!(scene.sinks.iter().all(Log::is_erased));
        scene.end();
        scene.check_the_end();
    }
}
