//! A thousand calls at once: every account is exact, and one call's panic touches no other.

use std::time::Duration;

use calltap::consent::Reason;
use calltap::engine::{Clock, Config, Done, LiveEngine, Parts, Run, SystemClock};
use calltap::policy::{Policy, Tap};
use calltap::time::MonoTime;

use crate::stage::{LivePair, Stage, mono, packet, spec, until};
use crate::witness::{Log, Payload, Where};

const CALLS: usize = 1_000;

/// One sink that counts for every call; the one in the middle panics at its first frame.
fn record_all(pairs: &[LivePair]) -> Log {
    let (log, bad) = (Log::default(), Log::default());
    bad.set(|notes| notes.panics = Some((Where::Frame, Payload::Text)));
    for (number, pair) in pairs.iter().enumerate() {
        let run = [Run::Direct, Run::Queued, Run::File][number % 3];
        pair.record(run, if number == CALLS / 2 { bad.sink() } else { log.sink() });
    }
    log
}

/// Every call but the one that failed is exact.
fn end_all(pairs: &[LivePair], at: Option<MonoTime>, delivered: std::ops::RangeInclusive<u64>) {
    for (number, pair) in pairs.iter().enumerate() {
        if number == CALLS / 2 {
            until("its failure", || pair.call.decision(Tap::Record).reason == Reason::Failed);
            pair.delivered();
            continue;
        }
        assert_eq!(pair.call.end(at, None).expect("told"), Done::Good, "call {number}");
        let each = pair.delivered();
        assert!(each.iter().all(|frames| delivered.contains(frames)), "call {number}: {each:?}");
    }
}

#[test]
fn of_a_thousand_calls_at_once_every_account_is_exact_and_one_that_panics_touches_no_other() {
    let stage = Stage::new(Config { workers: 2, held_bytes: 256 << 20, ..Config::default() });
    let mut pairs: Vec<_> = (0..CALLS).map(|_| stage.pair()).collect();
    let log = record_all(&pairs);
    // Packets every 20 ms; every worker has seen all of them before a ring is full.
    for number in 0..300 {
        stage.at(number * 20);
        for pair in &mut pairs {
            match number {
                0 => pair.call.notice_started("en", None).expect("told"),
                100 => pair.call.notice_finished(true, None).expect("told"),
                _ => {}
            }
            pair.push();
            if number % 10 == 9 {
                pair.call.ledger(0).expect("an answer");
            }
        }
    }
    end_all(&pairs, Some(mono(6_000)), 50..=50);
    until("all frames", || log.frames() == (CALLS - 1) * 100);
    assert_eq!(stage.engine.counters().workers_replaced, 0);
}

/// The same for a minute at real pace: `cargo test --release --test live -- --ignored a_thousand_calls_for_a_minute`.
#[test]
#[ignore = "takes more than a minute of real time"]
fn a_thousand_calls_for_a_minute_at_real_pace() {
    let config = Config { workers: 2, deadline: Duration::from_secs(5), ..Config::default() };
    let engine = LiveEngine::of(Parts::new(config, Some(Policy::embedded()))).expect("an engine");
    let start = SystemClock.now();
    let mut pairs: Vec<_> = (0..CALLS)
        .map(|_| {
            let mut spec = spec("ecommerce-be");
            spec.zero = start;
            LivePair::of(engine.start_call(spec))
        })
        .collect();
    record_all(&pairs);
    // Counted from when all are there.
    let begin = SystemClock.now();
    for number in 0..3_000_u64 {
        let arrival = MonoTime(begin.0 + number * 20_000_000);
        while SystemClock.now() < arrival {
            std::thread::park_timeout(Duration::from_nanos(arrival.0.saturating_sub(SystemClock.now().0)));
        }
        for pair in &mut pairs {
            match number {
                0 => pair.call.notice_started("en", Some(arrival)).expect("told"),
                100 => pair.call.notice_finished(true, Some(arrival)).expect("told"),
                _ => {}
            }
            for leg in &mut pair.legs {
                let _ = leg.push(&calltap::engine::Incoming { arrival, ..packet(number) });
            }
        }
    }
    // From the window's end at 5 s: all but what the edge takes.
    end_all(&pairs, None, 2_740..=2_751);
}
