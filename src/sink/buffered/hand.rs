//! A control thread's hand on an output.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::sink::OutputId;
use crate::time::MonoTime;

use super::output::Output;

/// Stops an output and waits for it, from any thread. It keeps no sink alive. `[any]`
#[derive(Clone)]
pub struct Hand {
    pub(super) output: Arc<Output>,
}

impl Hand {
    /// Which output.
    pub fn output(&self) -> OutputId {
        self.output.id
    }

    /// From now on the sink is told nothing but to close and to erase; what is queued is wiped now, by this thread.
    /// Never blocks, also while a writer is stuck in the sink. Once this has returned and [`Hand::is_inside`] says no,
    /// nothing is handed over any more, until the worker's end resumes.
    pub fn stop(&self) {
        self.output.stop();
    }

    /// Whether a writer is handing something over just now: one that closes or erases is not.
    pub fn is_inside(&self) -> bool {
        self.output.turnstile.is_inside()
    }

    /// Since when a writer is inside of the sink, for whatever.
    pub fn inside_since(&self) -> Option<MonoTime> {
        self.output.turnstile.inside_since()
    }

    /// Whether everything that was queued and ordered so far is done.
    pub fn is_drained(&self) -> bool {
        self.output.is_drained()
    }

    /// Whether the sink was dropped.
    pub fn is_released(&self) -> bool {
        self.output.is_released()
    }

    /// Waits until nothing is being handed over; false when one still is after `patience`. `[control]`
    pub fn wait_outside(&self, patience: Duration) -> bool {
        self.output.quiet.wait(patience, || !self.is_inside())
    }

    /// Waits until everything is done; false when something is left after `patience`. `[control]`
    pub fn wait_drained(&self, patience: Duration) -> bool {
        self.output.quiet.wait(patience, || self.is_drained())
    }
}

impl fmt::Debug for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hand").field("output", &self.output.id).finish_non_exhaustive()
    }
}
