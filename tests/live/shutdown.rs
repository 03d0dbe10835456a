//! Shutting down: what was held is handed on, nobody waits for ever, nothing is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use calltap::consent::{Digit, Reason};
use calltap::engine::{CallEvent, Config, Done, LiveEngine, LiveError, Pushed, Run};
use calltap::policy::{Policy, Tap};
use calltap::sink::Outcome;

use crate::alone::{alone, descriptors, threads};
use crate::stage::{PATIENCE, Stage, mono, packet, spec, until};
use crate::witness::{Got, Log, Where};

/// Closed when another program is executed (fcntl(2), as `/proc` shows it).
const CLOSE_ON_EXEC: u32 = 0o2_000_000;

#[test]
fn shutdown_hands_on_what_is_held_completes_every_output_and_every_handle_says_so() {
    for run in [Run::Direct, Run::Queued, Run::File] {
        let stage = Stage::new(Config::default());
        let log = Log::default();
        let mut pair = stage.pair();
        pair.record(run, log.sink());
        stage.play(&mut pair, 7_000);
        assert!(stage.engine.shutdown(PATIENCE), "{run:?}");
        assert_eq!(log.frames(), 200, "{run:?}");
        let notes = log.notes();
        let end = &notes.got[notes.got.len() - 2..];
        assert_eq!(end, [Got::Closed(Outcome::Complete), Got::Dropped], "{run:?}");
        drop(notes);
        let closed = |event: &CallEvent| matches!(event, CallEvent::OutputClosed { outcome: Outcome::Complete, .. });
        stage.event("the end of the output", closed);
        let call = &pair.call;
        let answers = [
            call.notice_started("en", None),
            call.notice_finished(true, None),
            call.digit(0, Digit::NINE, None, None),
            call.digits_are_data(true, None),
            call.resume(None),
            call.transfer("ecommerce-be", "customer-care", None),
            call.close_leg(0, None),
            call.ledger(0).map(drop),
            call.sink_ledger(0, 0).map(drop),
            call.holds_audio(Tap::Record).map(drop),
            call.withdraw("the agent", None, None).map(drop),
            call.pause(None, None).map(drop),
            call.end(None, None).map(drop),
        ];
        assert!(answers.iter().all(|answer| matches!(answer, Err(LiveError::Stopped))), "{answers:?}");
        assert_eq!(call.decision(Tap::Record).reason, Reason::Ended);
        for leg in &mut pair.legs {
            assert_eq!(leg.push(&packet(400)), Pushed::Shut);
            assert!(leg.is_gone() && !leg.digit(Digit::NINE, None));
        }
        // Said again it is as true.
        assert!(stage.engine.shutdown(PATIENCE));
        let late = stage.engine.start_call(spec("ecommerce-be"));
        assert!(matches!(late.end(None, None), Err(LiveError::Stopped)) && !late.decision(Tap::Record).hook_needed);
    }
}

#[test]
fn a_sink_that_never_returns_makes_shutdown_say_no_and_gets_nothing_more_when_it_does_return() {
    for run in [Run::Direct, Run::Queued, Run::File] {
        let stage = Stage::new(Config::default());
        let log = Log::default();
        let mut pair = stage.pair();
        pair.record(run, log.sink());
        stage.play(&mut pair, 5_500);
        log.set(|notes| notes.blocks = Some(Where::Frame));
        stage.push_on(&mut [&mut pair], 5_800);
        log.wait_inside();
        assert!(!stage.engine.shutdown(Duration::from_millis(100)), "{run:?}");
        let had = log.frames();
        assert!(matches!(pair.call.pause(None, None), Err(LiveError::Stopped)));
        assert_eq!(pair.legs[0].push(&packet(400)), Pushed::Shut, "{run:?}");
        assert!(pair.legs[0].is_gone(), "{run:?}");
        log.set(|notes| notes.blocks = None);
        log.wait("the sink's end", |notes| notes.got.contains(&Got::Dropped));
        assert_eq!(log.frames(), had, "{run:?}: frames after shutdown had returned");
    }
}

#[test]
fn no_call_back_of_an_engine_is_called_after_it_was_destroyed() {
    let told = Arc::new(AtomicU64::new(0));
    let stage = Stage::of(Config::default(), |parts| {
        let (events, lines) = (Arc::clone(&told), Arc::clone(&told));
        parts.on_event = Some(Box::new(move |_| {
            events.fetch_add(1, Ordering::SeqCst);
        }));
        parts.on_log = Some(Arc::new(move |_, _, _| {
            lines.fetch_add(1, Ordering::SeqCst);
        }));
    });
    let log = Log::default();
    let mut pair = stage.pair();
    pair.record(Run::Direct, log.sink());
    stage.play(&mut pair, 5_500);
    log.set(|notes| notes.blocks = Some(Where::Frame));
    stage.push_on(&mut [&mut pair], 5_800);
    log.wait_inside();
    assert!(!stage.engine.shutdown(Duration::ZERO));
    drop(stage);
    let before = told.load(Ordering::SeqCst);
    assert!(before > 0, "the call-backs were in use");
    // Its call ends now, and would say so.
    log.set(|notes| notes.blocks = None);
    log.wait("the sink's end", |notes| notes.got.contains(&Got::Dropped));
    assert_eq!(told.load(Ordering::SeqCst), before);
}

#[test]
fn a_stuck_sink_does_not_keep_the_other_calls_from_their_end() {
    for run in [Run::Direct, Run::Queued] {
        let stage = Stage::new(Config { writers: 1, max_writers: 4, ..Config::default() });
        let (log, other) = (Log::default(), Log::default());
        let (mut pair, mut neighbour) = (stage.pair(), stage.pair());
        pair.record(run, log.sink());
        neighbour.record(Run::File, other.sink());
        stage.play_all(&mut [&mut pair, &mut neighbour], 7_000);
        other.wait("the neighbour's frames", |notes| notes.got.len() > 170);
        log.set(|notes| notes.blocks = Some(Where::Frame));
        stage.push_on(&mut [&mut pair], 7_040);
        log.wait_inside();
        // The only worker, or the only writer, is stuck: the keeper sees it while the engine is stopping. A worker's seat is
        // given away at once, whatever the clock says.
        let Stage { engine, clock } = stage;
        let engine = Arc::new(engine);
        let stopping = Arc::clone(&engine);
        let stopping = std::thread::spawn(move || stopping.shutdown(PATIENCE));
        until("the neighbour's end", || {
            if run == Run::Queued {
                clock.advance(Duration::from_millis(10));
            }
            other.notes().got.contains(&Got::Closed(Outcome::Complete))
        });
        assert_eq!(other.frames(), 200, "{run:?}");
        log.set(|notes| notes.blocks = None);
        assert!(stopping.join().expect("no panic"), "{run:?}");
    }
}

#[test]
fn an_order_that_comes_while_the_engine_stops_is_answered_though_the_clock_stands_still() {
    for _ in 0..50 {
        let stage = Arc::new(Stage::new(Config::default()));
        let asking: Vec<_> = (0..3)
            .map(|_| {
                let call = stage.engine.start_call(spec("ecommerce-be"));
                std::thread::spawn(move || while !matches!(call.ledger(0), Err(LiveError::Stopped)) {})
            })
            .collect();
        assert!(stage.engine.shutdown(PATIENCE));
        asking.into_iter().for_each(|asking| asking.join().expect("an answer"));
    }
}

#[test]
fn no_thread_and_no_descriptor_is_left_in_whatever_order_the_handles_go() {
    alone("shutdown::no_thread_and_no_descriptor_is_left_in_whatever_order_the_handles_go", || {
        let before = descriptors().len();
        for round in 0..50 {
            let stage = Stage::new(Config { workers: 2, ..Config::default() });
            let mut pair = stage.pair();
            pair.record(Run::Queued, Log::default().sink());
            stage.play(&mut pair, 200);
            // Two workers, two writers, the keeper.
            until("their names", || threads().len() == 5);
            let crate::stage::LivePair { call, mut legs, .. } = pair;
            match round % 4 {
                0 => {
                    drop(stage);
                    assert_eq!(legs[0].push(&packet(20)), Pushed::Shut);
                    drop((call, legs));
                }
                1 => drop((legs, stage, call)),
                2 => {
                    drop(call);
                    until("the writer's notice", || legs[0].push(&packet(20)) == Pushed::Shut);
                    drop((stage, legs));
                }
                _ => {
                    assert_eq!(call.end(None, None).expect("told"), Done::Good);
                    drop((call, legs, stage));
                }
            }
            assert_eq!(threads(), [], "round {round}");
        }
        assert_eq!(descriptors().len(), before);
    });
}

#[test]
fn a_thread_that_was_left_behind_ends_when_its_sink_lets_it() {
    alone("shutdown::a_thread_that_was_left_behind_ends_when_its_sink_lets_it", || {
        for run in [Run::Direct, Run::Queued] {
            let stage = Stage::new(Config::default());
            let log = Log::default();
            let mut pair = stage.pair();
            pair.record(run, log.sink());
            stage.play(&mut pair, 5_500);
            log.set(|notes| notes.blocks = Some(Where::Frame));
            stage.push_on(&mut [&mut pair], 5_800);
            log.wait_inside();
            assert!(!stage.engine.shutdown(Duration::from_millis(10)));
            drop((stage, pair));
            assert!(!threads().is_empty());
            log.set(|notes| notes.blocks = None);
            until("the end of all threads", || threads().is_empty());
        }
    });
}

#[test]
fn every_thread_has_a_name_and_blocks_every_signal_and_every_descriptor_closes_on_exec() {
    alone("shutdown::every_thread_has_a_name_and_blocks_every_signal_and_every_descriptor_closes_on_exec", || {
        let (before, tasks) = (descriptors(), count_tasks());
        // Several engines in one process, each with threads of its own.
        let start = || {
            let config = Config { workers: 3, writers: 4, ..Config::default() };
            LiveEngine::start(config, Some(Policy::embedded())).expect("an engine")
        };
        let engines = [start(), start()];
        let names = ["calltap-keep", "calltap-work-0", "calltap-work-1", "calltap-work-2"];
        let writers = ["calltap-write-0", "calltap-write-1", "calltap-write-2", "calltap-write-3"];
        let expected: Vec<&str> = names.iter().chain(&writers).flat_map(|name| [*name; 2]).collect();
        // A thread has its maker's name until it has begun.
        until("all names", || threads().len() == expected.len());
        let threads = threads();
        assert!(threads.iter().map(|(name, _)| name.as_str()).eq(expected.iter().copied()), "{threads:?}");
        assert_eq!(count_tasks(), tasks + expected.len(), "a thread without a name");
        for (name, blocked) in &threads {
            for signal in (1..=libc::SIGRTMAX()).filter(|signal| ![libc::SIGKILL, libc::SIGSTOP].contains(signal)) {
                // Two real-time signals are the C library's own and cannot be blocked.
                let is_theirs = (32..libc::SIGRTMIN()).contains(&signal);
                assert!(is_theirs || blocked & 1 << (signal - 1) != 0, "{name} takes signal {signal}");
            }
        }
        let opened: Vec<_> = descriptors().into_iter().filter(|open| !before.contains(open)).collect();
        assert!(opened.len() >= 2, "each engine has one for its events");
        for (number, flags) in opened {
            assert!(flags & CLOSE_ON_EXEC != 0, "descriptor {number} is inherited: {flags:o}");
        }
        let [one, two] = engines;
        let call = two.start_call(spec("ecommerce-be"));
        assert!(one.shutdown(PATIENCE));
        assert_eq!(crate::alone::threads().len(), expected.len() / 2, "of the other");
        call.notice_started("en", Some(mono(0))).expect("the other goes on");
    });
}

fn count_tasks() -> usize {
    std::fs::read_dir("/proc/self/task").expect("this is Linux").count()
}

#[test]
fn a_call_that_starts_while_the_engine_stops_is_ended_or_never_taken_in() {
    for _ in 0..200 {
        let stage = Arc::new(Stage::new(Config { workers: 2, ..Config::default() }));
        let (begun, waiting) = std::sync::mpsc::channel();
        let starting: Vec<_> = (0..2)
            .map(|_| {
                let (stage, begun) = (Arc::clone(&stage), begun.clone());
                std::thread::spawn(move || {
                    let mut calls = Vec::new();
                    // Until one is refused.
                    while calls.last().is_none_or(|call: &calltap::engine::LiveCall| call.zero().is_some()) {
                        calls.push(stage.engine.start_call(spec("ecommerce-be")));
                        let _ = begun.send(());
                    }
                    calls
                })
            })
            .collect();
        waiting.recv().expect("a call");
        assert!(stage.engine.shutdown(PATIENCE));
        let calls: Vec<_> = starting.into_iter().flat_map(|starting| starting.join().expect("no panic")).collect();
        assert_eq!(stage.engine.counters().calls, 0, "calls that nobody ends");
        for call in calls.iter().filter(|call| call.zero().is_some()) {
            assert_eq!(call.decision(Tap::Record).reason, Reason::Ended);
        }
    }
}
