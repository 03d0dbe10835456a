//! The rules, each answered from the whole log.

use calltap::consent::{Change, Digit, DigitSource, Event, Gate, Reason, Role, Ruling, Start};
use calltap::policy::{Pairs, Tap, Until};
use calltap::time::{CallTime, Interval};

pub use super::facts::{Entry, Log};
use super::facts::{Facts, Finals, Nine};

/// What follows from the first `n` entries.
pub struct Known<'a> {
    facts: Facts<'a>,
    finals: Finals,
    pauses: Vec<Interval>,
    /// By controller.
    opened: Vec<bool>,
    /// The 9s that may stand alone, earliest onset first, each onset once.
    unsettled: Vec<(CallTime, DigitSource)>,
}

impl Log {
    pub fn new(start: Start) -> Log {
        let closing = start.rules.as_ref().err().map(|&reason| (CallTime::MIN, reason));
        let finals = vec![Finals { refusal: None, closing }];
        Log { start, entries: Vec::new(), finals, nines: Vec::new(), beside: Default::default(), announced: Vec::new() }
    }

    pub fn known(&self) -> Known<'_> {
        Known::of(self, self.entries.len())
    }

    /// Adds an entry. Answers what follows from it.
    pub fn push(&mut self, entry: Entry) -> Vec<Change> {
        let n = self.entries.len();
        self.entries.push(entry);
        self.nines.push(nine(self, n));
        let before = Known::of(self, n);
        let refusal = before.refusal_by(n);
        let mut finals = Finals { refusal: refusal.as_ref().map(refused_from), ..before.finals };
        if let (Some(withdrawal), Some((unsettled, _))) = (finals.refusal.as_mut(), before.unsettled.first()) {
            withdrawal.0 = withdrawal.0.min(*unsettled);
        }
        finals.refusal = before.finals.refusal.or(finals.refusal);
        if finals.refusal.is_none() {
            finals.closing = before.closing_by(n);
        }
        self.finals.push(finals);
        for number in self.found_beside(n + 1) {
            self.beside.entry(number).or_insert(n + 1);
        }

        let (before, after) = (Known::of(self, n), Known::of(self, n + 1));
        let mut changes = before.changes_to(&after);
        changes.extend(refusal);
        if let Some((controller, opened)) = before.announcement(&after) {
            changes.push(opened);
            self.announced.push(controller);
        }
        changes
    }

    fn found_beside(&self, n: usize) -> Vec<usize> {
        let facts = Facts::of(self, n);
        let waiting = facts.keys().filter(|&(number, ..)| self.nines[number] == Nine::MayStandAlone);
        waiting.filter(|&(_, _, onset, _)| has_neighbour(&facts, onset)).map(|(number, ..)| number).collect()
    }

    /// Every moment at which something may change, and the ones just before.
    pub fn moments(&self) -> Vec<CallTime> {
        let facts = Facts::of(self, self.entries.len());
        let mut moments: Vec<CallTime> = (0..facts.controllers.len()).filter_map(|it| facts.window_end(it)).collect();
        for entry in &self.entries {
            match entry {
                Entry::Tell(at, Event::Digit { onset, .. }) => moments.extend([*at, *onset]),
                Entry::Tell(at, _) | Entry::Transfer(at, _) => moments.push(*at),
                Entry::Advance { .. } => {}
            }
        }
        let just_before: Vec<_> = moments.iter().map(|moment| CallTime::from_nanos(moment.nanos() - 1)).collect();
        moments.extend(just_before);
        moments.push(CallTime::MIN);
        moments.sort();
        moments.dedup();
        moments
    }
}

fn refused_from(refusal: &Change) -> (CallTime, Reason) {
    match *refusal {
        Change::Objected { onset, .. } => (onset, Reason::Objected),
        Change::Withdrawn { at, .. } => (at, Reason::Withdrawn),
        _ => unreachable!("no refusal"),
    }
}

impl<'a> Known<'a> {
    fn of(log: &'a Log, n: usize) -> Known<'a> {
        let facts = Facts::of(log, n);
        let finals = log.finals[n];
        let mut unsettled: Vec<(CallTime, DigitSource)> = Vec::new();
        if !finals.any() {
            for (number, _, onset, source) in facts.keys() {
                let waits = log.nines[number] == Nine::MayStandAlone;
                let is_settled = log.beside.get(&number).is_some_and(|&found| found <= n);
                if waits && !is_settled && unsettled.iter().all(|known| known.0 != onset) {
                    unsettled.push((onset, source));
                }
            }
            unsettled.sort_by_key(|known| known.0);
        }
        let opened = (0..facts.controllers.len()).map(|controller| facts.is_opened(controller)).collect();
        Known { finals, pauses: facts.pauses(), opened, unsettled, facts }
    }

    pub fn is_final(&self) -> bool {
        self.finals.any()
    }

    pub fn gate(&self, role: Role) -> Gate {
        if self.is_final() {
            return Gate::Shut;
        }
        let present = self.present();
        let asked = !self.facts.notices.is_empty();
        let closed = if asked && role == Role::Caller { Gate::Listen } else { Gate::Wait };
        if self.is_paused() || self.facts.given(present).is_none() {
            closed
        } else if self.opened[present] && self.unsettled.is_empty() {
            Gate::Open(self.facts.controllers[present].rules.pairs)
        } else if self.opened[present] {
            Gate::Hold
        } else {
            let window_end = self.facts.window_end(present).expect("a notice was given");
            let early = window_end - self.facts.log.start.hold_back;
            let is_near = self.facts.log.now(self.facts.n).is_some_and(|now| now >= early);
            let is_near = is_near && !self.facts.log.is_given_up(self.facts.n, window_end);
            if is_near { Gate::Hold } else { closed }
        }
    }

    pub fn reason(&self, tap: Tap) -> Reason {
        if let Some((_, reason)) = self.finals.refusal.or(self.finals.closing) {
            return reason;
        }
        let present = self.present();
        let checks = [
            (self.facts.controllers[present].rules.pairs.of(tap).is_empty(), Reason::EntityExcluded),
            (self.is_paused(), Reason::Paused),
            (self.facts.given(present).is_none(), Reason::NoticeNotGiven),
            (!self.opened[present], Reason::WindowOpen),
            (!self.unsettled.is_empty(), Reason::Undecided),
        ];
        checks.into_iter().find(|(holds, _)| *holds).map_or(Reason::Allowed, |(_, reason)| reason)
    }

    /// The pairs and the first permitted moment of `moments`, which come in order.
    pub fn permit(&self, tap: Tap, pairs: Pairs, moments: &[CallTime]) -> Option<(Pairs, CallTime)> {
        let present = self.facts.controllers.last()?;
        let pairs = present.rules.pairs.intersection(pairs).of(tap);
        let permitted = |it: CallTime| it >= present.since && self.ruling(pairs, it) == Ruling::Allowed;
        let from = moments.iter().copied().find(|&moment| permitted(moment))?;
        Some((pairs, from))
    }

    pub fn notice(&self) -> Option<(Interval, CallTime)> {
        let present = self.facts.controllers.len().checked_sub(1)?;
        let notice = self.facts.given(present)?;
        Some((Interval { from: notice.from, to: notice.end? }, self.facts.window_end(present)?))
    }

    pub fn ruling(&self, pairs: Pairs, at: CallTime) -> Ruling {
        match (self.finals.refusal, self.finals.closing) {
            (Some((_, reason)), _) | (None, Some((_, reason @ Reason::Failed))) => Ruling::Refused(reason),
            _ => self.account(pairs, at),
        }
    }

    /// What was so at the moment itself, whatever was refused later.
    pub fn account(&self, pairs: Pairs, at: CallTime) -> Ruling {
        let stops = [self.finals.refusal, self.finals.closing];
        if let Some((_, reason)) = stops.into_iter().flatten().filter(|stop| stop.0 <= at).min_by_key(|stop| stop.0) {
            return Ruling::Refused(reason);
        }
        let controller = self.facts.controller_at(at).expect("a call that is not closed has a controller");
        let is_present = controller == self.present() && self.finals.closing.is_none();
        if pairs.is_empty() || !self.facts.controllers[controller].rules.pairs.covers(pairs) {
            Ruling::Refused(Reason::EntityExcluded)
        } else if self.pauses.iter().any(|pause| pause.contains(at)) {
            Ruling::Refused(Reason::Paused)
        } else if self.facts.given(controller).is_none() {
            Ruling::Refused(Reason::NoticeNotGiven)
        } else if self.facts.window_end(controller).is_some_and(|end| at < end) {
            Ruling::Refused(Reason::WindowOpen)
        } else if !self.opened[controller] {
            let window_end = self.facts.window_end(controller).expect("a notice was given");
            let waits = is_present && !self.facts.log.is_given_up(self.facts.n, window_end);
            if waits { Ruling::Undecided } else { Ruling::Refused(Reason::WindowOpen) }
        } else if self.unsettled.iter().any(|&(onset, _)| onset <= at) {
            Ruling::Undecided
        } else {
            Ruling::Allowed
        }
    }

    pub fn reason_for_ending(&self, pairs: Pairs, end: CallTime) -> Reason {
        use Reason::{Allowed, Ended, Failed, LimitReached, Objected, Paused, Undecided, Withdrawn};
        if end == CallTime::MAX {
            return Allowed;
        }
        match self.account(pairs, end) {
            Ruling::Undecided => Undecided,
            Ruling::Refused(why @ (Paused | Objected | Withdrawn | Failed | LimitReached)) => why,
            _ => Ended,
        }
    }

    fn present(&self) -> usize {
        self.facts.controllers.len() - 1
    }

    fn is_paused(&self) -> bool {
        self.pauses.last().is_some_and(|pause| pause.to == CallTime::MAX)
    }

    /// The refusal that entry `number` brings, if nobody refused before it.
    fn refusal_by(&self, number: usize) -> Option<Change> {
        if self.finals.refusal.is_some() {
            return None;
        }
        let log = self.facts.log;
        let first = self.unsettled.first().copied();
        let ends_here = first.map(|(onset, source)| Change::Objected { onset, source });
        match &log.entries[number] {
            Entry::Tell(at, Event::Withdrawn { by }) => Some(Change::Withdrawn { at: *at, by: by.clone() }),
            &Entry::Tell(_, Event::Digit { role: Role::Caller, digit: Digit::NINE, source, onset }) => {
                let objects = match log.nines[number] {
                    Nine::Nothing => false,
                    Nine::Objection => true,
                    Nine::MayStandAlone => {
                        onset < self.facts.nothing_comes_before() && !has_neighbour(&self.facts, onset)
                    }
                };
                let (onset, source) = first.filter(|first| first.0 < onset).unwrap_or((onset, source));
                objects.then_some(Change::Objected { onset, source })
            }
            Entry::Tell(_, Event::Ended | Event::Failed | Event::LimitReached | Event::CallerLegClosed) => ends_here,
            Entry::Transfer(..) => ends_here,
            Entry::Advance { .. } => ends_here.filter(|_| {
                let last_chance = |onset| onset + alone(&self.facts, onset);
                let settled = |at| log.passed(number + 1, at) || log.is_overdue(number + 1, at);
                self.unsettled.iter().any(|&(onset, _)| settled(last_chance(onset)))
            }),
            Entry::Tell(..) => None,
        }
    }

    /// The closing after entry `number`, which nobody refused by.
    fn closing_by(&self, number: usize) -> Option<(CallTime, Reason)> {
        let was = self.finals.closing;
        match (&self.facts.log.entries[number], was) {
            (Entry::Tell(_, Event::Failed), Some((at, _))) if !self.facts.controllers.is_empty() => {
                Some((at, Reason::Failed))
            }
            (_, Some(_)) => was,
            (Entry::Tell(at, Event::Ended), None) => Some((*at, Reason::Ended)),
            (Entry::Tell(at, Event::LimitReached), None) => Some((*at, Reason::LimitReached)),
            (Entry::Tell(at, Event::Failed), None) => Some((*at, Reason::Failed)),
            (Entry::Transfer(at, Err(reason)), None) => Some((self.facts.clamped(*at), *reason)),
            _ => None,
        }
    }

    /// The changes by one more entry, but for refusals and `Opened`.
    fn changes_to(&self, after: &Known<'_>) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.finals.refusal.is_some() {
            return changes;
        }
        for (number, notice) in after.facts.notices.iter().enumerate() {
            let ended_before = self.facts.notices.get(number).is_some_and(|notice| notice.end.is_some());
            if let (Some(at), false, None) = (notice.end, ended_before, self.facts.given(notice.controller)) {
                changes.push(match after.facts.window_end(notice.controller) {
                    Some(window_end) => Change::NoticeGiven { at, window_end },
                    None => Change::NoticeNotGiven { at },
                });
            }
        }
        if let (false, true, Some(pause)) = (self.is_paused(), after.is_paused(), after.pauses.last()) {
            changes.push(Change::Paused { at: pause.from });
        }
        let resumed = self.is_paused() && !after.is_paused() && !self.is_final();
        if let (true, Some(pause)) = (resumed, after.pauses.last()) {
            changes.push(Change::Resumed { at: pause.to });
        }
        if after.finals.refusal.is_none() {
            let both = |onset, list: &[(CallTime, DigitSource)]| list.iter().any(|known| known.0 == onset);
            let gone = self.unsettled.iter().filter(|known| !both(known.0, &after.unsettled));
            changes.extend(gone.map(|&(onset, _)| Change::Released { onset }));
            let new = after.unsettled.iter().filter(|known| !both(known.0, &self.unsettled));
            changes.extend(new.map(|&(onset, _)| Change::Held { onset }));
            if let (Entry::Transfer(at, _), false) = (&self.facts.log.entries[self.facts.n], self.is_final()) {
                changes.push(Change::ControllerChanged { at: self.facts.clamped(*at) });
            }
            if let Some((at, reason)) = after.finals.closing.filter(|&closing| self.finals.closing != Some(closing)) {
                changes.push(Change::Closed { at, reason });
            }
        }
        changes
    }

    /// The first permitted moment of the present controller, when one more entry makes it known.
    fn announcement(&self, after: &Known<'_>) -> Option<(usize, Change)> {
        if self.is_final() || after.finals.refusal.is_some() {
            return None;
        }
        let controller = self.present();
        if self.facts.log.announced.contains(&controller) || !after.opened[controller] {
            return None;
        }
        let end = after.finals.closing.map_or(CallTime::MAX, |closing| closing.0);
        let until = after.facts.controllers.get(controller + 1).map_or(end, |next| next.since);
        let window_end = after.facts.window_end(controller)?;
        let ends = after.pauses.iter().map(|pause| pause.to);
        let candidates = ends.chain([window_end]).filter(|&moment| moment >= window_end);
        let from = candidates.filter(|&moment| after.pauses.iter().all(|pause| !pause.contains(moment))).min()?;
        let unsettled = after.unsettled.iter().any(|&(onset, _)| onset <= from);
        let pairs = after.facts.controllers[controller].rules.pairs;
        (from < until && !unsettled).then_some((controller, Change::Opened { pairs, from }))
    }
}

/// What a 9 is that entry `number` reports, by what was told before.
fn nine(log: &Log, number: usize) -> Nine {
    let Entry::Tell(_, Event::Digit { role: Role::Caller, digit: Digit::NINE, onset, .. }) = log.entries[number] else {
        return Nine::Nothing;
    };
    let facts = Facts::of(log, number);
    let is_data = facts.pauses().into_iter().chain(facts.data()).any(|stretch| stretch.contains(onset));
    if let Some((at, reason)) = log.finals[number].closing.filter(|closing| closing.0 <= onset) {
        // The phone call goes on after a failure, and nobody settles a 9 any more.
        let goes_on = !is_data && matches!(reason, Reason::Failed | Reason::LimitReached);
        let counts = |it| facts.given(it).is_some() && facts.controllers[it].rules.until == Until::CallEnd;
        return match facts.controller_at(at) {
            Some(controller) if goes_on && counts(controller) => Nine::Objection,
            _ => Nine::Nothing,
        };
    }
    let Some(controller) = facts.controller_at(onset).filter(|_| !is_data) else { return Nine::Nothing };
    if facts.counts_at_once(onset) {
        return Nine::Objection;
    }
    let is_asked = facts.given(controller).is_some_and(|notice| notice.from <= onset);
    match facts.controllers[controller].rules.until {
        Until::CallEnd if is_asked => Nine::MayStandAlone,
        _ => Nine::Nothing,
    }
}

/// Whether a different digit is known within `alone` of a 9, in the same controller's time since its notice.
fn has_neighbour(facts: &Facts<'_>, onset: CallTime) -> bool {
    let controller = facts.controller_at(onset);
    let from = controller.and_then(|controller| facts.given(controller)).map(|notice| notice.from);
    let closing = facts.log.finals[facts.n].closing.map_or(CallTime::MAX, |closing| closing.0);
    facts.keys().filter(|(_, digit, ..)| digit.is_different()).any(|(_, _, different, _)| {
        let same_time = facts.controller_at(different) == controller && from.is_some_and(|from| from <= different);
        let near = different <= onset + alone(facts, onset) && onset <= different + alone(facts, onset);
        same_time && near && different < closing
    })
}

fn alone(facts: &Facts<'_>, onset: CallTime) -> std::time::Duration {
    let controller = facts.controller_at(onset).expect("a 9 that counts has a controller");
    facts.controllers[controller].rules.alone
}
