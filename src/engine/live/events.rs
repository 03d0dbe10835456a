//! What an engine tells its host: a bounded queue with a descriptor to poll, or a call-back on a worker.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::event::{EventfdFlags, eventfd};

use crate::engine::CallEvent;
use crate::time::CallTime;

use super::CallId;
use super::listener::Listener;
use super::log::{Level, Log};

/// Something that followed in one of the engine's calls.
#[derive(Clone, Debug)]
pub struct EngineEvent {
    /// Which call.
    pub call: CallId,
    /// When it was found out, on the call's clock.
    pub at: CallTime,
    /// What.
    pub event: CallEvent,
}

/// Where events go instead of the queue: called on a worker. It must not block; what it asks of the library is done
/// after it has returned.
pub type EventTo = Box<dyn Fn(&EngineEvent) + Send + Sync>;

/// The queue. Of a host that never asks the oldest are forgotten, and counted: every decision can be read again.
pub(super) struct Events {
    queue: Mutex<Queue>,
    /// Readable while something waits.
    ready: OwnedFd,
    limit: usize,
    listener: Option<Listener<EventTo>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<EngineEvent>,
    forgotten: u64,
}

impl Events {
    pub(super) fn new(limit: usize, listener: Option<EventTo>) -> io::Result<Events> {
        // Closed on exec, and never blocks.
        let ready = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Events { queue: Mutex::default(), ready, limit, listener: listener.map(Listener::new) })
    }

    /// Adds one. `[worker]`
    pub(super) fn add(&self, event: EngineEvent, log: &Log) {
        if let Some(listener) = &self.listener {
            if let Err(what) = listener.call(|tell| tell(&event)) {
                log.say(Level::Error, "event", format_args!("the event call-back panicked, the event is gone: {what}"));
            }
            return;
        }
        let mut queue = self.queue();
        if queue.waiting.len() >= self.limit {
            queue.waiting.pop_front();
            queue.forgotten += 1;
        }
        queue.waiting.push_back(event);
        if queue.waiting.len() == 1 {
            // Cannot be full: it was empty.
            let _ = rustix::io::write(&self.ready, &1u64.to_ne_bytes());
        }
    }

    /// The call-back is not called any more, and nobody is inside of it. `[control]`
    pub(super) fn close(&self) {
        self.listener.iter().for_each(Listener::close);
    }

    /// Takes the oldest. The descriptor is readable as long as one is left.
    pub(super) fn next(&self) -> Option<EngineEvent> {
        let mut queue = self.queue();
        let event = queue.waiting.pop_front()?;
        if queue.waiting.is_empty() {
            // Under the lock, so that it is not told empty when it is not.
            let _ = rustix::io::read(&self.ready, &mut [0; 8]);
        }
        Some(event)
    }

    /// How many wait, and how many were forgotten so far.
    pub(super) fn counts(&self) -> (usize, u64) {
        let queue = self.queue();
        (queue.waiting.len(), queue.forgotten)
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.ready.as_fd()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // A poisoned queue is still a queue.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
