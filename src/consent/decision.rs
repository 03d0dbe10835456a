//! What may be done now: the legs' gates, the taps' decisions, the permits.

use crate::policy::{Pairs, Tap};
use crate::time::{CallTime, Interval};

use super::{Consent, Gate, Permit, Reason, Role, Ruling};

/// What is decided for one tap, at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The kind of use.
    pub tap: Tap,
    /// The pairs of this tap that are permitted now. Empty unless the reason is [`Reason::Allowed`].
    pub pairs: Pairs,
    /// Why.
    pub reason: Reason,
    /// Whether the host should give the call's audio to the library. `false` when nothing will ever be permitted again.
    pub hook_needed: bool,
}

impl Consent {
    /// What the gate of a leg with this role says. `[worker]`
    pub fn gate(&self, role: Role) -> Gate {
        let Some(tenure) = self.tenures.last().filter(|_| !self.is_final()) else {
            return Gate::Shut;
        };
        // Once the caller was asked, by whomever, a 9 may be on its way: it is listened to until the call is final.
        let listening = if role == Role::Caller && self.asked { Gate::Listen } else { Gate::Wait };
        let Some(window_end) = tenure.window_end().filter(|_| !self.pauses.is_open()) else {
            return listening;
        };
        if !tenure.opened {
            let is_near = self.progress.now >= window_end - self.hold_back;
            return if is_near && !self.is_given_up(window_end) { Gate::Hold } else { listening };
        }
        match self.alone.first() {
            Some(_) => Gate::Hold,
            None => Gate::Open(tenure.rules.pairs),
        }
    }

    /// The pairs that the present controller's rules allow once the caller was asked; none for a call that may never be
    /// tapped. `[worker]`
    pub fn pairs(&self) -> Pairs {
        self.tenures.last().map_or(Pairs::NONE, |tenure| tenure.rules.pairs)
    }

    /// Whether a 9 of the caller with this onset refuses at once: it lies in a notice, or in the window after one. `[worker]`
    pub fn counts_at_once(&self, onset: CallTime) -> bool {
        self.tenure_at(onset).is_some_and(|(tenure, _)| tenure.counts_at_once(onset))
    }

    /// What is decided for `tap` now. `[worker]`
    pub fn decision(&self, tap: Tap) -> Decision {
        let reason = self.reason(tap);
        let pairs = match (reason, self.tenures.last()) {
            (Reason::Allowed, Some(tenure)) => tenure.rules.pairs.of(tap),
            _ => Pairs::NONE,
        };
        Decision { tap, pairs, reason, hook_needed: !self.is_final() }
    }

    /// Proof for a sink that wants `pairs` of `tap`: those of them that the present controller permits. `None` when
    /// nothing of it was ever permitted, or everything was refused since. `[worker]`
    ///
    /// It stays available after [`Event::Ended`](super::Event::Ended), for what is handed on then. A
    /// [`transfer`](Consent::transfer) to other rules takes the former controller's away: take what is needed before.
    pub fn permit(&self, tap: Tap, pairs: Pairs) -> Option<Permit> {
        let tenure = self.tenures.last()?;
        let pairs = tenure.rules.pairs.intersection(pairs).of(tap);
        let time = Interval { from: tenure.since, to: CallTime::MAX };
        let first = self.judge(pairs, time).find(|verdict| verdict.ruling == Ruling::Allowed)?;
        Some(Permit::new(tap, pairs, first.part.from))
    }

    fn reason(&self, tap: Tap) -> Reason {
        if let Some(stop) = self.refused.as_ref().or(self.closed.as_ref()) {
            return stop.reason;
        }
        let Some(tenure) = self.tenures.last() else {
            return Reason::PolicyUnreadable;
        };
        if tenure.rules.pairs.of(tap).is_empty() {
            Reason::EntityExcluded
        } else if self.pauses.is_open() {
            Reason::Paused
        } else if tenure.given().is_none() {
            Reason::NoticeNotGiven
        } else if !tenure.opened {
            Reason::WindowOpen
        } else if self.alone.first().is_some() {
            Reason::Undecided
        } else {
            Reason::Allowed
        }
    }
}
