//! What came of each frame behind a queue, told to the worker one by one; and the last of it, told to the sink.
//!
//! The account counts pieces, for it is the queue's. A call's ledger counts frames, of which a sink may get several
//! pieces: its worker gives each piece its frame's number, and hears what came of it.

use crate::frame::Ledger;
use crate::sink::{Closing, LegIndex};

use super::LEGS;

/// The number of a frame in its leg. A sink gets the pieces of a frame one after the other.
pub type Tag = u64;

/// What came of one piece of a frame that was queued with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Whose frame.
    pub leg: LegIndex,
    /// Which.
    pub tag: Tag,
    /// What came of it.
    pub came: Came,
}

/// What came of a piece of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// The sink took it.
    Handed,
    /// The sink had no room for it.
    Refused,
    /// A stop wiped it before the sink had it.
    Wiped,
    /// The sink had failed, or failed in it.
    Lost,
}

/// What a worker has heard of one leg's frames when it orders the end: the rest is still to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Whose frames.
    pub leg: LegIndex,
    /// Frames of which the sink took a piece.
    pub handed: u64,
    /// Frames of which it took none and had no room for one.
    pub refused: u64,
    /// Frames that were queued and of which nothing was heard: they are `in_flight` in the closing's ledger.
    pub waiting: u64,
}

/// The same as the writer knows it: frames, not pieces.
#[derive(Default)]
pub(super) struct Tally {
    legs: [Told; LEGS],
}

#[derive(Clone, Copy, Default)]
struct Told {
    /// The last frame, and whether the sink took a piece of it.
    last: Option<(Tag, bool)>,
    handed: u64,
    refused: u64,
}

impl Tally {
    /// Counts a piece that the sink was given.
    pub(super) fn note(&mut self, leg: LegIndex, tag: Tag, taken: bool) {
        let told = &mut self.legs[usize::from(leg) % LEGS];
        let before = told.last.filter(|(last, _)| *last == tag).map(|(_, taken)| taken);
        match (before, taken) {
            (Some(true), _) | (Some(false), false) => return,
            (Some(false), true) => told.refused = told.refused.saturating_sub(1),
            (None, _) => {}
        }
        told.handed += u64::from(taken);
        told.refused += u64::from(!taken);
        told.last = Some((tag, taken));
    }

    /// Settles what waited when the end was ordered: nothing is queued any more, so what the sink was not given it will
    /// not get.
    pub(super) fn settle(&self, closing: &mut Closing, heard: &[Heard]) {
        for heard in heard {
            let told = &self.legs[usize::from(heard.leg) % LEGS];
            let of_leg = |(leg, _): &&mut (LegIndex, Ledger)| *leg == heard.leg;
            let Some((_, ledger)) = closing.ledgers.iter_mut().find(of_leg) else { continue };
            let waiting = heard.waiting.min(ledger.in_flight);
            let handed = told.handed.saturating_sub(heard.handed).min(waiting);
            let refused = told.refused.saturating_sub(heard.refused).min(waiting - handed);
            ledger.in_flight -= waiting;
            ledger.delivered += handed;
            ledger.queue += refused;
            ledger.sink += waiting - handed - refused;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::consent::Reason;
    use crate::sink::Outcome;
    use crate::time::CallTime;

    use super::*;

    #[test]
    fn a_frame_counts_once_however_many_pieces_it_had_and_as_handed_when_one_was() {
        let mut tally = Tally::default();
        for (tag, taken) in [(1, true), (1, false), (2, false), (2, false), (3, false), (3, true), (4, true), (4, true)]
        {
            tally.note(0, tag, taken);
        }
        assert_eq!((tally.legs[0].handed, tally.legs[0].refused), (3, 1));
    }

    #[test]
    fn what_waited_at_the_end_is_what_the_sink_was_given_since_and_the_rest_was_not_given() {
        let mut tally = Tally::default();
        (0..10).for_each(|tag| tally.note(0, tag, tag % 5 != 0));
        let ledger = Ledger { pushed: 20, delivered: 3, withheld: 5, in_flight: 12, ..Ledger::default() };
        let mut closing = Closing {
            outcome: Outcome::Complete,
            at: CallTime::ZERO,
            reason: Reason::Ended,
            permitted: Vec::new(),
            ledgers: vec![(0, ledger)],
        };
        tally.settle(&mut closing, &[Heard { leg: 0, handed: 3, refused: 0, waiting: 11 }]);
        let settled = Ledger { delivered: 8, queue: 2, sink: 4, in_flight: 1, ..ledger };
        assert_eq!(closing.ledgers, [(0, settled)]);
        assert!(settled.balances());
    }
}
