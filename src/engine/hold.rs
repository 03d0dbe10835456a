//! When a leg's line was on hold, as its host signalled it. `[worker]`
//!
//! Bounded: of [`HOLDS`] stretches the oldest is forgotten; a gap is said at most a hold-back after it ended.

use crate::consent::{Spans, WhenFull};
use crate::sink::GapCause;
use crate::time::{CallTime, Interval};

/// Stretches that are remembered.
const HOLDS: usize = 32;

/// The stretches.
pub(super) struct Holds(Spans);

impl Holds {
    pub(super) fn new() -> Holds {
        Holds(Spans::new(HOLDS, WhenFull::ForgetOldest))
    }

    /// The line is on hold from `at` on, or no longer.
    pub(super) fn set(&mut self, on: bool, at: CallTime) {
        if on {
            let begun = self.0.open(at);
            debug_assert!(begun.is_ok(), "a list that forgets its oldest has room");
        } else {
            self.0.close(at);
        }
    }

    /// Whether the line was on hold at any moment from `from` to `to`.
    pub(super) fn touch(&self, from: CallTime, to: CallTime) -> bool {
        self.0.contains(from) || self.0.contains(to) || self.0.edges().any(|edge| from <= edge && edge <= to)
    }

    /// The parts of a gap with what each is for: where nothing came, or what came was not offered, that was the hold.
    pub(super) fn split(&self, gap: Interval, cause: GapCause) -> Vec<(Interval, GapCause)> {
        if !matches!(cause, GapCause::Lost | GapCause::Silent) {
            return vec![(gap, cause)];
        }
        let mut edges: Vec<CallTime> = self.0.edges().filter(|&edge| gap.from < edge && edge < gap.to).collect();
        edges.extend([gap.from, gap.to]);
        edges.sort();
        edges.dedup();
        let parts = edges.windows(2).map(|pair| Interval { from: pair[0], to: pair[1] });
        parts.map(|part| (part, if self.0.contains(part.from) { GapCause::Hold } else { cause })).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: i64) -> CallTime {
        CallTime::from_millis(millis)
    }

    fn gap(from: i64, to: i64) -> Interval {
        Interval { from: ms(from), to: ms(to) }
    }

    fn held(stretches: &[(i64, i64)]) -> Holds {
        let mut holds = Holds::new();
        for &(from, to) in stretches {
            holds.set(true, ms(from));
            holds.set(false, ms(to));
        }
        holds
    }

    #[test]
    fn a_gap_is_split_where_the_hold_begins_and_ends() {
        let (hold, silent) = (GapCause::Hold, GapCause::Silent);
        let holds = held(&[(10, 20), (30, 40)]);
        let expected = [(gap(5, 10), silent), (gap(10, 20), hold), (gap(20, 30), silent), (gap(30, 35), hold)];
        assert_eq!(holds.split(gap(5, 35), silent), expected);
        assert_eq!(holds.split(gap(12, 18), GapCause::Lost), [(gap(12, 18), hold)]);
        assert_eq!(holds.split(gap(20, 30), GapCause::Lost), [(gap(20, 30), GapCause::Lost)]);
    }

    #[test]
    fn what_the_library_dropped_or_may_not_have_is_not_put_down_to_the_hold() {
        for cause in [GapCause::Dropped, GapCause::Withheld, GapCause::Held, GapCause::Paused] {
            assert_eq!(held(&[(10, 20)]).split(gap(5, 35), cause), [(gap(5, 35), cause)]);
        }
    }

    #[test]
    fn a_hold_that_goes_on_has_no_end() {
        let mut holds = Holds::new();
        holds.set(true, ms(10));
        assert_eq!(holds.split(gap(50, 60), GapCause::Silent), [(gap(50, 60), GapCause::Hold)]);
        assert!(holds.touch(ms(50), ms(60)) && holds.touch(ms(0), ms(10)) && !holds.touch(ms(0), ms(9)));
    }
}
