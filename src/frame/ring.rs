//! The ring of one leg: slots with reference counts, and a line of slot numbers between one producer and one consumer.
//!
//! What allocates: only [`ring`], when the leg opens; every page is touched then. What is wait-free: all of
//! [`Producer`]. When full: the new frame is refused. Who frees: a slot goes back when its last reference is dropped,
//! on whatever thread that is, and it is wiped first; a [lent](super::lent) buffer is given back by the [`Consumer`]; the
//! memory itself goes with the last handle.
//!
//! A frame that is kept occupies its slot and nothing else: the producer takes any free slot, so one kept frame does
//! not stop the ring. That is why the order of frames is in the line and not in the slots.
//!
//! Invariant: a slot is touched by the producer alone while its count is [`FREE`](super::slot) or it has put the slot
//! aside, and is read-only to all while references to it exist. The line cannot overflow: each number waiting in it holds a slot of its own, and it is as
//! long as there are slots.

#![allow(unsafe_code, reason = "slots are shared memory; each block names the fact it relies on")]

use super::lent::Lent;
use super::memory::{Memory, Order, Parts, Slot};
use super::slot::{ASIDE, FREE, ONE, SlotRef};
use super::sync::{Arc, Ordering};

/// What the producer says about a frame, beside its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes used in the slot, or lent.
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
    /// The slot has the address of a lent buffer instead of audio. Set here alone.
    pub(super) const LENT: u8 = 16;

    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Makes a ring of `slots` slots of `slot_bytes` bytes each. Allocates, and touches every page.
///
/// `slots` is brought into 1..=256.
pub(crate) fn ring(slots: usize, slot_bytes: usize) -> (Producer, Consumer) {
    let memory = Arc::new(Memory::new(slots, slot_bytes));
    let producer = Producer { parts: memory.parts(), _memory: Arc::clone(&memory), next: 0, tail: 0, reserved: None };
    (producer, Consumer { memory, head: 0, given_back: 0 })
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
    /// The slot that was put aside for the host to write to.
    reserved: Option<usize>,
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
        let audio = self.audio_of(index);
        assert!(bytes.len() <= self.parts.slot_bytes, "the caller checks the size");
        header.length = bytes.len() as u32;
        self.slots()[index].header.with_mut(|place| {
            // SAFETY: the slot's count was FREE (acquire), so this thread, the only producer, alone may touch it.
            unsafe { place.write(header) };
            // SAFETY: this thread alone, as above; the slot has slot_bytes bytes there, checked to be enough, and they
            // are no part of `bytes`.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), audio, bytes.len()) };
        });
        self.put_in_line(index);
        true
    }

    /// Puts the address of a lent buffer into a free slot, and that in line. False, and nothing happened, when no slot is
    /// free: the buffer stays the host's. It may be longer than a slot; `header.length` is set here.
    pub(crate) fn lend(&mut self, header: Header, lent: Lent) -> bool {
        let Some(index) = self.free_slot() else { return false };
        let header = Header { length: lent.length() as u32, flags: header.flags | Header::LENT, ..header };
        let start = self.audio_of(index).cast::<Lent>();
        self.slots()[index].header.with_mut(|place| {
            // SAFETY: the slot's count was FREE (acquire), so this thread, the only producer, alone may touch it.
            unsafe { place.write(header) };
            // SAFETY: as above; a slot begins at a cache line and is at least as long as a `Lent`.
            unsafe { start.write(lent) };
        });
        self.put_in_line(index);
        true
    }

    /// Puts a free slot aside for the host to write to; the one that is aside already, if there is one. False when no slot
    /// is free.
    pub(crate) fn reserve(&mut self) -> bool {
        if self.reserved.is_none() {
            let Some(index) = self.free_slot() else { return false };
            // Relaxed: nobody else looks at a slot that is not in line.
            self.slots()[index].count.store(ASIDE, Ordering::Relaxed);
            self.reserved = Some(index);
        }
        true
    }

    /// Whether a slot is aside.
    pub(crate) fn has_reserved(&self) -> bool {
        self.reserved.is_some()
    }

    /// The bytes of the slot that is aside, all `slot_bytes` of them; none when no slot is aside.
    pub(crate) fn reserved(&mut self) -> &mut [u8] {
        let Some(index) = self.reserved else { return &mut [] };
        let start = self.audio_of(index);
        // SAFETY: the slot has so many initialised bytes, and while its count is ASIDE this thread, which put that there,
        // alone may touch them; the borrow of `self` keeps it from doing so twice.
        unsafe { std::slice::from_raw_parts_mut(start, self.parts.slot_bytes) }
    }

    /// Puts the slot that is aside in line, with `length` bytes of it. Nothing happens when none is.
    pub(crate) fn commit(&mut self, header: Header, length: usize) {
        // What the host wrote beyond must not stay longer than the frame.
        self.reserved()[length..].fill(0);
        let Some(index) = self.reserved.take() else { return };
        let header = Header { length: length as u32, ..header };
        self.slots()[index].header.with_mut(|place| {
            // SAFETY: the slot's count is ASIDE, and this thread put that there.
            unsafe { place.write(header) };
        });
        self.put_in_line(index);
    }

    /// Wipes the slot that is aside and gives it back.
    pub(crate) fn give_up(&mut self) {
        self.reserved().fill(0);
        if let Some(index) = self.reserved.take() {
            // Relaxed: only this thread fills slots.
            self.slots()[index].count.store(FREE, Ordering::Relaxed);
        }
    }

    /// Puts a slot that was filled in line.
    #[inline]
    fn put_in_line(&mut self, index: usize) {
        // Relaxed: the consumer learns of it through `tail`.
        self.slots()[index].count.store(ONE, Ordering::Relaxed);
        self.order().place(self.tail).store(index as u8, Ordering::Relaxed);
        self.tail += 1;
        self.order().tail.store(self.tail, Ordering::Release);
    }

    /// Where the audio of slot `index`, which exists, begins.
    #[inline]
    fn audio_of(&self, index: usize) -> *mut u8 {
        // SAFETY: `index` is a slot's number, so its audio begins inside of the memory.
        unsafe { self.parts.audio.add(index * self.parts.stride) }
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
    /// Lent buffers that were given back from here.
    given_back: u64,
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
        Some(SlotRef::from_line(&self.memory, index))
    }

    /// Gives lent buffers back to which no reference is left, and their slots with them.
    pub(crate) fn sweep(&mut self) {
        if self.memory.returned() != self.given_back {
            self.sweep_all();
        }
    }

    fn sweep_all(&mut self) {
        for index in 0..self.slots() {
            self.given_back += u64::from(self.memory.give_back(index));
        }
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
    /// Nobody will read what is in line: it is wiped now, not when the writer goes; what is lent is given back.
    fn drop(&mut self) {
        while self.pop().is_some() {}
        self.memory.leave();
        self.sweep_all();
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
