//! Calls: what arrives is placed on the call's clock, judged by consent, held back, and handed to sinks.
//!
//! [`Engine`] holds what calls share. [`Call`] is the host's handle of one call; [`LegWriter`] is the media thread's end
//! of one leg. A call's session is stepped with the time it is told, so a test, a capture and a live call run alike.

mod awaited;
mod backstage;
mod call;
mod carrier;
mod clock;
mod config;
mod delivery;
mod event;
mod facts;
mod hold;
mod ids;
mod keys;
mod leg;
mod line;
mod live;
mod offer;
mod outlet;
mod reserved;
mod session;
mod shared;
mod ssrcs;
mod stops;
mod track;

use std::sync::Arc;

pub use call::{Call, CallError, CallSpec};
pub use clock::{Clock, ManualClock, SystemClock};
pub use config::{Config, ConfigError, EXAMINE_LAG, MAX_HOLD_BACK, MAX_PACKET, REORDER, TICK};
pub use event::CallEvent;
pub use ids::{CountedIds, OutputIds, RandomIds};
pub use leg::{LegSpec, LegWriter};
pub use live::{
    CallId, Counters, Done, EngineEvent, EventTo, Level, LiveCall, LiveEngine, LiveError, LogTo, Parts, StartError,
    Stuck,
};
pub use offer::{DropCause, Facts, Incoming, Pushed};
pub use outlet::{Run, SinkMaker, SinkSpec};
pub use reserved::Reserved;

use crate::policy::Policy;

/// The most legs of a call.
pub const MAX_LEGS: usize = 8;

/// The most sinks of a call.
pub const MAX_SINKS: usize = 32;

/// What all calls of a host share: configuration, policy, the pool of held audio. `[control]`
pub struct Engine {
    shared: Arc<config::Shared>,
}

impl Engine {
    /// An engine under a policy. Without a policy every call is answered and none is tapped.
    pub fn new(config: Config, policy: Option<Arc<Policy>>) -> Result<Engine, ConfigError> {
        Engine::with_ids(config, policy, Box::new(RandomIds::default()))
    }

    /// The same, with another source of output ids.
    pub fn with_ids(
        config: Config,
        policy: Option<Arc<Policy>>,
        ids: Box<dyn OutputIds>,
    ) -> Result<Engine, ConfigError> {
        Ok(Engine { shared: Arc::new(config::Shared::new(config, policy, ids)?) })
    }

    /// Starts a call. It is decided at once whether it may ever be tapped: ask [`Call::decision`].
    pub fn start_call(&self, spec: CallSpec) -> Call {
        Call::start(Arc::clone(&self.shared), spec)
    }

    /// Bytes of audio kept outside of rings now.
    pub fn held_bytes(&self) -> usize {
        self.shared.pool.used()
    }
}
