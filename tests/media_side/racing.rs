//! Media threads that go on while the call ends: nothing is lost from the account, and nothing stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use calltap::consent::{Change, Digit};
use calltap::engine::{CallEvent, Incoming, Pushed};
use calltap::policy::Tap;
use calltap::time::{CallTime, MonoTime};

use super::stage::{CALLER, Stage, ZERO, ms};

/// Pushes as fast as it can until told to stop, and counts.
fn pushing(stage: Stage, act: impl FnOnce(&mut calltap::engine::Call)) -> (calltap::engine::Call, u64) {
    let Stage { mut call, mut caller, .. } = stage;
    let stop = Arc::new(AtomicBool::new(false));
    let media = {
        let stop = Arc::clone(&stop);
        thread::spawn(move || {
            let mut offered = 0u64;
            while !stop.load(Ordering::Relaxed) {
                let at = 12_020_000_000 + offered * 20_000_000;
                let answer = caller.push(&Incoming {
                    data: &[0x55; 160],
                    format: 0,
                    samples: 160,
                    sequence: None,
                    timestamp: None,
                    arrival: MonoTime(ZERO.0 + at),
                    marker: false,
                });
                offered += 1;
                if answer == Pushed::Shut && offered > 10_000 {
                    break;
                }
            }
            offered
        })
    };
    act(&mut call);
    stop.store(true, Ordering::Relaxed);
    let offered = media.join().expect("the media thread does not panic");
    (call, offered)
}

fn open_call() -> (Stage, u64) {
    let mut stage = Stage::new("ecommerce-be");
    stage.notice(ms(0), ms(6_000));
    stage.run_to(ms(12_000));
    let before = stage.call.ledger(CALLER).expect("the leg exists").pushed;
    (stage, before)
}

#[test]
fn a_push_that_raced_with_the_end_is_wiped_and_counted() {
    for round in 0..50 {
        let (stage, before) = open_call();
        let (mut call, offered) = pushing(stage, |call| {
            for step in 0..round {
                call.step(ms(12_010 + step * 10));
            }
            call.end(ms(12_010 + round * 10));
        });
        call.step(ms(13_000));
        let ledger = call.ledger(CALLER).expect("the leg exists");
        assert_eq!((ledger.in_flight, ledger.pushed), (0, before + offered), "round {round}: {ledger:?}");
        assert!(ledger.balances(), "round {round}: {ledger:?}");
    }
}

#[test]
fn keys_on_one_thread_and_ticks_on_another_never_lose_the_nine() {
    for round in 0..100 {
        let (stage, _) = open_call();
        let Stage { mut call, mut caller, agent, .. } = stage;
        let media = thread::spawn(move || {
            assert!(caller.digit(Digit::NINE, None));
            caller
        });
        let mut now = ms(12_000);
        for _ in 0..round % 7 {
            now = now + std::time::Duration::from_millis(10);
            call.step(now);
        }
        let caller = media.join().expect("the media thread does not panic");
        while now < CallTime::from_millis(17_000) {
            now = now + std::time::Duration::from_millis(10);
            call.step(now);
        }
        let objected = call.events().iter().any(|event| matches!(event, CallEvent::Consent(Change::Objected { .. })));
        assert!(objected && !call.decision(Tap::Record).hook_needed, "round {round}");
        drop((caller, agent));
    }
}
