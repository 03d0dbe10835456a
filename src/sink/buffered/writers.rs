//! The pool of writer threads, as its owner sees it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::time::MonoTime;

use super::pool::Core;

/// How an engine's writers read its clock. `[any]`; must not block.
pub type Now = Arc<dyn Fn() -> MonoTime + Send + Sync>;

/// The most writers that a pool may have at once.
pub const MAX_WRITERS: usize = 10;

/// How many writers there are, and when one counts as stuck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WritersConfig {
    /// Writers that work at a time: 1 to [`MAX_WRITERS`], default 2.
    pub threads: usize,
    /// Writers in all, those that are stuck in a sink included: `threads` to [`MAX_WRITERS`], default 8.
    pub most: usize,
    /// How long one call into a sink may take until its writer is replaced. Default 1 s.
    pub stuck_after: Duration,
}

impl Default for WritersConfig {
    fn default() -> WritersConfig {
        WritersConfig { threads: 2, most: 8, stuck_after: Duration::from_secs(1) }
    }
}

/// The threads that hand over what is queued, shared by all outputs of an engine.
///
/// Dropping it is [`Writers::drain`] without patience.
pub struct Writers {
    pub(super) core: Arc<Core>,
}

/// What [`Writers::attend`] found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attendance {
    /// Writers that work, or wait for work.
    pub working: usize,
    /// Writers that are stuck in a sink.
    pub stuck: usize,
    /// Why a thread could not be made, if one could not. It is tried again the next time.
    pub failed: Option<io::Error>,
}

impl Writers {
    /// Starts the threads; numbers outside of their ranges are brought into them. An error is the system's, and no
    /// thread is left. `[control]`
    pub fn start(config: WritersConfig, now: Now) -> io::Result<Writers> {
        let threads = config.threads.clamp(1, MAX_WRITERS);
        let most = config.most.clamp(threads, MAX_WRITERS);
        let writers = Writers { core: Core::new(WritersConfig { threads, most, ..config }, now) };
        match writers.attend(MonoTime::default()).failed {
            None => Ok(writers),
            Some(error) => Err(error),
        }
    }

    /// Replaces writers that are stuck and joins those that have ended. To be called now and then, with the time of the
    /// clock that [`Writers::start`] was given. Never waits for a sink. `[control]`
    pub fn attend(&self, now: MonoTime) -> Attendance {
        self.core.attend(now)
    }

    /// Lets the writers finish what is queued, then ends them; how many threads were left behind.
    ///
    /// After `patience` nothing more is handed over and what is queued is wiped. A writer that is stuck in a sink then
    /// is left behind: it drops the sink and ends when the sink lets it. The workers must have stopped before. `[control]`
    pub fn drain(&self, patience: Duration) -> usize {
        self.core.drain(patience)
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.core.drain(Duration::ZERO);
    }
}

impl fmt::Debug for Writers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writers").finish_non_exhaustive()
    }
}
