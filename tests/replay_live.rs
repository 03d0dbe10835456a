//! A capture played in real time, where something goes wrong on the way: a sink that does not come back, a capture that
//! ends inside of a packet.

#![cfg(feature = "capture")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use calltap::capture::{Capture, CaptureError, Side, Survey};
use calltap::consent::Permit;
use calltap::engine::{
    CallEvent, CallSpec, Clock as _, Config, LegWriter, LiveCall, LiveEngine, Run, SinkSpec, SystemClock,
};
use calltap::frame::Frame;
use calltap::policy::{Direction, Policy, Purpose, Tap};
use calltap::replay::{Action, Chosen, Played, Prepared, ReplayError, Script, Seen, Stage};
use calltap::sink::{Closing, Description, Erasure, Handed, Outcome, Receipt, Sink, SinkError};
use calltap::time::{CallTime, MonoTime};

fn ms(millis: i64) -> CallTime {
    CallTime::from_millis(millis)
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/captures/kept.pcapng")
}

/// A short call, and a live engine to play it into.
struct Scene {
    prepared: Prepared,
    engine: LiveEngine,
    call: LiveCall,
    legs: [LegWriter; 2],
    zero: MonoTime,
}

impl Scene {
    fn new() -> Scene {
        let mut capture = Capture::open(&file()).expect("a capture");
        let survey = Survey::of(&mut capture, |_| {}).expect("readable");
        let chosen = Chosen::Call(Box::new(survey.select(None).expect("one call").clone()));
        let (prepared, _) = Prepared::read(capture, chosen, Side::Inviter, &[], |_| {}).expect("readable");
        let engine = LiveEngine::start(Config::default(), Some(Policy::embedded())).expect("an engine");
        let zero = prepared.live_zero(SystemClock.now());
        let call = engine.start_call(CallSpec {
            id: "a call".to_owned(),
            entity: "ecommerce-be".to_owned(),
            service: "customer-care".to_owned(),
            direction: Direction::Inbound,
            language: "en".to_owned(),
            zero,
            started: prepared.started(),
        });
        let legs = prepared.open_live_legs(&call).expect("two legs");
        Scene { prepared, engine, call, legs, zero }
    }

    /// Registers a sink behind a queue that is waited for.
    fn add(&self, sink: &Sticky) {
        let pairs = Purpose::ALL.into_iter().map(|purpose| (Tap::Record, purpose)).collect();
        let sink = sink.clone();
        let make = Box::new(move |_| -> Box<dyn Sink> { Box::new(sink.clone()) });
        let spec = SinkSpec { tap: Tap::Record, pairs, run: Run::Queued, live: false, make };
        self.call.add_sink(spec).expect("registered");
    }

    fn play(
        &mut self,
        captures: [Capture; 2],
        script: &Script,
        stop_at: CallTime,
        watch: &mut impl FnMut(Seen),
    ) -> Result<Played, ReplayError> {
        let Scene { prepared, engine, call, legs, zero } = self;
        let stage = Stage { engine, call, clock: &SystemClock, zero: *zero };
        let readings = prepared.read_again(captures)?;
        prepared.play_live(readings, &stage, legs, script, Some(stop_at), watch)
    }
}

/// A notice from 0 to 2 s: recorded from 5 s on.
fn with_notice() -> Script {
    let mut script = Script::default();
    script.at(ms(0), Action::NoticeStarts("en".to_owned()));
    script.at(ms(2_000), Action::NoticeStops(true));
    script
}

/// A sink that does not come back from a frame from 5.4 s on until it is let go. Its clones are one.
#[derive(Clone, Default)]
struct Sticky(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    let_go: bool,
    stuck: bool,
    /// Frames that came when it was stuck already.
    after: usize,
    closed: Option<Outcome>,
}

impl Sticky {
    fn let_go(&self) {
        self.0.0.lock().expect("nobody panics").let_go = true;
        self.0.1.notify_all();
    }
}

impl Sink for Sticky {
    fn open(&mut self, _: &Permit, _: &Description) -> Result<(), SinkError> {
        Ok(())
    }

    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError> {
        let mut state = self.0.0.lock().expect("nobody panics");
        state.after += usize::from(state.stuck);
        if frame.place() >= ms(5_400) {
            state.stuck = true;
            drop(self.0.1.wait_while(state, |state| !state.let_go).expect("nobody panics"));
        }
        Ok(Handed::Taken)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn close(&mut self, closing: &Closing) -> Result<(), SinkError> {
        self.0.0.lock().expect("nobody panics").closed = Some(closing.outcome);
        Ok(())
    }

    fn erase(&mut self, _: &Erasure) -> Receipt {
        unreachable!("nobody refuses")
    }
}

#[test]
fn a_sink_that_does_not_come_back_is_named_at_the_deadline_and_gets_nothing_more() {
    let mut scene = Scene::new();
    let sink = Sticky::default();
    scene.add(&sink);
    let mut script = with_notice();
    script.at(ms(6_000), Action::Pause);
    let (mut pending, mut opened, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let captures = [(), ()].map(|()| Capture::open(&file()).expect("a capture"));
    let played = scene.play(captures, &script, ms(6_500), &mut |seen| match seen {
        Seen::Pending { what, inside, .. } => pending.extend(inside.into_iter().map(|stuck| (what, stuck.output))),
        Seen::Event(_, CallEvent::OutputOpened { output, .. }) => opened.push(output),
        Seen::Event(_, CallEvent::SinkFailed { output, .. }) => failed.push(output),
        _ => {}
    });
    let [output] = opened.as_slice() else { panic!("one output: {opened:?}") };
    assert!(pending.contains(&("the pause", *output)), "{pending:?}");
    assert_eq!(failed, [*output], "and that it failed is said");
    assert_eq!(played.expect("the call itself was played").unfinished, []);
    sink.let_go();
    assert!(scene.engine.shutdown(Duration::from_secs(60)), "it came back");
    assert_eq!(sink.0.0.lock().expect("nobody panics").after, 0);
}

#[test]
fn a_capture_that_cannot_be_read_to_its_end_ends_the_play_and_the_call_as_failed() {
    let mut scene = Scene::new();
    // Whole when it was read first; for the agent's thread it ends inside of a packet before 5.5 s.
    let whole = std::fs::read(file()).expect("bytes");
    let cut = whole[..whole.len() * 11 / 16 + 7].to_vec();
    let captures = [whole, cut].map(|bytes| Capture::from_bytes("kept.pcapng", bytes).expect("a capture"));
    let mut last = CallTime::MIN;
    let played = scene.play(captures, &with_notice(), ms(60_000), &mut |seen| {
        if let Seen::Moment(at) = seen {
            last = at;
        }
    });
    assert!(matches!(played, Err(ReplayError::Capture(CaptureError::Truncated { .. }))), "{played:?}");
    assert!(last < scene.prepared.ends_at(), "nobody waited for the call's end");
    let Scene { engine, call, .. } = scene;
    drop(call);
    assert!(engine.shutdown(Duration::from_secs(60)));
    let failed = std::iter::from_fn(|| engine.next_event());
    assert!(failed.map(|event| event.event).any(|event| matches!(event, CallEvent::CallFailed { .. })));
}
