//! Faults stay in their call: whatever panics, wherever, its neighbours on the same worker are recorded to the last frame.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use calltap::consent::Reason;
use calltap::engine::{CallEvent, Clock, Config, Done, LiveError, ManualClock, Pushed, Run, SystemClock};
use calltap::policy::Tap;
use calltap::sink::{Fate, Outcome};
use calltap::time::MonoTime;

use crate::alone::alone;
use crate::stage::{LivePair, Stage, mono, packet, sink_spec, until};
use crate::witness::{Bomb, Got, Log, Payload, Where};

const KINDS: [Run; 3] = [Run::Direct, Run::Queued, Run::File];

/// The neighbour is untouched: ended well, every frame from 5 s to 7 s delivered.
fn is_untouched(stage: &Stage, neighbour: &LivePair, log: &Log, what: &str) {
    assert_eq!(neighbour.call.end(Some(mono(7_000)), None).expect("told"), Done::Good, "{what}");
    log.wait("the neighbour's end", |notes| notes.got.contains(&Got::Closed(Outcome::Complete)));
    assert_eq!(neighbour.delivered(), [100, 100], "{what}");
    assert_eq!(log.frames(), 200, "{what}");
    assert_eq!(stage.engine.counters().workers_replaced, 0, "{what}");
}

#[test]
fn a_sink_that_panics_ends_its_own_call_and_no_other() {
    let places = [Where::Make, Where::Open, Where::Frame, Where::Flush];
    let payloads = [Payload::Text, Payload::Bomb];
    for (run, place) in KINDS.into_iter().flat_map(|run| places.map(|place| (run, place))) {
        for payload in payloads {
            let what = format!("{run:?} {place:?} {payload:?}");
            let stage = Stage::new(Config::default());
            let (bad, good, other) = (Log::default(), Log::default(), Log::default());
            let (mut pair, mut neighbour) = (stage.pair(), stage.pair());
            neighbour.record(Run::Direct, other.sink());
            bad.set(|notes| notes.panics = Some((place, payload)));
            pair.record(run, bad.sink());
            pair.record(Run::Queued, good.sink());
            stage.play_all(&mut [&mut pair, &mut neighbour], 7_000);
            until(&what, || pair.call.decision(Tap::Record).reason == Reason::Failed);
            stage.event(&what, |event| matches!(event, CallEvent::CallFailed { .. }));
            // The gate is shut, nothing is left, the account is exact.
            assert_eq!(pair.legs.each_mut().map(|leg| leg.push(&packet(400))), [Pushed::Shut; 2], "{what}");
            pair.delivered();
            // Its other sink has what it had, and knows how that ended.
            drop(pair);
            good.wait("the end of the other sink", |notes| {
                notes.got.contains(&Got::Dropped) || notes.outputs.is_empty()
            });
            let closed = good.notes().got.contains(&Got::Closed(Outcome::Failed));
            assert_eq!(closed, good.notes().got.contains(&Got::Opened), "{what}: {:?}", good.notes().got);
            is_untouched(&stage, &neighbour, &other, &what);
            assert_eq!(stage.engine.counters().held_bytes, 0, "{what}");
        }
    }
}

#[test]
fn a_sink_that_panics_when_it_is_closed_erased_or_dropped_harms_nobody() {
    // Two drops that panic at once would end the process.
    alone("faults::a_sink_that_panics_when_it_is_closed_erased_or_dropped_harms_nobody", || {
        let places = [Where::Close, Where::Erase, Where::Drop];
        for (run, place) in KINDS.into_iter().flat_map(|run| places.map(|place| (run, place))) {
            for payload in [Payload::Text, Payload::Bomb] {
                let what = format!("{run:?} {place:?} {payload:?}");
                let stage = Stage::new(Config::default());
                let (bad, other) = ([Log::default(), Log::default()], Log::default());
                let (mut pair, mut neighbour) = (stage.pair(), stage.pair());
                neighbour.record(Run::Direct, other.sink());
                for bad in &bad {
                    bad.set(|notes| notes.panics = Some((place, payload)));
                    pair.record(run, bad.sink());
                }
                stage.play_all(&mut [&mut pair, &mut neighbour], 7_000);
                bad.iter().for_each(|bad| bad.wait("its frames", |notes| notes.got.len() > 170));
                if place == Where::Erase {
                    assert_eq!(pair.call.withdraw("the agent", None, None).expect("told"), Done::Good, "{what}");
                    for _ in &bad {
                        let fate = |event: &CallEvent| match event {
                            CallEvent::Receipt(receipt) => {
                                matches!(&receipt.fate, Fate::Pending(what) if what.contains("panicked"))
                            }
                            _ => false,
                        };
                        stage.event(&what, fate);
                    }
                } else {
                    assert_eq!(pair.call.end(Some(mono(7_000)), None).expect("told"), Done::Good, "{what}");
                    assert_eq!(pair.delivered(), [100, 100], "{what}");
                }
                if place == Where::Close {
                    for _ in &bad {
                        stage.event(&what, |event| matches!(event, CallEvent::SinkFailed { .. }));
                    }
                }
                drop(pair);
                bad.iter().for_each(|bad| bad.wait("its end", |notes| notes.got.contains(&Got::Dropped)));
                until("the call to be gone", || stage.engine.counters().calls == 1);
                is_untouched(&stage, &neighbour, &other, &what);
            }
        }
    });
}

#[test]
fn what_a_sinks_maker_holds_may_panic_when_it_is_dropped() {
    let stage = Stage::new(Config::default());
    let (mut pair, mut neighbour) = (stage.pair(), stage.pair());
    let other = Log::default();
    neighbour.record(Run::Direct, other.sink());
    let bomb = || {
        let (bomb, log) = (Bomb, Log::default());
        move |output| {
            let _held = &bomb;
            log.sink()(output)
        }
    };
    for _ in 0..32 {
        pair.record(Run::Direct, bomb());
    }
    stage.play_all(&mut [&mut pair, &mut neighbour], 6_000);
    assert_eq!(pair.call.decision(Tap::Record).reason, Reason::Allowed);
    // One too many: it is refused, and goes on the worker.
    assert!(pair.call.add_sink(sink_spec(Run::Direct, bomb())).is_err());
    drop(pair);
    until("the call to be gone", || stage.engine.counters().calls == 1);
    while neighbour.packet < 350 {
        stage.play_all(&mut [&mut neighbour], 7_000);
    }
    is_untouched(&stage, &neighbour, &other, "makers");
}

/// A clock that panics on a worker's thread as often as it is told to: where the worker begins with a call, or with what
/// a death left behind.
struct Faulty {
    clock: Arc<ManualClock>,
    panics: AtomicUsize,
    /// When a worker asked last, in real time: it asks first of all after it has slept.
    asked: AtomicU64,
}

impl Clock for Faulty {
    fn now(&self) -> MonoTime {
        if std::thread::current().name().is_some_and(|name| name.starts_with("calltap-work")) {
            let now = SystemClock.now().0;
            let slept = now - self.asked.swap(now, Ordering::SeqCst) > 3_000_000;
            let fits = |left: usize| left.checked_sub(1);
            if slept && self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fits).is_ok() {
                panic!("this clock was made to panic");
            }
        }
        self.clock.now()
    }

    fn utc(&self) -> jiff::Timestamp {
        self.clock.utc()
    }
}

#[test]
fn a_worker_that_dies_is_replaced_its_calls_end_as_failed_and_new_ones_work() {
    // Once, and again while its calls are being failed.
    for deaths in [1, 2, 5] {
        let mut faulty = None;
        let stage = Stage::of(Config::default(), |parts| {
            // The stage's own clock, with a fault.
            let start = jiff::Timestamp::from_second(1_795_000_000).expect("a moment in 2026");
            let clock = Arc::new(ManualClock::at(crate::stage::ZERO, start));
            let made = Arc::new(Faulty { clock, panics: AtomicUsize::new(0), asked: AtomicU64::new(0) });
            parts.clock = made.clone();
            faulty = Some(made);
        });
        let faulty = faulty.expect("made");
        let stage = Stage { engine: stage.engine, clock: Arc::clone(&faulty.clock) };
        let logs = [Log::default(), Log::default()];
        let mut pairs = logs.each_ref().map(|log| {
            let pair = stage.pair();
            pair.record(Run::Direct, log.sink());
            pair
        });
        let [one, two] = &mut pairs;
        stage.play_all(&mut [one, two], 6_000);
        faulty.panics.store(deaths, Ordering::SeqCst);
        for (pair, log) in pairs.iter_mut().zip(&logs) {
            until("its failure", || pair.call.decision(Tap::Record).reason == Reason::Failed);
            log.wait("its end", |notes| notes.got.contains(&Got::Closed(Outcome::Failed)));
            assert_eq!(pair.legs[0].push(&packet(400)), Pushed::Shut);
            pair.delivered();
        }
        assert!(stage.engine.counters().workers_replaced >= 1);
        let log = Log::default();
        let mut late = stage.pair();
        late.record(Run::Direct, log.sink());
        late.call.notice_started("en", Some(mono(0))).expect("told");
        late.call.notice_finished(true, Some(mono(2_000))).expect("told");
        late.packet = 300;
        stage.play(&mut late, 7_000);
        assert_eq!(late.call.end(None, None).expect("told"), Done::Good);
        // It was told late of its window: its first frames came before the gate was opened.
        assert!(late.delivered().iter().all(|frames| *frames > 40));
    }
}

#[test]
fn an_event_or_log_call_back_that_panics_does_no_harm() {
    let called = Arc::new(AtomicUsize::new(0));
    let (events, lines) = (Arc::clone(&called), Arc::clone(&called));
    let stage = Stage::of(Config::default(), |parts| {
        parts.on_event = Some(Box::new(move |_| {
            events.fetch_add(1, Ordering::SeqCst);
            std::panic::panic_any(Bomb);
        }));
        parts.on_log = Some(Arc::new(move |_, _, _| {
            lines.fetch_add(1, Ordering::SeqCst);
            std::panic::panic_any(Bomb);
        }));
    });
    let log = Log::default();
    let mut pair = stage.pair();
    pair.record(Run::Direct, log.sink());
    stage.play_all(&mut [&mut pair], 7_000);
    is_untouched(&stage, &pair, &log, "call-backs");
    assert!(called.load(Ordering::SeqCst) > 4);
}

#[test]
fn a_verb_is_answered_also_when_its_own_doing_panics() {
    let stage = Stage::new(Config::default());
    let log = Log::default();
    let mut pair = stage.pair();
    pair.record(Run::Direct, log.sink());
    stage.play(&mut pair, 5_500);
    // `end` hands on what is held, into a sink that panics now.
    log.set(|notes| notes.panics = Some((Where::Frame, Payload::Bomb)));
    assert_eq!(pair.call.end(None, None).expect("told"), Done::Good);
    assert!(!matches!(pair.call.ledger(0), Err(LiveError::Stopped)));
    pair.delivered();
}
