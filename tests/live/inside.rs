//! Verbs and orders from inside of call-backs: they act, wait for nobody, and nothing is deadlocked.

use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use calltap::consent::{Change, Reason, Role};
use calltap::engine::{CallEvent, Config, Done, LegSpec, LiveCall, LiveEngine, LiveError, Run};
use calltap::policy::Tap;
use calltap::sink::Outcome;

use crate::stage::{Stage, mono, sink_spec, spec, until};
use crate::witness::{Got, Log, Where};

/// Would never pass by itself: the clock stands still.
const NEVER: Option<Duration> = Some(Duration::from_secs(3600));

type Verb = fn(&LiveCall) -> Result<Done, LiveError>;

const WITHDRAW: Verb = |call| call.withdraw("the agent", None, NEVER);
const PAUSE: Verb = |call| call.pause(None, NEVER);
const END: Verb = |call| call.end(None, NEVER);

/// Does something once, with a call that is only known later.
struct Once<T> {
    call: OnceLock<Weak<LiveCall>>,
    said: Mutex<Option<T>>,
}

impl<T> Once<T> {
    fn new() -> Arc<Once<T>> {
        Arc::new(Once { call: OnceLock::new(), said: Mutex::new(None) })
    }

    fn act(&self, act: impl FnOnce(&LiveCall) -> T) {
        let Some(call) = self.call.get().and_then(Weak::upgrade) else { return };
        let mut said = self.said.lock().expect("nobody panics with it");
        if said.is_none() {
            *said = Some(act(&call));
        }
    }

    fn said(&self) -> Option<T> {
        self.said.lock().expect("nobody panics with it").take()
    }
}

#[test]
fn a_verb_from_inside_of_a_sink_is_pending_at_once_and_is_done() {
    let verbs = [(WITHDRAW, Reason::Withdrawn), (PAUSE, Reason::Paused), (END, Reason::Ended)];
    let kinds = [Run::Direct, Run::Queued, Run::File];
    for (run, (verb, reason)) in kinds.into_iter().flat_map(|run| verbs.map(|verb| (run, verb))) {
        let stage = Stage::new(Config::default());
        let (log, once) = (Log::default(), Once::new());
        let mut pair = stage.pair();
        let _ = once.call.set(Arc::downgrade(&pair.call));
        let doing = Arc::clone(&once);
        log.set(|notes| {
            notes.hook = Some(Arc::new(move |at| {
                if at == Where::Frame {
                    doing.act(verb);
                }
            }));
        });
        pair.record(run, log.sink());
        stage.play(&mut pair, 5_500);
        until("the verb", || pair.call.decision(Tap::Record).reason == reason);
        let said = once.said().expect("it came back").expect("it was told");
        assert_eq!(said, Done::Pending(Vec::new()), "{run:?} {reason:?}");
        // It is done: nothing more comes.
        pair.call.ledger(0).expect("an answer");
        let had = log.frames();
        stage.play(&mut pair, 6_500);
        let _ = pair.call.pause(None, None).expect("told");
        if run == Run::Direct {
            // The frame it was said in; and what was held before it, which a withdrawal wipes.
            let most = if reason == Reason::Withdrawn { 1 } else { 32 };
            assert!(had <= most && log.frames() == had, "{reason:?}: {had} and {} frames", log.frames());
        }
    }
}

#[test]
fn a_verb_from_inside_of_an_event_call_back_is_pending_at_once_and_is_done() {
    for (verb, reason) in [(WITHDRAW, Reason::Withdrawn), (PAUSE, Reason::Paused), (END, Reason::Ended)] {
        let once = Once::new();
        let doing = Arc::clone(&once);
        let stage = Stage::of(Config::default(), |parts| {
            parts.on_event = Some(Box::new(move |event| {
                if matches!(event.event, CallEvent::OutputOpened { .. }) {
                    doing.act(verb);
                }
            }));
        });
        let log = Log::default();
        let mut pair = stage.pair();
        let _ = once.call.set(Arc::downgrade(&pair.call));
        pair.record(Run::Direct, log.sink());
        stage.play(&mut pair, 5_500);
        until("the verb", || pair.call.decision(Tap::Record).reason == reason);
        let said = once.said().expect("it came back").expect("it was told");
        assert_eq!(said, Done::Pending(Vec::new()), "{reason:?}");
    }
}

#[test]
fn every_other_order_from_inside_comes_back_at_once_and_says_whether_it_is_done() {
    let once = Once::new();
    let doing = Arc::clone(&once);
    let stage = Stage::of(Config::default(), |parts| {
        parts.on_event = Some(Box::new(move |event| {
            if matches!(event.event, CallEvent::OutputOpened { .. }) {
                doing.act(|call| {
                    let leg = call.open_leg(&LegSpec::new(Role::Mix, Vec::new())).map(drop);
                    let sink = call.add_sink(sink_spec(Run::Direct, Log::default().sink()));
                    let ledger = call.ledger(0).map(drop);
                    let decision = call.decision(Tap::Record).reason;
                    (leg, sink, ledger, decision, call.close_leg(1, None))
                });
            }
        }));
    });
    let mut pair = stage.pair();
    let _ = once.call.set(Arc::downgrade(&pair.call));
    pair.record(Run::Direct, Log::default().sink());
    stage.play(&mut pair, 5_500);
    let mut said = None;
    until("the answers", || {
        said = once.said();
        said.is_some()
    });
    let (leg, sink, ledger, decision, closed) = said.expect("there");
    assert!(matches!(leg, Err(LiveError::Inside)) && matches!(sink, Err(LiveError::Inside)), "{leg:?} {sink:?}");
    assert!(matches!(ledger, Err(LiveError::Busy)) && matches!(closed, Err(LiveError::Busy)), "{ledger:?} {closed:?}");
    assert_eq!(decision, Reason::Allowed);
    // It was ordered, and is done.
    until("the leg's end", || pair.legs[1].push(&crate::stage::packet(9_999)) == calltap::engine::Pushed::Shut);
}

#[test]
fn a_call_back_may_drop_the_handle_start_calls_and_shut_the_engine_down() {
    let engine: Arc<OnceLock<Weak<LiveEngine>>> = Arc::default();
    let held: Arc<Mutex<Option<LiveCall>>> = Arc::default();
    let said = Arc::new(Mutex::new(Vec::new()));
    let (known, handle, told) = (Arc::clone(&engine), Arc::clone(&held), Arc::clone(&said));
    let Stage { engine: live, clock } = Stage::of(Config::default(), |parts| {
        parts.on_event = Some(Box::new(move |event| {
            let Some(engine) = known.get().and_then(Weak::upgrade) else { return };
            if let CallEvent::Consent(Change::NoticeGiven { .. }) = event.event {
                drop(handle.lock().expect("free").take());
                let another = engine.start_call(spec("ecommerce-be"));
                let mut told = told.lock().expect("free");
                told.push(format!("{:?}", another.decision(Tap::Record).reason));
                told.push(format!("{}", engine.counters().calls));
                told.push(format!("{:?}", engine.next_event().is_none()));
                told.push(format!("{}", engine.shutdown(Duration::from_secs(3600))));
            }
        }));
    });
    let live = Arc::new(live);
    let _ = engine.set(Arc::downgrade(&live));
    let call = live.start_call(spec("ecommerce-be"));
    call.notice_started("en", Some(mono(0))).expect("told");
    let notice = call.notice_finished(true, None);
    // From another thread than the call's own the handle goes as well.
    *held.lock().expect("free") = Some(live.start_call(spec("ecommerce-be")));
    let _ = (notice, clock);
    drop(call);
    let mut second = Stage::new(Config::default()).pair();
    second.push();
    until("the call-back", || said.lock().expect("free").len() == 4 || held.lock().expect("free").is_some());
    // Whoever was first: it comes to an end within a host's patience.
    assert!(live.shutdown(crate::stage::PATIENCE));
    assert!(matches!(live.start_call(spec("ecommerce-be")).pause(None, None), Err(LiveError::Stopped)));
}

#[test]
fn an_order_given_in_a_call_back_before_the_handle_goes_is_done_before_the_call_is_let_go() {
    let once = Once::new();
    let holder: Arc<Mutex<Option<Arc<LiveCall>>>> = Arc::default();
    let (doing, handle) = (Arc::clone(&once), Arc::clone(&holder));
    let stage = Stage::of(Config::default(), |parts| {
        parts.on_event = Some(Box::new(move |event| {
            if matches!(event.event, CallEvent::Consent(Change::Paused { .. })) {
                doing.act(END);
                drop(handle.lock().expect("free").take());
            }
        }));
    });
    let log = Log::default();
    let mut pair = stage.pair();
    let _ = once.call.set(Arc::downgrade(&pair.call));
    pair.record(Run::Direct, log.sink());
    stage.play(&mut pair, 5_500);
    let crate::stage::LivePair { call, legs: _legs, .. } = pair;
    let pausing = Arc::clone(&call);
    *holder.lock().expect("free") = Some(call);
    assert_eq!(pausing.pause(None, NEVER).expect("told"), Done::Good);
    drop(pausing);
    log.wait("the end", |notes| notes.got.contains(&Got::Dropped));
    assert!(log.notes().got.contains(&Got::Closed(Outcome::Complete)), "{:?}", log.notes().got);
}

#[test]
fn a_call_back_that_orders_again_and_again_keeps_no_other_call_waiting() {
    let once = Arc::new(OnceLock::<Weak<LiveCall>>::new());
    let known = Arc::clone(&once);
    let stage = Stage::of(Config::default(), |parts| {
        parts.on_event = Some(Box::new(move |event| {
            let Some(call) = known.get().and_then(Weak::upgrade).filter(|call| call.id() == event.call) else { return };
            match event.event {
                CallEvent::Consent(Change::Paused { .. }) => drop(call.resume(None)),
                CallEvent::Consent(Change::Resumed { .. }) => drop(call.pause(None, None)),
                _ => {}
            }
        }));
    });
    let log = Log::default();
    let mut pair = stage.pair();
    pair.record(Run::Direct, log.sink());
    let busy = stage.pair();
    let _ = once.set(Arc::downgrade(&busy.call));
    let _ = busy.call.pause(None, NEVER).expect("told");
    // Nobody orders anything of this one: only its worker's ticks carry it.
    stage.at(2_000);
    pair.call.notice_started("en", Some(mono(0))).expect("told");
    pair.call.notice_finished(true, Some(mono(2_000))).expect("told");
    pair.packet = 240;
    while pair.packet < 300 {
        stage.at(pair.packet * 20);
        pair.push();
        let leg = &pair.legs[0];
        until("the worker's tick", || !leg.is_gone());
        std::thread::park_timeout(Duration::from_millis(2));
    }
    log.wait("frames", |notes| notes.got.len() > 10);
}
