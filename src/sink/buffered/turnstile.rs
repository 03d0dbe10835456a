//! What every hand-over passes: it lets through what was queued since the last stop, and says who is inside.
//!
//! The invariant, promise 2: once [`Turnstile::stop`] has returned and [`Turnstile::is_inside`] has answered no, nothing
//! queued before enters any more. One writer at a time goes through; anybody may stop and ask. `[any]`
//!
//! Both sides first write, then read what the other wrote, with a full fence between: the writer says that it is inside
//! and then looks whether it was stopped; who stops changes the epoch and then looks whether somebody is inside. At
//! least one of the two sees the other (store buffering, C++20 [atomics.order] 7).

use crate::frame::{AtomicU64, Ordering};
use crate::time::MonoTime;

#[cfg(loom)]
use loom::sync::atomic::fence;
#[cfg(not(loom))]
use std::sync::atomic::fence;

/// What was current when something was queued. It enters only while the same is current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch(u64);

/// Marks, in `inside`, a writer that carries out an order: nobody who stops waits for that.
const ORDER: u64 = 1 << 63;

/// The way into one sink.
pub(super) struct Turnstile {
    /// Even: open; odd: stopped. Every stop changes it.
    epoch: AtomicU64,
    /// When the writer inside went in, in nanoseconds plus one; 0 when nobody is inside.
    inside: AtomicU64,
}

impl Turnstile {
    pub(super) fn new() -> Turnstile {
        Turnstile { epoch: AtomicU64::new(0), inside: AtomicU64::new(0) }
    }

    /// What to queue with; `None` while stopped.
    pub(super) fn epoch(&self) -> Option<Epoch> {
        let epoch = self.epoch.load(Ordering::SeqCst);
        epoch.is_multiple_of(2).then_some(Epoch(epoch))
    }

    /// Whether what was queued with `epoch` may still enter.
    pub(super) fn is_current(&self, epoch: Epoch) -> bool {
        fence(Ordering::SeqCst);
        self.epoch.load(Ordering::SeqCst) == epoch.0
    }

    /// Goes in with what was queued with `epoch`; false, and outside, when that was stopped.
    pub(super) fn enter(&self, epoch: Epoch, now: MonoTime) -> bool {
        self.inside.store(mark(now), Ordering::SeqCst);
        let may = self.is_current(epoch);
        if !may {
            self.leave();
        }
        may
    }

    /// Goes in with what no stop holds back: an order to close or to erase.
    pub(super) fn enter_anyway(&self, now: MonoTime) {
        self.inside.store(mark(now) | ORDER, Ordering::SeqCst);
    }

    pub(super) fn leave(&self) {
        self.inside.store(0, Ordering::SeqCst);
    }

    /// Stops what is queued and what will be, until [`Turnstile::resume`].
    pub(super) fn stop(&self) {
        let mut epoch = self.epoch.load(Ordering::SeqCst);
        // The next odd number; not a fixed step, so that it is a change also when it was stopped before.
        while let Err(other) = self.epoch.compare_exchange(epoch, (epoch + 1) | 1, Ordering::SeqCst, Ordering::SeqCst) {
            epoch = other;
        }
        fence(Ordering::SeqCst);
    }

    /// The stop that is in force, to be lifted by [`Turnstile::resume`].
    pub(super) fn stopped(&self) -> Option<Epoch> {
        let epoch = self.epoch.load(Ordering::SeqCst);
        (!epoch.is_multiple_of(2)).then_some(Epoch(epoch))
    }

    /// Lifts this stop; false when there was another since.
    pub(super) fn resume(&self, stop: Epoch) -> bool {
        self.epoch.compare_exchange(stop.0, stop.0 + 1, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Whether something is being handed over just now: an order to close or to erase is not.
    pub(super) fn is_inside(&self) -> bool {
        let inside = self.inside.load(Ordering::SeqCst);
        inside != 0 && inside & ORDER == 0
    }

    /// When the writer inside went in, for whatever.
    pub(super) fn inside_since(&self) -> Option<MonoTime> {
        (self.inside.load(Ordering::SeqCst) & !ORDER).checked_sub(1).map(MonoTime)
    }
}

/// A moment as `inside` has it: never 0, and without the bit for orders.
fn mark(now: MonoTime) -> u64 {
    now.0.min(ORDER - 2) + 1
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_was_queued_before_a_stop_never_enters_and_what_comes_after_the_resumption_does() {
        let turnstile = Turnstile::new();
        let before = turnstile.epoch().expect("open");
        assert!(turnstile.enter(before, MonoTime(0)));
        assert_eq!(turnstile.inside_since(), Some(MonoTime(0)));
        turnstile.leave();
        turnstile.stop();
        assert_eq!(turnstile.epoch(), None);
        assert!(!turnstile.enter(before, MonoTime(1)));
        assert!(!turnstile.is_inside());
        let stop = turnstile.stopped().expect("stopped");
        assert!(turnstile.resume(stop));
        assert!(!turnstile.enter(before, MonoTime(2)));
        assert!(turnstile.enter(turnstile.epoch().expect("open again"), MonoTime(3)));
    }

    #[test]
    fn who_carries_out_an_order_is_seen_since_when_and_hands_nothing_over() {
        let turnstile = Turnstile::new();
        for now in [MonoTime(0), MonoTime(7)] {
            turnstile.enter_anyway(now);
            assert_eq!((turnstile.inside_since(), turnstile.is_inside()), (Some(now), false));
            turnstile.leave();
            assert_eq!(turnstile.inside_since(), None);
        }
        turnstile.enter_anyway(MonoTime(u64::MAX));
        assert!(turnstile.inside_since().is_some() && !turnstile.is_inside());
    }

    #[test]
    fn a_stop_between_the_look_and_the_resumption_stays_in_force() {
        let turnstile = Turnstile::new();
        turnstile.stop();
        let stop = turnstile.stopped().expect("stopped");
        turnstile.stop();
        assert!(!turnstile.resume(stop));
        assert_eq!(turnstile.epoch(), None);
    }
}

/// Models: every interleaving of a hand-over and a stop. Run with `--cfg loom`.
#[cfg(all(test, loom))]
mod models {
    use loom::sync::Arc;

    use super::*;

    #[test]
    fn loom_nothing_enters_after_a_stop_that_found_nobody_inside() {
        loom::model(|| {
            let turnstile = Arc::new(Turnstile::new());
            let quiet = Arc::new(AtomicU64::new(0));
            let epoch = turnstile.epoch().expect("open");
            let writer = loom::thread::spawn({
                let (turnstile, quiet) = (Arc::clone(&turnstile), Arc::clone(&quiet));
                move || {
                    for _ in 0..2 {
                        if turnstile.enter(epoch, MonoTime(7)) {
                            assert_eq!(quiet.load(Ordering::SeqCst), 0, "handed over after the stop");
                            turnstile.leave();
                        }
                    }
                }
            });
            turnstile.stop();
            if !turnstile.is_inside() {
                quiet.store(1, Ordering::SeqCst);
            }
            writer.join().unwrap();
        });
    }
}
