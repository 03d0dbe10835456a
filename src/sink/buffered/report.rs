//! What an output tells its worker afterwards.

use std::time::Duration;

use crate::sink::Fault;
use crate::sink::Receipt;

/// What happened behind the queue since the worker asked last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// The sink began its output.
    Opened,
    /// The sink failed at something else than its close: what was queued is wiped and counted as lost, and it gets
    /// nothing more but orders to close (if it was open) and to erase. Said once.
    Failed(Failure),
    /// The output ended: the sink was told to close, and closed.
    Closed,
    /// The output ended: the sink was told to close, and failed at it.
    CloseFailed(Failure),
    /// The order to close came, and the sink had never begun: stopped before, or it could not open. It was told nothing.
    NeverOpened,
    /// The answer to an order to erase.
    Receipt(Receipt),
    /// A call into the sink takes longer than [`late_after`](super::Limits::late_after), or took longer when `over`.
    Late {
        /// How long it takes, or took.
        stalled: Duration,
        /// Whether it has come back.
        over: bool,
    },
}

/// How a sink failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One line for people.
    pub what: String,
    /// Whether it panicked: its call's tapping ends.
    pub panicked: bool,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        Failure { what: fault.sentence(), panicked: matches!(fault, Fault::Panic(_)) }
    }
}
