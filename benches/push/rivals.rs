//! What `push` is measured against: the least a copy can cost, and what one would write with ready-made parts.

use std::hint::black_box;

use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::SLOTS;
use super::timing::Way;

/// The floor: the same bytes into as many slots, and nothing else. Whoever reads them cannot know that they are there.
pub struct Memcpy {
    rings: Vec<Vec<u8>>,
    slot_bytes: usize,
    turn: usize,
    /// The slot whose turn it is, in every ring.
    slot: usize,
    /// Frames since the last wipe.
    unread: usize,
    data: Vec<u8>,
}

impl Memcpy {
    pub fn new(legs: usize, bytes: usize) -> Memcpy {
        let slot_bytes = bytes.max(480);
        // Filled with ones: zeroed memory would not be there before it is written to.
        let rings = (0..legs).map(|_| vec![1; SLOTS * slot_bytes]).collect();
        Memcpy { rings, slot_bytes, turn: 0, slot: 0, unread: 0, data: vec![0x55; bytes] }
    }
}

impl Way for Memcpy {
    fn room(&self) -> u64 {
        (SLOTS * self.rings.len()) as u64
    }

    fn push(&mut self, frames: u64) {
        let data = black_box(&self.data[..]);
        for _ in 0..frames {
            let start = self.slot * self.slot_bytes;
            self.rings[self.turn][start..start + data.len()].copy_from_slice(data);
            self.turn += 1;
            if self.turn == self.rings.len() {
                self.turn = 0;
                self.slot += 1;
                if self.slot == SLOTS {
                    self.slot = 0;
                }
            }
        }
        self.unread += frames as usize;
    }

    fn empty(&mut self) {
        // What was read is wiped, as in a leg's ring: the slots up to the one whose turn it is.
        let slots = (self.unread.div_ceil(self.rings.len()) + 1).min(SLOTS);
        for ring in &mut self.rings {
            for back in 0..slots {
                let slot = (self.slot + SLOTS - back) % SLOTS;
                ring[slot * self.slot_bytes..][..self.data.len()].fill(0);
            }
            black_box(ring);
        }
        self.unread = 0;
    }
}

/// The obvious design: `Bytes` made for each frame, with its description through a bounded channel per leg.
pub struct Channel {
    legs: Vec<(Sender<Described>, Receiver<Described>)>,
    turn: usize,
    packet: u32,
    data: Vec<u8>,
}

/// What `Incoming` says of a frame, and the frame.
struct Described {
    data: Bytes,
    format: u8,
    samples: u32,
    sequence: Option<u16>,
    timestamp: Option<(u32, u32)>,
    arrival: u64,
    marker: bool,
}

impl Channel {
    pub fn new(legs: usize, bytes: usize) -> Channel {
        let legs = (0..legs).map(|_| bounded(SLOTS)).collect();
        Channel { legs, turn: 0, packet: 0, data: vec![0x55; bytes] }
    }
}

impl Way for Channel {
    fn room(&self) -> u64 {
        (SLOTS * self.legs.len()) as u64
    }

    fn push(&mut self, frames: u64) {
        let data = black_box(&self.data[..]);
        for _ in 0..frames {
            let frame = Described {
                data: Bytes::copy_from_slice(data),
                format: 0,
                samples: 160,
                sequence: Some(self.packet as u16),
                timestamp: Some((self.packet.wrapping_mul(160), 7)),
                arrival: u64::from(self.packet) * 20_000_000,
                marker: false,
            };
            assert!(self.legs[self.turn].0.try_send(frame).is_ok(), "a channel is full");
            self.turn += 1;
            if self.turn == self.legs.len() {
                self.turn = 0;
                self.packet = self.packet.wrapping_add(1);
            }
        }
    }

    fn empty(&mut self) {
        for (_, receiver) in &self.legs {
            while let Ok(frame) = receiver.try_recv() {
                let Described { data, format, samples, sequence, timestamp, arrival, marker } = frame;
                black_box((data, format, samples, sequence, timestamp, arrival, marker));
            }
        }
    }
}
