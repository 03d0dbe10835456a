//! A host with calls of two legs each, whose gates are brought where they shall be by what really moves them.

use std::hint::black_box;

use calltap::audio::{Encoding, Format};
use calltap::consent::Role;
use calltap::engine::{Call, CallSpec, Config, Engine, Incoming, LegSpec, LegWriter, Pushed};
use calltap::policy::{Direction, Policy};
use calltap::time::{CallTime, MonoTime};

use super::SLOTS;
use super::timing::Way;

/// Milliseconds of a frame.
const PACKET: i64 = 20;

/// Where the gates stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Notice and window passed: frames are copied.
    Open,
    /// Nothing was announced yet: refused for now.
    Wait,
    /// The entity is excluded: refused for good.
    Shut,
}

/// Calls under the embedded policy, and the media thread's end of their legs.
pub struct Host {
    calls: Vec<Call>,
    legs: Vec<LegWriter>,
    /// The leg whose turn it is.
    turn: usize,
    /// The next packet, the same for all legs: number, and milliseconds on the call's clock.
    packet: u32,
    at: i64,
    data: Vec<u8>,
    samples: u32,
    expected: Pushed,
}

impl Host {
    pub fn new(legs: usize, bytes: usize, door: Door) -> Host {
        let (entity, expected) = match door {
            Door::Open => ("ecommerce-be", Pushed::Taken),
            Door::Wait => ("ecommerce-be", Pushed::Wait),
            Door::Shut => ("ecommerce-us", Pushed::Shut),
        };
        let engine = Engine::new(Config::default(), Some(Policy::embedded())).expect("the configuration is sound");
        let format = match bytes {
            160 => Format::PCMA,
            _ => Format { encoding: Encoding::L16, rate: bytes as u32 * 25, channels: 1 },
        };
        let mut host = Host {
            calls: Vec::new(),
            legs: Vec::new(),
            turn: 0,
            packet: 0,
            at: 10_000,
            data: vec![0x55; bytes],
            samples: format.rate / 50,
            expected,
        };
        for leg in 0..legs {
            if leg % 2 == 0 {
                host.calls.push(engine.start_call(of(entity)));
            }
            let role = [Role::Caller, Role::Agent][leg % 2];
            let spec = LegSpec { slots: SLOTS, slot_bytes: bytes.max(480), ..LegSpec::new(role, vec![format]) };
            let call = host.calls.last_mut().expect("every leg has its call");
            host.legs.push(call.open_leg(&spec).expect("a call has room for two legs"));
        }
        if door == Door::Open {
            for call in &mut host.calls {
                call.notice_started(CallTime::ZERO, "en");
                call.notice_finished(CallTime::from_millis(2_000), true);
                // The window of 3 s, and the half second after which a silent caller counts as heard.
                call.step(CallTime::from_millis(6_000));
            }
        }
        host
    }
}

impl Way for Host {
    fn room(&self) -> u64 {
        (SLOTS * self.legs.len()) as u64
    }

    fn push(&mut self, frames: u64) {
        let data = black_box(&self.data[..]);
        let mut as_expected = 0;
        for _ in 0..frames {
            let frame = Incoming {
                data,
                format: 0,
                samples: self.samples,
                sequence: Some(self.packet as u16),
                timestamp: Some((self.packet.wrapping_mul(self.samples), 7)),
                arrival: MonoTime(self.at as u64 * 1_000_000),
                marker: false,
            };
            as_expected += u64::from(self.legs[self.turn].push(&frame) == self.expected);
            self.turn += 1;
            if self.turn == self.legs.len() {
                self.turn = 0;
                self.packet = self.packet.wrapping_add(1);
                self.at += PACKET;
            }
        }
        assert_eq!(as_expected, frames, "the gate is not where it should be, or a ring is full");
    }

    fn empty(&mut self) {
        if self.expected != Pushed::Taken {
            return;
        }
        // Past the hold-back of the last frame: every slot is free again. A pause in the stream, of as many packets.
        self.at += 15 * PACKET;
        self.packet = self.packet.wrapping_add(15);
        for call in &mut self.calls {
            call.step(CallTime::from_millis(self.at));
        }
    }
}

fn of(entity: &str) -> CallSpec {
    CallSpec {
        id: "a call".to_owned(),
        entity: entity.to_owned(),
        service: "customer-care".to_owned(),
        direction: Direction::Inbound,
        language: "en".to_owned(),
        zero: MonoTime(0),
        started: jiff::Timestamp::from_second(1_795_000_000).expect("a moment in 2026"),
    }
}
