//! A direct sink that takes too long, ten times, is moved to a queue: in order, and without a frame lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use calltap::engine::{CallEvent, Config, Done, Run};
use calltap::sink::Outcome;
use calltap::time::CallTime;

use crate::stage::{Stage, mono};
use crate::witness::{Got, Log, Where};

/// A call to 8 s whose direct sink takes `micros` for each of its first `slow` frames.
fn play(slow: usize, micros: u64) -> (Stage, Log) {
    let stage = Stage::new(Config::default());
    let log = Log::default();
    let (clock, left) = (Arc::clone(&stage.clock), AtomicUsize::new(slow));
    log.set(|notes| {
        notes.hook = Some(Arc::new(move |at| {
            if at == Where::Frame && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
            {
                clock.advance(Duration::from_micros(micros));
            }
        }));
    });
    let mut pair = stage.pair();
    pair.record(Run::Direct, log.sink());
    for number in 0..400 {
        stage.at(number * 20);
        match number {
            0 => pair.call.notice_started("en", None).expect("told"),
            100 => pair.call.notice_finished(true, None).expect("told"),
            _ => {}
        }
        pair.push();
        // Asked twice, the worker is out of the sink: time must not pass in there by this thread's doing.
        for _ in 0..2 {
            pair.call.ledger(0).expect("an answer");
        }
    }
    assert_eq!(pair.call.end(Some(mono(8_010)), None).expect("told"), Done::Good);
    assert_eq!(pair.delivered(), [150, 150]);
    log.wait("the end", |notes| notes.got.contains(&Got::Closed(Outcome::Complete)));
    (stage, log)
}

fn is_whole(log: &Log) {
    for leg in 0..2 {
        let places: Vec<CallTime> = (250..400).map(|packet| CallTime::from_millis(packet * 20)).collect();
        assert_eq!(log.places(leg), places, "leg {leg}");
    }
}

/// On which threads the frames came: how many on a worker before the first on a writer, and whether any after.
fn threads(log: &Log) -> (usize, bool) {
    let threads = log.notes().threads.clone();
    let on_worker = |thread: &&String| thread.starts_with("calltap-work");
    let before = threads.iter().take_while(on_worker).count();
    (before, threads[before..].iter().any(|thread| on_worker(&thread)))
}

#[test]
fn ten_overruns_move_a_direct_sink_to_a_queue_in_order_and_without_loss() {
    let (stage, log) = play(10, 300);
    is_whole(&log);
    // Its opening and ten frames.
    assert_eq!(threads(&log), (11, false));
    let late = |event: &CallEvent| matches!(event, CallEvent::SinkLate { what, .. } if what.contains("budget"));
    stage.event("the move", late);
}

#[test]
fn nine_overruns_and_calls_within_the_budget_leave_it_where_it_is() {
    for (slow, micros) in [(9, 300), (usize::MAX, 200)] {
        let (stage, log) = play(slow, micros);
        is_whole(&log);
        assert!(log.notes().threads.iter().all(|thread| thread.starts_with("calltap-work")));
        let late = |event: &CallEvent| matches!(event, CallEvent::SinkLate { .. });
        assert!(!stage.events().iter().any(|event| late(&event.event)));
    }
}
