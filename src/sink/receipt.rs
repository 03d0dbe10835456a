//! Outputs and what became of them after an erasure.

use std::fmt;

use uuid::Uuid;

/// The id of one output of one sink: a UUIDv7 (RFC 9562). An erasure can be finished by it after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct OutputId(pub Uuid);

impl fmt::Display for OutputId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// An order to erase what a sink got of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Why: `objected` or `withdrawn`.
    pub reason: crate::consent::Reason,
    /// When it was ordered, on the call's clock.
    pub at: crate::time::CallTime,
}

/// What became of the audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Gone from this output.
    Erased,
    /// Kept, by this rule.
    Kept(String),
    /// Out of reach: heard or sent already, to this receiver.
    Gone(String),
    /// Could not be done yet: why.
    Pending(String),
}

/// A sink's answer to an [`Erasure`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Which output.
    pub output: OutputId,
    /// What became of it.
    pub fate: Fate,
    /// How many frames of how many legs' audio it is about, as far as the sink knows.
    pub frames: u64,
    /// How many bytes it is about.
    pub bytes: u64,
}
