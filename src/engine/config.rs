//! What an engine is made with: the limits and times that all of its calls share.

use std::sync::Arc;
use std::time::Duration;

use crate::frame::Pool;
use crate::policy::Policy;

use super::OutputIds;

/// How long a digit may take to show after the audio it lies in was received: the longest report of the in-band
/// detector, and what a telephone-event's first packet may lag behind. Audio counts as examined only after that.
pub const EXAMINE_LAG: Duration = Duration::from_millis(120);

/// The longest packet time the hold-back is made for.
pub const MAX_PACKET: Duration = Duration::from_millis(60);

/// How late a packet may come behind its neighbours and still be examined in time.
pub const REORDER: Duration = Duration::from_millis(40);

/// How often a worker looks at its calls.
pub const TICK: Duration = Duration::from_millis(10);

/// The longest hold-back.
pub const MAX_HOLD_BACK: Duration = Duration::from_secs(2);

/// The configuration of an [`super::Engine`].
#[derive(Clone, Debug)]
pub struct Config {
    /// How long frames wait before sinks get them, so that a 9 can still take itself out. At least
    /// [`EXAMINE_LAG`] + [`MAX_PACKET`] + [`REORDER`] + [`TICK`]: 230 ms. Default 240 ms.
    pub hold_back: Duration,
    /// Bytes of audio that all calls together may keep outside of their rings. Default 64 MiB.
    pub held_bytes: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config { hold_back: Duration::from_millis(240), held_bytes: 64 << 20 }
    }
}

/// Why an engine cannot be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The hold-back is shorter than a 9 may take to be heard.
    #[error("hold_back is {given:?}: a 9 may take {needed:?} to be heard; give at least that (default 240ms)")]
    HoldBackTooShort {
        /// What was asked for.
        given: Duration,
        /// What is needed.
        needed: Duration,
    },
    /// The hold-back is longer than anybody could want to wait for.
    #[error(
        "hold_back is {given:?}: nothing would be recorded for so long; give at most {MAX_HOLD_BACK:?} (default 240ms)"
    )]
    HoldBackTooLong {
        /// What was asked for.
        given: Duration,
    },
}

/// What the calls of one engine share.
pub(super) struct Shared {
    pub(super) config: Config,
    /// Without a valid policy nothing is tapped.
    pub(super) policy: Option<Arc<Policy>>,
    pub(super) pool: Arc<Pool>,
    pub(super) ids: Box<dyn OutputIds>,
}

impl Config {
    /// Refuses what cannot keep promise 3.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let needed = EXAMINE_LAG + MAX_PACKET + REORDER + TICK;
        if self.hold_back < needed {
            return Err(ConfigError::HoldBackTooShort { given: self.hold_back, needed });
        }
        if self.hold_back > MAX_HOLD_BACK {
            return Err(ConfigError::HoldBackTooLong { given: self.hold_back });
        }
        Ok(())
    }
}
