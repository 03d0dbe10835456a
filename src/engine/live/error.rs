//! Why a live engine or call did not do what it was told.

use crate::engine::{CallError, ConfigError};

/// Why a live engine cannot start. Nothing runs then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The system gives no thread, descriptor or page.
    #[error("the system gives no {what}: {source} (no engine was started)")]
    System {
        /// What was asked for.
        what: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
}

/// Why a call did not do what it was told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The engine was shut down.
    #[error("the engine was shut down: nothing is tapped any more")]
    Stopped,
    /// This process is a forked child: the library's threads are in its parent.
    #[error("this process was forked: the call and its audio belong to the parent, nothing was done here")]
    Forked,
    /// The worker did not come to it in time. It will: nothing is lost.
    #[error("the call's worker is busy: what was told will be done as soon as it can")]
    Busy,
    /// The worker did not come to it in time, and it was taken back.
    #[error("the call's worker is busy: this was not done; say it again")]
    NotDone,
    /// Called from inside of a call-back, where nobody may wait.
    #[error(
        "this cannot be told from inside of a call-back of the library: nothing was done; tell it from a thread of the host"
    )]
    Inside,
    /// The moment that was told is none at which anything of this call can have happened.
    #[error(
        "the moment is further ahead of the monotonic clock than a packet may last (`max_packet`), or more than a day behind it: nothing was done; tell it by that clock"
    )]
    BadMoment,
    /// Too many things wait for the worker.
    #[error("{waiting} orders wait for the call's worker already: this one was not taken; say it again")]
    TooMany {
        /// How many.
        waiting: usize,
    },
    /// The call cannot take a leg or a sink.
    #[error(transparent)]
    Call(#[from] CallError),
}
