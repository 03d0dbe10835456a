//! The hold-back line of one leg: frames in the order of their places, waiting to become due.
//!
//! The line is also where reordered packets find their place again. By reference, until it would take more than half
//! of the ring's slots; from then on a new frame moves to the pool.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::frame::{Frame, Pool, PoolFull};
use crate::sink::buffered::Tag;
use crate::time::CallTime;

/// A frame in the line.
pub(super) struct Held {
    pub(super) frame: Frame,
    /// When it may go: a hold-back after its arrival or its place, whichever is later.
    pub(super) due: CallTime,
    /// Where it stands in its leg's stream.
    pub(super) origin: Origin,
    /// When it arrived.
    pub(super) arrival: CallTime,
    /// Which outlets it was offered to.
    pub(super) shares: Shares,
}

/// Which outlets got a part of a frame, one bit each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shares {
    /// The frame's number in its leg.
    pub(super) tag: Tag,
    /// They got one.
    pub(super) given: u32,
    /// One waits, or waited, in their queue: what came of it is heard later.
    pub(super) queued: u32,
    /// They had no room for one.
    pub(super) dropped: u32,
    /// They should have got one. All the others are among them.
    pub(super) offered: u32,
}

/// What the leg had come to when a frame was read: two of them say what is missing in between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// The frame's long sequence number.
    pub(super) sequence: Option<u64>,
    /// Frames of the leg that were dropped before it.
    pub(super) drops: u32,
    /// Frames the gate refused so far.
    pub(super) refused: u32,
}

impl Origin {
    /// Before a leg's first frame.
    pub(super) const BEFORE_ALL: Origin = Origin { sequence: None, drops: 0, refused: 0 };
}

/// What became of a frame that no sink got a part of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Refused by consent.
    Withheld,
    /// Wiped before it was decided.
    Purged,
    /// Its place had been handed on already.
    Late,
}

/// The line.
pub(super) struct Line {
    frames: VecDeque<Held>,
    /// How many of them occupy slots.
    in_slots: usize,
    /// How many may.
    slots: usize,
    /// How many frames it holds at the most, so that one call cannot take all of the pool.
    longest: usize,
    /// When something that was due last had to wait.
    waited_at: CallTime,
}

impl Line {
    /// A line for `longest` frames beside a ring of `ring_slots` slots.
    pub(super) fn new(ring_slots: usize, longest: usize) -> Line {
        Line { frames: VecDeque::new(), in_slots: 0, slots: ring_slots / 2, longest, waited_at: CallTime::MIN }
    }

    /// Puts a frame in its place. When the pool or the line is full the frame is dropped.
    pub(super) fn insert(&mut self, mut held: Held, pool: &Arc<Pool>) -> Result<(), PoolFull> {
        if self.frames.len() >= self.longest {
            return Err(PoolFull::of_line(self.longest));
        }
        if held.frame.is_in_slot() && self.in_slots >= self.slots {
            held.frame = held.frame.into_pool(pool)?;
        }
        self.in_slots += usize::from(held.frame.is_in_slot());
        // Mostly the newest: look from the back.
        let before = self.frames.iter().rposition(|other| other.frame.place() <= held.frame.place());
        self.frames.insert(before.map_or(0, |index| index + 1), held);
        Ok(())
    }

    /// The oldest frame.
    pub(super) fn front(&self) -> Option<&Held> {
        self.frames.front()
    }

    /// Takes the oldest frame.
    pub(super) fn pop(&mut self) -> Option<Held> {
        let held = self.frames.pop_front()?;
        self.in_slots -= usize::from(held.frame.is_in_slot());
        Some(held)
    }

    /// Notes that everything due by `now` still waits: it will be too old for a live sink.
    pub(super) fn waits_at(&mut self, now: CallTime) {
        self.waited_at = self.waited_at.max(now);
    }

    /// Whether a frame was due before it was known whether it may go.
    pub(super) fn has_waited(&self, held: &Held) -> bool {
        held.due <= self.waited_at
    }

    /// Puts back what is left of the frame that was taken last.
    pub(super) fn put_back(&mut self, held: Held) {
        self.in_slots += usize::from(held.frame.is_in_slot());
        self.frames.push_front(held);
    }

    /// How many frames are in the line.
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }
}
