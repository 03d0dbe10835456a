//! Nobody can make a call hold for ever, hold without end, or hold what belongs to other calls; and what cannot work is
//! refused when it is asked for.

use std::sync::Arc;
use std::time::Duration;

use calltap::audio::{Encoding, Format};
use calltap::consent::{Digit, Reason, Role};
use calltap::engine::{CallError, Config, ConfigError, CountedIds, Engine, Incoming, LegSpec, Pushed};
use calltap::policy::{Policy, Tap};
use calltap::sink::GapCause;
use calltap::time::MonoTime;

use super::scene::{AGENT, CALLER, CODED, RECORD, Scene, ZERO, ms};
use super::witness::Log;

fn engine(config: Config) -> Arc<Engine> {
    let ids = Box::new(CountedIds::default());
    Arc::new(Engine::with_ids(config, Some(Policy::embedded()), ids).expect("the configuration is sound"))
}

/// The caller sends what nobody can decode from now on, until `until`; the agent speaks.
fn babble(scene: &mut Scene, until: i64) {
    scene.phones[CALLER].speaks = false;
    let from = scene.now().nanos() / 20_000_000 * 20 + 20;
    for place in (from..=until).step_by(20) {
        scene.run_to(ms(place));
        let timestamp = scene.phones[CALLER].timestamp_at(ms(place));
        let packet = scene.phones[CALLER].packet(CODED, false, timestamp, &[0; 20]);
        let _ = scene.push(CALLER, &packet);
    }
}

/// Offers `count` frames of one sample to the agent's leg, all come now, each in a place of its own.
fn crumbs(scene: &mut Scene, count: u32) {
    let now = scene.now();
    let arrival = MonoTime(ZERO.0.checked_add_signed(now.nanos()).expect("after the host's clock began"));
    for number in 0..count {
        let timestamp = scene.phones[AGENT].timestamp_at(now) + 160 + number;
        let incoming = Incoming {
            data: &[7],
            format: 0,
            samples: 1,
            sequence: None,
            timestamp: Some((timestamp, scene.phones[AGENT].ssrc)),
            arrival,
            marker: false,
        };
        scene.pushed[AGENT] += 1;
        let _ = scene.writers[AGENT].push(&incoming);
        if number % 16 == 15 {
            scene.step();
        }
    }
    scene.step();
}

#[test]
fn a_caller_in_a_codec_that_nobody_decodes_keeps_the_window_open_and_the_pool_empty() {
    let mut scene = Scene::new("ecommerce-be");
    scene.call.notice_started(ms(0), "en");
    babble(&mut scene, 1_000);
    scene.call.notice_finished(ms(1_000), true);
    let mut most = 0;
    for until in (1_100..=30_000).step_by(100) {
        babble(&mut scene, until);
        most = most.max(scene.engine.held_bytes());
        // The hold-back before the window's end; two hold-backs and half a second after it.
        assert_eq!(scene.answers[AGENT] == Pushed::Taken, (3_800..=4_900).contains(&until), "at {until}");
    }
    assert!(most < 62 * 400, "{most} bytes: more than 1240 ms of one leg");
    assert_eq!(scene.engine.held_bytes(), 0, "the agent's audio is let go of");
    assert_eq!(scene.call.decision(Tap::Record).reason, Reason::WindowOpen);
    assert!(scene.sinks.iter().all(|sink| !sink.is_opened()));

    // From where the caller can be heard, the call can be recorded.
    scene.phones[CALLER].speaks = true;
    scene.run_to(ms(32_000));
    scene.end();
    for leg in [CALLER, AGENT] {
        let heard = scene.sinks[RECORD].heard(leg);
        assert!(heard.len() == 1 && heard[0].from >= ms(30_000) && heard[0].to == ms(32_020), "{heard:?}");
        let gaps = scene.sinks[RECORD].gaps(leg);
        assert!(gaps.iter().all(|(cause, _)| *cause == GapCause::Withheld), "leg {leg}: {gaps:?}");
    }
    scene.check_permitted();
    scene.check_the_end();
}

#[test]
fn one_calls_undecodable_caller_takes_no_room_from_another_call() {
    // Room for four seconds of both legs of one call, a 9 in which holds for three.
    let engine = engine(Config { held_bytes: 150_000, ..Config::default() });
    let mut scenes: Vec<Scene> = (0..2)
        .map(|_| {
            let mut scene = Scene::of(Arc::clone(&engine), "ecommerce-be", [0, 0], [0, 0]);
            scene.add_sink(Tap::Record, Log::default());
            scene.call.notice_started(ms(0), "en");
            scene
        })
        .collect();
    let [odd, innocent] = scenes.as_mut_slice() else { panic!("two calls") };
    for until in (20..=24_000).step_by(20) {
        babble(odd, until);
        innocent.run_to(ms(until));
        if until == 1_000 {
            odd.call.notice_finished(ms(until), true);
            innocent.call.notice_finished(ms(until), true);
        }
        if until == 20_000 {
            innocent.call.digit(ms(until), CALLER as u8, Digit::NINE, None);
        }
        if until == 22_000 {
            innocent.call.digit(ms(until), CALLER as u8, Digit::from_char('4').expect("a key"), None);
        }
    }
    for leg in [CALLER, AGENT] {
        assert_eq!(innocent.call.ledger(leg as u8).expect("the leg exists").full, 0);
        assert_eq!(innocent.sinks[0].gaps(leg), []);
    }
    scenes.iter_mut().for_each(Scene::end);
    scenes.iter().for_each(Scene::check_the_end);
}

#[test]
fn a_line_holds_a_thousand_frames_and_no_more_however_small_they_are() {
    let engine = engine(Config { held_bytes: 1 << 20, ..Config::default() });
    let mut scene = Scene::of(Arc::clone(&engine), "ecommerce-be", [0, 0], [0, 0]);
    scene.add_sink(Tap::Record, Log::default());
    scene.sinks[0].take_any_samples();
    scene.notice(0, 1_000);
    scene.run_to(ms(8_000));
    scene.call.digit(ms(8_000), CALLER as u8, Digit::NINE, None);
    crumbs(&mut scene, 5_000);
    let ledger = scene.call.ledger(AGENT as u8).expect("the leg exists");
    assert_eq!(ledger.in_flight, 1_024, "{ledger:?}");
    assert!(ledger.full > 3_900 && ledger.balances(), "{ledger:?}");
    // Another call of the engine has room for its own 9.
    let mut other = Scene::of(engine, "ecommerce-be", [0, 0], [0, 0]);
    other.add_sink(Tap::Record, Log::default());
    other.notice(0, 1_000);
    other.run_to(ms(8_000));
    other.call.digit(ms(8_000), CALLER as u8, Digit::NINE, None);
    other.run_to(ms(11_000));
    assert_eq!(other.call.ledger(AGENT as u8).expect("the leg exists").full, 0);
    scene.end();
    other.end();
    scene.check_the_end();
    other.check_the_end();
}

#[test]
fn the_pool_is_charged_with_what_a_frame_costs_and_not_only_with_its_samples() {
    let mut scene = Scene::open_to(8_000);
    scene.sinks.iter().for_each(Log::take_any_samples);
    scene.call.digit(ms(8_000), CALLER as u8, Digit::NINE, None);
    let before = scene.engine.held_bytes();
    crumbs(&mut scene, 500);
    let held = scene.engine.held_bytes() - before;
    // What lies in the ring's own slots is not the pool's.
    assert!((480 * 100..500 * 400).contains(&held), "{held} bytes for 500 samples");
    scene.end();
    scene.check_the_end();
}

#[test]
fn frames_of_any_size_number_and_time_do_no_harm() {
    let mut scene = Scene::open_to(8_000);
    scene.sinks.iter().for_each(Log::take_any_samples);
    let mut dice = 12_345_u32;
    for number in 0..5_000_u32 {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let now = MonoTime(ZERO.0.checked_add_signed(scene.now().nanos()).expect("after the clock began"));
        let leg = (dice & 1) as usize;
        let data = vec![0x22; (dice >> 8) as usize % 481];
        let incoming = Incoming {
            data: &data,
            // Of the four formats, one that does not exist, but no event: nobody presses a key.
            format: [0, 2, 3, 4][(dice >> 3 & 3) as usize],
            samples: dice,
            sequence: (dice & 1 << 4 != 0).then_some((dice >> 16) as u16),
            timestamp: (dice & 1 << 5 != 0).then_some((dice.rotate_left(7), dice >> 20 & 3)),
            arrival: if dice & 1 << 6 != 0 { MonoTime(u64::from(dice) << 20) } else { now },
            marker: dice & 1 << 7 != 0,
        };
        scene.pushed[leg] += 1;
        let _ = scene.writers[leg].push(&incoming);
        if number % 7 == 0 {
            let next = scene.now() + Duration::from_millis(10);
            scene.set_now(next);
            scene.step();
        }
        if number % 500 == 499 {
            let now = scene.now();
            scene.call.pause(now);
            scene.call.resume(now);
            scene.check_accounts();
            scene.check_permitted();
        }
    }
    assert!(!scene.has_failed());
    scene.end();
    scene.check_the_end();
}

#[test]
fn a_hold_back_is_as_long_as_a_nine_may_take_to_be_heard_and_two_seconds_at_the_most() {
    let with = |millis| {
        let config = Config { hold_back: Duration::from_millis(millis), ..Config::default() };
        Engine::new(config, Some(Policy::embedded())).map(|_| ())
    };
    for good in [230, 240, 1_000, 2_000] {
        assert_eq!(with(good), Ok(()), "{good} ms");
    }
    for short in [0, 1, 229] {
        let given = Duration::from_millis(short);
        assert_eq!(with(short), Err(ConfigError::HoldBackTooShort { given, needed: Duration::from_millis(230) }));
    }
    for long in [2_001, 60_000, u64::MAX] {
        assert_eq!(with(long), Err(ConfigError::HoldBackTooLong { given: Duration::from_millis(long) }));
    }
}

#[test]
fn a_leg_that_cannot_work_is_refused_and_takes_no_place() {
    let mut scene = Scene::new("ecommerce-be");
    let silent = Format { rate: 0, ..Format::PCMA };
    let empty = Format { channels: 0, ..Format::PCMA };
    let good = LegSpec::new(Role::Agent, vec![Format::PCMA]);
    for (spec, mistake) in [
        (LegSpec { formats: vec![Format::PCMA, silent], ..good.clone() }, "a rate"),
        (LegSpec { formats: vec![empty], ..good.clone() }, "a channel"),
        (LegSpec { formats: vec![Format::PCMA; 65], ..good.clone() }, "64 formats"),
        (LegSpec { slot_bytes: 65_536, ..good.clone() }, "65,535 bytes"),
    ] {
        let Err(error) = scene.call.open_leg(&spec) else { panic!("{mistake}") };
        assert!(matches!(error, CallError::BadLeg { .. }));
        let text = error.to_string();
        assert!(text.contains(mistake) && text.contains("nothing of it is tapped"), "{text}");
        assert!(scene.call.ledger(2).is_none());
    }
    // What is at the bounds works.
    for _ in 0..6 {
        let wide = Format { encoding: Encoding::L16, rate: 48_000, channels: 2 };
        let spec = LegSpec { formats: vec![wide; 64], slot_bytes: 65_535, ..good.clone() };
        assert!(scene.call.open_leg(&spec).is_ok());
    }
    assert!(matches!(scene.call.open_leg(&good), Err(CallError::TooManyLegs)));
}
