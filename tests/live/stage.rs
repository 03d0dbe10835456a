//! A live engine on a stage: its clock is moved by the test, and a sink writes down what reaches it.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use calltap::audio::Format;
use calltap::consent::Role;
use calltap::engine::{
    CallEvent, CallSpec, Clock, Config, EngineEvent, Incoming, LegSpec, LegWriter, LiveCall, LiveEngine, ManualClock,
    Parts, Run, SinkSpec,
};
use calltap::policy::{Direction, Pairs, Policy, Purpose, Tap};
use calltap::sink::{OutputId, Sink};
use calltap::time::MonoTime;

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

    /// A call that may be tapped, with its two legs. Its clock begins where the engine's did.
    pub fn pair(&self) -> LivePair {
        self.call("ecommerce-be")
    }

    /// A call to an entity, with its two legs.
    pub fn call(&self, entity: &str) -> LivePair {
        LivePair::of(self.engine.start_call(spec(entity)))
    }

    /// A call that may be tapped, whose clock begins now.
    pub fn pair_from(&self, zero: MonoTime) -> LivePair {
        LivePair::of(self.engine.start_call(CallSpec { zero, ..spec("ecommerce-be") }))
    }

    /// Moves the clock to a moment of the calls' clocks, which began together.
    pub fn at(&self, millis: u64) {
        self.clock.advance_to(mono(millis));
    }

    /// Plays a call from where it is to `millis`: packets every 20 ms, the notice in the first two seconds. The worker
    /// keeps up.
    pub fn play(&self, pair: &mut LivePair, millis: u64) {
        self.play_all(&mut [pair], millis);
    }

    /// The same with calls side by side.
    pub fn play_all(&self, pairs: &mut [&mut LivePair], millis: u64) {
        while pairs[0].packet * 20 < millis {
            let now = pairs[0].packet * 20;
            self.at(now);
            for pair in pairs.iter_mut() {
                match now {
                    0 => pair.call.notice_started("en", None).expect("told"),
                    2_000 => pair.call.notice_finished(true, None).expect("told"),
                    _ => {}
                }
                pair.push();
                // The worker comes by at least once: what it is asked it answers before it steps.
                pair.call.ledger(0).expect("an answer");
            }
        }
        self.at(millis);
        for pair in pairs {
            for _ in 0..2 {
                pair.call.ledger(0).expect("an answer");
            }
        }
    }

    /// Moves the clock to `millis` with packets on all of these calls every 20 ms; nobody waits for a worker.
    pub fn push_on(&self, pairs: &mut [&mut LivePair], millis: u64) {
        while pairs.iter().any(|pair| pair.packet * 20 < millis) {
            for pair in pairs.iter_mut().filter(|pair| pair.packet * 20 < millis) {
                self.at(pair.packet * 20);
                pair.push();
            }
        }
        self.at(millis);
    }

    /// Has another thread do something while time passes, until that has come back. What it said, and how much time of
    /// the engine's clock it took.
    pub fn while_time_passes<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> (T, Duration) {
        let (done, waiting) = mpsc::channel();
        let before = self.clock.now();
        std::thread::spawn(move || done.send(act()));
        for _ in 0..PATIENCE.as_millis() {
            match waiting.recv_timeout(Duration::from_millis(1)) {
                Ok(answer) => return (answer, Duration::from_nanos(self.clock.now().0 - before.0)),
                Err(RecvTimeoutError::Timeout) => self.clock.advance(Duration::from_millis(1)),
                Err(RecvTimeoutError::Disconnected) => panic!("it panicked"),
            }
        }
        panic!("it does not come back, though {PATIENCE:?} have passed on its clock");
    }

    /// Everything the engine has told by now.
    pub fn events(&self) -> Vec<EngineEvent> {
        std::iter::from_fn(|| self.engine.next_event()).collect()
    }

    /// Waits for an event of this kind; what came before it is gone.
    pub fn event(&self, what: &str, kind: impl Fn(&CallEvent) -> bool) -> EngineEvent {
        let mut found = None;
        until(what, || {
            found = std::iter::from_fn(|| self.engine.next_event()).find(|event| kind(&event.event));
            found.is_some()
        });
        found.expect("it was found")
    }
}

/// Waits until something is so, for longer than any machine needs.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..PATIENCE.as_millis() {
        if done() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    panic!("{what}: it did not come to that");
}

/// What a call to an entity is started with.
pub fn spec(entity: &str) -> CallSpec {
    CallSpec {
        id: "a call".to_owned(),
        entity: entity.to_owned(),
        service: "customer-care".to_owned(),
        direction: Direction::Inbound,
        language: "en".to_owned(),
        zero: ZERO,
        started: jiff::Timestamp::from_second(1_795_000_000).expect("a moment in 2026"),
    }
}

/// A moment of a call's clock, on the host's.
pub fn mono(millis: u64) -> MonoTime {
    MonoTime(ZERO.0 + millis * 1_000_000)
}

/// A live call with its legs.
pub struct LivePair {
    pub call: Arc<LiveCall>,
    pub legs: [LegWriter; 2],
    /// The next packet's number.
    pub packet: u64,
}

impl LivePair {
    /// A call, with its two legs opened.
    pub fn of(call: LiveCall) -> LivePair {
        let legs = [Role::Caller, Role::Agent].map(|role| {
            call.open_leg(&LegSpec::new(role, vec![Format::PCMA, Format::TELEPHONE_EVENT])).expect("a leg")
        });
        LivePair { call: Arc::new(call), legs, packet: 0 }
    }

    /// Pushes the next packet on both legs.
    pub fn push(&mut self) {
        for leg in &mut self.legs {
            let _ = leg.push(&packet(self.packet));
        }
        self.packet += 1;
    }

    /// Registers a sink that records.
    pub fn record(&self, run: Run, sink: impl Fn(OutputId) -> Box<dyn Sink> + Send + 'static) {
        self.call.add_sink(sink_spec(run, sink)).expect("room for a sink");
    }

    /// Of each leg what was delivered and what is on its way; every frame is accounted for.
    pub fn delivered_and_held(&self) -> [(u64, u64); 2] {
        [0, 1].map(|leg| {
            let ledger = self.call.ledger(leg).expect("an answer").expect("a leg");
            assert!(ledger.balances(), "{ledger:?}");
            (ledger.delivered, ledger.in_flight)
        })
    }

    /// That every frame of both legs is accounted for, once what waits in queues has arrived, and how many were delivered.
    pub fn delivered(&self) -> [u64; 2] {
        [0, 1].map(|leg| {
            let mut delivered = 0;
            until("every frame's fate", || {
                let ledger = self.call.ledger(leg).expect("an answer").expect("a leg");
                assert!(ledger.balances(), "{ledger:?}");
                delivered = ledger.delivered;
                ledger.in_flight == 0
            });
            delivered
        })
    }
}

/// A sink that records.
pub fn sink_spec(run: Run, sink: impl Fn(OutputId) -> Box<dyn Sink> + Send + 'static) -> SinkSpec {
    let pairs = Pairs::one(Tap::Record, Purpose::Quality);
    SinkSpec { tap: Tap::Record, pairs, run, live: false, make: Box::new(sink) }
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
