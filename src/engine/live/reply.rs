//! A control thread's wait for its worker: until an answer, or a deadline of the injected clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::engine::clock::Clock;
use crate::sink::buffered::Quiet;
use crate::time::{CallTime, MonoTime};

/// How long a wait may last before it looks at the injected clock again.
pub(super) const SLICE: Duration = Duration::from_millis(5);

/// An answer that a worker owes.
pub(super) struct Reply<T> {
    state: Mutex<State<T>>,
    quiet: Arc<Quiet>,
}

enum State<T> {
    /// The worker has not come to it.
    Waiting,
    /// The worker is at it.
    Begun,
    There(T),
    /// It was given up before the worker came to it, or will never be done.
    Never,
}

/// The worker's end.
pub(super) struct Owed<T>(Arc<Reply<T>>);

impl<T> Reply<T> {
    pub(super) fn pair(quiet: &Arc<Quiet>) -> (Arc<Reply<T>>, Owed<T>) {
        let reply = Arc::new(Reply { state: Mutex::new(State::Waiting), quiet: Arc::clone(quiet) });
        (Arc::clone(&reply), Owed(reply))
    }

    pub(super) fn is_there(&self) -> bool {
        matches!(*self.state(), State::There(_) | State::Never)
    }

    /// The answer; `None` when there will never be one.
    pub(super) fn take(&self) -> Option<T> {
        match std::mem::replace(&mut *self.state(), State::Never) {
            State::There(answer) => Some(answer),
            _ => None,
        }
    }

    /// Takes the order back; false when the worker is at it already, or done.
    pub(super) fn take_back(&self) -> bool {
        let mut state = self.state();
        let waiting = matches!(*state, State::Waiting);
        if waiting {
            *state = State::Never;
        }
        waiting
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Owed<T> {
    /// The worker begins; false when the order was taken back.
    pub(super) fn begin(&self) -> bool {
        let mut state = self.0.state();
        let wanted = matches!(*state, State::Waiting);
        if wanted {
            *state = State::Begun;
        }
        wanted
    }

    pub(super) fn give(self, answer: T) {
        *self.0.state() = State::There(answer);
    }
}

impl<T> Drop for Owed<T> {
    /// Given; or the order was dropped, or it panicked.
    fn drop(&mut self) {
        let mut state = self.0.state();
        if !matches!(*state, State::There(_)) {
            *state = State::Never;
        }
        drop(state);
        self.0.quiet.notify();
    }
}

/// The moment `span` after `now`.
pub(super) fn later(now: MonoTime, span: Duration) -> MonoTime {
    MonoTime(now.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
}

/// Waits until `done`, or until the clock says `deadline`; the last answer of `done`. `[control]`
pub(super) fn wait_until(clock: &dyn Clock, quiet: &Quiet, deadline: MonoTime, done: impl Fn() -> bool) -> bool {
    loop {
        if done() {
            return true;
        }
        let left = deadline.on_call(clock.now()).since(CallTime::ZERO);
        if left.is_zero() {
            return done();
        }
        quiet.wait(left.min(SLICE), &done);
    }
}
