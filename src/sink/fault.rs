//! How a sink fails: it says so, or it panics, which is caught here.

use super::SinkError;
use crate::guard::caught;

/// What went wrong in a sink.
pub(crate) enum Fault {
    /// It said so: it ends, the call goes on.
    Error(SinkError),
    /// It panicked, and said this: the call's tapping ends.
    Panic(String),
}

impl Fault {
    /// One line for people.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Fault::Error(error) => error.sentence(),
            Fault::Panic(what) => format!("the sink panicked, what it had written before stays: {what}"),
        }
    }
}

/// Calls into a sink.
pub(crate) fn sink_call<R>(act: impl FnOnce() -> Result<R, SinkError>) -> Result<R, Fault> {
    match caught(act) {
        Ok(result) => result.map_err(Fault::Error),
        Err(what) => Err(Fault::Panic(what)),
    }
}
