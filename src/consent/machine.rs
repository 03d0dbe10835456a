//! The state of one call's consent, and how events and time change it.
//!
//! Digits are judged by their onset and by what was told before them; everything else by when it is told. Events may
//! come slightly out of order. `[worker]`: one thread tells one call's consent; nothing here blocks.
//!
//! Bounds: [`TENURES`] controllers and [`PAUSES`] pauses, one more of either closes the call with
//! [`Reason::LimitReached`]; [`DATA`] stretches of "digits are data", beyond which the oldest is forgotten (a 9 in it
//! that is told only then counts); and those of [`alone`](super::alone) and [`tenure`](super::tenure). Changes wait
//! until they are drained: at most four for one thing told, and one for each unsettled 9.

use std::time::Duration;

use crate::policy::{CallRules, Until};
use crate::time::CallTime;

use super::alone::{Alone, Nine};
use super::progress::{Progress, SILENCE};
use super::spans::{Full, Spans, WhenFull};
use super::tenure::{Stopped, Tenure};
use super::{Change, Digit, DigitSource, Event, Notice, Reason, Role, WithdrawnBy};

/// Controllers of one call.
pub(super) const TENURES: usize = 64;

/// Pauses of one call.
pub(super) const PAUSES: usize = 512;

/// Stretches of "digits are data" that are remembered.
const DATA: usize = 64;

/// What is known when a call starts.
#[derive(Clone, Debug)]
pub struct Start {
    /// The rules of the call's controller, or why it may never be tapped.
    pub rules: Result<CallRules, Reason>,
    /// The language the caller chose (RFC 5646 tag, compared without case).
    pub language: String,
    /// How long before the window's end audio is held already, so that none is missed when it closes.
    pub hold_back: Duration,
}

/// What one call's caller wants, as far as it is known. `[worker]`
#[derive(Debug)]
pub struct Consent {
    language: String,
    pub(super) hold_back: Duration,
    /// Whether a notice ever began.
    pub(super) asked: bool,
    /// Every controller's time, in order. Empty when the call may never be tapped.
    pub(super) tenures: Vec<Tenure>,
    pub(super) pauses: Spans,
    pub(super) data: Spans,
    pub(super) alone: Alone,
    pub(super) progress: Progress,
    /// No more caller audio from before this moment comes: a 9 before it is settled at once.
    settled_before: CallTime,
    /// The call can never be tapped again, for another reason than the caller's wish.
    pub(super) closed: Option<Stop>,
    /// The caller does not want it.
    pub(super) refused: Option<Stop>,
    changes: Vec<Change>,
}

/// From when nothing is permitted, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pub(super) at: CallTime,
    pub(super) reason: Reason,
}

impl Consent {
    /// The consent of a call that starts. Without rules it is final at once. `[worker]`
    pub fn new(start: Start) -> Consent {
        let mut consent = Consent {
            language: start.language,
            hold_back: start.hold_back,
            asked: false,
            tenures: Vec::new(),
            pauses: Spans::new(PAUSES, WhenFull::Refuse),
            data: Spans::new(DATA, WhenFull::ForgetOldest),
            alone: Alone::default(),
            progress: Progress::NONE,
            settled_before: CallTime::MIN,
            closed: None,
            refused: None,
            changes: Vec::new(),
        };
        match start.rules {
            Ok(rules) => consent.tenures.push(Tenure::new(CallTime::MIN, rules)),
            Err(reason) => {
                consent.closed = Some(Stop { at: CallTime::MIN, reason });
                consent.changes.push(Change::Closed { at: CallTime::ZERO, reason });
            }
        }
        consent
    }

    /// Something happened at `at`. For a digit that is when it was reported; its own onset counts. `[worker]`
    ///
    /// A withdrawal counts at any time, and so does a 9 that has shut the gates, or that was pressed before the call was over and is reported after:
    /// what was recorded is then erased; for those 9s it is known where a pause or "digits are data" ends. Everything else
    /// is ignored once the call [is final](Consent::is_final).
    pub fn tell(&mut self, at: CallTime, event: Event) {
        match event {
            Event::Digit { role: Role::Caller, digit, source, onset } => self.hear(digit, source, onset),
            Event::Digit { .. } => {}
            Event::ShutByPress { onset } => self.take_as_shut(onset),
            Event::Withdrawn { by } => self.withdraw(at, by),
            Event::Failed => self.fail(at),
            Event::DigitsAreData(are) => self.take_digits_as_data(at, are),
            Event::Resumed => self.resume(at),
            _ if self.is_final() => {}
            Event::NoticeStarted { language } => self.start_notice(at, &language),
            Event::NoticeFinished { complete } => self.stop_notice(at, complete),
            Event::Paused => self.pause(at),
            Event::Ended => self.close(at, Reason::Ended),
            Event::LimitReached => self.close(at, Reason::LimitReached),
            Event::CallerLegClosed => self.settle_all(at),
        }
    }

    /// The call moved to another controller at `at`: all permissions end, a new notice is needed. Without rules the call
    /// is closed for good. Pause and "digits are data" go on. `[worker]`
    pub fn transfer(&mut self, at: CallTime, rules: Result<CallRules, Reason>) {
        let Some(tenure) = self.tenures.last().filter(|_| !self.is_final()) else {
            return;
        };
        let at = at.max(tenure.since);
        if tenure.is_playing() {
            self.stop_notice(at, false);
        }
        self.settle_all(at);
        if self.refused.is_some() {
            return;
        }
        self.open_as_it_stands(at);
        self.changes.push(Change::ControllerChanged { at });
        match rules {
            Ok(rules) if self.tenures.len() < TENURES => self.tenures.push(Tenure::new(at, rules)),
            Ok(_) => self.stop(at, Reason::LimitReached),
            Err(reason) => self.stop(at, reason),
        }
    }

    /// Time passed. `now`: the moment it is. `examined`: all caller audio before it was examined for digits, and those
    /// were told. `heard`: when the caller's last packet arrived, `None` if there was none yet. `[worker]`
    pub fn advance(&mut self, now: CallTime, examined: CallTime, heard: Option<CallTime>) {
        self.progress.advance(now, examined, heard);
        let settled = |nine: &Nine| self.progress.passed(nine.last_chance()) || self.is_overdue(nine.last_chance());
        if self.alone.first().is_some_and(settled) {
            self.object_to_unsettled();
        }
        if !self.is_final() {
            self.open_as_it_stands(CallTime::MAX);
        }
    }

    /// The same for a host that cannot wait (a pause, a transfer): `received` is how far the caller's audio came, and
    /// that must do for the window's end. A 9 goes on being settled by what [`advance`](Consent::advance) says. `[worker]`
    pub fn stand(&mut self, now: CallTime, received: CallTime, heard: Option<CallTime>) {
        self.progress.advance(now, received, heard);
        if !self.is_final() {
            self.open_as_it_stands(CallTime::MAX);
        }
    }

    /// Whether a 9 whose last chance was at `moment` waits no longer: half a second or two hold-backs. So holding is
    /// bounded, whatever a caller sends; it is an objection then.
    fn is_overdue(&self, moment: CallTime) -> bool {
        self.progress.now >= moment + (2 * self.hold_back).max(SILENCE)
    }

    /// Whether a window that ended at `window_end` should long have been examined: nothing is held for it any longer.
    /// A caller who falls silent right after it is known to be by then.
    pub(super) fn is_given_up(&self, window_end: CallTime) -> bool {
        self.progress.now >= window_end + 2 * self.hold_back + SILENCE
    }

    /// What followed since the last time, in order. `[worker]`
    pub fn drain(&mut self) -> impl Iterator<Item = Change> {
        self.changes.drain(..)
    }

    /// Whether nothing will ever be permitted again. `[worker]`
    pub fn is_final(&self) -> bool {
        self.refused.is_some() || self.closed.is_some()
    }

    /// The notice that the present controller's permission rests on; `None` before it was given. `[worker]`
    pub fn notice(&self) -> Option<&Notice> {
        self.tenures.last().and_then(Tenure::given)
    }

    /// Whose time `at` lies in, and when that ends: [`CallTime::MAX`] while it goes on.
    pub(super) fn tenure_at(&self, at: CallTime) -> Option<(&Tenure, CallTime)> {
        let next = self.tenures.partition_point(|tenure| tenure.since <= at);
        let tenure = self.tenures.get(next.checked_sub(1)?)?;
        let end_of_call = self.closed.map_or(CallTime::MAX, |closed| closed.at);
        let until = self.tenures.get(next).map_or(end_of_call, |following| following.since);
        Some((tenure, until))
    }

    /// What ended the call for tapping, the caller's wish first.
    pub(super) fn stops(&self) -> impl Iterator<Item = Stop> {
        self.refused.into_iter().chain(self.closed)
    }

    fn hear(&mut self, digit: Digit, source: DigitSource, onset: CallTime) {
        if self.refused.is_some() {
            return;
        }
        if digit.is_different() {
            let released = self.alone.hear_different(onset);
            self.changes.extend(released.map(|nine| Change::Released { onset: nine.onset }));
            if !self.is_final() {
                self.announce(CallTime::MAX);
            }
        } else if digit == Digit::NINE {
            self.hear_nine(source, onset);
        }
    }

    fn hear_nine(&mut self, source: DigitSource, onset: CallTime) {
        if self.data.contains(onset) || self.pauses.contains(onset) {
            return;
        }
        if let Some(closed) = self.closed.filter(|closed| closed.at <= onset) {
            // The library failed, the phone call goes on: nobody settles a 9 any more, so in doubt it refuses.
            let goes_on = matches!(closed.reason, Reason::Failed | Reason::LimitReached);
            let counts = |tenure: &Tenure| tenure.given().is_some() && tenure.rules.until == Until::CallEnd;
            if goes_on && self.tenure_at(closed.at).is_some_and(|(tenure, _)| counts(tenure)) {
                self.object(onset, source);
            }
            return;
        }
        let Some((tenure, until)) = self.tenure_at(onset) else {
            return;
        };
        if tenure.counts_at_once(onset) {
            return self.object(onset, source);
        }
        let Some((asked, alone)) = tenure.counts_alone(onset, until) else {
            return;
        };
        let nine = Nine { onset, source, alone, asked };
        if self.alone.has_neighbour(&nine) {
            return;
        }
        if onset < self.settled_before {
            return self.object(onset, source);
        }
        match self.alone.wait(nine) {
            Ok(true) => self.changes.push(Change::Held { onset }),
            Ok(false) => {}
            Err(_) => self.object(onset, source),
        }
    }

    /// A 9 at `onset` has shut the gates. Of a call that could never be tapped there is nothing to refuse.
    fn take_as_shut(&mut self, onset: CallTime) {
        if self.refused.is_none() && !self.tenures.is_empty() {
            self.object(onset, DigitSource::Host);
        }
    }

    /// The caller refused with a 9 at `onset`. It takes effect from the earliest 9 that was not settled.
    fn object(&mut self, onset: CallTime, source: DigitSource) {
        let (onset, source) = match self.alone.take_first() {
            Some(first) if first.onset < onset => (first.onset, first.source),
            _ => (onset, source),
        };
        self.refused = Some(Stop { at: onset, reason: Reason::Objected });
        self.changes.push(Change::Objected { onset, source });
    }

    fn object_to_unsettled(&mut self) {
        if let Some(first) = self.alone.take_first() {
            self.object(first.onset, first.source);
        }
    }

    /// No more of the caller's audio from before `at` comes: what is unsettled is an objection.
    fn settle_all(&mut self, at: CallTime) {
        self.settled_before = self.settled_before.max(at);
        self.object_to_unsettled();
    }

    fn withdraw(&mut self, at: CallTime, by: WithdrawnBy) {
        if self.refused.is_some() {
            return;
        }
        let unsettled = self.alone.take_first().map_or(CallTime::MAX, |first| first.onset);
        self.refused = Some(Stop { at: at.min(unsettled), reason: Reason::Withdrawn });
        self.changes.push(Change::Withdrawn { at, by: by.shortened() });
    }

    fn fail(&mut self, at: CallTime) {
        if self.refused.is_some() {
            return;
        }
        match self.closed {
            None => self.close(at, Reason::Failed),
            // What was permitted before the call was over is not handed on any more.
            Some(Stop { at, reason }) if reason != Reason::Failed && !self.tenures.is_empty() => {
                self.stop(at, Reason::Failed);
            }
            _ => {}
        }
    }

    fn close(&mut self, at: CallTime, reason: Reason) {
        self.settle_all(at);
        if self.refused.is_some() {
            return;
        }
        if reason != Reason::Failed {
            self.open_as_it_stands(at);
        }
        self.stop(at, reason);
    }

    fn stop(&mut self, at: CallTime, reason: Reason) {
        self.closed = Some(Stop { at, reason });
        self.changes.push(Change::Closed { at, reason });
    }

    fn start_notice(&mut self, at: CallTime, language: &str) {
        self.stop_notice(at, false);
        self.asked = true;
        if let Some(tenure) = self.tenures.last_mut() {
            tenure.start_notice(at, language, &self.language);
        }
    }

    fn stop_notice(&mut self, at: CallTime, complete: bool) {
        let Some(tenure) = self.tenures.last_mut() else {
            return;
        };
        let Some((stopped, at)) = tenure.stop_notice(at, complete, &self.language) else {
            return;
        };
        self.changes.extend(match (stopped, tenure.window_end()) {
            (Stopped::Given, Some(window_end)) => Some(Change::NoticeGiven { at, window_end }),
            (Stopped::NotGiven, _) => Some(Change::NoticeNotGiven { at }),
            _ => None,
        });
    }

    fn take_digits_as_data(&mut self, at: CallTime, are: bool) {
        if are {
            let begun = self.data.open(at);
            debug_assert!(begun.is_ok(), "a list that forgets its oldest has room");
        } else {
            self.data.close(at);
        }
    }

    fn pause(&mut self, at: CallTime) {
        if self.pauses.is_open() {
            return;
        }
        match self.pauses.open(at) {
            Ok(()) => self.changes.push(Change::Paused { at }),
            Err(Full) => self.close(at, Reason::LimitReached),
        }
    }

    fn resume(&mut self, at: CallTime) {
        // What was so before the call was over is not changed afterwards.
        let at = self.stops().map(|stop| stop.at).fold(at, CallTime::max);
        if let Some(at) = self.pauses.close(at)
            && !self.is_final()
        {
            self.changes.push(Change::Resumed { at });
            self.announce(CallTime::MAX);
        }
    }

    /// Opens the permission if the window closed by what is known of the caller's audio, and says so if it begins before
    /// `until`.
    fn open_as_it_stands(&mut self, until: CallTime) {
        let Some(tenure) = self.tenures.last_mut() else {
            return;
        };
        if tenure.window_end().is_some_and(|end| self.progress.reached(end)) {
            tenure.opened = true;
        }
        self.announce(until);
    }

    /// Says where the permission begins, once, when that is known and before `until`. A pause, or a 9 that is settled
    /// first, may lie at the window's end.
    fn announce(&mut self, until: CallTime) {
        let Some(tenure) = self.tenures.last_mut().filter(|tenure| tenure.opened && !tenure.announced) else {
            return;
        };
        let Some(window_end) = tenure.window_end() else {
            return;
        };
        let from = self.pauses.first_outside(window_end);
        let unsettled = self.alone.first().is_some_and(|nine| nine.onset <= from);
        if from < until && !unsettled {
            tenure.announced = true;
            self.changes.push(Change::Opened { pairs: tenure.rules.pairs, from });
        }
    }
}
