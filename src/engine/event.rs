//! What a call tells its host.

use std::collections::VecDeque;

use crate::consent::{Change, Reason};
use crate::policy::Tap;
use crate::sink::{Outcome, OutputId, Receipt};
use crate::time::CallTime;

/// One thing that followed in a call, in order. Holds no digit and no number.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CallEvent {
    /// What consent decided.
    Consent(Change),
    /// A sink got its first permitted frame.
    OutputOpened {
        /// Which output.
        output: OutputId,
        /// The kind of use.
        tap: Tap,
        /// The first permitted moment.
        from: CallTime,
    },
    /// An output ended and stays.
    OutputClosed {
        /// Which output.
        output: OutputId,
        /// When.
        at: CallTime,
        /// How.
        outcome: Outcome,
        /// Why nothing more comes.
        reason: Reason,
    },
    /// A sink failed; the call goes on without it.
    SinkFailed {
        /// Which output.
        output: OutputId,
        /// What went wrong and what became of the data.
        what: String,
    },
    /// A sink takes long: it has not come back, came back late, or overran its budget. Nothing is lost yet.
    SinkLate {
        /// Which output.
        output: OutputId,
        /// What is the matter.
        what: String,
    },
    /// A sink's answer to an erasure.
    Receipt(Receipt),
    /// The call failed inside the library: nothing more is tapped, the phone call goes on.
    CallFailed {
        /// What went wrong.
        what: String,
    },
}

/// The most events that wait for the host.
const WAITING: usize = 1024;

/// Events that wait for the host. Bounded: of a host that never asks, the oldest are forgotten.
#[derive(Debug, Default)]
pub(super) struct Events(VecDeque<CallEvent>);

impl Events {
    pub(super) fn add(&mut self, event: CallEvent) {
        if self.0.len() == WAITING {
            self.0.pop_front();
        }
        self.0.push_back(event);
    }

    pub(super) fn take(&mut self) -> Vec<CallEvent> {
        self.0.drain(..).collect()
    }
}
