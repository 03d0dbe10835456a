//! References to filled slots, and what becomes of a slot when the last one goes. `[any]`
//!
//! A slot with a copy in it is wiped and free at once, on whatever thread that is. A slot for a lent buffer is *returned*:
//! the ring's reading end gives the buffer back and frees the slot; when that end is gone, whoever returned it does.
//!
//! The count of a slot says who may touch it: [`FREE`], the producer; [`ASIDE`], whoever put that there; [`ONE`] and more,
//! everybody, to read; [`RETURNED`], whoever turns that into [`ASIDE`].

#![allow(unsafe_code, reason = "slots are shared memory; each block names the fact it relies on")]

use super::lent::Lent;
use super::memory::{Memory, Slot};
use super::ring::Header;
use super::sync::{Arc, Ordering};

/// The count of a slot that the producer may fill.
pub(super) const FREE: u32 = 0;
/// The count of a slot that is being wiped, or reserved by the producer, or whose buffer is being given back.
pub(super) const ASIDE: u32 = 1;
/// The count of a slot with one reference; each further one adds 1.
pub(super) const ONE: u32 = 2;
/// The count of a slot for a lent buffer to which no reference is left.
pub(super) const RETURNED: u32 = u32::MAX;

/// Set in the memory's count of returned slots when the reading end is gone.
const GONE: u64 = 1 << 63;

/// A reference to a filled slot. `[any]`
pub(crate) struct SlotRef {
    memory: Arc<Memory>,
    index: u8,
    /// The frame's bytes: in the slot, or lent.
    data: *const u8,
    length: usize,
}

// SAFETY: the bytes may be read from any thread while references exist, and dropping one is ordered by the slot's count.
unsafe impl Send for SlotRef {}
// SAFETY: as above.
unsafe impl Sync for SlotRef {}

impl SlotRef {
    /// The reference that is in line for slot `index`, with its header. The caller took it out of the line, and nobody else
    /// did.
    pub(super) fn from_line(memory: &Arc<Memory>, index: u8) -> (Header, SlotRef) {
        let place = usize::from(index);
        let header = memory.slots[place].header.with(|header| {
            // SAFETY: the slot is in line, so its count is at least ONE and nobody writes to it.
            unsafe { *header }
        });
        let start: *const u8 = memory.audio_of(place);
        let data = match header.has(Header::LENT) {
            false => start,
            true => {
                // SAFETY: with this flag the slot begins with a `Lent`, aligned as a cache line; nobody writes to it.
                unsafe { &*start.cast::<Lent>() }.data()
            }
        };
        (header, SlotRef { memory: Arc::clone(memory), index, data, length: header.length as usize })
    }

    /// The frame's bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the slot's or the host's bytes are initialised and read-only while this reference exists.
        unsafe { std::slice::from_raw_parts(self.data, self.length) }
    }

    fn slot(&self) -> &Slot {
        &self.memory.slots[usize::from(self.index)]
    }
}

impl Clone for SlotRef {
    fn clone(&self) -> SlotRef {
        // Relaxed: made from a live reference, which holds the slot.
        let before = self.slot().count.fetch_add(1, Ordering::Relaxed);
        if before > u32::MAX / 2 {
            // As many references can only be forgotten ones; one more lap, and a slot in use would count as free.
            std::process::abort();
        }
        SlotRef { memory: Arc::clone(&self.memory), ..*self }
    }
}

impl Drop for SlotRef {
    fn drop(&mut self) {
        // Release: what this reference read, it read before the slot is wiped by whoever comes last.
        if self.slot().count.fetch_sub(1, Ordering::Release) != ONE {
            return;
        }
        // Acquire: pairs with the release of every other reference. A load, not a fence: thread sanitizers see it.
        self.slot().count.load(Ordering::Acquire);
        let index = usize::from(self.index);
        let start = self.memory.audio_of(index);
        let is_lent = self.slot().header.with_mut(|header| {
            // SAFETY: the count is ASIDE: no reference is left and the producer waits for FREE, so this thread is alone.
            let header = unsafe { *header };
            if !header.has(Header::LENT) {
                // SAFETY: as above; `length` was at most slot_bytes when it was written.
                unsafe { std::ptr::write_bytes(start, 0, header.length as usize) };
            }
            header.has(Header::LENT)
        });
        if !is_lent {
            // Release: the wipe is over before the producer sees a free slot.
            self.slot().count.store(FREE, Ordering::Release);
            return;
        }
        // Release: whoever gives the buffer back does so after everything that was read of it.
        self.slot().count.store(RETURNED, Ordering::Release);
        // Release: the reading end sees the slot returned if it sees it counted, also while it goes. Acquire: if it is gone
        // already, it looked before.
        if self.memory.returned.fetch_add(1, Ordering::AcqRel) & GONE != 0 {
            self.memory.give_back(index);
        }
    }
}

impl Memory {
    /// How many slots were ever returned.
    pub(super) fn returned(&self) -> u64 {
        self.returned.load(Ordering::Acquire) & !GONE
    }

    /// Nobody sweeps any more: who returns a slot from now on gives its buffer back.
    pub(super) fn leave(&self) {
        // Acquire: what was counted before this is seen by the sweep that follows.
        self.returned.fetch_or(GONE, Ordering::AcqRel);
    }

    /// Gives the buffer of slot `index` back, if it was returned and nobody else does.
    pub(super) fn give_back(&self, index: usize) -> bool {
        let count = &self.slots[index].count;
        // Acquire: pairs with the release of RETURNED.
        if count.compare_exchange(RETURNED, ASIDE, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return false;
        }
        let lent = self.take_lent(index);
        // Release: the buffer was taken out before the producer sees a free slot.
        count.store(FREE, Ordering::Release);
        lent.give_back();
        true
    }

    /// Takes the lent buffer out of slot `index`, which is ASIDE, or in line with nobody left to read it, and has one.
    pub(super) fn take_lent(&self, index: usize) -> Lent {
        let start = self.audio_of(index);
        self.slots[index].header.with_mut(|_| {
            // SAFETY: this thread alone may touch the slot, and it begins with a `Lent`, which is taken once: what is left
            // there is wiped.
            let lent = unsafe { start.cast::<Lent>().read() };
            // SAFETY: as above; a slot is longer than that.
            unsafe { std::ptr::write_bytes(start, 0, size_of::<Lent>()) };
            lent
        })
    }
}
