//! Whether a 9 after the window stands alone.
//!
//! A 9 stands beside another digit when a different one lies at most `alone` before or after it, onset to onset, both
//! in the same controller's time since its notice began. Which of the two is reported first does not matter. Until that
//! is settled the 9 is unsettled, and all audio from its onset on waits.
//!
//! Bounds: [`UNSETTLED`] unsettled 9s (one more is an objection at once), [`DIFFERENT`] different digits (the one that
//! was told first is forgotten; a 9 beside it that is told only now then stands alone). In doubt it is an objection.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::{CallTime, Interval};

use super::DigitSource;

/// Unsettled 9s at a time.
pub(super) const UNSETTLED: usize = 32;

/// Different digits that are remembered.
pub(super) const DIFFERENT: usize = 64;

/// A 9 by the caller after the window.
#[derive(Clone, Debug)]
pub(super) struct Nine {
    pub(super) onset: CallTime,
    pub(super) source: DigitSource,
    /// How near a different digit must be.
    pub(super) alone: Duration,
    /// The controller's time since the notice it gave began: only digits in it are neighbours.
    pub(super) asked: Interval,
}

impl Nine {
    /// The last moment at which a different digit can still be its neighbour.
    pub(super) fn last_chance(&self) -> CallTime {
        self.onset + self.alone
    }

    fn is_beside(&self, different: CallTime) -> bool {
        let apart = self.onset.since(different).max(different.since(self.onset));
        self.asked.contains(different) && apart <= self.alone
    }
}

/// The unsettled 9s are too many.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// The caller's digits, as far as they bear on a 9 after the window.
#[derive(Debug, Default)]
pub(super) struct Alone {
    /// By onset, earliest first.
    unsettled: Vec<Nine>,
    /// Onsets, in the order they were told.
    different: VecDeque<CallTime>,
}

impl Alone {
    /// Whether a different digit beside `nine` is known by now.
    pub(super) fn has_neighbour(&self, nine: &Nine) -> bool {
        self.different.iter().any(|&different| nine.is_beside(different))
    }

    /// `nine` waits until it is settled. Answers whether it is new: the same press may be seen twice.
    pub(super) fn wait(&mut self, nine: Nine) -> Result<bool, TooMany> {
        let Err(place) = self.unsettled.binary_search_by_key(&nine.onset, |known| known.onset) else {
            return Ok(false);
        };
        if self.unsettled.len() >= UNSETTLED {
            return Err(TooMany);
        }
        self.unsettled.insert(place, nine);
        Ok(true)
    }

    /// A different digit with its onset at `onset`. Answers the 9s it stands beside: they wait no longer.
    pub(super) fn hear_different(&mut self, onset: CallTime) -> impl Iterator<Item = Nine> {
        if !self.different.contains(&onset) {
            if self.different.len() >= DIFFERENT {
                self.different.pop_front();
            }
            self.different.push_back(onset);
        }
        self.unsettled.extract_if(.., move |nine| nine.is_beside(onset))
    }

    /// The unsettled 9 with the earliest onset.
    pub(super) fn first(&self) -> Option<&Nine> {
        self.unsettled.first()
    }

    /// Takes the earliest unsettled 9 and forgets the others: the caller's wish is known now.
    pub(super) fn take_first(&mut self) -> Option<Nine> {
        self.unsettled.drain(..).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Duration = Duration::from_secs(3);

    fn at(millis: i64) -> CallTime {
        CallTime::from_millis(millis)
    }

    fn nine(onset: i64) -> Nine {
        let asked = Interval { from: at(0), to: at(100_000) };
        Nine { onset: at(onset), source: DigitSource::InBand, alone: ALONE, asked }
    }

    fn hear_different(alone: &mut Alone, onset: i64) -> usize {
        alone.hear_different(at(onset)).count()
    }

    #[test]
    fn a_digit_exactly_as_far_as_the_rule_says_is_a_neighbour_on_both_sides() {
        for (different, expected) in [(17_000, true), (23_000, true), (16_999, false), (23_001, false)] {
            let mut alone = Alone::default();
            hear_different(&mut alone, different);
            assert_eq!(alone.has_neighbour(&nine(20_000)), expected, "{different}");
        }
    }

    #[test]
    fn a_digit_outside_the_time_since_the_notice_is_no_neighbour() {
        let mut alone = Alone::default();
        hear_different(&mut alone, -1);
        hear_different(&mut alone, 100_000);
        assert!(!alone.has_neighbour(&nine(1)));
        assert!(!alone.has_neighbour(&nine(99_999)));
    }

    #[test]
    fn each_waiting_nine_is_released_by_its_own_neighbour_only() {
        let mut alone = Alone::default();
        for onset in [20_000, 25_000, 22_000] {
            assert_eq!(alone.wait(nine(onset)), Ok(true));
        }
        assert_eq!(hear_different(&mut alone, 24_000), 2, "22 s and 25 s");
        assert_eq!(alone.first().map(|nine| nine.onset), Some(at(20_000)));
    }

    #[test]
    fn the_same_press_seen_twice_waits_once() {
        let mut alone = Alone::default();
        assert_eq!(alone.wait(nine(20_000)), Ok(true));
        assert_eq!(alone.wait(nine(20_000)), Ok(false));
        assert_eq!(hear_different(&mut alone, 20_000), 1);
    }

    #[test]
    fn there_is_no_room_for_a_nine_too_many() {
        let mut alone = Alone::default();
        for number in 0..UNSETTLED as i64 {
            assert_eq!(alone.wait(nine(20_000 + number)), Ok(true));
        }
        assert_eq!(alone.wait(nine(19_000)), Err(TooMany));
        assert_eq!(alone.take_first().map(|nine| nine.onset), Some(at(20_000)));
        assert!(alone.first().is_none());
    }

    #[test]
    fn the_digit_that_was_told_first_is_forgotten_first() {
        let mut alone = Alone::default();
        hear_different(&mut alone, 20_000);
        for number in 1..DIFFERENT as i64 {
            hear_different(&mut alone, 50_000 + number);
            hear_different(&mut alone, 50_000 + number);
        }
        assert!(alone.has_neighbour(&nine(20_000)), "a digit told twice takes one place");
        hear_different(&mut alone, 60_000);
        assert!(!alone.has_neighbour(&nine(20_000)));
        assert_eq!(alone.different.len(), DIFFERENT);
    }

    #[test]
    fn onsets_at_the_ends_of_the_clock_do_no_harm() {
        let far = Nine { onset: CallTime::MAX, asked: Interval { from: CallTime::MIN, to: CallTime::MAX }, ..nine(0) };
        let mut alone = Alone::default();
        assert_eq!(alone.hear_different(CallTime::MIN).count(), 0);
        assert!(!alone.has_neighbour(&far));
        assert_eq!(far.last_chance(), CallTime::MAX);
    }
}
