//! What an engine's threads share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, Thread};

use crate::engine::carrier::Backstage;
use crate::engine::clock::Clock;
use crate::engine::config::Shared;
use crate::sink::buffered::{Quiet, Writers};

use super::CallId;
use super::events::Events;
use super::hosted::Hosted;
use super::log::Log;
use super::seat::{Mail, Seat};

/// Everything but the threads themselves.
pub(super) struct Core {
    pub(super) shared: Arc<Shared>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) events: Events,
    pub(super) log: Log,
    pub(super) writers: Arc<Writers>,
    pub(super) seats: Box<[Seat]>,
    /// Set once, under the lock of `calls`: every call is ended, then the threads go.
    stopping: AtomicBool,
    /// Set once: nothing is left to keep watch over.
    pub(super) over: AtomicBool,
    /// Workers that run.
    pub(super) working: AtomicUsize,
    /// Keepers that run: one, or none.
    pub(super) keeping: AtomicUsize,
    /// What is told when a worker or the keeper goes.
    pub(super) quiet: Arc<Quiet>,
    /// Threads that were started, writers aside.
    threads: Mutex<Vec<Seated>>,
    /// The thread that replaces others.
    pub(super) keeper: Mutex<Option<Thread>>,
    pub(super) workers_replaced: AtomicU64,
    /// Calls that were refused a place: over the limit.
    pub(super) turned_away: AtomicU64,
    calls: Mutex<HashMap<CallId, Arc<Hosted>>>,
    next_call: AtomicU64,
}

/// A thread, and the worker's place it has, if it has one.
pub(super) struct Seated {
    pub(super) seat: Option<usize>,
    pub(super) thread: JoinHandle<()>,
}

impl Seated {
    /// Waits until it has ended.
    pub(super) fn join(self) {
        // Its panic was its own.
        let _ = self.thread.join();
    }
}

impl Core {
    pub(super) fn new(
        shared: Arc<Shared>,
        clock: Arc<dyn Clock>,
        events: Events,
        log: Log,
        writers: Arc<Writers>,
        quiet: Arc<Quiet>,
    ) -> Core {
        let seats = (0..shared.config.workers).map(|_| Seat::new()).collect();
        Core {
            shared,
            clock,
            events,
            log,
            writers,
            seats,
            stopping: AtomicBool::new(false),
            over: AtomicBool::new(false),
            working: AtomicUsize::new(0),
            keeping: AtomicUsize::new(0),
            quiet,
            threads: Mutex::default(),
            keeper: Mutex::new(None),
            workers_replaced: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            calls: Mutex::default(),
            next_call: AtomicU64::new(1),
        }
    }

    /// What a live call runs its sinks with.
    pub(super) fn backstage(&self, quiet: &Arc<Quiet>) -> Arc<Backstage> {
        let (clock, writers) = (Arc::clone(&self.clock), Arc::clone(&self.writers));
        Arc::new(Backstage { clock, writers, quiet: Arc::clone(quiet) })
    }

    /// A number for a new call, never used again in this engine.
    pub(super) fn number(&self) -> CallId {
        CallId(self.next_call.fetch_add(1, Ordering::Relaxed))
    }

    /// Takes a call in, unless there are as many as there may be.
    pub(super) fn admit(&self, make: impl FnOnce() -> Hosted) -> Option<Arc<Hosted>> {
        if self.shared.kin.is_child() {
            return None;
        }
        let mut calls = self.calls();
        if calls.len() >= self.shared.config.calls || self.is_stopping() {
            return None;
        }
        let hosted = Arc::new(make());
        calls.insert(hosted.id, Arc::clone(&hosted));
        drop(calls);
        self.seats[hosted.seat].tell(Mail::Call(Arc::clone(&hosted)));
        self.wake_keeper();
        Some(hosted)
    }

    /// No call is taken in from now on. Those that were are on their seats' lists when this returns.
    pub(super) fn stop(&self) {
        let _calls = self.calls();
        self.stopping.store(true, Ordering::SeqCst);
    }

    /// A call is over and gone.
    pub(super) fn forget(&self, call: CallId) {
        self.calls().remove(&call);
    }

    /// The calls of one seat.
    pub(super) fn calls_of(&self, seat: usize) -> Vec<Arc<Hosted>> {
        self.calls().values().filter(|hosted| hosted.seat == seat).cloned().collect()
    }

    pub(super) fn call_count(&self) -> usize {
        self.calls().len()
    }

    /// Nobody waits for what is left: gates shut, and no sink gets anything more.
    pub(super) fn abandon(&self) {
        self.calls().values().for_each(|hosted| hosted.abandon());
    }

    /// How many threads have not left a seat. Those that have ended are joined.
    pub(super) fn threads_on(&self, seat: usize) -> usize {
        let mut threads = self.threads();
        let ended: Vec<Seated> = threads.extract_if(.., |seated| seated.thread.is_finished()).collect();
        let left = threads.iter().filter(|seated| seated.seat == Some(seat)).count();
        drop(threads);
        ended.into_iter().for_each(Seated::join);
        left
    }

    pub(super) fn threads(&self) -> MutexGuard<'_, Vec<Seated>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    pub(super) fn wake_keeper(&self) {
        if let Some(keeper) = &*self.keeper.lock().unwrap_or_else(PoisonError::into_inner) {
            keeper.unpark();
        }
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<CallId, Arc<Hosted>>> {
        // A poisoned list is still a list.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
