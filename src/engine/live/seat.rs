//! A worker's place: what it is told through, whoever sits there, and which thread that is.
//!
//! One word holds the generation of the thread that sits there (its upper half) and how often it visited a call (its
//! lower half, odd while it is inside of one). A thread of an older generation changes nothing in it, and gets up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::hosted::Hosted;

/// The place.
pub(super) struct Seat {
    /// What came for the worker.
    pub(super) inbox: (Sender<Mail>, Receiver<Mail>),
    word: AtomicU64,
    thread: Mutex<Option<Thread>>,
}

/// What a worker is told. `[control]` threads send it, and wake the worker.
pub(super) enum Mail {
    /// A new call.
    Call(Arc<Hosted>),
    /// There is an order in this call's mailbox.
    Order(Arc<Hosted>),
}

impl Seat {
    pub(super) fn new() -> Seat {
        Seat { inbox: unbounded(), word: AtomicU64::new(0), thread: Mutex::new(None) }
    }

    /// The generation of the thread that sits here.
    pub(super) fn generation(&self) -> u32 {
        generation_of(self.word.load(Ordering::SeqCst))
    }

    /// Generation and visits as one word, and whether a call is being visited.
    pub(super) fn seen(&self) -> (u64, bool) {
        let word = self.word.load(Ordering::SeqCst);
        (word, word % 2 == 1)
    }

    /// The first thread of a seat, or one that takes it from the thread before, sits down; false when somebody did so
    /// already. Who is stuck in a call no longer counts.
    pub(super) fn sit_down(&self, generation: u32, thread: Thread) -> bool {
        let before = generation.wrapping_sub(1);
        let mine = |word: u64| {
            let now = generation_of(word);
            (now == generation || now == before).then_some(u64::from(generation) << 32)
        };
        let sits = self.word.fetch_update(Ordering::SeqCst, Ordering::SeqCst, mine);
        if sits.is_ok() {
            *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        }
        sits.is_ok()
    }

    /// A call is being visited while this lives: the keeper sees a worker that does not come back.
    pub(super) fn visit(&self, generation: u32) -> Visiting<'_> {
        self.change(generation, |visits| visits | 1);
        Visiting { seat: self, generation }
    }

    /// Changes the visits of the thread that sits here; of no other.
    fn change(&self, generation: u32, change: impl Fn(u32) -> u32) {
        let mine = |word: u64| {
            (generation_of(word) == generation).then(|| u64::from(generation) << 32 | u64::from(change(word as u32)))
        };
        // An error means that the seat is another thread's.
        let _ = self.word.fetch_update(Ordering::SeqCst, Ordering::SeqCst, mine);
    }

    /// Tells the worker, and wakes it. Bounded: a call is told of once, and of its orders as often as they fit.
    pub(super) fn tell(&self, mail: Mail) {
        // The receiving end is here as well.
        let _ = self.inbox.0.send(mail);
        self.wake();
    }

    pub(super) fn wake(&self) {
        if let Some(thread) = &*self.thread.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.unpark();
        }
    }
}

fn generation_of(word: u64) -> u32 {
    (word >> 32) as u32
}

/// See [`Seat::visit`].
pub(super) struct Visiting<'s> {
    seat: &'s Seat,
    generation: u32,
}

impl Drop for Visiting<'_> {
    fn drop(&mut self) {
        // From odd to the next even number.
        self.seat.change(self.generation, |visits| visits.wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sits(seat: &Seat, generation: u32) -> bool {
        seat.sit_down(generation, std::thread::current())
    }

    #[test]
    fn a_visit_is_seen_while_it_lasts_and_counted() {
        let seat = Seat::new();
        assert!(sits(&seat, 0));
        let before = seat.seen();
        let visiting = seat.visit(0);
        assert!(seat.seen().1 && !before.1);
        drop(visiting);
        assert!(!seat.seen().1 && seat.seen() != before);
    }

    #[test]
    fn who_was_stuck_when_another_sat_down_leaves_no_trace_when_it_comes_back() {
        let seat = Seat::new();
        assert!(sits(&seat, 0));
        let stuck = seat.visit(0);
        assert!(sits(&seat, 1));
        let now = seat.seen();
        drop(stuck);
        drop(seat.visit(0));
        assert_eq!(seat.seen(), now);
        assert_eq!((seat.generation(), now.1), (1, false));
    }

    #[test]
    fn a_thread_that_comes_too_late_does_not_sit_down() {
        let seat = Seat::new();
        assert!(sits(&seat, 0) && sits(&seat, 1) && sits(&seat, 2));
        assert!(!sits(&seat, 1) && !sits(&seat, 4));
        assert_eq!(seat.generation(), 2);
    }
}
