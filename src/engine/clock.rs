//! The only place that reads clocks. Everything else is told the time.
//!
//! A live engine asks a [`Clock`]; tests bring a [`ManualClock`] and move it, so that deadlines, budgets and stuck
//! threads are tested without waiting for them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::time::MonoTime;

/// Where a live engine has the time from. `[any]`
pub trait Clock: Send + Sync {
    /// Now, on the host's monotonic clock (`CLOCK_MONOTONIC`): the one on which frames arrive.
    fn now(&self) -> MonoTime;

    /// Now, as the time of day.
    fn utc(&self) -> jiff::Timestamp;
}

/// The system's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> MonoTime {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        MonoTime(seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0)))
    }

    #[expect(clippy::disallowed_methods, reason = "this is where clocks are read")]
    fn utc(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicU64,
    start: MonoTime,
    utc: jiff::Timestamp,
}

impl ManualClock {
    /// A clock at `now`, when the time of day is `utc`.
    pub fn at(now: MonoTime, utc: jiff::Timestamp) -> ManualClock {
        ManualClock { now: AtomicU64::new(now.0), start: now, utc }
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.now.fetch_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// Moves it on to `now`; never back.
    pub fn advance_to(&self, now: MonoTime) {
        self.now.fetch_max(now.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> MonoTime {
        MonoTime(self.now.load(Ordering::SeqCst))
    }

    fn utc(&self) -> jiff::Timestamp {
        let passed = jiff::SignedDuration::from_nanos(self.now().on_call(self.start).nanos());
        self.utc.checked_add(passed).unwrap_or(self.utc)
    }
}

/// When a thread that ticks is due again, in real time: the injected clock may stand still.
#[derive(Debug)]
pub(super) struct Ticker {
    every: Duration,
    next: std::time::Instant,
}

#[expect(clippy::disallowed_methods, reason = "this is where clocks are read")]
impl Ticker {
    pub(super) fn new(every: Duration) -> Ticker {
        Ticker { every, next: std::time::Instant::now() }
    }

    /// How long until the next tick; nothing when it is due.
    pub(super) fn remaining(&self) -> Duration {
        self.next.saturating_duration_since(std::time::Instant::now())
    }

    /// Whether a tick is due; if so the next one is set. Ticks that were missed are not made up for.
    pub(super) fn is_due(&mut self) -> bool {
        let now = std::time::Instant::now();
        if now < self.next {
            return false;
        }
        self.next = (self.next + self.every).max(now);
        true
    }
}

/// A moment of real time by which something must be over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<std::time::Instant>);

#[expect(clippy::disallowed_methods, reason = "this is where clocks are read")]
impl Deadline {
    /// `span` from now; never, if that is beyond all time.
    pub(super) fn after(span: Duration) -> Deadline {
        Deadline(std::time::Instant::now().checked_add(span))
    }

    /// What is left until then.
    pub(super) fn left(self) -> Duration {
        self.0.map_or(Duration::MAX, |at| at.saturating_duration_since(std::time::Instant::now()))
    }
}
