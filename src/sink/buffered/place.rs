//! What a writer thread shows of itself to whoever attends to the pool.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::time::MonoTime;

use super::output::Output;

#[derive(Default)]
pub(super) struct Place {
    /// When its call into a sink began, in nanoseconds plus one; 0 when it is in none.
    began: AtomicU64,
    /// It was found stuck in a call; it is not counted among those that work until it has seen to that itself.
    stuck: AtomicBool,
    /// The thread has ended, or is about to.
    gone: AtomicBool,
    /// What it serves. Locked for moments only, never around a call into the sink.
    serving: Mutex<Option<Arc<Output>>>,
}

impl Place {
    pub(super) fn enter(&self, now: MonoTime) {
        self.began.store(now.0.saturating_add(1), Ordering::SeqCst);
    }

    pub(super) fn leave(&self) {
        self.began.store(0, Ordering::SeqCst);
        // Pairs with the fence in `look`: either the writer sees that it counts as stuck, or that one sees that it left.
        fence(Ordering::SeqCst);
    }

    /// Marks it as stuck when its call has taken so long. Under the crew's lock.
    pub(super) fn look(&self, now: MonoTime, stuck_after: Duration) {
        let began = self.began.load(Ordering::SeqCst);
        let Some(since) = began.checked_sub(1) else { return };
        if self.is_stuck() || Duration::from_nanos(now.0.saturating_sub(since)) < stuck_after {
            return;
        }
        self.stuck.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if self.began.load(Ordering::SeqCst) != began {
            self.stuck.store(false, Ordering::SeqCst);
        }
    }

    pub(super) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::SeqCst)
    }

    /// It works again. Under the crew's lock.
    pub(super) fn is_back(&self) {
        self.stuck.store(false, Ordering::SeqCst);
    }

    pub(super) fn end(&self) {
        self.gone.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    pub(super) fn serve(&self, output: Option<Arc<Output>>) {
        let before = std::mem::replace(&mut *self.serving.lock().unwrap_or_else(PoisonError::into_inner), output);
        // Outside of the lock: it may be the last.
        drop(before);
    }

    pub(super) fn serves(&self) -> Option<Arc<Output>> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
