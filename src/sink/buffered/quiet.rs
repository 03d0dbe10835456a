//! Waiting for writers, without asking again and again.

use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// What a control thread waits on until the writers of its outputs have left their sinks. One may be shared by all
/// outputs of a call.
///
/// A writer that finds nobody waiting pays one load; it never waits for who waits.
#[derive(Debug, Default)]
pub struct Quiet {
    waiting: AtomicUsize,
    lock: Mutex<()>,
    changed: Condvar,
}

impl Quiet {
    /// Nobody waits yet.
    pub fn new() -> Quiet {
        Quiet::default()
    }

    /// Blocks until `done` answers yes, at most for `patience`; the last answer. `done` is asked at first, and after
    /// every [`Quiet::notify`]; it must not block. `[control]`
    pub fn wait(&self, patience: Duration, done: impl Fn() -> bool) -> bool {
        if done() {
            return true;
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        // Pairs with the fence in `notify`: either `done` sees what was done before it, or it sees us.
        fence(Ordering::SeqCst);
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(lock, patience, |()| !done());
        let (lock, timed) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(lock);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        !timed.timed_out() || done()
    }

    /// Has whoever waits look again. `[any]`
    pub fn notify(&self) {
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return;
        }
        // Taken, so that nobody is between his look and his sleep.
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn who_waits_is_woken_by_the_change_and_not_by_his_deadline() {
        let (quiet, done) = (Arc::new(Quiet::new()), Arc::new(AtomicBool::new(false)));
        let waiting = std::thread::spawn({
            let (quiet, done) = (Arc::clone(&quiet), Arc::clone(&done));
            move || quiet.wait(Duration::MAX, || done.load(Ordering::SeqCst))
        });
        done.store(true, Ordering::SeqCst);
        quiet.notify();
        assert!(waiting.join().expect("it is woken"));
    }

    #[test]
    fn a_deadline_that_has_passed_is_the_end_of_the_wait() {
        assert!(!Quiet::new().wait(Duration::ZERO, || false));
        assert!(Quiet::new().wait(Duration::ZERO, || true));
    }
}
