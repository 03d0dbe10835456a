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

use zeroize::Zeroize;

use super::sync::{Arc, AtomicU8, AtomicU32, AtomicU64, Ordering, UnsafeCell, fence};

/// The count of a slot that the producer may fill.
const FREE: u32 = 0;
/// The count of a slot with one reference; each further one adds 1.
const ONE: u32 = 2;
// A count of 1 means: no references left, being wiped.

/// The most slots a ring can have: the line holds their numbers as bytes.
pub(crate) const MAX_SLOTS: usize = 256;

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
    /// The format's number on its leg.
    pub format: u8,
    /// The constants below.
    pub flags: u8,
}

impl Header {
    pub(crate) const HAS_TIMESTAMP: u8 = 1;
    pub(crate) const HAS_SEQUENCE: u8 = 2;
    pub(crate) const MARKER: u8 = 4;

    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Makes a ring of `slots` slots of `slot_bytes` bytes each. Allocates, and touches every page.
///
/// `slots` is brought into 1..=[`MAX_SLOTS`].
pub(crate) fn ring(slots: usize, slot_bytes: usize) -> (Producer, Consumer) {
    let slots = slots.clamp(1, MAX_SLOTS);
    let shared = Arc::new(Ring {
        slots: (0..slots).map(|_| Slot::new()).collect(),
        // Written byte by byte, not zero-mapped: the media thread must not be the first to touch a page.
        audio: (0..slots * slot_bytes).map(|_| std::cell::UnsafeCell::new(0)).collect(),
        slot_bytes,
        line: (0..slots.next_power_of_two()).map(|_| AtomicU8::new(0)).collect(),
        tail: AtomicU64::new(0),
    });
    let producer = Producer { ring: Arc::clone(&shared), next: 0, tail: 0 };
    (producer, Consumer { ring: shared, head: 0 })
}

/// The writing end. `[media]`: no allocation, lock, system call or unbounded loop.
pub(crate) struct Producer {
    ring: Arc<Ring>,
    /// Where to look for a free slot first.
    next: usize,
    /// A copy of the ring's `tail`, which only this end writes.
    tail: u64,
}

impl Producer {
    /// The longest frame that fits, in bytes.
    #[inline]
    pub(crate) fn slot_bytes(&self) -> usize {
        self.ring.slot_bytes
    }

    /// Copies one frame into a free slot and puts it in line. False, and nothing happened, when no slot is free.
    ///
    /// `bytes` must not be longer than a slot; `header.length` is set here.
    #[inline]
    pub(crate) fn push(&mut self, mut header: Header, bytes: &[u8]) -> bool {
        let Some(index) = self.free_slot() else { return false };
        let ring = &*self.ring;
        let slot = &ring.slots[index];
        assert!(bytes.len() <= ring.slot_bytes, "the caller checks the size");
        header.length = bytes.len() as u32;
        slot.header.with_mut(|place| {
            // SAFETY: the slot's count was FREE (acquire), so this thread, the only producer, alone may touch it.
            unsafe { place.write(header) };
            // SAFETY: as above; the slot's range holds slot_bytes bytes, checked to be enough, and is no part of `bytes`.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), ring.audio_of(index), bytes.len()) };
        });
        // Relaxed: the consumer learns of it through `tail`.
        slot.count.store(ONE, Ordering::Relaxed);
        let mask = ring.line.len() as u64 - 1;
        ring.line[(self.tail & mask) as usize].store(index as u8, Ordering::Relaxed);
        self.tail += 1;
        ring.tail.store(self.tail, Ordering::Release);
        true
    }

    /// The next slot without references; looks at each slot once at most.
    #[inline]
    fn free_slot(&mut self) -> Option<usize> {
        let slots = &self.ring.slots;
        for _ in 0..slots.len() {
            let index = self.next;
            self.next = if index + 1 == slots.len() { 0 } else { index + 1 };
            // Acquire: pairs with the release in `SlotRef::drop`, so the wipe is over before the slot is filled.
            if slots[index].count.load(Ordering::Acquire) == FREE {
                return Some(index);
            }
        }
        None
    }
}

/// The reading end. `[worker]`
pub(crate) struct Consumer {
    ring: Arc<Ring>,
    head: u64,
}

impl Consumer {
    /// Takes the next frame in line.
    pub(crate) fn pop(&mut self) -> Option<(Header, SlotRef)> {
        // Acquire: pairs with the release in `push`; the slot's contents and number are then visible.
        if self.head == self.ring.tail.load(Ordering::Acquire) {
            return None;
        }
        let mask = self.ring.line.len() as u64 - 1;
        let index = self.ring.line[(self.head & mask) as usize].load(Ordering::Relaxed);
        self.head += 1;
        let header = self.ring.slots[usize::from(index)].header.with(|place| {
            // SAFETY: the slot is in line, so its count is at least ONE and nobody writes to it.
            unsafe { *place }
        });
        Some((header, SlotRef { ring: Arc::clone(&self.ring), index }))
    }

    /// How many frames were ever put in line.
    pub(crate) fn taken(&self) -> u64 {
        self.ring.tail.load(Ordering::Acquire)
    }

    /// How many frames are in line now.
    pub(crate) fn waiting(&self) -> u64 {
        self.taken() - self.head
    }

    /// How many slots there are.
    pub(crate) fn slots(&self) -> usize {
        self.ring.slots.len()
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
    ring: Arc<Ring>,
    index: u8,
}

impl SlotRef {
    /// The slot's audio: all `slot_bytes` of it; the header says how much was filled.
    pub(crate) fn bytes(&self) -> &[u8] {
        let start = self.ring.audio_of(usize::from(self.index));
        // SAFETY: the range belongs to this slot, is initialised, and is read-only while this reference exists.
        unsafe { std::slice::from_raw_parts(start, self.ring.slot_bytes) }
    }

    fn slot(&self) -> &Slot {
        &self.ring.slots[usize::from(self.index)]
    }
}

impl Clone for SlotRef {
    fn clone(&self) -> SlotRef {
        // Relaxed: made from a live reference, which holds the slot.
        self.slot().count.fetch_add(1, Ordering::Relaxed);
        SlotRef { ring: Arc::clone(&self.ring), index: self.index }
    }
}

impl Drop for SlotRef {
    fn drop(&mut self) {
        // Release: what this reference read, it read before the slot is wiped by whoever comes last.
        if self.slot().count.fetch_sub(1, Ordering::Release) != ONE {
            return;
        }
        fence(Ordering::Acquire);
        let start = self.ring.audio_of(usize::from(self.index));
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

struct Ring {
    slots: Box<[Slot]>,
    /// The slots' audio, one range of `slot_bytes` each.
    audio: Box<[std::cell::UnsafeCell<u8>]>,
    slot_bytes: usize,
    /// Numbers of filled slots, oldest at the consumer's `head`, newest before `tail`.
    line: Box<[AtomicU8]>,
    /// Frames ever put in line; written by the producer alone.
    tail: AtomicU64,
}

// SAFETY: the cells are reached only as the module's invariant says: by the producer alone while a slot is free, and
// read-only while references exist; the slot's count orders the two.
unsafe impl Sync for Ring {}
// SAFETY: a ring owns plain bytes and atomics; nothing in it is bound to a thread.
unsafe impl Send for Ring {}

impl Ring {
    fn audio_of(&self, index: usize) -> *mut u8 {
        debug_assert!(index < self.slots.len());
        let first = std::cell::UnsafeCell::raw_get(self.audio.as_ptr());
        // SAFETY: `audio` holds slots × slot_bytes bytes and `index` is below slots, so the offset stays inside.
        unsafe { first.add(index * self.slot_bytes) }
    }
}

impl Drop for Ring {
    /// A writer may have filled slots after the reader went.
    fn drop(&mut self) {
        for byte in &mut self.audio {
            byte.get_mut().zeroize();
        }
    }
}

struct Slot {
    count: AtomicU32,
    header: UnsafeCell<Header>,
}

impl Slot {
    fn new() -> Slot {
        Slot { count: AtomicU32::new(FREE), header: UnsafeCell::new(Header::default()) }
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
        let memory = producer.ring.audio_of(0);
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
