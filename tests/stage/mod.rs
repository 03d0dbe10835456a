//! A call on a stage: both legs speak in 20 ms A-law packets that arrive when they are due, and two sinks, one that
//! records and one that listens live, write down what reaches them and when.
#![allow(dead_code, reason = "each scenario uses its own part of the stage")]

use std::sync::{Arc, Mutex};

use calltap::audio::Format;
use calltap::consent::{Digit, Permit, Role};
use calltap::engine::{
    Call, CallEvent, CallSpec, Config, CountedIds, Engine, Incoming, LegSpec, LegWriter, Pushed, Run, SinkSpec,
};
use calltap::frame::Frame;
use calltap::policy::{Direction, Pairs, Policy, Purpose, Tap};
use calltap::sink::{
    Closing, Description, Erasure, Fate, GapCause, Handed, LegIndex, OutputId, Receipt, Sink, SinkError,
};
use calltap::time::{CallTime, Interval, MonoTime};

/// Where the host's clock stands at the call's zero.
pub const ZERO: MonoTime = MonoTime(1_000_000_000_000);
/// The caller's leg.
pub const CALLER: u8 = 0;
/// The agent's leg.
pub const AGENT: u8 = 1;

/// A moment in milliseconds.
pub fn ms(millis: i64) -> CallTime {
    CallTime::from_millis(millis)
}

/// What reached a sink, and at which step.
#[derive(Clone, Debug, PartialEq)]
pub enum Got {
    Opened { from: CallTime },
    Frame { leg: u8, stretch: Interval, bytes: Vec<u8> },
    Gap { leg: u8, cause: GapCause, stretch: Interval },
    Closed,
    Erased,
}

/// Everything that reached one sink, each with the moment of the call's clock at which it did.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<(CallTime, Got)>>>);

impl Log {
    pub fn all(&self) -> Vec<(CallTime, Got)> {
        self.0.lock().expect("no sink panics with the log in hand").clone()
    }

    /// The frames of a leg: when each came, and its place.
    pub fn frames(&self, leg: u8) -> Vec<(CallTime, Interval)> {
        let of_leg = |(at, got): (CallTime, Got)| match got {
            Got::Frame { leg: other, stretch, .. } if other == leg => Some((at, stretch)),
            _ => None,
        };
        self.all().into_iter().filter_map(of_leg).collect()
    }

    pub fn gaps(&self, cause: GapCause) -> Vec<(u8, Interval)> {
        let with_cause = |(_, got)| match got {
            Got::Gap { leg, cause: other, stretch } if other == cause => Some((leg, stretch)),
            _ => None,
        };
        self.all().into_iter().filter_map(with_cause).collect()
    }

    pub fn opened_at(&self) -> Option<CallTime> {
        self.all().into_iter().find(|(_, got)| matches!(got, Got::Opened { .. })).map(|(at, _)| at)
    }

    pub fn has(&self, wanted: &Got) -> bool {
        self.all().iter().any(|(_, got)| got == wanted)
    }
}

struct Witness {
    output: OutputId,
    log: Log,
    now: Arc<Mutex<CallTime>>,
    panics: bool,
}

impl Witness {
    fn note(&self, got: Got) {
        let now = *self.now.lock().expect("the clock is not poisoned");
        self.log.0.lock().expect("the log is not poisoned").push((now, got));
    }
}

impl Sink for Witness {
    fn open(&mut self, permit: &Permit, _: &Description) -> Result<(), SinkError> {
        self.note(Got::Opened { from: permit.from() });
        Ok(())
    }

    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError> {
        assert!(!self.panics, "this sink was made to panic");
        self.note(Got::Frame { leg: frame.leg(), stretch: frame.stretch(), bytes: frame.bytes().to_vec() });
        Ok(Handed::Taken)
    }

    fn gap(&mut self, leg: LegIndex, cause: GapCause, stretch: Interval) -> Result<(), SinkError> {
        self.note(Got::Gap { leg, cause, stretch });
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn close(&mut self, _: &Closing) -> Result<(), SinkError> {
        self.note(Got::Closed);
        Ok(())
    }

    fn erase(&mut self, _: &Erasure) -> Receipt {
        self.note(Got::Erased);
        Receipt { output: self.output, fate: Fate::Erased, frames: 0, bytes: 0 }
    }
}

/// The call.
pub struct Stage {
    pub call: Call,
    pub caller: LegWriter,
    pub agent: LegWriter,
    pub record: Log,
    pub monitor: Log,
    pub events: Vec<CallEvent>,
    now: Arc<Mutex<CallTime>>,
    at: CallTime,
    /// What the last push on each leg answered.
    pub answers: [Pushed; 2],
    sequence: [u16; 2],
}

impl Stage {
    /// A call to an entity of the embedded policy, in English.
    pub fn new(entity: &str) -> Stage {
        Stage::with(entity, Config::default(), false)
    }

    /// A call whose recording sink panics at its first frame.
    pub fn with_panicking_sink() -> Stage {
        Stage::with("ecommerce-be", Config::default(), true)
    }

    pub fn with(entity: &str, config: Config, panics: bool) -> Stage {
        let ids = Box::new(CountedIds::default());
        let engine = Engine::with_ids(config, Some(Policy::embedded()), ids).expect("the configuration is sound");
        let mut call = engine.start_call(CallSpec {
            id: "a call".to_owned(),
            entity: entity.to_owned(),
            service: "customer-care".to_owned(),
            direction: Direction::Inbound,
            language: "en".to_owned(),
            zero: ZERO,
            started: jiff::Timestamp::from_second(1_795_000_000).expect("a moment in 2026"),
        });
        let leg = |role| LegSpec::new(role, vec![Format::PCMA, Format::TELEPHONE_EVENT]);
        let caller = call.open_leg(&leg(Role::Caller)).expect("the first leg");
        let agent = call.open_leg(&leg(Role::Agent)).expect("the second leg");
        let now = Arc::new(Mutex::new(CallTime::ZERO));
        let (record, monitor) = (Log::default(), Log::default());
        for (tap, log, panics) in [(Tap::Record, &record, panics), (Tap::Monitor, &monitor, false)] {
            let (log, now) = (log.clone(), Arc::clone(&now));
            let make = Box::new(move |output| -> Box<dyn Sink> {
                Box::new(Witness { output, log: log.clone(), now: Arc::clone(&now), panics })
            });
            let pairs = Purpose::ALL.into_iter().map(|purpose| (tap, purpose)).collect::<Pairs>();
            call.add_sink(SinkSpec { tap, pairs, run: Run::Direct, live: false, make }).expect("room for two sinks");
        }
        let answers = [Pushed::Wait; 2];
        let at = CallTime::ZERO;
        Stage { call, caller, agent, record, monitor, events: Vec::new(), now, at, answers, sequence: [0; 2] }
    }

    /// Both sides speak until `until`; the worker ticks every 10 ms. Ends with the tick of `until`.
    pub fn run_to(&mut self, until: CallTime) {
        self.run_legs(until, true, true);
    }

    /// As `run_to`, with only some legs speaking.
    pub fn run_legs(&mut self, until: CallTime, caller: bool, agent: bool) {
        while self.at < until {
            self.at = self.at + std::time::Duration::from_millis(10);
            self.set_now(self.at);
            // A packet lies where it arrives.
            if self.at.nanos() % 20_000_000 == 0 {
                for (leg, speaks) in [(CALLER, caller), (AGENT, agent)] {
                    if speaks {
                        self.speak(leg, self.at);
                    }
                }
            }
            self.call.step(self.at);
            self.events.extend(self.call.events());
        }
    }

    /// One packet of a leg, at its place.
    pub fn speak(&mut self, leg: u8, at: CallTime) {
        let data = [voice(leg, at); 160];
        let arrival = MonoTime(ZERO.0.checked_add_signed(at.nanos()).expect("not before the host's clock"));
        let sequence = self.sequence[usize::from(leg)];
        self.sequence[usize::from(leg)] = sequence.wrapping_add(1);
        let frame = Incoming {
            data: &data,
            format: 0,
            samples: 160,
            sequence: Some(sequence),
            timestamp: Some((at.sample(8_000) as u32, u32::from(leg) + 1)),
            arrival,
            marker: false,
        };
        let writer = if leg == CALLER { &mut self.caller } else { &mut self.agent };
        self.answers[usize::from(leg)] = writer.push(&frame);
    }

    /// The notice is played from `from` to `to`, in English and to its end.
    pub fn notice(&mut self, from: CallTime, to: CallTime) {
        self.run_to(from);
        self.call.notice_started(from, "en");
        self.run_to(to);
        self.call.notice_finished(to, true);
    }

    /// A digit on a leg, reported now.
    pub fn digit(&mut self, leg: u8, key: char, onset: Option<CallTime>) {
        let digit = Digit::from_char(key).expect("a key of a telephone");
        self.call.digit(self.at, leg, digit, onset);
        self.events.extend(self.call.events());
    }

    pub fn end(&mut self) {
        self.call.end(self.at);
        self.events.extend(self.call.events());
    }

    pub fn now(&self) -> CallTime {
        self.at
    }

    fn set_now(&mut self, now: CallTime) {
        *self.now.lock().expect("no sink panics with the clock in hand") = now;
    }

    /// The ledger of every leg and sink balances, and nothing is on its way after the end.
    pub fn check_ledgers(&self, ended: bool) {
        for leg in [CALLER, AGENT] {
            let whole = self.call.ledger(leg).expect("the leg exists");
            assert!(whole.balances(), "leg {leg}: {whole:?}");
            assert_eq!(whole.pushed, u64::from(self.sequence[usize::from(leg)]), "leg {leg}: every push is counted");
            assert!(!ended || whole.in_flight == 0, "leg {leg}: {whole:?}");
            for sink in 0..2 {
                let seen = self.call.sink_ledger(sink, leg).expect("the sink exists");
                assert!(seen.balances(), "leg {leg}, sink {sink}: {seen:?}");
                assert_eq!(seen.pushed, whole.pushed);
            }
        }
    }
}

/// The byte that a leg's packet at `at` is made of: another one for each packet, so that mistakes show.
pub fn voice(leg: u8, at: CallTime) -> u8 {
    (at.nanos() / 20_000_000) as u8 ^ (leg * 0x55)
}
