//! What a control thread says to a call's worker without waiting for it: what must not be handed on any more.
//!
//! Both sides meet in the sinks' turnstiles. The worker says that it is inside a sink, then looks whether it may; a
//! control thread says that nobody may, then looks who is inside (all of it sequentially consistent). So whoever is
//! stopped is either seen inside, or gets nothing more.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::sink::{OutputId, buffered};

use super::MAX_SINKS;

/// One call's. `[any]`
pub(super) struct Stops {
    /// Verbs that were posted and are not done: the worker leaves off and does them.
    posted: AtomicU32,
    /// The caller refused, or withdrew: no sink gets anything more, ever.
    refused: AtomicBool,
    sinks: [Turnstile; MAX_SINKS],
    /// On outputs that are behind queues: those that are not drained.
    hands: Mutex<Vec<Hand>>,
}

/// A hand on an output behind a queue.
#[derive(Clone)]
pub(super) struct Hand {
    /// The sink's number.
    pub(super) sink: usize,
    /// Whether nobody waits for its queue.
    pub(super) is_file: bool,
    pub(super) hand: buffered::Hand,
}

/// One sink's.
#[derive(Default)]
struct Turnstile {
    inside: AtomicBool,
    stopped: AtomicBool,
    /// Of whoever is inside: its output.
    output: [AtomicU64; 2],
}

impl Stops {
    pub(super) fn new() -> Stops {
        Stops {
            posted: AtomicU32::new(0),
            refused: AtomicBool::new(false),
            sinks: std::array::from_fn(|_| Turnstile::default()),
            hands: Mutex::default(),
        }
    }

    /// A verb is on its way to the worker, until what this returns goes.
    pub(super) fn post(self: &Arc<Stops>) -> Posted {
        self.posted.fetch_add(1, Ordering::SeqCst);
        Posted(Arc::clone(self))
    }

    /// Whether the worker should leave off: a verb waits.
    pub(super) fn is_posted(&self) -> bool {
        self.posted.load(Ordering::SeqCst) != 0
    }

    /// Nothing more is handed to any sink, ever; what is in queues is wiped now.
    pub(super) fn refuse(&self) {
        self.refused.store(true, Ordering::SeqCst);
        // Not under the lock: to wipe a queue takes long, and the worker waits for the lock when it lends.
        self.hands().iter().for_each(|hand| hand.hand.stop());
    }

    /// Whether nothing more is handed to any sink.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::SeqCst)
    }

    /// Gives control threads a hand on an output. `[worker]`
    pub(super) fn lend(&self, hand: Hand) {
        let mut hands = self.locked();
        // What is over and done needs no hand.
        hands.retain(|old| !old.hand.is_released());
        // The lock orders it: whoever stops it sees the hand, or is seen here.
        if self.is_stopped(hand.sink) {
            hand.hand.stop();
        }
        hands.push(hand);
    }

    /// Hands on all outputs that are behind queues. `[control]`
    pub(super) fn hands(&self) -> Vec<Hand> {
        self.locked().clone()
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Hand>> {
        // A poisoned list is still a list.
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing more is handed to this sink, ever; what is in its queues is wiped now.
    pub(super) fn stop(&self, sink: usize) {
        self.sinks[sink].stopped.store(true, Ordering::SeqCst);
        self.hands().iter().filter(|hand| hand.sink == sink).for_each(|hand| hand.hand.stop());
    }

    /// Nothing more is handed to any sink, ever. What is in the queues stays: who empties them is asked elsewhere.
    pub(super) fn close(&self) {
        self.sinks.iter().for_each(|sink| sink.stopped.store(true, Ordering::SeqCst));
    }

    /// Stops every sink that the worker is inside of, and names them with their outputs.
    pub(super) fn stop_inside(&self) -> Vec<(usize, OutputId)> {
        let inside: Vec<usize> = (0..MAX_SINKS).filter(|&sink| self.is_inside(sink)).collect();
        inside.iter().for_each(|&sink| self.stop(sink));
        inside.into_iter().map(|sink| (sink, self.sinks[sink].output())).collect()
    }

    /// Whether the worker is inside of this sink.
    pub(super) fn is_inside(&self, sink: usize) -> bool {
        self.sinks[sink].inside.load(Ordering::SeqCst)
    }

    /// Whether a sink was stopped, or everything.
    pub(super) fn is_stopped(&self, sink: usize) -> bool {
        self.is_refused() || self.is_late(sink)
    }

    /// Whether a sink was stopped because it did not come back in time.
    pub(super) fn is_late(&self, sink: usize) -> bool {
        self.sinks[sink].stopped.load(Ordering::SeqCst)
    }

    /// Goes into a sink to hand something over; `None` when it may not. `[worker]`
    pub(super) fn enter(&self, sink: usize, output: OutputId) -> Option<Inside<'_>> {
        let inside = self.visit(sink, output);
        (!self.is_stopped(sink)).then_some(inside)
    }

    /// Goes into a sink for what it is told in any case: to close, to erase. `[worker]`
    pub(super) fn visit(&self, sink: usize, output: OutputId) -> Inside<'_> {
        let turnstile = &self.sinks[sink];
        let (high, low) = output.0.as_u64_pair();
        turnstile.output[0].store(high, Ordering::Relaxed);
        turnstile.output[1].store(low, Ordering::Relaxed);
        turnstile.inside.store(true, Ordering::SeqCst);
        Inside(turnstile)
    }
}

impl Turnstile {
    fn output(&self) -> OutputId {
        let [high, low] = self.output.each_ref().map(|half| half.load(Ordering::Relaxed));
        OutputId(Uuid::from_u64_pair(high, low))
    }
}

/// A verb that waits for the worker.
pub(super) struct Posted(Arc<Stops>);

impl Drop for Posted {
    /// It was done, or will never be.
    fn drop(&mut self) {
        self.0.posted.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The worker is inside of a sink until this goes; also when the sink panics.
pub(super) struct Inside<'a>(&'a Turnstile);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: OutputId = OutputId(Uuid::from_u128(7));

    #[test]
    fn whoever_is_inside_when_it_is_stopped_is_named_and_comes_in_no_more() {
        let stops = Stops::new();
        let inside = stops.enter(3, OUTPUT).expect("nobody stopped it");
        assert_eq!(stops.stop_inside(), [(3, OUTPUT)]);
        drop(inside);
        assert!(stops.enter(3, OUTPUT).is_none() && stops.enter(4, OUTPUT).is_some());
        assert!(!stops.is_inside(3) && !stops.is_inside(4));
        stops.refuse();
        assert!(stops.enter(4, OUTPUT).is_none());
        // To close and to erase it is always let in.
        drop(stops.visit(4, OUTPUT));
    }

    #[test]
    fn nothing_is_handed_over_once_it_was_stopped_and_nobody_was_inside() {
        for _ in 0..2_000 {
            let stops = Stops::new();
            let handed = AtomicU64::new(0);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while let Some(_inside) = stops.enter(0, OUTPUT) {
                        handed.fetch_add(1, Ordering::Relaxed);
                    }
                });
                stops.stop(0);
                while stops.is_inside(0) {
                    std::thread::yield_now();
                }
                let before = handed.load(Ordering::Relaxed);
                std::thread::yield_now();
                assert_eq!(handed.load(Ordering::Relaxed), before);
            });
        }
    }

    #[test]
    fn a_verb_is_posted_until_it_is_done_or_dropped() {
        let stops = Arc::new(Stops::new());
        let (pause, end) = (stops.post(), stops.post());
        drop(pause);
        assert!(stops.is_posted());
        drop(end);
        assert!(!stops.is_posted());
    }
}
