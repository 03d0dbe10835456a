//! What happened, read off the log from its beginning: controllers, notices, pauses, what was examined.

use std::collections::BTreeMap;
use std::time::Duration;

use calltap::consent::{Digit, DigitSource, Event, Reason, Role, Start};
use calltap::policy::CallRules;
use calltap::time::{CallTime, Interval};

/// One thing that consent is told.
#[derive(Clone, Debug)]
pub enum Entry {
    Tell(CallTime, Event),
    Transfer(CallTime, Result<CallRules, Reason>),
    Advance { now: CallTime, examined: CallTime, heard: Option<CallTime> },
}

/// What is final. Kept for every length of the log, because most of what is told afterwards is not heeded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Finals {
    /// From when, and why.
    pub refusal: Option<(CallTime, Reason)>,
    pub closing: Option<(CallTime, Reason)>,
}

impl Finals {
    pub fn any(&self) -> bool {
        self.refusal.is_some() || self.closing.is_some()
    }

    /// From when nothing is permitted.
    pub fn ends(&self) -> impl Iterator<Item = CallTime> {
        [self.refusal, self.closing].into_iter().flatten().map(|(at, _)| at)
    }
}

/// Everything that was told. `finals[n]` is what is final after `n` entries.
pub struct Log {
    pub start: Start,
    pub entries: Vec<Entry>,
    pub finals: Vec<Finals>,
    /// By entry: what a 9 was when it was reported.
    pub nines: Vec<Nine>,
    /// By the entry of a 9: after how many entries it was found beside another digit. What was settled once stays so.
    pub beside: BTreeMap<usize, usize>,
    /// Controllers of which was said from when they permit.
    pub announced: Vec<usize>,
}

/// What a 9 is when it is reported.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Nine {
    Nothing,
    Objection,
    MayStandAlone,
}

pub struct Controller<'a> {
    /// How many entries were told before its time.
    told_after: usize,
    pub since: CallTime,
    pub rules: &'a CallRules,
}

/// A notice that began to play.
#[derive(Clone, Debug)]
pub struct Played {
    pub controller: usize,
    pub from: CallTime,
    pub end: Option<CallTime>,
    /// Complete, in the caller's language, and one of the policy's.
    pub good: bool,
    in_language: bool,
    /// The number of the entry that ended it.
    ended_by: usize,
}

/// What the first `n` entries say.
pub struct Facts<'a> {
    pub log: &'a Log,
    pub n: usize,
    pub controllers: Vec<Controller<'a>>,
    pub notices: Vec<Played>,
}

impl<'a> Facts<'a> {
    pub fn of(log: &'a Log, n: usize) -> Facts<'a> {
        let mut facts = Facts { log, n, controllers: Vec::new(), notices: Vec::new() };
        facts.controllers.extend(log.start.rules.as_ref().ok().map(|rules| Controller {
            told_after: 0,
            since: CallTime::MIN,
            rules,
        }));
        for number in (0..n).filter(|&number| log.heeds(number)) {
            match &log.entries[number] {
                Entry::Tell(at, Event::NoticeStarted { language }) => facts.start_notice(number, *at, language),
                Entry::Tell(at, Event::NoticeFinished { complete }) => facts.end_notice(number, *at, *complete),
                Entry::Transfer(at, rules) => {
                    let since = facts.clamped(*at);
                    facts.end_notice(number, since, false);
                    if let (Ok(rules), None) = (rules, log.finals[number + 1].refusal) {
                        facts.controllers.push(Controller { told_after: number + 1, since, rules });
                    }
                }
                _ => {}
            }
        }
        facts
    }

    fn start_notice(&mut self, number: usize, at: CallTime, language: &str) {
        self.end_notice(number, at, false);
        let controller = self.controllers.len() - 1;
        let languages = &self.controllers[controller].rules.languages;
        let language = language.to_lowercase();
        let in_language = language == self.log.start.language.to_lowercase() && languages.contains(&language);
        let from = self.clamped(at);
        self.notices.push(Played { controller, from, end: None, good: false, in_language, ended_by: 0 });
    }

    fn end_notice(&mut self, number: usize, at: CallTime, complete: bool) {
        if let Some(playing) = self.notices.last_mut().filter(|notice| notice.end.is_none()) {
            playing.end = Some(at.max(playing.from));
            playing.good = complete && playing.in_language;
            playing.ended_by = number;
        }
    }

    /// A moment in the present controller's time.
    pub fn clamped(&self, at: CallTime) -> CallTime {
        at.max(self.controllers.last().expect("a heeded call has a controller").since)
    }

    /// Whose time it is at `at`.
    pub fn controller_at(&self, at: CallTime) -> Option<usize> {
        (0..self.controllers.len()).rev().find(|&number| self.controllers[number].since <= at)
    }

    /// The notice that a controller gave.
    pub fn given(&self, controller: usize) -> Option<&Played> {
        self.notices.iter().find(|notice| notice.controller == controller && notice.good)
    }

    pub fn window_end(&self, controller: usize) -> Option<CallTime> {
        Some(self.given(controller)?.end? + self.controllers[controller].rules.window)
    }

    /// Whether `onset` lies in a notice of its controller, or in the window of a complete one.
    pub fn counts_at_once(&self, onset: CallTime) -> bool {
        self.notices.iter().filter(|notice| Some(notice.controller) == self.controller_at(onset)).any(|notice| {
            let window = if notice.good { self.controllers[notice.controller].rules.window } else { Duration::ZERO };
            notice.from <= onset && notice.end.is_none_or(|end| onset < end + window)
        })
    }

    /// Whether the window of a controller was found closed.
    pub fn is_opened(&self, controller: usize) -> bool {
        let (Some(notice), Some(window_end)) = (self.given(controller), self.window_end(controller)) else {
            return false;
        };
        let since = self.controllers[controller].since;
        let end = self.controllers.get(controller + 1).map_or(self.n, |next| next.told_after);
        (notice.ended_by + 1..end).filter(|&number| self.log.heeds(number)).any(|number| {
            if self.log.finals[number + 1].refusal.is_some() {
                return false;
            }
            match &self.log.entries[number] {
                Entry::Advance { .. } => self.log.reached(number + 1, window_end),
                Entry::Tell(at, Event::Ended | Event::LimitReached) => {
                    window_end <= *at && self.log.reached(number, window_end)
                }
                Entry::Transfer(at, _) => window_end <= since.max(*at) && self.log.reached(number, window_end),
                _ => false,
            }
        })
    }

    /// When it was so, by what was told: from each event that `turns` it on to the next that turns it off.
    pub fn stretches(&self, turns: impl Fn(&Event) -> Option<bool>) -> Vec<Interval> {
        let mut found: Vec<Interval> = Vec::new();
        let mut on = false;
        for number in 0..self.n {
            let Entry::Tell(at, event) = &self.log.entries[number] else { continue };
            // Whether digits are data, and that a pause is over, is heeded after the end too: a 9 may still count.
            if !self.log.heeds(number) && !matches!(event, Event::DigitsAreData(_) | Event::Resumed) {
                continue;
            }
            let at = match event {
                Event::Resumed => self.log.finals[number].ends().fold(*at, CallTime::max),
                _ => *at,
            };
            match turns(event) {
                Some(true) if !on => found.push(Interval { from: at, to: CallTime::MAX }),
                Some(false) if on => {
                    let last = found.last_mut().expect("it was turned on");
                    last.to = last.from.max(at);
                }
                _ => {}
            }
            on = turns(event).unwrap_or(on);
        }
        found
    }

    pub fn pauses(&self) -> Vec<Interval> {
        self.stretches(|event| match event {
            Event::Paused => Some(true),
            Event::Resumed => Some(false),
            _ => None,
        })
    }

    pub fn data(&self) -> Vec<Interval> {
        self.stretches(|event| match event {
            Event::DigitsAreData(are) => Some(*are),
            _ => None,
        })
    }

    /// Before this moment no caller audio is to come any more.
    pub fn nothing_comes_before(&self) -> CallTime {
        let closed_legs =
            (0..self.n).filter(|&number| self.log.heeds(number)).filter_map(|number| match &self.log.entries[number] {
                Entry::Tell(at, Event::CallerLegClosed) => Some(*at),
                _ => None,
            });
        let transfers = self.controllers.iter().map(|controller| controller.since);
        let closing = self.log.finals[self.n].closing.map(|closing| closing.0);
        closed_legs.chain(transfers).chain(closing).max().unwrap_or(CallTime::MIN)
    }

    /// The keys that the caller pressed before refusing, and where they were seen.
    pub fn keys(&self) -> impl Iterator<Item = (usize, Digit, CallTime, DigitSource)> {
        (0..self.n).filter(|&number| self.log.finals[number].refusal.is_none()).filter_map(|number| {
            match self.log.entries[number] {
                Entry::Tell(_, Event::Digit { role: Role::Caller, digit, source, onset }) => {
                    Some((number, digit, onset, source))
                }
                _ => None,
            }
        })
    }
}

impl Log {
    /// Whether nothing was final when entry `number` was told.
    pub fn heeds(&self, number: usize) -> bool {
        !self.finals[number].any()
    }

    /// Whether all before `moment` is examined, by the first `n` entries.
    pub fn reached(&self, n: usize, moment: CallTime) -> bool {
        self.examined(n).is_some_and(|examined| examined >= moment) || self.is_silent(n, moment)
    }

    /// The same with `moment` itself.
    pub fn passed(&self, n: usize, moment: CallTime) -> bool {
        self.examined(n).is_some_and(|examined| examined > moment) || self.is_silent(n, moment)
    }

    /// The latest moment that was told as the present.
    pub fn now(&self, n: usize) -> Option<CallTime> {
        self.advances(n).map(|(now, _, _)| now).max()
    }

    /// Whether nothing is held any longer for a window that ended at `end`: two hold-backs and half a second.
    pub fn is_given_up(&self, n: usize, end: CallTime) -> bool {
        self.now(n).is_some_and(|now| now >= end + self.start.hold_back * 2 + Duration::from_millis(500))
    }

    /// Whether nobody waits any longer to know what was at `moment`: for half a second, or for two hold-backs.
    pub fn is_overdue(&self, n: usize, moment: CallTime) -> bool {
        let patience = Duration::from_millis(500).max(self.start.hold_back * 2);
        self.now(n).is_some_and(|now| now >= moment + patience)
    }

    fn examined(&self, n: usize) -> Option<CallTime> {
        self.advances(n).last().map(|(_, examined, _)| examined)
    }

    /// Whether half a second passed since `moment`, and the last half second is without a caller's packet.
    fn is_silent(&self, n: usize, moment: CallTime) -> bool {
        let half = Duration::from_millis(500);
        let Some((now, (_, _, heard))) = self.now(n).zip(self.advances(n).last()) else { return false };
        now >= moment + half && heard.is_none_or(|heard| heard <= now - half)
    }

    fn advances(&self, n: usize) -> impl Iterator<Item = (CallTime, CallTime, Option<CallTime>)> {
        self.entries[..n].iter().filter_map(|entry| match *entry {
            Entry::Advance { now, examined, heard } => Some((now, examined, heard)),
            _ => None,
        })
    }
}
