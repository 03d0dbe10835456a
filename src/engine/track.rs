//! A leg's worker side: takes frames from the ring, sorts out repetition, and gives each its place on the call's clock.
//!
//! One thread at a time. Reordered packets find their place in the line; what is older than what was handed on is late.
//! Counts what becomes of frames before any sink is asked; the session counts the rest.

mod read;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use crate::audio::Format;
use crate::consent::{Digit, Gate, Role};
use crate::frame::ring::Consumer;
use crate::frame::signal::SignalReader;
use crate::frame::{Arc, Ledger};
use crate::sink::{GapCause, LegDescription};
use crate::time::{CallTime, MonoTime};

use super::awaited::Awaited;
use super::config::Config;
use super::hold::Holds;
use super::leg::{self, LegReader, LegSpec, LegWriter};
use super::line::{Held, Line, Origin};
use super::shared::{CallShared, LegShared, count};
use super::ssrcs::Ssrcs;
use read::Stream;

/// What was taken from a ring.
pub(super) enum Was {
    /// A key was pressed: when by its time stamp, if that can be believed at all, and when by its packet's arrival.
    Digit { digit: Digit, stamped: Option<CallTime>, arrived: CallTime },
    /// Audio, placed.
    Audio(Held),
}

/// One leg, worker side.
pub(super) struct Track {
    leg: u8,
    role: Role,
    formats: Vec<Format>,
    payload_types: Vec<(u8, u8)>,
    call: Arc<CallShared>,
    consumer: Consumer,
    pub(super) signals: SignalReader,
    limits: Limits,
    open: bool,
    stream: Stream,
    pub(super) holds: Holds,
    /// Whether the line was on hold since the packet before this one: numbers missing since are not lost.
    was_held: bool,
    ssrcs: Ssrcs,
    /// How many 9s were lost before the line of signals, as far as they were told.
    lost_nines: u32,
    /// Digits seen and not told yet.
    digits: VecDeque<Was>,
    pub(super) line: Line,
    pub(super) counts: Ledger,
    /// Frames that went to queues: what came of them is heard also when somebody only asks for the account.
    pub(super) awaited: RefCell<Awaited>,
    last_arrival: Option<CallTime>,
    /// How many frames were dropped before the ring when it was last read.
    dropped: u64,
    /// The end of the newest audio or event received.
    received_to: Option<CallTime>,
    /// Up to where the leg was handed on, or found not to go.
    settled_to: CallTime,
    /// Of the frame that was handed on last.
    last: Option<Origin>,
    /// The end of the latest frame that came through the gate and was not permitted when it came.
    withheld_to: CallTime,
}

/// Of the configuration what a leg needs.
#[derive(Clone, Copy)]
struct Limits {
    hold_back: Duration,
    max_packet: Duration,
    reorder: Duration,
}

impl Limits {
    /// How far a digit's time stamp may put it after where its packet's arrival does: some stamp it with the next
    /// packet's time.
    fn stamp_ahead(&self) -> Duration {
        self.max_packet + self.reorder
    }
}

impl Track {
    pub(super) fn open(leg: u8, spec: &LegSpec, call: &Arc<CallShared>, config: &Config) -> (Track, LegWriter) {
        let Config { hold_back, max_packet, reorder, line_frames, .. } = *config;
        let (writer, LegReader { frames, signals }) = leg::open(leg, spec, call, max_packet);
        let track = Track {
            leg,
            role: spec.role,
            formats: spec.formats.clone(),
            payload_types: spec.payload_types.clone(),
            line: Line::new(frames.slots(), line_frames),
            call: Arc::clone(call),
            consumer: frames,
            signals,
            limits: Limits { hold_back, max_packet, reorder },
            open: true,
            stream: Stream::new(),
            holds: Holds::new(),
            was_held: false,
            ssrcs: Ssrcs::new(config.ssrcs),
            lost_nines: 0,
            digits: VecDeque::new(),
            counts: Ledger::default(),
            awaited: RefCell::default(),
            last_arrival: None,
            dropped: 0,
            received_to: None,
            settled_to: CallTime::MIN,
            last: None,
            withheld_to: CallTime::MIN,
        };
        (track, writer)
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Whether its stream is over, and nobody has said so.
    pub(super) fn is_forsaken(&self) -> bool {
        self.open && self.shared().is_writer_gone()
    }

    /// The stream is over: its gate shuts for good.
    pub(super) fn close(&mut self) {
        self.open = false;
        self.shared().gate.set(Gate::Shut, 0);
    }

    /// Sets the gate by what was known when its word's epoch was `epoch`.
    pub(super) fn set_gate(&self, gate: Gate, epoch: u16) {
        if self.open {
            self.shared().gate.set(gate, epoch);
        }
    }

    /// Notes that packets came which could not be taken: their sender is not silent, though nobody could listen.
    pub(super) fn notice_drops(&mut self, now: CallTime) {
        let dropped = self.dropped_at_the_door();
        if std::mem::replace(&mut self.dropped, dropped) != dropped {
            self.last_arrival = self.last_arrival.max(Some(now));
        }
    }

    /// When the last packet arrived.
    pub(super) fn last_arrival(&self) -> Option<CallTime> {
        self.last_arrival
    }

    /// The end of the newest audio or event received.
    pub(super) fn received_to(&self) -> Option<CallTime> {
        self.received_to
    }

    /// Up to where the leg was handed on, or found not to go.
    pub(super) fn settled_to(&self) -> CallTime {
        self.settled_to
    }

    pub(super) fn settle_to(&mut self, to: CallTime) {
        self.settled_to = self.settled_to.max(to);
    }

    pub(super) fn description(&self) -> LegDescription {
        LegDescription { leg: self.leg, role: self.role, formats: self.formats.clone() }
    }

    /// Frames ever put into the ring.
    pub(super) fn taken(&self) -> u64 {
        self.consumer.taken()
    }

    /// Takes the next thing out of the ring that the session must know of, as long as fewer than `until` frames were taken
    /// out.
    pub(super) fn next(&mut self, zero: MonoTime, until: u64) -> Option<Was> {
        loop {
            if let Some(digit) = self.digits.pop_front() {
                return Some(digit);
            }
            if self.consumer.popped() >= until {
                return None;
            }
            let (header, slot) = self.consumer.pop()?;
            if let Some(held) = self.read(header, slot, zero) {
                return Some(Was::Audio(held));
            }
        }
    }

    /// Empties the ring; what was in it is wiped.
    pub(super) fn wipe_ring(&mut self) {
        for _ in 0..self.consumer.waiting() {
            if self.consumer.pop().is_some() {
                self.counts.purged += 1;
            }
        }
    }

    /// Whether the leg brought more streams than the configuration allows.
    pub(super) fn has_too_many_streams(&self) -> bool {
        self.ssrcs.are_too_many()
    }

    /// Whether 9s of the caller were lost before the line of signals since this was last asked, and the earliest onset
    /// that is known.
    pub(super) fn lost_nine(&mut self) -> Option<Option<MonoTime>> {
        let (lost, onset) = self.shared().lost_nines.read();
        (std::mem::replace(&mut self.lost_nines, lost) != lost).then_some(onset)
    }

    /// Gives lent buffers back that nobody needs any more.
    pub(super) fn sweep(&mut self) {
        self.consumer.sweep();
    }

    /// Counts a frame that found no room in the pool.
    pub(super) fn count_full(&mut self) {
        self.counts.full += 1;
    }

    /// Notes which frame was handed on last.
    pub(super) fn remember(&mut self, origin: Origin) {
        self.last = Some(origin);
    }

    /// Notes that a frame was not permitted when it came: its place may be, by now.
    pub(super) fn withhold(&mut self, to: CallTime) {
        self.withheld_to = self.withheld_to.max(to);
    }

    /// Why nothing was there between the frame handed on last and this one, in a gap that begins at `from`.
    pub(super) fn gap_cause(&self, next: Origin, from: CallTime) -> GapCause {
        if self.withheld_to > from {
            return GapCause::Withheld;
        }
        let last = self.last.unwrap_or(Origin::BEFORE_ALL);
        if next.drops != last.drops {
            return GapCause::Dropped;
        }
        if next.refused != last.refused {
            return GapCause::Withheld;
        }
        match (last.sequence, next.sequence) {
            (Some(from), Some(to)) if self.stream.sequence.missing_between(from, to) > 0 => GapCause::Lost,
            _ => GapCause::Silent,
        }
    }

    /// Why nothing came after the frame handed on last, in a gap that begins at `from`.
    pub(super) fn last_gap_cause(&self, from: CallTime) -> GapCause {
        let drops = self.drops(self.dropped_at_the_door() as u32);
        self.gap_cause(Origin { sequence: None, drops, refused: count(&self.shared().refused) as u32 }, from)
    }

    /// The account of the leg.
    pub(super) fn ledger(&self) -> Ledger {
        let (shared, counts) = (self.shared(), &self.counts);
        // Each counter is read once: the media thread goes on counting.
        let [refused, full, size, format] = [&shared.refused, &shared.full, &shared.size, &shared.format].map(count);
        let waiting = self.consumer.waiting();
        let mut ledger = Ledger {
            pushed: self.consumer.popped() + waiting + refused + full + size + format,
            withheld: counts.withheld + refused,
            full: counts.full + full,
            size: counts.size + size,
            format: counts.format + format,
            in_flight: waiting + self.line.len() as u64,
            // What was dropped before the ring left a hole in the numbers too.
            lost: self.stream.sequence.lost().saturating_sub(full + size + format),
            ..*counts
        };
        self.awaited.borrow().add_to(&mut ledger);
        ledger
    }

    fn shared(&self) -> &LegShared {
        &self.call.legs[usize::from(self.leg)]
    }

    /// Frames that never came into the ring, though the gate let them pass.
    fn dropped_at_the_door(&self) -> u64 {
        let shared = self.shared();
        [&shared.full, &shared.size, &shared.format].map(count).iter().sum()
    }

    /// Frames dropped before one of whom the door says this; modulo 2^32, as its header counts.
    fn drops(&self, at_the_door: u32) -> u32 {
        at_the_door.wrapping_add((self.counts.full + self.counts.format) as u32)
    }
}
