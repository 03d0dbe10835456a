//! The time of a call under one controller: its rules, its notices, its window.
//!
//! A controller's permission rests on the first complete notice in the caller's language. A notice that is played
//! again changes nothing about it; it only makes every 9 count at once while it plays and in its own window.

use std::time::Duration;

use crate::policy::{CallRules, Until};
use crate::time::{CallTime, Interval};

use super::spans::{Spans, WhenFull};

/// Stretches in which every 9 counts at once that are told apart, per controller. At the bound the two oldest are
/// joined: a 9 between them that is told only then counts at once too.
const AT_ONCE: usize = 32;

/// The notice that was given: complete, and in the caller's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its language: the caller's.
    pub language: String,
    /// When it was played.
    pub played: Interval,
    /// The end of the window in which every 9 counts at once; the permission begins here, once all before is examined.
    pub window_end: CallTime,
}

/// What became of a notice that stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// It was given, as the first of this controller.
    Given,
    /// It was not given, and none was before.
    NotGiven,
    /// One was given before: this one changes nothing.
    Again,
}

/// One controller's time.
#[derive(Debug)]
pub(super) struct Tenure {
    /// Its beginning; its end is the next one's beginning.
    pub(super) since: CallTime,
    pub(super) rules: CallRules,
    playing: Option<Playing>,
    /// Notices, and the windows of complete ones.
    at_once: Spans,
    given: Option<Notice>,
    /// Whether the window was found closed: the permission is a fact from the window's end on.
    pub(super) opened: bool,
    /// Whether anybody was told where the permission begins.
    pub(super) announced: bool,
}

/// The notice that plays now.
#[derive(Debug)]
struct Playing {
    from: CallTime,
    /// Whether it is in the caller's language, and the policy has a notice in it.
    fits: bool,
}

impl Tenure {
    pub(super) fn new(since: CallTime, rules: CallRules) -> Tenure {
        Tenure {
            since,
            rules,
            playing: None,
            at_once: Spans::new(AT_ONCE, WhenFull::JoinOldest),
            given: None,
            opened: false,
            announced: false,
        }
    }

    /// A notice in `language` begins to play to a caller who chose `chosen`. None plays already.
    pub(super) fn start_notice(&mut self, at: CallTime, language: &str, chosen: &str) {
        let from = at.max(self.since);
        let exists = self.rules.languages.iter().any(|known| known.eq_ignore_ascii_case(language));
        self.playing = Some(Playing { from, fits: exists && language.eq_ignore_ascii_case(chosen) });
        let begun = self.at_once.open(from);
        debug_assert!(begun.is_ok(), "a list that joins its oldest has room");
    }

    /// The notice that plays stopped. Answers what became of it and when it stopped; `None` when none played.
    pub(super) fn stop_notice(&mut self, at: CallTime, complete: bool, chosen: &str) -> Option<(Stopped, CallTime)> {
        let Playing { from, fits } = self.playing.take()?;
        let end = at.max(from);
        if !(complete && fits) {
            self.at_once.close(end);
            let stopped = if self.given.is_some() { Stopped::Again } else { Stopped::NotGiven };
            return Some((stopped, end));
        }
        let window_end = end + self.rules.window;
        self.at_once.close(window_end);
        if self.given.is_some() {
            return Some((Stopped::Again, end));
        }
        self.given = Some(Notice { language: chosen.to_owned(), played: Interval { from, to: end }, window_end });
        Some((Stopped::Given, end))
    }

    /// Whether a notice plays.
    pub(super) fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    /// The notice that was given.
    pub(super) fn given(&self) -> Option<&Notice> {
        self.given.as_ref()
    }

    /// The window's end, once a notice was given.
    pub(super) fn window_end(&self) -> Option<CallTime> {
        self.given.as_ref().map(|notice| notice.window_end)
    }

    /// Whether a 9 with this onset lies in a notice or its window.
    pub(super) fn counts_at_once(&self, onset: CallTime) -> bool {
        self.at_once.contains(onset)
    }

    /// The notice with its window that `at` lies in or before; `None` when all are over.
    pub(super) fn at_once_from(&self, at: CallTime) -> Option<Interval> {
        self.at_once.running_from(at)
    }

    /// Within which stretch a 9 with this onset, outside of notice and window, counts when it stands alone, and how
    /// near a different digit must be. `None` when it does not count: it belongs to the host's menu, or the policy
    /// says so. `until` is the end of this controller's time.
    pub(super) fn counts_alone(&self, onset: CallTime, until: CallTime) -> Option<(Interval, Duration)> {
        let asked = Interval { from: self.given.as_ref()?.played.from, to: until };
        (self.rules.until == Until::CallEnd && asked.contains(onset)).then_some((asked, self.rules.alone))
    }
}
