//! Where frames go: the trait of every sink, and the sinks that come with the library.
//!
//! A sink is called by one thread at a time, never by a media thread. The session opens it with a
//! [`Permit`] when the first permitted frame is due, hands it frames and gaps in order, leg by leg, and closes it once.
//! A sink that fails is closed as failed; the call goes on without it.

pub mod buffered;
mod channel;
mod description;
mod fault;
mod receipt;
#[cfg(feature = "wav")]
pub mod wav;

pub use channel::{Channel, ChannelItem};
pub use description::{Closing, Description, LegDescription, NoticeDescription, Outcome};
pub(crate) use fault::{Fault, sink_call};
pub use receipt::{Erasure, Fate, OutputId, Receipt};

use crate::consent::Permit;
use crate::frame::Frame;
use crate::time::{CallTime, Interval};

/// Which leg of its call: legs are numbered from 0 in the order they were opened; at most eight.
pub type LegIndex = u8;

/// Why a stretch of a leg has no audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum GapCause {
    /// Packets that never arrived.
    Lost,
    /// Nothing was sent: silence suppression, or a key was held down.
    Silent,
    /// Frames the library had to drop.
    Dropped,
    /// The host had paused the call.
    Paused,
    /// Refused by the gate.
    Withheld,
    /// A live sink missed what was held while a 9 was being settled.
    Held,
    /// The line was on hold.
    Hold,
}

/// Something that happened at a moment, for every leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mark {
    /// A pause begins.
    Pause,
    /// A pause ends.
    Resume,
}

/// What a sink did with a frame that it was handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handed {
    /// It has it.
    Taken,
    /// It had no room: the frame counts as dropped (`queue`), and the sink sees to it that the gap is known.
    Dropped,
}

/// What went wrong in a sink, for people: what, where, and what became of the data.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct SinkError {
    /// The whole sentence.
    pub what: String,
    /// The error below it.
    #[source]
    pub source: Option<std::io::Error>,
}

impl SinkError {
    /// The sentence with what lies below it, as one line for people.
    pub fn sentence(&self) -> String {
        match &self.source {
            // Mostly the sentence names it already.
            Some(source) if !self.what.contains(&source.to_string()) => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }
}

/// A receiver of one call's frames under one controller. See the module for who calls it and when.
pub trait Sink: Send {
    /// Begins an output. Called once, before anything else, when the first permitted frame is due. `[worker]`
    fn open(&mut self, permit: &Permit, description: &Description) -> Result<(), SinkError>;

    /// One frame. Borrowed: a sink that keeps it clones it (a reference count). Frames of one leg come in the
    /// order of their places and never overlap. Says whether it took it. `[worker]`
    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError>;

    /// A stretch of a leg without audio; comes before the frame that follows it. `[worker]`
    fn gap(&mut self, leg: LegIndex, cause: GapCause, stretch: Interval) -> Result<(), SinkError> {
        let _ = (leg, cause, stretch);
        Ok(())
    }

    /// A pause or resume at `at`. `[worker]`
    fn mark(&mut self, mark: Mark, at: CallTime) -> Result<(), SinkError> {
        let _ = (mark, at);
        Ok(())
    }

    /// Bring what there is to where it survives the process. Called every second of the call's clock. `[worker]`
    fn flush(&mut self) -> Result<(), SinkError>;

    /// The output ends. Called once after `open` succeeded, also after a failure; nothing but `erase` follows. `[worker]`
    fn close(&mut self, closing: &Closing) -> Result<(), SinkError>;

    /// Erase everything this output got; possible before and after `close`. Answers for every output. `[worker]`
    fn erase(&mut self, erasure: &Erasure) -> Receipt;
}
