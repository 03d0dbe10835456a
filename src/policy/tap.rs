//! Kinds of use, purposes, and sets of their pairs.

use std::fmt;

/// A kind of use of a call's audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tap {
    /// An authorised person listens along, live.
    Monitor,
    /// The call is kept.
    Record,
}

/// Why audio may be used. There is no other purpose, so none can be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Quality control of the service.
    Quality,
    /// Evidence: suspected fraud, a legal dispute.
    Evidence,
}

impl Tap {
    /// Both kinds.
    pub const ALL: [Tap; 2] = [Tap::Monitor, Tap::Record];
}

impl Purpose {
    /// Both purposes.
    pub const ALL: [Purpose; 2] = [Purpose::Quality, Purpose::Evidence];
}

impl fmt::Display for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tap::Monitor => "monitor",
            Tap::Record => "record",
        })
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Purpose::Quality => "quality",
            Purpose::Evidence => "evidence",
        })
    }
}

/// A set of (tap, purpose) pairs. One bit each; the same bits stand in the gate's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Pairs(u8);

impl Pairs {
    /// No pair.
    pub const NONE: Pairs = Pairs(0);

    /// One pair.
    pub const fn one(tap: Tap, purpose: Purpose) -> Pairs {
        Pairs(1 << (tap as u8 * 2 + purpose as u8))
    }

    /// The set whose bits are `bits`; unknown bits are dropped.
    pub const fn from_bits(bits: u8) -> Pairs {
        Pairs(bits & 0b1111)
    }

    /// The set as bits: Monitor/Quality 1, Monitor/Evidence 2, Record/Quality 4, Record/Evidence 8.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether no pair is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every pair of `other` is in it.
    pub const fn covers(self, other: Pairs) -> bool {
        self.0 & other.0 == other.0
    }

    /// All pairs of both.
    pub const fn union(self, other: Pairs) -> Pairs {
        Pairs(self.0 | other.0)
    }

    /// The pairs in both.
    pub const fn intersection(self, other: Pairs) -> Pairs {
        Pairs(self.0 & other.0)
    }

    /// The pairs of one tap.
    pub fn of(self, tap: Tap) -> Pairs {
        Purpose::ALL.iter().fold(Pairs::NONE, |set, &purpose| set.union(self.intersection(Pairs::one(tap, purpose))))
    }

    /// The pairs, one by one.
    pub fn iter(self) -> impl Iterator<Item = (Tap, Purpose)> {
        Tap::ALL
            .into_iter()
            .flat_map(|tap| Purpose::ALL.into_iter().map(move |purpose| (tap, purpose)))
            .filter(move |&(tap, purpose)| self.covers(Pairs::one(tap, purpose)))
    }
}

impl FromIterator<(Tap, Purpose)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (Tap, Purpose)>>(pairs: I) -> Pairs {
        pairs.into_iter().fold(Pairs::NONE, |set, (tap, purpose)| set.union(Pairs::one(tap, purpose)))
    }
}
