//! What an engine and its calls do when something is missing, wrong, or goes wrong.

mod stage;

use std::time::Duration;

use calltap::consent::Reason;
use calltap::engine::{CallEvent, CallSpec, Config, ConfigError, Engine, Pushed};
use calltap::policy::{Direction, Policy, Tap};
use calltap::sink::GapCause;

use stage::{AGENT, CALLER, Got, Stage, ZERO, ms};

fn spec(entity: &str, direction: Direction) -> CallSpec {
    CallSpec {
        id: "a call".to_owned(),
        entity: entity.to_owned(),
        service: "customer-care".to_owned(),
        direction,
        language: "en".to_owned(),
        zero: ZERO,
        started: jiff::Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn an_engine_without_a_policy_answers_every_call_and_taps_none() {
    let engine = Engine::new(Config::default(), None).expect("the default configuration is sound");
    let call = engine.start_call(spec("ecommerce-be", Direction::Inbound));
    for tap in Tap::ALL {
        let decision = call.decision(tap);
        assert_eq!(decision.reason, Reason::PolicyUnreadable);
        assert!(decision.pairs.is_empty() && !decision.hook_needed);
    }
}

#[test]
fn the_reason_says_why_a_call_is_never_tapped() {
    let engine = Engine::new(Config::default(), Some(Policy::embedded())).expect("sound");
    for (entity, direction, reason) in [
        ("ecommerce-us", Direction::Inbound, Reason::EntityExcluded),
        ("ebilling-in", Direction::Inbound, Reason::EntityExcluded),
        ("nobody", Direction::Inbound, Reason::EntityUnknown),
        ("ecommerce-be", Direction::Outbound, Reason::ServiceNotCovered),
        ("ecommerce-be", Direction::Internal, Reason::ServiceNotCovered),
    ] {
        let call = engine.start_call(spec(entity, direction));
        assert_eq!(call.decision(Tap::Record).reason, reason, "{entity} {direction:?}");
    }
}

#[test]
fn nothing_of_a_never_entity_is_even_copied() {
    let mut stage = Stage::new("ecommerce-us");
    stage.notice(ms(0), ms(6_000));
    stage.run_to(ms(12_000));
    assert_eq!(stage.answers, [Pushed::Shut; 2]);
    stage.end();
    for leg in [CALLER, AGENT] {
        let ledger = stage.call.ledger(leg).expect("the leg exists");
        assert_eq!(ledger.withheld, ledger.pushed);
    }
    assert!(stage.record.all().is_empty());
    stage.check_ledgers(true);
}

#[test]
fn a_hold_back_shorter_than_a_nine_may_take_is_refused() {
    let short = Config { hold_back: Duration::from_millis(229), ..Config::default() };
    let error = Engine::new(short, None).err();
    assert_eq!(
        error,
        Some(ConfigError::HoldBackTooShort { given: Duration::from_millis(229), needed: Duration::from_millis(230) })
    );
}

#[test]
fn a_full_pool_drops_what_is_held_and_says_so() {
    // Room for one second of both legs; the 9 holds for three.
    let config = Config { held_bytes: 16_000, ..Config::default() };
    let mut stage = Stage::with("ecommerce-be", config, false);
    stage.notice(ms(0), ms(6_000));
    stage.run_to(ms(20_120));
    stage.digit(CALLER, '9', Some(ms(20_000)));
    stage.run_to(ms(22_900));
    stage.digit(CALLER, '4', Some(ms(22_800)));
    stage.run_to(ms(24_000));
    stage.end();
    stage.check_ledgers(true);
    let ledger = stage.call.ledger(CALLER).expect("the leg exists");
    assert!(ledger.full > 20, "{ledger:?}");
    let gaps = stage.record.gaps(GapCause::Dropped);
    assert!(gaps.iter().any(|(leg, _)| *leg == CALLER), "{gaps:?}");
}

#[test]
fn a_panic_in_a_sink_ends_this_calls_tapping_and_says_so() {
    let mut stage = Stage::with_panicking_sink();
    stage.notice(ms(0), ms(6_000));
    stage.run_to(ms(10_000));
    assert!(stage.events.iter().any(|event| matches!(event, CallEvent::CallFailed { .. })), "{:?}", stage.events);
    assert_eq!(stage.answers, [Pushed::Shut; 2]);
    assert!(stage.record.has(&Got::Closed), "closed as failed");
    assert_eq!(stage.call.decision(Tap::Record).reason, Reason::Failed);
    stage.check_ledgers(false);
}

#[test]
fn a_writer_that_outlives_its_call_finds_the_gate_shut() {
    let mut stage = Stage::new("ecommerce-be");
    stage.notice(ms(0), ms(6_000));
    stage.run_to(ms(10_000));
    let Stage { call, mut caller, record, .. } = stage;
    drop(call);
    let frame = calltap::engine::Incoming {
        data: &[0; 160],
        format: 0,
        samples: 160,
        sequence: None,
        timestamp: None,
        arrival: ZERO,
        marker: false,
    };
    assert_eq!(caller.push(&frame), Pushed::Shut);
    assert!(record.has(&Got::Closed), "a call that was not ended closes its outputs");
}

#[test]
fn a_leg_that_went_silent_before_the_end_is_listed() {
    let mut stage = Stage::new("ecommerce-be");
    stage.notice(ms(0), ms(6_000));
    stage.run_to(ms(12_000));
    stage.run_legs(ms(15_000), true, false);
    stage.end();
    let silent = stage.record.gaps(GapCause::Silent);
    assert_eq!(silent.len(), 1, "{silent:?}");
    let (leg, stretch) = silent[0];
    assert_eq!((leg, stretch.from), (AGENT, ms(12_020)));
    assert!(stretch.to >= ms(15_000));
    stage.check_ledgers(true);
}

#[test]
fn keys_that_come_as_a_stream_of_their_own_do_not_move_the_audios_clock() {
    let mut stage = Stage::new("ecommerce-be");
    stage.notice(ms(0), ms(6_000));
    for packet in 0..10u16 {
        stage.run_to(ms(12_000 + i64::from(packet) * 20));
        // Key 4, a packet time longer each time, seven milliseconds after the audio.
        let duration = (160 * (packet + 1)).to_be_bytes();
        let arrival = calltap::time::MonoTime(ZERO.0 + 12_007_000_000 + u64::from(packet) * 20_000_000);
        let event = calltap::engine::Incoming {
            data: &[4, 10, duration[0], duration[1]],
            format: 1,
            samples: 0,
            sequence: Some(500 + packet),
            timestamp: Some((77_000, 0xbeef)),
            arrival,
            marker: packet == 0,
        };
        assert_eq!(stage.caller.push(&event), Pushed::Taken);
    }
    stage.run_to(ms(13_000));
    let frames = stage.record.frames(CALLER);
    assert!(frames.windows(2).all(|two| two[0].1.to == two[1].1.from), "contiguous");
    // And they were seen: a 9 beside that key refuses nothing.
    stage.digit(CALLER, '9', None);
    stage.run_to(ms(18_000));
    assert!(!stage.record.has(&Got::Erased));
}

#[test]
fn a_caller_who_falls_silent_around_the_windows_end_takes_nothing_from_the_agents_audio() {
    for last in (8_800..=9_400).step_by(20) {
        let mut stage = Stage::new("ecommerce-be");
        stage.notice(ms(0), ms(6_000));
        stage.run_to(ms(last));
        stage.run_legs(ms(12_000), false, true);
        stage.end();
        let frames = stage.record.frames(AGENT);
        assert_eq!(frames.first().map(|(_, stretch)| stretch.from), Some(ms(9_000)), "last packet at {last} ms");
        assert!(frames.windows(2).all(|two| two[0].1.to == two[1].1.from), "last packet at {last} ms");
        stage.check_ledgers(true);
    }
}
