//! A call whose two sides are telephones that send RTP: their packets go through `LegWriter::push_rtp` at moments the
//! test chooses, and every sink checks what it gets.
//!
//! Each sample says where it belongs (see [`sample`]), so no sink can be given audio that is not in its place.

use std::sync::Arc;
use std::time::Duration;

use calltap::audio::{Encoding, Format};
use calltap::consent::{Change, Role};
use calltap::engine::{
    Call, CallEvent, CallSpec, Config, CountedIds, Engine, LegSpec, LegWriter, Pushed, Run, SinkSpec,
};
use calltap::policy::{Direction, Pairs, Policy, Purpose, Tap};
use calltap::sink::Sink;
use calltap::time::{CallTime, Interval, MonoTime};

use super::witness::{Log, Witness};

/// Where the host's clock stands at the call's zero.
pub const ZERO: MonoTime = MonoTime(7_000_000_000_000);
/// The caller's leg, and the agent's.
pub const CALLER: usize = 0;
pub const AGENT: usize = 1;
/// The recorder, and the listener.
pub const RECORD: usize = 0;
pub const MONITOR: usize = 1;

/// Payload types.
pub const PCMA: u8 = 8;
pub const EVENT: u8 = 101;
pub const RED: u8 = 99;
/// A codec that nobody here can decode.
pub const CODED: u8 = 18;

/// A moment in milliseconds.
pub fn ms(millis: i64) -> CallTime {
    CallTime::from_millis(millis)
}

/// What a leg's sample number `at` of the call's clock is.
pub fn sample(leg: usize, at: i64) -> u8 {
    (at.rem_euclid(251) as u8).wrapping_add(leg as u8 * 101)
}

/// One telephone: where its RTP numbers stand.
pub struct Phone {
    pub ssrc: u32,
    /// The next packet's.
    pub sequence: u16,
    /// The time stamp of the call's zero.
    pub timestamp: u32,
    /// Whether it sends audio.
    pub speaks: bool,
}

impl Phone {
    /// The time stamp of a moment.
    pub fn timestamp_at(&self, at: CallTime) -> u32 {
        self.timestamp.wrapping_add(at.sample(8_000) as u32)
    }

    /// A packet, and its number used up.
    pub fn packet(&mut self, payload_type: u8, marker: bool, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        let mut packet = vec![0x80, u8::from(marker) << 7 | payload_type];
        packet.extend(sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend(payload);
        packet
    }
}

/// The call: a caller and an agent, where a test does not ask for others.
pub struct Scene {
    pub engine: Arc<Engine>,
    pub call: Call,
    pub writers: Vec<LegWriter>,
    pub phones: [Phone; 2],
    /// What each sink got.
    pub sinks: Vec<Log>,
    pub events: Vec<CallEvent>,
    /// How many packets each leg was offered.
    pub pushed: [u64; 2],
    pub answers: [Pushed; 2],
    now: CallTime,
}

impl Scene {
    /// A call to an entity of the built-in policy, in English, with a recorder and a listener.
    pub fn new(entity: &str) -> Scene {
        Scene::with(entity, Config::default(), [0x1000, 0x2000], [100, 60_000])
    }

    /// The same, its time stamps and sequence numbers beginning as given.
    pub fn with(entity: &str, config: Config, timestamps: [u32; 2], sequences: [u16; 2]) -> Scene {
        let ids = Box::new(CountedIds::default());
        let engine = Engine::with_ids(config, Some(Policy::embedded()), ids).expect("the configuration is sound");
        let mut scene = Scene::of(Arc::new(engine), entity, timestamps, sequences);
        scene.add_sink(Tap::Record, Log::default());
        scene.add_sink(Tap::Monitor, Log::default());
        scene
    }

    /// A call with its notice from 0 to 1 s and its permission from 4 s on, run to `until`.
    pub fn open_to(until: i64) -> Scene {
        let mut scene = Scene::new("ecommerce-be");
        scene.notice(0, 1_000);
        scene.run_to(ms(until));
        scene
    }

    /// A call of an engine, without a sink.
    pub fn of(engine: Arc<Engine>, entity: &str, timestamps: [u32; 2], sequences: [u16; 2]) -> Scene {
        Scene::between(engine, entity, &[Role::Caller, Role::Agent], timestamps, sequences)
    }

    /// A call with at most two legs, of other roles.
    pub fn between(
        engine: Arc<Engine>,
        entity: &str,
        roles: &[Role],
        timestamps: [u32; 2],
        sequences: [u16; 2],
    ) -> Scene {
        let mut call = engine.start_call(CallSpec {
            id: "a call".to_owned(),
            entity: entity.to_owned(),
            service: "customer-care".to_owned(),
            direction: Direction::Inbound,
            language: "en".to_owned(),
            zero: ZERO,
            started: jiff::Timestamp::from_second(1_795_000_000).expect("a moment in 2026"),
        });
        let redundant = Format { encoding: Encoding::Redundant, rate: 8_000, channels: 1 };
        let coded = Format { encoding: Encoding::Unknown, ..redundant };
        let open = |&role| {
            let mut spec = LegSpec::new(role, vec![Format::PCMA, Format::TELEPHONE_EVENT, redundant, coded]);
            spec.payload_types = vec![(PCMA, 0), (EVENT, 1), (RED, 2), (CODED, 3)];
            call.open_leg(&spec).expect("room for two legs")
        };
        let writers = roles.iter().map(open).collect();
        let phone = |leg: usize| Phone {
            ssrc: 0xc0de + leg as u32,
            sequence: sequences[leg],
            timestamp: timestamps[leg],
            speaks: true,
        };
        Scene {
            engine,
            call,
            writers,
            phones: [phone(CALLER), phone(AGENT)],
            sinks: Vec::new(),
            events: Vec::new(),
            pushed: [0; 2],
            answers: [Pushed::Wait; 2],
            now: CallTime::ZERO,
        }
    }

    /// Registers one more sink for both purposes of `tap`.
    pub fn add_sink(&mut self, tap: Tap, log: Log) {
        self.add_sink_for(Purpose::ALL.into_iter().map(|purpose| (tap, purpose)).collect(), log);
    }

    /// Registers one more sink for some pairs, all of one tap.
    pub fn add_sink_for(&mut self, pairs: Pairs, log: Log) {
        let (tap, _) = pairs.iter().next().expect("a pair");
        let kept = log.clone();
        let make = Box::new(move |output| -> Box<dyn Sink> { Box::new(Witness::new(output, log.clone())) });
        self.call.add_sink(SinkSpec { tap, pairs, run: Run::Direct, live: false, make }).expect("room for a sink");
        self.sinks.push(kept);
    }

    pub fn now(&self) -> CallTime {
        self.now
    }

    /// Time passes without anything being done.
    pub fn set_now(&mut self, now: CallTime) {
        self.now = self.now.max(now);
        self.sinks.iter().for_each(|sink| sink.set_now(now));
    }

    /// Offers a packet to a leg, as if it came now.
    pub fn push(&mut self, leg: usize, packet: &[u8]) -> Pushed {
        self.push_at(leg, packet, self.now)
    }

    /// Offers a packet that came at `arrival`.
    pub fn push_at(&mut self, leg: usize, packet: &[u8], arrival: CallTime) -> Pushed {
        let arrival = MonoTime(ZERO.0.checked_add_signed(arrival.nanos()).expect("not before the host's clock"));
        self.pushed[leg] += 1;
        let answer = self.writers[leg].push_rtp(packet, arrival);
        self.answers[leg] = answer;
        answer
    }

    /// The audio packet of a leg that lies at `place`: 20 ms.
    pub fn audio(&mut self, leg: usize, place: CallTime) -> Vec<u8> {
        let first = place.sample(8_000);
        let samples: Vec<u8> = (first..first + 160).map(|at| sample(leg, at)).collect();
        let timestamp = self.phones[leg].timestamp_at(place);
        self.phones[leg].packet(PCMA, false, timestamp, &samples)
    }

    /// Both telephones speak until `until`, without a packet late or lost; the worker ticks every 10 ms.
    pub fn run_to(&mut self, until: CallTime) {
        while self.now < until {
            let now = self.now + Duration::from_millis(10);
            self.set_now(now);
            if now.nanos() % 20_000_000 == 0 {
                for leg in 0..self.writers.len() {
                    if self.phones[leg].speaks {
                        let packet = self.audio(leg, now);
                        let _ = self.push(leg, &packet);
                    }
                }
            }
            self.step();
        }
    }

    /// The worker looks at the call.
    pub fn step(&mut self) {
        self.call.step(self.now);
        self.take_events();
    }

    pub fn take_events(&mut self) {
        self.events.extend(self.call.events());
    }

    /// The notice is played from `from` to `to`, to its end, and both sides speak.
    pub fn notice(&mut self, from: i64, to: i64) {
        self.run_to(ms(from));
        self.call.notice_started(ms(from), "en");
        self.run_to(ms(to));
        self.call.notice_finished(ms(to), true);
        self.take_events();
    }

    pub fn end(&mut self) {
        self.call.end(self.now);
        self.take_events();
    }

    /// From when the caller refused, if they did.
    pub fn objected(&self) -> Option<CallTime> {
        self.events.iter().find_map(|event| match event {
            CallEvent::Consent(Change::Objected { onset, .. }) => Some(*onset),
            _ => None,
        })
    }

    /// Whether the call failed inside the library.
    pub fn has_failed(&self) -> bool {
        self.events.iter().any(|event| matches!(event, CallEvent::CallFailed { .. }))
    }

    /// Every leg's account balances, as a whole and as each sink saw it, and agrees with what the sinks counted.
    pub fn check_accounts(&self) {
        for leg in 0..self.writers.len() {
            let whole = self.call.ledger(leg as u8).expect("the leg exists");
            assert!(whole.balances(), "leg {leg} at {}: {whole:?}", self.now);
            assert_eq!(whole.pushed, self.pushed[leg], "leg {leg} at {}: every packet is counted", self.now);
            assert!(whole.erased <= whole.delivered, "{whole:?}");
            for (number, sink) in self.sinks.iter().enumerate() {
                let seen = self.call.sink_ledger(number, leg as u8).expect("the sink exists");
                assert!(seen.balances(), "leg {leg}, sink {number} at {}: {seen:?}", self.now);
                assert_eq!(seen.pushed, whole.pushed);
                if let Some(got) = sink.packets(leg) {
                    // A packet that was handed on in part, and whose rest waits, is not settled yet.
                    let most = seen.delivered + u64::from(whole.in_flight > 0);
                    assert!(
                        (seen.delivered..=most).contains(&got),
                        "leg {leg}, sink {number} at {}: it got {got} packets, its account says {seen:?}",
                        self.now
                    );
                }
                assert!(seen.delivered <= whole.delivered);
            }
        }
    }

    /// The call is over, and nothing is on its way or kept.
    pub fn check_the_end(&self) {
        self.check_accounts();
        for leg in 0..self.writers.len() {
            assert_eq!(self.call.ledger(leg as u8).expect("the leg exists").in_flight, 0);
        }
        assert_eq!(self.engine.held_bytes(), 0, "the pool has everything back");
    }

    /// What a sink got since this was last asked lies inside of what is permitted for its pairs.
    pub fn check_permitted(&mut self) {
        for (number, sink) in self.sinks.iter().enumerate() {
            let new = sink.take_new();
            if new.is_empty() {
                continue;
            }
            let permitted = self.call.permitted(sink.pairs());
            for (leg, stretch) in new {
                assert!(
                    permitted.iter().any(|one| covers(one.stretch, stretch)),
                    "at {} sink {number} got {stretch:?} of leg {leg}; permitted: {permitted:?}",
                    self.now
                );
            }
        }
    }
}

fn covers(outer: Interval, inner: Interval) -> bool {
    // The samples that begin inside of the permission; the last one may end after it.
    outer.from <= inner.from && inner.to < outer.to + Duration::from_micros(126)
}
