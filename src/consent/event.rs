//! What consent is told, and what it says back.

use crate::policy::Pairs;
use crate::time::{CallTime, Interval};

use super::{Reason, Role};

/// A key of a telephone: RFC 4733 events 0 to 15.
///
/// Redacted in `Debug`: which key was pressed reaches no log.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digit(u8);

impl Digit {
    /// The key that refuses.
    pub const NINE: Digit = Digit(9);

    /// The key of RFC 4733 event `event`: 0-9, 10 `*`, 11 `#`, 12-15 `A`-`D`; `None` for other events.
    pub const fn from_event(event: u8) -> Option<Digit> {
        if event < 16 { Some(Digit(event)) } else { None }
    }

    /// The key printed as `key`: `0`-`9`, `*`, `#`, `A`-`D` in either case.
    pub fn from_char(key: char) -> Option<Digit> {
        let event = "0123456789*#ABCD".find(key.to_ascii_uppercase())?;
        Digit::from_event(event as u8)
    }

    /// Its event number in RFC 4733.
    pub(crate) const fn event(self) -> u8 {
        self.0
    }

    /// Whether it is 0-8 or A-D: what makes a 9 beside it part of a number. `*`, `#` and 9 are not.
    pub const fn is_different(self) -> bool {
        !matches!(self.0, 9..=11)
    }
}

impl std::fmt::Debug for Digit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digit(redacted)")
    }
}

/// Where a digit was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DigitSource {
    /// RFC 4733 telephone-event packets.
    TelephoneEvent,
    /// The host said so (SIP INFO, its own detector).
    Host,
    /// Heard in the audio.
    InBand,
}

/// Who told the library that the caller withdraws. Text for people, at most 64 characters are kept.
///
/// Redacted in `Debug`: it may be a name.
#[derive(Clone, PartialEq, Eq)]
pub struct WithdrawnBy(pub String);

impl WithdrawnBy {
    /// Its first 64 characters.
    pub(super) fn shortened(mut self) -> WithdrawnBy {
        if let Some((end, _)) = self.0.char_indices().nth(64) {
            self.0.truncate(end);
        }
        self
    }
}

impl std::fmt::Debug for WithdrawnBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WithdrawnBy(redacted)")
    }
}

/// One thing that happened in a call. Each is told with its place on the call's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The announcement begins to play, in this language (RFC 5646 tag, compared without case).
    NoticeStarted {
        /// The announcement's language.
        language: String,
    },
    /// The announcement stopped.
    NoticeFinished {
        /// Whether it was played to its end.
        complete: bool,
    },
    /// A key was pressed on a leg.
    Digit {
        /// Whose leg.
        role: Role,
        /// Which key.
        digit: Digit,
        /// Where it was seen.
        source: DigitSource,
        /// When it was pressed; the report's time when that is not known.
        onset: CallTime,
    },
    /// From now on (or no longer) keyed digits are data: a card number, a choice in a menu.
    DigitsAreData(bool),
    /// The caller told the agent that they do not want it.
    Withdrawn {
        /// Who passed it on.
        by: WithdrawnBy,
    },
    /// Nothing may be tapped until `Resumed`.
    Paused,
    /// The pause is over.
    Resumed,
    /// The call is over.
    Ended,
    /// The caller's stream is over, the call goes on.
    CallerLegClosed,
    /// The call failed inside the library.
    Failed,
    /// A limit of the configuration was reached.
    LimitReached,
    /// A caller's 9 shut the gates before it was told, for it lay where every 9 refuses by what was known then. It is an
    /// objection, whatever became known since: nothing of the call is tapped any more.
    ShutByPress {
        /// When it was pressed.
        onset: CallTime,
    },
}

/// What followed from what consent was told. Drained by the session, in order. A notice that is played again after one
/// was given makes no change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The notice in progress was given in full, the first of this controller; its window is open and closes at
    /// `window_end` at the earliest.
    NoticeGiven {
        /// When the notice ended.
        at: CallTime,
        /// The window's end on the call's clock.
        window_end: CallTime,
    },
    /// A notice stopped early or was in another language than the caller chose: it was not given.
    NoticeNotGiven {
        /// When it stopped.
        at: CallTime,
    },
    /// These pairs are permitted from `from` on. Once for each controller, when that moment is known.
    Opened {
        /// The pairs.
        pairs: Pairs,
        /// The first permitted moment: the window's end, or the end of a pause that covers it.
        from: CallTime,
    },
    /// A 9 may stand alone: all audio from `onset` on is held until that is settled.
    Held {
        /// The onset of the 9.
        onset: CallTime,
    },
    /// The 9 stood beside another digit: what was held may go.
    Released {
        /// The onset of the 9 that was not an objection.
        onset: CallTime,
    },
    /// The caller refused. Nothing more is tapped, what there is is erased.
    Objected {
        /// Where the objection takes effect: the onset of the earliest 9 that was not settled otherwise.
        onset: CallTime,
        /// Where the 9 was seen.
        source: DigitSource,
    },
    /// The caller withdrew through the agent. Nothing more is tapped, what there is is erased.
    Withdrawn {
        /// When.
        at: CallTime,
        /// Who passed it on.
        by: WithdrawnBy,
    },
    /// Tapping is paused.
    Paused {
        /// From when.
        at: CallTime,
    },
    /// The pause is over.
    Resumed {
        /// From when.
        at: CallTime,
    },
    /// The time under one controller is over: recordings end here. A new notice is needed, if any is possible.
    ControllerChanged {
        /// When.
        at: CallTime,
    },
    /// Nothing more will ever be tapped in this call; what was lawfully recorded stays.
    Closed {
        /// When; the clock's zero for a call that could never be tapped.
        at: CallTime,
        /// Why.
        reason: Reason,
    },
}

/// What may happen with the audio of one stretch of the clock, for one set of pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The part it is about.
    pub part: Interval,
    /// Allowed, refused, or not known yet.
    pub ruling: Ruling,
}

/// One ruling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// May be handed on.
    Allowed,
    /// Must never be handed on.
    Refused(Reason),
    /// Wait: it may be allowed or refused later.
    Undecided,
}
