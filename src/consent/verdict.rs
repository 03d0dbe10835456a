//! Rulings on stretches of the clock, and the permissions that were given.
//!
//! A ruling is about one moment of the clock, as far as things are known when it is asked for. What is allowed can
//! still be refused: by a report that came late, by a refusal, by a failure.

use crate::policy::Pairs;
use crate::time::{CallTime, Interval};

use super::{Consent, Reason, Ruling, Verdict};

/// A stretch's parts with their rulings: consecutive, in order, covering it exactly. Allocates nothing.
#[derive(Clone, Debug)]
pub struct Verdicts<'a> {
    consent: &'a Consent,
    pairs: Pairs,
    rest: Interval,
    /// The ruling on everything, if there is one.
    everything: Option<Ruling>,
}

/// A stretch in which pairs were permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// When. Ends at [`CallTime::MAX`] while it goes on.
    pub stretch: Interval,
    /// Why it ended: [`Reason::Allowed`] while it goes on, [`Reason::Undecided`] while a 9 at its end is unsettled,
    /// [`Reason::Ended`] when the call, or its time under that controller, was over.
    pub ended: Reason,
}

impl Consent {
    /// Rules on a stretch of any leg's audio, for a sink of `pairs`: allowed is what is allowed for every one of them.
    /// No pair at all is never allowed. `[worker]`
    pub fn judge(&self, pairs: Pairs, stretch: Interval) -> Verdicts<'_> {
        let failed = self.closed.as_ref().filter(|closed| closed.reason == Reason::Failed);
        let everything = self.refused.as_ref().or(failed).map(|stop| Ruling::Refused(stop.reason));
        Verdicts { consent: self, pairs, rest: stretch, everything }
    }

    /// The stretches in which all of `pairs` were permitted, under every controller of the call, in order: an account of
    /// what was so, also after a refusal. `[worker]`
    pub fn permitted(&self, pairs: Pairs) -> impl Iterator<Item = Permission> {
        let always = Interval { from: CallTime::MIN, to: CallTime::MAX };
        let mut parts = Verdicts { consent: self, pairs, rest: always, everything: None }.peekable();
        std::iter::from_fn(move || {
            let allowed = parts.by_ref().find(|part| part.ruling == Ruling::Allowed)?;
            let ended = match parts.peek().map(|next| next.ruling) {
                None => Reason::Allowed,
                Some(Ruling::Undecided) => Reason::Undecided,
                Some(Ruling::Refused(why)) if ends_within_a_tenure(why) => why,
                Some(_) => Reason::Ended,
            };
            Some(Permission { stretch: allowed.part, ended })
        })
    }

    /// The ruling on one moment, but for what a refusal or a failure does to all of them.
    fn rule(&self, pairs: Pairs, at: CallTime) -> Ruling {
        if let Some(stop) = self.stops().find(|stop| stop.at <= at) {
            return Ruling::Refused(stop.reason);
        }
        let Some((tenure, until)) = self.tenure_at(at) else {
            return Ruling::Refused(Reason::NoticeNotGiven);
        };
        if pairs.is_empty() || !tenure.rules.pairs.covers(pairs) {
            return Ruling::Refused(Reason::EntityExcluded);
        }
        if self.pauses.contains(at) {
            return Ruling::Refused(Reason::Paused);
        }
        let Some(window_end) = tenure.window_end() else {
            return Ruling::Refused(Reason::NoticeNotGiven);
        };
        let waits = tenure.opened || (until == CallTime::MAX && !self.is_given_up(window_end));
        if at < window_end || !waits {
            return Ruling::Refused(Reason::WindowOpen);
        }
        let unsettled = self.alone.first().is_some_and(|nine| nine.onset <= at);
        if tenure.opened && !unsettled { Ruling::Allowed } else { Ruling::Undecided }
    }

    /// The first moment after `at` at which the ruling may be another one.
    fn next_edge(&self, at: CallTime) -> CallTime {
        let stops = self.stops().map(|stop| stop.at);
        let unsettled = self.alone.first().map(|nine| nine.onset);
        self.tenures
            .iter()
            .flat_map(|tenure| [Some(tenure.since), tenure.window_end()])
            .flatten()
            .chain(stops)
            .chain(unsettled)
            .chain(self.pauses.edges())
            .filter(|&edge| edge > at)
            .min()
            .unwrap_or(CallTime::MAX)
    }

    /// Whether a controller's time begins at `at`: what is permitted before and after are different permissions.
    fn changes_controller(&self, at: CallTime) -> bool {
        self.tenures.iter().any(|tenure| tenure.since == at)
    }
}

impl Iterator for Verdicts<'_> {
    type Item = Verdict;

    fn next(&mut self) -> Option<Verdict> {
        if self.rest.is_empty() {
            return None;
        }
        let Interval { from, to } = self.rest;
        let (ruling, end) = match self.everything {
            Some(ruling) => (ruling, to),
            None => {
                let ruling = self.consent.rule(self.pairs, from);
                let mut end = self.consent.next_edge(from);
                while end < to && !self.consent.changes_controller(end) && self.consent.rule(self.pairs, end) == ruling
                {
                    end = self.consent.next_edge(end);
                }
                (ruling, end.min(to))
            }
        };
        self.rest.from = end;
        Some(Verdict { part: Interval { from, to: end }, ruling })
    }
}

/// Whether a permission can end for this reason while its controller stays. Else it ended because its time was over.
fn ends_within_a_tenure(why: Reason) -> bool {
    matches!(why, Reason::Paused | Reason::Objected | Reason::Withdrawn | Reason::LimitReached | Reason::Failed)
}
