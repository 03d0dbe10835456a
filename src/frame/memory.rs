//! The memory of one leg's ring: slots, their audio, and the line that says in which order they were filled.
//!
//! Laid out for the media thread, which finds nothing of it in its caches after 20 ms: what one push touches lies on as
//! few cache lines as may be, and no line is pulled away by what another thread does to a neighbour.
//!
//! Who may touch a slot, and when, is the invariant of [`ring`](super::ring); here is only where things are.

#![allow(unsafe_code, reason = "slots are shared memory; each block names the fact it relies on")]

use std::ptr::NonNull;

use zeroize::Zeroize;

use super::lent::Lent;
use super::ring::Header;
use super::slot::{ASIDE, FREE};
use super::sync::{AtomicU8, AtomicU32, AtomicU64, Ordering, UnsafeCell};

/// The most slots a ring can have: the line holds their numbers as bytes.
pub(super) const MAX_SLOTS: usize = 256;

/// All of it. Reached through a count of references; what is in it never moves.
pub(super) struct Memory {
    pub(super) slots: Box<[Slot]>,
    audio: Box<[CacheLine]>,
    /// Cache lines of audio that a slot has.
    lines_each: usize,
    /// Bytes of audio that a slot may hold.
    pub(super) slot_bytes: usize,
    pub(super) order: Order,
    /// Slots for lent buffers that were ever returned.
    pub(super) returned: AtomicU64,
}

impl Memory {
    /// Memory for 1..=[`MAX_SLOTS`] slots of `slot_bytes` each. Every page is touched: the media thread must not be the
    /// first.
    pub(super) fn new(slots: usize, slot_bytes: usize) -> Memory {
        let slots = slots.clamp(1, MAX_SLOTS);
        // A slot has room for a lent buffer's address, however short the frames are that it may hold.
        let lines_each = slot_bytes.max(size_of::<Lent>()).div_ceil(CacheLine::BYTES);
        Memory {
            slots: (0..slots).map(|_| Slot::new()).collect(),
            audio: (0..slots * lines_each).map(|_| CacheLine::new()).collect(),
            lines_each,
            slot_bytes,
            order: Order::new(slots),
            returned: AtomicU64::new(0),
        }
    }

    /// Where the audio of slot number `index` begins.
    pub(super) fn audio_of(&self, index: usize) -> *mut u8 {
        assert!(index < self.slots.len(), "the slot exists");
        let first = self.audio.as_ptr();
        // SAFETY: `audio` has slots × lines_each lines and `index` is below slots, so the offset stays inside.
        let line = unsafe { first.add(index * self.lines_each) };
        std::cell::UnsafeCell::raw_get(line.cast())
    }

    /// Where its parts are, for whoever keeps the memory alive beside it.
    pub(super) fn parts(&self) -> Parts {
        Parts {
            slots: NonNull::from(&*self.slots),
            audio: self.audio_of(0),
            stride: self.lines_each * CacheLine::BYTES,
            slot_bytes: self.slot_bytes,
            order: NonNull::from(&self.order),
        }
    }
}

// SAFETY: the cells are reached only as the ring's invariant says: by the producer alone while a slot is free, and
// read-only while references exist; the slot's count orders the two.
unsafe impl Sync for Memory {}
// SAFETY: it owns plain bytes and atomics; nothing in it is bound to a thread.
unsafe impl Send for Memory {}

impl Drop for Memory {
    /// A writer may have filled slots after the reader went.
    fn drop(&mut self) {
        for index in 0..self.slots.len() {
            // What is free or aside has no buffer, whatever its header says.
            if matches!(self.slots[index].count.load(Ordering::Acquire), FREE | ASIDE) {
                continue;
            }
            let is_lent = self.slots[index].header.with(|header| {
                // SAFETY: this is the last that is left of the ring: nobody writes to it.
                unsafe { (*header).has(Header::LENT) }
            });
            if is_lent {
                self.take_lent(index).give_back();
            }
        }
        for line in &mut self.audio {
            line.0.iter_mut().for_each(|byte| byte.get_mut().zeroize());
        }
    }
}

/// Where the parts of a [`Memory`] are: saves a push the wait for the line on which the memory itself knows it.
pub(super) struct Parts {
    pub(super) slots: NonNull<[Slot]>,
    /// The audio of slot 0.
    pub(super) audio: *mut u8,
    /// From the audio of one slot to that of the next, in bytes.
    pub(super) stride: usize,
    pub(super) slot_bytes: usize,
    pub(super) order: NonNull<Order>,
}

// SAFETY: addresses are bound to no thread, and what is at these may be shared, as `Memory` may.
unsafe impl Send for Parts {}
// SAFETY: as above.
unsafe impl Sync for Parts {}

/// What is known of a slot beside its audio. On a cache line of its own.
#[repr(align(64))]
pub(super) struct Slot {
    /// References to it, and whether it is free.
    pub(super) count: AtomicU32,
    pub(super) header: UnsafeCell<Header>,
}

impl Slot {
    fn new() -> Slot {
        Slot { count: AtomicU32::new(FREE), header: UnsafeCell::new(Header::default()) }
    }
}

/// Which slot comes when. On one cache line, together with `tail`, for rings of up to 32 slots.
#[repr(C, align(64))]
pub(super) struct Order {
    /// Frames ever put in line; written by the producer alone.
    pub(super) tail: AtomicU64,
    /// How much of `line` is used, less one: a power of two, less one.
    mask: usize,
    /// Numbers of filled slots, oldest at the consumer's `head`, newest before `tail`.
    line: [AtomicU8; MAX_SLOTS],
}

impl Order {
    fn new(slots: usize) -> Order {
        let line = std::array::from_fn(|_| AtomicU8::new(0));
        Order { tail: AtomicU64::new(0), mask: slots.next_power_of_two() - 1, line }
    }

    /// The place in line of the frame that `tail` counts as `frame`.
    #[inline]
    pub(super) fn place(&self, frame: u64) -> &AtomicU8 {
        &self.line[frame as usize & self.mask & (MAX_SLOTS - 1)]
    }
}

/// As much audio as a cache line holds. Slots begin at one, so that no two share any.
#[repr(align(64))]
struct CacheLine([std::cell::UnsafeCell<u8>; CacheLine::BYTES]);

impl CacheLine {
    const BYTES: usize = 64;

    fn new() -> CacheLine {
        CacheLine(std::array::from_fn(|_| std::cell::UnsafeCell::new(0)))
    }
}
