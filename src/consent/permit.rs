//! The proof that a sink may be opened.

use crate::policy::{Pairs, Tap};
use crate::time::CallTime;

/// Proof that a tap was permitted for its pairs when it was made. Only consent makes one, so no sink can be opened
/// before anything was permitted. It does not cover later moments: those are judged frame by frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    tap: Tap,
    pairs: Pairs,
    from: CallTime,
}

impl Permit {
    pub(super) fn new(tap: Tap, pairs: Pairs, from: CallTime) -> Permit {
        Permit { tap, pairs, from }
    }

    /// The kind of use.
    pub fn tap(&self) -> Tap {
        self.tap
    }

    /// The pairs that were permitted; all of this tap.
    pub fn pairs(&self) -> Pairs {
        self.pairs
    }

    /// The first permitted moment under the present controller.
    pub fn from(&self) -> CallTime {
        self.from
    }
}
