//! What a media thread, or whoever sends to it, can offer too much of.

use std::time::Duration;

use calltap::consent::Reason;
use calltap::engine::{Config, ConfigError, DropCause, Engine, Incoming, Pushed};
use calltap::policy::Tap;
use calltap::time::MonoTime;

use super::stage::{AGENT, CALLER, Stage, ZERO, ms};

/// A frame of so many samples at 12.02 s.
fn frame(data: &[u8]) -> Incoming<'_> {
    Incoming {
        data,
        format: 0,
        samples: data.len() as u32,
        sequence: None,
        timestamp: None,
        arrival: MonoTime(ZERO.0 + 12_020_000_000),
        marker: false,
    }
}

fn open_call(config: Config) -> Stage {
    let mut stage = Stage::with("ecommerce-be", config, false);
    stage.notice(ms(0), ms(6_000));
    stage.run_to(ms(12_000));
    stage
}

#[test]
fn a_packet_that_lasts_longer_than_the_hold_back_is_made_for_is_refused() {
    let data = [0x55; 480];
    let mut stage = open_call(Config::default());
    assert_eq!(stage.caller.push(&frame(&data)), Pushed::Taken, "60 ms");
    // It says that it is longer, or it is: 40 ms is the limit here.
    let short = Config { max_packet: Duration::from_millis(40), ..Config::default() };
    let mut stage = open_call(short);
    assert_eq!(stage.caller.push(&frame(&data[..320])), Pushed::Taken);
    assert_eq!(stage.caller.push(&frame(&data[..321])), Pushed::Dropped(DropCause::Size));
    let boasts = Incoming { samples: 321, ..frame(&data[..320]) };
    assert_eq!(stage.caller.push(&boasts), Pushed::Dropped(DropCause::Size));
    let hides = Incoming { samples: 1, ..frame(&data[..321]) };
    assert_eq!(stage.caller.push(&hides), Pushed::Dropped(DropCause::Size));
    assert_eq!(stage.call.ledger(CALLER).expect("the leg exists").size, 3);
}

#[test]
fn the_hold_back_must_cover_the_longest_packet_and_the_latest() {
    let long = Config { max_packet: Duration::from_millis(71), ..Config::default() };
    let needed = Duration::from_millis(241);
    let given = Duration::from_millis(240);
    assert_eq!(Engine::new(long.clone(), None).err(), Some(ConfigError::HoldBackTooShort { given, needed }));
    assert!(Engine::new(Config { hold_back: needed, ..long }, None).is_ok());
    let late = Config { reorder: Duration::from_millis(51), ..Config::default() };
    assert_eq!(Engine::new(late, None).err(), Some(ConfigError::HoldBackTooShort { given, needed }));
}

#[test]
fn one_stream_too_many_on_a_leg_ends_the_tapping() {
    let mut stage = open_call(Config { ssrcs: 4, ..Config::default() });
    let mut offer = |ssrc: u32, millis: u64| {
        let data = [0x55; 160];
        let arrival = MonoTime(ZERO.0 + millis * 1_000_000);
        let _ = stage.caller.push(&Incoming { timestamp: Some((7, ssrc)), arrival, ..frame(&data) });
        stage.call.step(ms(millis as i64));
        stage.call.decision(Tap::Record).reason
    };
    // With the caller's own these are four; any of them may come again.
    for (number, ssrc) in [10, 11, 12, 11, 10, 12].into_iter().enumerate() {
        assert_eq!(offer(ssrc, 12_020 + number as u64 * 20), Reason::Allowed, "{ssrc}");
    }
    assert_eq!(offer(13, 12_200), Reason::LimitReached);
    stage.run_to(ms(12_300));
    assert_eq!(stage.answers, [Pushed::Shut; 2]);
    let ledger = stage.call.ledger(AGENT).expect("the leg exists");
    assert!(ledger.balances() && ledger.in_flight == 0 && ledger.delivered > 0, "{ledger:?}");
}

#[test]
fn a_line_is_as_long_as_the_configuration_says() {
    // 400 ms of 20 ms packets.
    let mut stage = open_call(Config { line_frames: 20, ..Config::default() });
    stage.digit(CALLER, '9', Some(ms(11_990)));
    stage.run_to(ms(14_000));
    let ledger = stage.call.ledger(CALLER).expect("the leg exists");
    assert_eq!(ledger.in_flight, 20, "{ledger:?}");
    assert!(ledger.full > 70 && ledger.balances(), "{ledger:?}");
}
