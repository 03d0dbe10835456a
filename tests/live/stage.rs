//! A live engine on a stage: its clock is moved by the test, and a sink writes down what reaches it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use calltap::audio::Format;
use calltap::consent::{Permit, Role};
use calltap::engine::{
    CallSpec, Config, Incoming, LegSpec, LegWriter, LiveCall, LiveEngine, ManualClock, Parts, Run, SinkSpec,
};
use calltap::frame::Frame;
use calltap::policy::{Direction, Pairs, Policy, Purpose, Tap};
use calltap::sink::{Closing, Description, Erasure, Fate, Handed, Outcome, OutputId, Receipt, Sink, SinkError};
use calltap::time::{CallTime, MonoTime};

/// Where the host's clock stands at a call's zero.
pub const ZERO: MonoTime = MonoTime(1_000_000_000_000);

/// How long a test waits for something that must happen: long enough for any machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// An engine and its clock.
pub struct Stage {
    pub engine: LiveEngine,
    pub clock: Arc<ManualClock>,
}

impl Stage {
    pub fn new(config: Config) -> Stage {
        Stage::of(config, |_| {})
    }

    /// The same with other parts.
    pub fn of(config: Config, change: impl FnOnce(&mut Parts)) -> Stage {
        let start = jiff::Timestamp::from_second(1_795_000_000).expect("a moment in 2026");
        let clock = Arc::new(ManualClock::at(ZERO, start));
        let mut parts = Parts::new(config, Some(Policy::embedded()));
        parts.clock = clock.clone();
        change(&mut parts);
        Stage { engine: LiveEngine::of(parts).expect("an engine"), clock }
    }

    /// A call to an entity, with its two legs.
    pub fn call(&self, entity: &str) -> LivePair {
        let call = self.engine.start_call(CallSpec {
            id: "a call".to_owned(),
            entity: entity.to_owned(),
            service: "customer-care".to_owned(),
            direction: Direction::Inbound,
            language: "en".to_owned(),
            zero: ZERO,
            started: jiff::Timestamp::from_second(1_795_000_000).expect("a moment in 2026"),
        });
        let legs = [Role::Caller, Role::Agent].map(|role| {
            call.open_leg(&LegSpec::new(role, vec![Format::PCMA, Format::TELEPHONE_EVENT])).expect("a leg")
        });
        LivePair { call, legs, packet: 0 }
    }

    /// Moves the clock to a moment of the calls' clocks, which began together.
    pub fn at(&self, millis: u64) {
        self.clock.advance_to(mono(millis));
    }

    /// Plays a call from where it is to `millis`: packets every 20 ms, the notice in the first two seconds. The worker
    /// keeps up.
    pub fn play(&self, pair: &mut LivePair, millis: u64) {
        while pair.packet * 20 < millis {
            let now = pair.packet * 20;
            self.at(now);
            match now {
                0 => pair.call.notice_started("en", None).expect("told"),
                2_000 => pair.call.notice_finished(true, None).expect("told"),
                _ => {}
            }
            pair.push();
            // The worker comes by at least once: what it is asked it answers before it steps.
            pair.call.ledger(0).expect("an answer");
        }
        self.at(millis);
        for _ in 0..2 {
            pair.call.ledger(0).expect("an answer");
        }
    }
}

/// A moment of a call's clock, on the host's.
pub fn mono(millis: u64) -> MonoTime {
    MonoTime(ZERO.0 + millis * 1_000_000)
}

/// A live call with its legs.
pub struct LivePair {
    pub call: LiveCall,
    pub legs: [LegWriter; 2],
    /// The next packet's number.
    pub packet: u64,
}

impl LivePair {
    /// Pushes the next packet on both legs.
    pub fn push(&mut self) {
        for leg in &mut self.legs {
            let _ = leg.push(&packet(self.packet));
        }
        self.packet += 1;
    }

    /// Registers a sink that records.
    pub fn record(&self, run: Run, sink: impl Fn(OutputId) -> Box<dyn Sink> + Send + 'static) {
        let pairs = Pairs::one(Tap::Record, Purpose::Quality);
        let spec = SinkSpec { tap: Tap::Record, pairs, run, live: false, make: Box::new(sink) };
        self.call.add_sink(spec).expect("room for a sink");
    }
}

/// 20 ms of A-law.
pub fn packet(number: u64) -> Incoming<'static> {
    const AUDIO: &[u8] = &[0x55; 160];
    Incoming {
        data: AUDIO,
        format: 0,
        samples: 160,
        sequence: Some(number as u16),
        timestamp: Some((number as u32 * 160, 7)),
        arrival: mono(number * 20),
        marker: false,
    }
}

/// What reached a sink.
#[derive(Clone, Debug, PartialEq)]
pub enum Got {
    Opened,
    Frame { leg: u8, place: CallTime },
    Closed(Outcome),
    Erased,
    Dropped,
}

/// Everything that reached the outputs of one registered sink; and how it behaves.
#[derive(Clone, Default)]
pub struct Log(Arc<(Mutex<Notes>, Condvar)>);

#[derive(Default)]
pub struct Notes {
    pub got: Vec<Got>,
    /// Frames are not given back until this is false again.
    pub blocks: bool,
    /// It is inside of a blocked call.
    pub inside: bool,
    pub panics: bool,
}

impl Log {
    pub fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn sink(&self) -> impl Fn(OutputId) -> Box<dyn Sink> + Send + 'static {
        let log = self.clone();
        move |output| Box::new(Witness { log: log.clone(), output })
    }

    pub fn frames(&self) -> usize {
        self.notes().got.iter().filter(|got| matches!(got, Got::Frame { .. })).count()
    }

    pub fn set(&self, change: impl FnOnce(&mut Notes)) {
        change(&mut self.notes());
        self.0.1.notify_all();
    }

    /// Waits until something is so.
    pub fn wait(&self, what: &str, done: impl Fn(&Notes) -> bool) {
        let waited = self.0.1.wait_timeout_while(self.notes(), PATIENCE, |notes| !done(notes));
        let (notes, timed) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
        assert!(!timed.timed_out(), "{what} did not come: {:?}", notes.got);
    }

    fn note(&self, got: Got) {
        self.set(|notes| notes.got.push(got));
    }
}

/// A sink that writes down.
struct Witness {
    log: Log,
    output: OutputId,
}

impl Sink for Witness {
    fn open(&mut self, _: &Permit, _: &Description) -> Result<(), SinkError> {
        self.log.note(Got::Opened);
        Ok(())
    }

    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError> {
        assert!(!self.log.notes().panics, "this sink was made to panic");
        self.log.note(Got::Frame { leg: frame.leg(), place: frame.place() });
        let mut notes = self.log.notes();
        while notes.blocks {
            if !std::mem::replace(&mut notes.inside, true) {
                self.log.0.1.notify_all();
            }
            notes = self.log.0.1.wait(notes).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        notes.inside = false;
        Ok(Handed::Taken)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn close(&mut self, closing: &Closing) -> Result<(), SinkError> {
        self.log.note(Got::Closed(closing.outcome));
        Ok(())
    }

    fn erase(&mut self, _: &Erasure) -> Receipt {
        self.log.note(Got::Erased);
        Receipt { output: self.output, fate: Fate::Erased, frames: 0, bytes: 0 }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.log.note(Got::Dropped);
    }
}
