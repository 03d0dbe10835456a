//! The ring of one leg: slots with reference counts, and a line of slot numbers between one producer and one consumer.
//!
//! What allocates: only [`ring`], when the leg opens; every page is touched then. What is wait-free: all of
//! [`Producer`]. When full: the new frame is refused. Who frees: a slot goes back when its last reference is dropped,
//! on whatever thread that is, and it is wiped first; the memory itself goes with the last handle.
//!
//! A frame that is kept occupies its slot and nothing else: the producer takes any free slot, so one kept frame does
//! not stop the ring. That is why the order of frames is in the line and not in the slots.
//!
//! Invariant: a slot is touched by the producer alone while its count is [`FREE`], and is read-only to all while
//! references to it exist. The line cannot overflow: each number waiting in it holds a slot of its own, and it is as
//! long as there are slots.

#![allow(unsafe_code, reason = "slots are shared memory; each block names the fact it relies on")]

use super::memory::{Memory, Order, Parts, Slot};
use super::sync::{Arc, Ordering, fence};

/// The count of a slot that the producer may fill.
pub(super) const FREE: u32 = 0;
/// The count of a slot with one reference; each further one adds 1.
const ONE: u32 = 2;
// A count of 1 means: no references left, being wiped.

/// What the producer says about a frame, beside its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes used in the slot.
    pub length: u32,
    /// Samples of one channel.
    pub samples: u32,
    /// When it arrived, on the host's monotonic clock, in nanoseconds.
    pub arrival: u64,
    /// RTP time stamp; meaningful with [`Header::HAS_TIMESTAMP`].
    pub timestamp: u32,
    /// RTP SSRC; meaningful with [`Header::HAS_TIMESTAMP`].
    pub ssrc: u32,
    /// RTP sequence number; meaningful with [`Header::HAS_SEQUENCE`].
    pub sequence: u16,
    /// How many frames of the leg were dropped before it, modulo 2^32.
    pub drops: u32,
    /// How many frames of the leg the gate refused before it, modulo 2^32.
    pub refused: u32,
    /// The format's number on its leg.
    pub format: u8,
    /// The constants below.
    pub flags: u8,
}

impl Header {
    pub(crate) const HAS_TIMESTAMP: u8 = 1;
    pub(crate) const HAS_SEQUENCE: u8 = 2;
    pub(crate) const MARKER: u8 = 4;
    /// Samples without bytes: nothing was said.
    pub(crate) const SILENCE: u8 = 8;

    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Makes a ring of `slots` slots of `slot_bytes` bytes each. Allocates, and touches every page.
///
/// `slots` is brought into 1..=256.
pub(crate) fn ring(slots: usize, slot_bytes: usize) -> (Producer, Consumer) {
    let memory = Arc::new(Memory::new(slots, slot_bytes));
    let producer = Producer { parts: memory.parts(), _memory: Arc::clone(&memory), next: 0, tail: 0 };
    (producer, Consumer { memory, head: 0 })
}

/// The writing end. `[media]`: no allocation, lock, system call or unbounded loop.
pub(crate) struct Producer {
    parts: Parts,
    /// Keeps what `parts` points to.
    _memory: Arc<Memory>,
    /// Where to look for a free slot first.
    next: usize,
    /// A copy of the ring's `tail`, which only this end writes.
    tail: u64,
}

impl Producer {
    /// The longest frame that fits, in bytes.
    #[inline]
    pub(crate) fn slot_bytes(&self) -> usize {
        self.parts.slot_bytes
    }

    /// Copies one frame into a free slot and puts it in line. False, and nothing happened, when no slot is free.
    ///
    /// `bytes` must not be longer than a slot; `header.length` is set here.
    #[inline]
    pub(crate) fn push(&mut self, mut header: Header, bytes: &[u8]) -> bool {
        let Some(index) = self.free_slot() else { return false };
        let slot = &self.slots()[index];
        assert!(bytes.len() <= self.parts.slot_bytes, "the caller checks the size");
        header.length = bytes.len() as u32;
        slot.header.with_mut(|place| {
            // SAFETY: the slot's count was FREE (acquire), so this thread, the only producer, alone may touch it.
            unsafe { place.write(header) };
            // SAFETY: `index` is a slot's number, so its audio begins inside of the memory.
            let audio = unsafe { self.parts.audio.add(index * self.parts.stride) };
            // SAFETY: this thread alone, as above; the slot has slot_bytes bytes there, checked to be enough, and they
            // are no part of `bytes`.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), audio, bytes.len()) };
        });
        // Relaxed: the consumer learns of it through `tail`.
        slot.count.store(ONE, Ordering::Relaxed);
        self.order().place(self.tail).store(index as u8, Ordering::Relaxed);
        self.tail += 1;
        self.order().tail.store(self.tail, Ordering::Release);
        true
    }

    /// The next slot without references; looks at each slot once at most.
    #[inline]
    fn free_slot(&mut self) -> Option<usize> {
        for _ in 0..self.parts.slots.len() {
            let index = self.next;
            self.next = if index + 1 == self.parts.slots.len() { 0 } else { index + 1 };
            // Acquire: pairs with the release in `SlotRef::drop`, so the wipe is over before the slot is filled.
            if self.slots()[index].count.load(Ordering::Acquire) == FREE {
                return Some(index);
            }
        }
        None
    }

    #[inline]
    fn slots(&self) -> &[Slot] {
        // SAFETY: they are alive and in place as long as the memory, which this handle keeps; they are only shared.
        unsafe { self.parts.slots.as_ref() }
    }

    #[inline]
    fn order(&self) -> &Order {
        // SAFETY: as for the slots.
        unsafe { self.parts.order.as_ref() }
    }
}

/// The reading end. `[worker]`
pub(crate) struct Consumer {
    memory: Arc<Memory>,
    head: u64,
}

impl Consumer {
    /// Takes the next frame in line.
    pub(crate) fn pop(&mut self) -> Option<(Header, SlotRef)> {
        // Acquire: pairs with the release in `push`; the slot's contents and number are then visible.
        if self.head == self.memory.order.tail.load(Ordering::Acquire) {
            return None;
        }
        let index = self.memory.order.place(self.head).load(Ordering::Relaxed);
        self.head += 1;
        let header = self.memory.slots[usize::from(index)].header.with(|place| {
            // SAFETY: the slot is in line, so its count is at least ONE and nobody writes to it.
            unsafe { *place }
        });
        Some((header, SlotRef { memory: Arc::clone(&self.memory), index }))
    }

    /// How many frames were ever put in line.
    pub(crate) fn taken(&self) -> u64 {
        self.memory.order.tail.load(Ordering::Acquire)
    }

    /// How many frames were ever taken out of line.
    pub(crate) fn popped(&self) -> u64 {
        self.head
    }

    /// How many frames are in line now.
    pub(crate) fn waiting(&self) -> u64 {
        self.taken() - self.head
    }

    /// How many slots there are.
    pub(crate) fn slots(&self) -> usize {
        self.memory.slots.len()
    }
}

impl Drop for Consumer {
    /// Nobody will read what is in line: it is wiped now, not when the writer goes.
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}

/// A reference to a filled slot. The last one to go wipes it and gives it back. `[any]`
pub(crate) struct SlotRef {
    memory: Arc<Memory>,
    index: u8,
}

impl SlotRef {
    /// The slot's audio: all `slot_bytes` of it; the header says how much was filled.
    pub(crate) fn bytes(&self) -> &[u8] {
        let start = self.memory.audio_of(usize::from(self.index));
        // SAFETY: the range belongs to this slot, is initialised, and is read-only while this reference exists.
        unsafe { std::slice::from_raw_parts(start, self.memory.slot_bytes) }
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
        SlotRef { memory: Arc::clone(&self.memory), index: self.index }
    }
}

impl Drop for SlotRef {
    fn drop(&mut self) {
        // Release: what this reference read, it read before the slot is wiped by whoever comes last.
        if self.slot().count.fetch_sub(1, Ordering::Release) != ONE {
            return;
        }
        fence(Ordering::Acquire);
        let start = self.memory.audio_of(usize::from(self.index));
        self.slot().header.with_mut(|place| {
            // SAFETY: the count is 1: no reference is left and the producer waits for FREE, so this thread is alone.
            let length = unsafe { (*place).length } as usize;
            // SAFETY: as above; `length` was at most slot_bytes when it was written.
            unsafe { std::ptr::write_bytes(start, 0, length) };
        });
        // Release: the wipe is over before the producer sees a free slot.
        self.slot().count.store(FREE, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn of(sequence: u16) -> Header {
        Header { sequence, ..Header::default() }
    }

    #[test]
    fn frames_come_out_in_the_order_they_went_in() {
        let (mut producer, mut consumer) = ring(4, 8);
        for round in 0..100u16 {
            assert!(producer.push(of(round), &round.to_be_bytes()));
            let (header, slot) = consumer.pop().expect("one is in line");
            assert_eq!(header.sequence, round);
            assert_eq!(slot.bytes()[..2], round.to_be_bytes());
        }
        assert!(consumer.pop().is_none());
    }

    #[test]
    fn a_full_ring_refuses_the_new_frame_and_keeps_the_old_ones() {
        let (mut producer, mut consumer) = ring(2, 1);
        assert!(producer.push(of(0), &[1]));
        assert!(producer.push(of(1), &[2]));
        assert!(!producer.push(of(2), &[3]));
        assert_eq!(consumer.pop().map(|(header, _)| header.sequence), Some(0));
        assert_eq!(consumer.pop().map(|(header, _)| header.sequence), Some(1));
    }

    #[test]
    fn one_kept_frame_does_not_stop_the_ring() {
        let (mut producer, mut consumer) = ring(3, 1);
        assert!(producer.push(of(0), &[42]));
        let (_, kept) = consumer.pop().expect("one is in line");
        for round in 1..1000u16 {
            assert!(producer.push(of(round), &[7]), "round {round}");
            assert_eq!(consumer.pop().map(|(header, _)| header.sequence), Some(round));
        }
        assert_eq!(kept.bytes(), [42]);
    }

    #[test]
    fn a_slot_is_wiped_when_its_last_reference_goes() {
        let (mut producer, mut consumer) = ring(1, 4);
        assert!(producer.push(of(0), b"9999"));
        let (_, slot) = consumer.pop().expect("one is in line");
        let memory = slot.bytes().as_ptr();
        let second = slot.clone();
        drop(slot);
        assert_eq!(second.bytes(), b"9999");
        drop(second);
        // SAFETY: the ring is alive and its only slot is free; nobody writes to it now.
        let left = unsafe { std::slice::from_raw_parts(memory, 4) };
        assert_eq!(left, [0; 4]);
    }

    #[test]
    fn what_nobody_read_is_wiped_when_the_reader_goes() {
        let (mut producer, consumer) = ring(2, 4);
        assert!(producer.push(of(0), b"9999"));
        let memory = producer.parts.audio;
        drop(consumer);
        // SAFETY: the ring is alive through the producer, and the slot is free; nobody writes to it now.
        let left = unsafe { std::slice::from_raw_parts(memory, 4) };
        assert_eq!(left, [0; 4]);
    }

    #[test]
    fn both_ends_on_their_own_threads_lose_nothing() {
        let (mut producer, mut consumer) = ring(8, 4);
        let writer = std::thread::spawn(move || {
            let mut number = 0u32;
            while number < 20_000 {
                if producer.push(Header::default(), &number.to_be_bytes()) {
                    number += 1;
                } else {
                    std::thread::yield_now();
                }
            }
        });
        let mut expected = 0u32;
        while expected < 20_000 {
            match consumer.pop() {
                Some((_, slot)) => {
                    assert_eq!(slot.bytes(), expected.to_be_bytes());
                    expected += 1;
                }
                None => std::thread::yield_now(),
            }
        }
        writer.join().expect("the writer does not panic");
    }
}

/// Models: every interleaving of the ring's few atomics. Run with `--cfg loom`.
#[cfg(all(test, loom))]
mod models {
    use super::*;

    #[test]
    fn loom_what_is_popped_is_what_was_pushed() {
        loom::model(|| {
            let (mut producer, mut consumer) = ring(2, 1);
            let writer = loom::thread::spawn(move || {
                let mut pushed = 0u16;
                for sequence in 0..3u16 {
                    if producer.push(Header { sequence, ..Header::default() }, &[sequence as u8]) {
                        pushed += 1;
                    }
                }
                pushed
            });
            let mut last = None;
            let mut popped = 0;
            for _ in 0..2 {
                if let Some((header, slot)) = consumer.pop() {
                    assert_eq!(u16::from(slot.bytes()[0]), header.sequence);
                    assert!(last < Some(header.sequence));
                    last = Some(header.sequence);
                    popped += 1;
                }
            }
            let pushed = writer.join().unwrap();
            while let Some((header, slot)) = consumer.pop() {
                assert_eq!(u16::from(slot.bytes()[0]), header.sequence);
                popped += 1;
            }
            assert_eq!(pushed, popped);
        });
    }

    #[test]
    fn loom_a_kept_slot_is_not_written_while_it_is_read() {
        loom::model(|| {
            let (mut producer, mut consumer) = ring(1, 1);
            assert!(producer.push(Header::default(), &[1]));
            let (_, slot) = consumer.pop().expect("one is in line");
            let reader = loom::thread::spawn(move || {
                let copy = slot.clone();
                drop(slot);
                assert_eq!(copy.bytes(), [1]);
            });
            let second = producer.push(Header { sequence: 1, ..Header::default() }, &[2]);
            reader.join().unwrap();
            if second {
                let (header, slot) = consumer.pop().expect("the second is in line");
                assert_eq!((header.sequence, slot.bytes()), (1, &[2][..]));
            }
        });
    }
}
