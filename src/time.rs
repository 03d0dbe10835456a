//! Moments on a call's clock.
//!
//! Every call has one clock; all of its legs, digits, permissions and recordings are placed on it. Its zero is
//! the caller's first packet. The clock is signed: what came before zero has a negative time.
//! Nothing here reads a clock; time always comes in from outside.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// A moment on one call's clock, in nanoseconds from its zero. `[any]`
///
/// Arithmetic saturates: a lying time stamp gives a far moment, never an overflow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CallTime(i64);

impl CallTime {
    /// The clock's zero.
    pub const ZERO: CallTime = CallTime(0);
    /// Before every other moment.
    pub const MIN: CallTime = CallTime(i64::MIN);
    /// After every other moment.
    pub const MAX: CallTime = CallTime(i64::MAX);

    /// The moment `nanos` nanoseconds after zero.
    pub const fn from_nanos(nanos: i64) -> CallTime {
        CallTime(nanos)
    }

    /// The moment `millis` milliseconds after zero.
    pub const fn from_millis(millis: i64) -> CallTime {
        CallTime(millis.saturating_mul(1_000_000))
    }

    /// Nanoseconds from zero.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Seconds from zero, for people and JSON.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// The number of the sample nearest to this moment, at `rate` samples a second.
    pub fn sample(self, rate: u32) -> i64 {
        let scaled = i128::from(self.0) * i128::from(rate);
        let half = i128::from(SECOND / 2);
        (scaled + half).div_euclid(i128::from(SECOND)) as i64
    }

    /// The moment of sample number `sample`, at `rate` samples a second, rounded down to a nanosecond.
    pub fn of_sample(sample: i64, rate: u32) -> CallTime {
        let nanos = (i128::from(sample) * i128::from(SECOND)).div_euclid(i128::from(rate.max(1)));
        CallTime(nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: CallTime) -> Duration {
        let nanos = i128::from(self.0) - i128::from(earlier.0);
        Duration::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }
}

impl Add<Duration> for CallTime {
    type Output = CallTime;

    fn add(self, span: Duration) -> CallTime {
        let nanos = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
        CallTime(self.0.saturating_add(nanos))
    }
}

impl Sub<Duration> for CallTime {
    type Output = CallTime;

    fn sub(self, span: Duration) -> CallTime {
        let nanos = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
        CallTime(self.0.saturating_sub(nanos))
    }
}

impl fmt::Display for CallTime {
    /// Seconds with three decimals, as in `9.000 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s", self.seconds())
    }
}

impl fmt::Debug for CallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.9}s", self.seconds())
    }
}

/// How long `samples` samples last at `rate` samples a second, rounded down to a nanosecond.
pub fn duration_of(samples: u64, rate: u32) -> Duration {
    let nanos = u128::from(samples) * SECOND as u128 / u128::from(rate.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// A stretch of a call's clock: from `from` (in) to `to` (out). Empty when `to` is not after `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval {
    /// The first moment inside.
    pub from: CallTime,
    /// The first moment after it.
    pub to: CallTime,
}

impl Interval {
    /// Whether `at` lies inside.
    pub fn contains(&self, at: CallTime) -> bool {
        self.from <= at && at < self.to
    }

    /// Whether nothing lies inside.
    pub fn is_empty(&self) -> bool {
        self.to <= self.from
    }

    /// What both stretches share; may be empty.
    pub fn intersection(&self, other: Interval) -> Interval {
        Interval { from: self.from.max(other.from), to: self.to.min(other.to) }
    }
}

/// A moment on the host's monotonic clock, in nanoseconds (`CLOCK_MONOTONIC`, or a capture's own time).
///
/// Frames arrive with one of these; the call turns it into a [`CallTime`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MonoTime(pub u64);

impl MonoTime {
    /// The same moment on the clock of a call whose zero is `zero`.
    pub fn on_call(self, zero: MonoTime) -> CallTime {
        let nanos = i128::from(self.0) - i128::from(zero.0);
        CallTime(nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_number_survives_the_way_to_time_and_back() {
        for rate in [8_000, 16_000, 44_100, 48_000] {
            for sample in [-48_001, -1, 0, 1, 7, 72_000, 1_000_000_007] {
                assert_eq!(CallTime::of_sample(sample, rate).sample(rate), sample, "at {rate} Hz");
            }
        }
    }

    #[test]
    fn time_before_zero_is_negative() {
        assert_eq!(MonoTime(5).on_call(MonoTime(8)), CallTime::from_nanos(-3));
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(CallTime::MAX + Duration::from_secs(1), CallTime::MAX);
        assert_eq!(CallTime::MIN - Duration::MAX, CallTime::MIN);
    }
}
