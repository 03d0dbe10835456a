//! A call-back of the host's that is over when its engine is: whoever destroys the engine may free what it points to.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::guard::caught;

/// The call-back. `[any]` but the media thread.
pub(super) struct Listener<T> {
    callback: T,
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Default)]
struct State {
    closed: bool,
    /// Threads that are inside of it; one as often as it is.
    inside: Vec<ThreadId>,
}

impl<T> Listener<T> {
    pub(super) fn new(callback: T) -> Listener<T> {
        Listener { callback, state: Mutex::default(), left: Condvar::new() }
    }

    /// Calls it, without a lock, unless it is over. An error is what its panic said.
    pub(super) fn call(&self, act: impl FnOnce(&T)) -> Result<(), String> {
        let me = thread::current().id();
        let mut state = self.state();
        if state.closed {
            return Ok(());
        }
        state.inside.push(me);
        drop(state);
        let called = caught(|| act(&self.callback));
        let mut state = self.state();
        if let Some(place) = state.inside.iter().position(|&inside| inside == me) {
            state.inside.swap_remove(place);
        }
        drop(state);
        self.left.notify_all();
        called
    }

    /// From now on it is not called; waits for every other thread that is inside of it. A thread that is inside itself, and
    /// destroys the engine there, does not wait for itself. `[control]`
    pub(super) fn close(&self) {
        let me = thread::current().id();
        let mut state = self.state();
        state.closed = true;
        let others = |state: &mut State| state.inside.iter().any(|&inside| inside != me);
        drop(self.left.wait_while(state, others).unwrap_or_else(PoisonError::into_inner));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A poisoned list is still a list.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn nobody_is_inside_and_nobody_comes_in_once_it_is_closed() {
        let (entered, told) = unbounded();
        let (go_on, waits) = unbounded::<()>();
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        let listener = Arc::new(Listener::new(move || {
            entered.send(()).expect("the test listens");
            let _ = waits.recv();
            counted.fetch_add(1, Ordering::SeqCst);
        }));
        let inside = {
            let listener = Arc::clone(&listener);
            thread::spawn(move || listener.call(|callback| callback()))
        };
        told.recv().expect("it is inside");
        let closing = {
            let (listener, count) = (Arc::clone(&listener), Arc::clone(&count));
            thread::spawn(move || {
                listener.close();
                count.load(Ordering::SeqCst)
            })
        };
        drop(go_on);
        assert_eq!(closing.join().expect("it ends"), 1, "closed while somebody was inside");
        assert_eq!(inside.join().expect("it ends"), Ok(()));
        assert_eq!(listener.call(|callback| callback()), Ok(()));
        assert_eq!(count.load(Ordering::SeqCst), 1, "called after it was closed");
    }

    #[test]
    fn whoever_closes_it_from_inside_does_not_wait_for_himself() {
        let listener = Listener::new(());
        assert_eq!(listener.call(|()| listener.close()), Ok(()));
    }

    #[test]
    fn a_panic_inside_leaves_nobody_inside() {
        let listener = Listener::new(());
        assert_eq!(listener.call(|()| panic!("the host's")), Err("the host's".to_owned()));
        listener.close();
    }
}
