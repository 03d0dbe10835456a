//! What became of the frames that one output was offered, leg by leg.

use std::sync::atomic::{AtomicU64, Ordering};

use super::LEGS;

/// The account of one leg's frames, as one output's queue saw them. Each frame counts once; a part that was cut out of a
/// frame counts as one.
///
/// `offered = handed + refused + wiped + lost + dropped + waiting`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Frames that the worker brought.
    pub offered: u64,
    /// Handed to the sink, which took them.
    pub handed: u64,
    /// Handed to the sink, which had no room for them.
    pub refused: u64,
    /// Wiped by a stop before the sink had them.
    pub wiped: u64,
    /// Not handed over because the sink had failed, and the one in which it failed.
    pub lost: u64,
    /// Dropped: the queue was full, or the pool was.
    pub dropped: u64,
    /// In the queue, or in the sink's hands just now.
    pub waiting: u64,
}

/// The same while several threads write it.
#[derive(Default)]
pub(super) struct Accounts {
    legs: [Counts; LEGS],
}

#[derive(Default)]
struct Counts {
    /// Written by the worker alone.
    offered: AtomicU64,
    fates: [AtomicU64; 5],
}

/// What becomes of a frame.
#[derive(Clone, Copy)]
pub(super) enum Fate {
    Handed,
    Refused,
    Wiped,
    Lost,
    Dropped,
}

impl Accounts {
    /// Counts a frame that was brought. Legs are checked by who brings it.
    pub(super) fn offer(&self, leg: u8) {
        self.of(leg).offered.fetch_add(1, Ordering::Release);
    }

    pub(super) fn settle(&self, leg: u8, fate: Fate) {
        self.of(leg).fates[fate as usize].fetch_add(1, Ordering::Release);
    }

    /// One leg's account. Exact once nothing waits; before, what is being settled just now counts as waiting.
    pub(super) fn read(&self, leg: u8) -> Account {
        let counts = self.of(leg);
        // Fates first: what is settled was offered before, so that `waiting` is never below zero.
        let [handed, refused, wiped, lost, dropped] =
            std::array::from_fn(|fate| counts.fates[fate].load(Ordering::Acquire));
        let offered = counts.offered.load(Ordering::Acquire);
        let waiting = offered.saturating_sub(handed + refused + wiped + lost + dropped);
        Account { offered, handed, refused, wiped, lost, dropped, waiting }
    }

    /// Frames of all legs that the sink has.
    pub(super) fn handed(&self) -> u64 {
        self.legs.iter().map(|counts| counts.fates[Fate::Handed as usize].load(Ordering::Acquire)).sum()
    }

    fn of(&self, leg: u8) -> &Counts {
        &self.legs[usize::from(leg) % LEGS]
    }
}
