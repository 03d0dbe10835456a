//! Buffers that the host lends: they travel by reference, and are given back once.
//!
//! Invariant: of a lend that was accepted, `release` is called exactly once, when no reference is left: by the reading end
//! of the ring, on the worker, wherever the last reference went; only when that end is gone, by whoever drops the last
//! reference. Of one that was refused it is never called.

#![allow(unsafe_code, reason = "the buffer is the host's; each block names the fact it relies on")]

use std::ffi::c_void;
use std::ptr::NonNull;

/// What the host is called with when its buffer is no longer needed: the context it gave. `[worker]`: never on a media
/// thread; it must not block, and must not unwind.
pub type Release = unsafe extern "C" fn(context: *mut c_void);

/// A buffer of the host's, to be lent with [`LegWriter::lend`](crate::engine::LegWriter::lend). Dropping one that was not
/// lent calls nothing: the buffer is the host's all along.
#[derive(Debug)]
pub struct Lent {
    data: NonNull<u8>,
    length: usize,
    release: Release,
    context: *mut c_void,
}

impl Lent {
    /// `length` bytes at `data`, and what is to be called when they are no longer needed. `[any]`
    ///
    /// # Safety
    ///
    /// If it is lent, and the answer is [`Taken`](crate::engine::Pushed::Taken): until `release` is called, `data` points
    /// to `length` bytes that are initialised and that nobody writes to, and they may be read from any thread; `release`
    /// may be called once with `context`, on any thread.
    pub unsafe fn new(data: *const u8, length: usize, release: Release, context: *mut c_void) -> Lent {
        // Of no bytes at all the address does not matter, and may be null.
        let (data, length) = match NonNull::new(data.cast_mut()) {
            Some(data) => (data, length),
            None => (NonNull::dangling(), 0),
        };
        Lent { data, length, release, context }
    }

    /// Bytes in the buffer.
    pub fn length(&self) -> usize {
        self.length
    }

    pub(super) fn data(&self) -> *const u8 {
        self.data.as_ptr()
    }

    /// Gives the buffer back to the host.
    pub(super) fn give_back(self) {
        // SAFETY: who made it promised that it may be called once, and this takes it: no reference to the buffer is left.
        unsafe { (self.release)(self.context) }
    }
}

// SAFETY: who makes one promises that the buffer may be read, and given back, on any thread.
unsafe impl Send for Lent {}

/// A buffer whose giving back is counted, for tests and models.
#[cfg(test)]
pub(super) mod counted {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// How often it was given back.
    pub(crate) struct Counted {
        bytes: Box<[u8]>,
        count: AtomicUsize,
    }

    impl Counted {
        /// Leaked: whoever gives it back late must still find it.
        pub(crate) fn new(bytes: &[u8]) -> &'static Counted {
            Box::leak(Box::new(Counted { bytes: bytes.into(), count: AtomicUsize::new(0) }))
        }

        pub(crate) fn lent(&'static self) -> Lent {
            let context = std::ptr::from_ref(self).cast_mut().cast();
            // SAFETY: the bytes live for ever and are never written to; `release` only counts.
            unsafe { Lent::new(self.bytes.as_ptr(), self.bytes.len(), count, context) }
        }

        pub(crate) fn given_back(&self) -> usize {
            self.count.load(Ordering::SeqCst)
        }
    }

    unsafe extern "C" fn count(context: *mut c_void) {
        // SAFETY: the context is a `Counted` that lives for ever.
        let counted = unsafe { &*context.cast::<Counted>() };
        counted.count.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::counted::Counted;
    use crate::frame::ring::{Header, ring};

    #[test]
    fn a_lent_buffer_is_read_where_it_is_and_given_back_by_the_reading_end() {
        let (mut producer, mut consumer) = ring(2, 1);
        let buffer = Counted::new(b"longer than a slot");
        assert!(producer.lend(Header::default(), buffer.lent()));
        let (header, slot) = consumer.pop().expect("one is in line");
        assert_eq!((header.length, slot.bytes()), (18, &b"longer than a slot"[..]));
        assert_eq!(slot.bytes().as_ptr(), buffer.lent().data());
        let kept = slot.clone();
        drop(slot);
        consumer.sweep();
        assert_eq!(buffer.given_back(), 0, "a reference is left");
        std::thread::spawn(move || drop(kept)).join().expect("dropping does not panic");
        assert_eq!(buffer.given_back(), 0, "not on another thread than the worker's");
        consumer.sweep();
        consumer.sweep();
        assert_eq!(buffer.given_back(), 1);
    }

    #[test]
    fn a_slot_that_was_lent_for_is_free_again_when_the_buffer_is_given_back() {
        let (mut producer, mut consumer) = ring(1, 4);
        for round in 1..=100 {
            let buffer = Counted::new(b"lent");
            assert!(producer.lend(Header::default(), buffer.lent()));
            assert!(!producer.lend(Header::default(), buffer.lent()), "the ring is full");
            drop(consumer.pop());
            assert!(!producer.push(Header::default(), b"full"), "not given back yet");
            consumer.sweep();
            assert_eq!(buffer.given_back(), 1, "round {round}");
            assert!(producer.push(Header::default(), b"mine"));
            assert_eq!(consumer.pop().map(|(_, slot)| slot.bytes().to_vec()), Some(b"mine".to_vec()));
        }
    }

    #[test]
    fn what_is_in_line_is_given_back_when_the_reading_end_goes() {
        let (mut producer, consumer) = ring(4, 1);
        let buffers = [Counted::new(b"1"), Counted::new(b"2")];
        for buffer in buffers {
            assert!(producer.lend(Header::default(), buffer.lent()));
        }
        drop(consumer);
        assert_eq!(buffers.map(Counted::given_back), [1, 1]);
    }

    #[test]
    fn who_drops_the_last_reference_gives_back_when_the_reading_end_is_gone() {
        let (mut producer, mut consumer) = ring(4, 1);
        let buffer = Counted::new(b"kept");
        assert!(producer.lend(Header::default(), buffer.lent()));
        let kept = consumer.pop().expect("one is in line");
        drop(consumer);
        drop(producer);
        assert_eq!(buffer.given_back(), 0);
        drop(kept);
        assert_eq!(buffer.given_back(), 1);
    }

    #[test]
    fn what_is_lent_to_nobody_is_given_back_with_the_ring() {
        let (mut producer, consumer) = ring(4, 1);
        let buffer = Counted::new(b"late");
        drop(consumer);
        assert!(producer.lend(Header::default(), buffer.lent()));
        assert_eq!(buffer.given_back(), 0);
        drop(producer);
        assert_eq!(buffer.given_back(), 1);
    }

    #[test]
    fn a_buffer_that_was_not_lent_is_not_given_back() {
        let buffer = Counted::new(b"mine");
        assert_eq!(buffer.lent().length(), 4);
        assert_eq!(buffer.given_back(), 0);
    }
}

/// Models: every interleaving of who lets go of a lent buffer. Run with `--cfg loom`.
#[cfg(all(test, loom))]
mod models {
    use super::counted::Counted;
    use crate::frame::ring::{Header, ring};

    /// Two references go, on two threads, while the worker sweeps and leaves.
    #[test]
    fn loom_a_lent_buffer_is_given_back_exactly_once() {
        loom::model(|| {
            let buffer = Counted::new(&[7]);
            let (mut producer, mut consumer) = ring(1, 1);
            assert!(producer.lend(Header::default(), buffer.lent()));
            let (_, slot) = consumer.pop().expect("one is in line");
            let other = slot.clone();
            let sink = loom::thread::spawn(move || {
                assert_eq!((other.bytes(), buffer.given_back()), (&[7][..], 0));
                drop(other);
            });
            drop(slot);
            consumer.sweep();
            drop(consumer);
            sink.join().unwrap();
            assert_eq!(buffer.given_back(), 1);
            assert!(producer.push(Header::default(), &[1]), "the slot is free again");
        });
    }

    /// A lend while the reading end goes.
    #[test]
    fn loom_a_lend_that_finds_nobody_is_given_back_with_the_ring() {
        loom::model(|| {
            let buffer = Counted::new(&[7]);
            let (mut producer, consumer) = ring(1, 1);
            let media = loom::thread::spawn(move || {
                assert!(producer.lend(Header::default(), buffer.lent()));
            });
            drop(consumer);
            media.join().unwrap();
            assert_eq!(buffer.given_back(), 1);
        });
    }

    /// The media thread takes the slot again only after the worker has let go of it.
    #[test]
    fn loom_a_slot_is_not_filled_before_its_buffer_was_taken_out_of_it() {
        loom::model(|| {
            let buffers = [Counted::new(&[1]), Counted::new(&[2])];
            let (mut producer, mut consumer) = ring(1, 1);
            assert!(producer.lend(Header::default(), buffers[0].lent()));
            drop(consumer.pop());
            let media = loom::thread::spawn(move || producer.lend(Header::default(), buffers[1].lent()));
            consumer.sweep();
            let second = media.join().unwrap();
            drop(consumer);
            assert_eq!(buffers.map(Counted::given_back), [1, usize::from(second)]);
        });
    }
}
