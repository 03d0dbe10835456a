//! What an engine is made with: the limits and times that all of its calls share. Every one of them has a default.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::frame::{Kin, Pool};
use crate::policy::{Policy, SIZE_LIMIT};
use crate::sink::buffered::MAX_WRITERS;

use super::{MAX_LEGS, OutputIds};

/// How long a digit may take to show after the audio it lies in was received: the longest report of the in-band
/// detector, and what a telephone-event's first packet may lag behind. Audio counts as examined only after that.
pub const EXAMINE_LAG: Duration = Duration::from_millis(120);

/// The longest packet time the hold-back is made for, by default.
pub const MAX_PACKET: Duration = Duration::from_millis(60);

/// How late a packet may come behind its neighbours and still be examined in time, by default.
pub const REORDER: Duration = Duration::from_millis(40);

/// How often a worker looks at its calls, by default.
pub const TICK: Duration = Duration::from_millis(10);

/// The longest hold-back.
pub const MAX_HOLD_BACK: Duration = Duration::from_secs(2);

/// The configuration of an [`super::Engine`] or a [`super::LiveEngine`]. At a limit a call is shut with the reason
/// [`LimitReached`](crate::consent::Reason::LimitReached); the phone call itself is never refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How long frames wait before sinks get them, so that a 9 can still take itself out. At least [`EXAMINE_LAG`] +
    /// `max_packet` + `reorder` + `tick`: 230 ms with the defaults. Default 240 ms, at most [`MAX_HOLD_BACK`].
    pub hold_back: Duration,
    /// The longest packet time; a frame that lasts longer is refused (`size`). Default 60 ms.
    pub max_packet: Duration,
    /// How late a packet may come behind its neighbours and still be examined in time. Default 40 ms.
    pub reorder: Duration,
    /// How often a worker looks at its calls: 1 to 100 ms. Default 10 ms.
    pub tick: Duration,

    /// Bytes of audio that all calls together may hold back outside of their rings. Default 64 MiB.
    pub held_bytes: usize,
    /// Bytes of audio that all queues together may keep outside of rings: what stalled sinks may not take from calls.
    /// Default 64 MiB.
    pub queue_bytes: usize,
    /// Calls at a time. Default 10,000.
    pub calls: usize,
    /// Legs of a call, at most [`MAX_LEGS`]. Default 8.
    pub legs: usize,
    /// Outputs that are open at a time, in all calls. Default 20,000.
    pub outputs: usize,
    /// Frames held of one leg. Default 1024: four seconds of 4 ms packets.
    pub line_frames: usize,
    /// Streams (SSRCs) that one leg may bring in its life. Default 32.
    pub ssrcs: usize,
    /// Events that wait for the host. Of a host that never asks, the oldest are forgotten. Default 65,536.
    pub events: usize,
    /// Bytes of a policy's text; one that is longer makes no engine. Default and most: 1 MiB.
    pub policy_bytes: usize,

    /// Worker threads. Default 1; each carries thousands of calls.
    pub workers: usize,
    /// Writer threads, shared by all sinks behind queues. Default 2.
    pub writers: usize,
    /// Writer threads at the most, those included that replace stuck ones. Default 8.
    pub max_writers: usize,
    /// How long a call into a sink may last before its thread counts as stuck and is replaced. Default 1 s.
    pub stuck_after: Duration,
    /// Frames in the queue of one output. Default 1000: ten seconds of two legs.
    pub queue_frames: usize,
    /// How many frames in one output's queue may keep their slots; further ones are copied. Default 4.
    pub slot_quota: usize,
    /// How long a call into a direct sink should last at the most. Default 200 µs; ten that last longer move it to a
    /// queue.
    pub direct_budget: Duration,
    /// How long a control call waits for its worker, and a verb for its sinks, unless it says otherwise. Default 50 ms.
    pub deadline: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            hold_back: Duration::from_millis(240),
            max_packet: MAX_PACKET,
            reorder: REORDER,
            tick: TICK,
            held_bytes: 64 << 20,
            queue_bytes: 64 << 20,
            calls: 10_000,
            legs: MAX_LEGS,
            outputs: 20_000,
            line_frames: 1024,
            ssrcs: 32,
            events: 65_536,
            policy_bytes: SIZE_LIMIT,
            workers: 1,
            writers: 2,
            max_writers: 8,
            stuck_after: Duration::from_secs(1),
            queue_frames: 1000,
            slot_quota: 4,
            direct_budget: Duration::from_micros(200),
            deadline: Duration::from_millis(50),
        }
    }
}

/// Why an engine cannot be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The hold-back is shorter than a 9 may take to be heard.
    #[error(
        "hold_back is {given:?}: a 9 may take {needed:?} to be heard (detector {EXAMINE_LAG:?}, max_packet, reorder and tick together); give at least that (default 240ms)"
    )]
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
    /// A limit is outside of what is possible.
    #[error("{name} is {given}: give {low} to {high}")]
    OutOfRange {
        /// The field.
        name: &'static str,
        /// What was asked for: a number, or nanoseconds.
        given: u128,
        /// The least.
        low: u128,
        /// The most.
        high: u128,
    },
    /// The kernel gives no page by which a forked child can be told from its parent.
    #[error("a page that is wiped in forked children cannot be had ({what}): no engine was made; Linux 4.14 has them")]
    NoForkMark {
        /// What the kernel said.
        what: String,
    },
    /// The policy is longer than `policy_bytes`.
    #[error(
        "the policy has {given} bytes, policy_bytes allows {limit}: no engine was made; raise the limit or shorten the policy"
    )]
    PolicyTooLong {
        /// Its length.
        given: usize,
        /// The limit.
        limit: usize,
    },
}

/// One of the engine's open outputs, until it goes.
pub(super) struct OpenOutput(Arc<AtomicUsize>);

impl Drop for OpenOutput {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the calls of one engine share.
pub(super) struct Shared {
    pub(super) config: Config,
    /// Without a valid policy nothing is tapped.
    pub(super) policy: Option<Arc<Policy>>,
    pub(super) pool: Arc<Pool>,
    /// For what waits in queues.
    pub(super) queue_pool: Arc<Pool>,
    /// By which writers and calls know that they are in a forked child.
    pub(super) kin: Arc<Kin>,
    pub(super) ids: Box<dyn OutputIds>,
    /// Outputs that are open now.
    pub(super) outputs: Arc<AtomicUsize>,
}

impl Shared {
    /// Checks all that an engine is made with.
    pub(super) fn new(
        config: Config,
        policy: Option<Arc<Policy>>,
        ids: Box<dyn OutputIds>,
    ) -> Result<Shared, ConfigError> {
        config.check()?;
        if let Some(given) = policy.as_ref().map(|policy| policy.source_bytes())
            && given > config.policy_bytes
        {
            return Err(ConfigError::PolicyTooLong { given, limit: config.policy_bytes });
        }
        let kin = Kin::new().map_err(|error| ConfigError::NoForkMark { what: error.to_string() })?;
        let pool = Pool::new(config.held_bytes);
        let queue_pool = Pool::new(config.queue_bytes);
        Ok(Shared { config, policy, pool, queue_pool, ids, kin: Arc::new(kin), outputs: Arc::default() })
    }
}

impl Shared {
    /// A place for one more open output; `None` when there are as many as there may be.
    pub(super) fn open_output(&self) -> Option<OpenOutput> {
        let fits = |open: usize| (open < self.config.outputs).then_some(open + 1);
        self.outputs.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(OpenOutput(Arc::clone(&self.outputs)))
    }

    /// Whether a call that starts now could not be served: nothing more can be held, or opened.
    pub(super) fn is_at_a_limit(&self) -> bool {
        let outputs = self.outputs.load(Ordering::Relaxed) >= self.config.outputs;
        outputs || (self.config.held_bytes > 0 && self.pool.used() >= self.config.held_bytes)
    }
}

impl Config {
    /// Refuses what cannot keep promise 3, and limits that make no sense.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.check_ranges()?;
        let needed = EXAMINE_LAG + self.max_packet + self.reorder + self.tick;
        if self.hold_back < needed {
            return Err(ConfigError::HoldBackTooShort { given: self.hold_back, needed });
        }
        if self.hold_back > MAX_HOLD_BACK {
            return Err(ConfigError::HoldBackTooLong { given: self.hold_back });
        }
        Ok(())
    }

    fn check_ranges(&self) -> Result<(), ConfigError> {
        let millis = |low: u64, high: u64| (u128::from(low) * 1_000_000, u128::from(high) * 1_000_000);
        let times = [
            ("max_packet", self.max_packet, millis(1, 1000)),
            ("reorder", self.reorder, millis(0, 1000)),
            ("tick", self.tick, millis(1, 100)),
            ("stuck_after", self.stuck_after, millis(1, 3_600_000)),
            ("direct_budget", self.direct_budget, (1_000, 1_000_000_000)),
            ("deadline", self.deadline, millis(0, 3_600_000)),
        ];
        for (name, given, (low, high)) in times {
            in_range(name, given.as_nanos(), low, high)?;
        }
        let counts = [
            ("held_bytes", self.held_bytes, 0, usize::MAX >> 1),
            ("queue_bytes", self.queue_bytes, 0, usize::MAX >> 1),
            ("calls", self.calls, 1, 1 << 24),
            ("legs", self.legs, 1, MAX_LEGS),
            ("outputs", self.outputs, 1, 1 << 24),
            ("line_frames", self.line_frames, 16, 1 << 20),
            ("ssrcs", self.ssrcs, 1, 1 << 16),
            ("events", self.events, 16, 1 << 24),
            ("policy_bytes", self.policy_bytes, 1, SIZE_LIMIT),
            ("workers", self.workers, 1, 256),
            ("writers", self.writers, 1, MAX_WRITERS),
            ("max_writers", self.max_writers, self.writers, MAX_WRITERS),
            ("queue_frames", self.queue_frames, 1, 1 << 20),
            ("slot_quota", self.slot_quota, 0, 256),
        ];
        for (name, given, low, high) in counts {
            in_range(name, given as u128, low as u128, high as u128)?;
        }
        Ok(())
    }
}

fn in_range(name: &'static str, given: u128, low: u128, high: u128) -> Result<(), ConfigError> {
    if (low..=high).contains(&given) { Ok(()) } else { Err(ConfigError::OutOfRange { name, given, low, high }) }
}
