//! Why a call cannot be replayed.

use crate::capture::CaptureError;
use crate::engine::{CallError, LiveError};
use crate::time::CallTime;

/// Why a call cannot be replayed. What was recorded before the error stays as far as it was flushed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The capture cannot be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The call cannot be set up.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The live call did not do what it was told.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// The system gives no thread for a leg.
    #[error("the system gives no thread that pushes a leg's packets: {source} (the call was not played)")]
    NoThread {
        /// The system's answer.
        source: std::io::Error,
    },
    /// Not one RTP packet of the call is in the capture.
    #[error("{file}: holds no RTP packet of the call: was it captured where the audio passes?")]
    NoPackets {
        /// The capture.
        file: String,
    },
    /// The capture's clock leaps by more than an hour, or the call lasts longer than a day.
    #[error(
        "{file}: the capture's clock goes from {from} to {to} after the call's first packet: more than an hour at once, or a call of more than a day; cut it there (nothing was written)"
    )]
    ClockLeaps {
        /// The capture.
        file: String,
        /// Where it was.
        from: CallTime,
        /// Where it went.
        to: CallTime,
    },
}
