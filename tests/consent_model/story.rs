//! Makes up calls: mostly sensible, sometimes late, sometimes out of order.
//!
//! All moments lie on a grid of a quarter of a second, so that "exactly 3 s" and "exactly half a second" happen often.
//! A story is read out of plain numbers, one for each happening: proptest makes and shrinks those much faster than it
//! does a tree of strategies.

use std::time::Duration;

use calltap::consent::{Digit, DigitSource, Event, Reason, Role, Start, WithdrawnBy};
use calltap::policy::{CallRules, Pairs, Purpose, Tap, Until};
use calltap::time::CallTime;
use proptest::prelude::*;

use super::rules::Entry;

/// Steps of the grid.
type Steps = i64;

const STEP_MILLIS: i64 = 250;

/// A call's start, and what it is told.
pub fn any() -> impl Strategy<Value = (Start, Vec<Entry>)> {
    (prop::num::u64::ANY, prop::collection::vec(prop::num::u64::ANY, 1..32)).prop_map(|(start, happenings)| {
        let mut story = Story { now: 0, entries: Vec::new() };
        for number in happenings {
            story.goes_on(&mut Choices(number));
        }
        (start_of(&mut Choices(start)), story.entries)
    })
}

/// Choices that a number stands for; those of 0 are the plainest.
struct Choices(u64);

impl Choices {
    /// One of `0..count`.
    fn below(&mut self, count: u64) -> i64 {
        let choice = self.0 % count;
        self.0 /= count;
        choice as i64
    }

    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize].clone()
    }
}

fn start_of(choices: &mut Choices) -> Start {
    let rules = if choices.below(20) < 19 { Ok(rules(choices)) } else { Err(Reason::EntityUnknown) };
    Start { rules, language: "en".into(), hold_back: length(choices.below(3)) }
}

fn rules(choices: &mut Choices) -> CallRules {
    let all = Pairs::from_bits(0b1111);
    CallRules {
        pairs: choices.of(&[all, all, all, Pairs::one(Tap::Monitor, Purpose::Quality)]),
        window: length(choices.of(&[12, 4, 0])),
        alone: length(choices.of(&[12, 4, 2])),
        until: choices.of(&[Until::CallEnd, Until::CallEnd, Until::CallEnd, Until::CallEnd, Until::Window]),
        languages: vec!["en".into(), "nl".into()],
    }
}

struct Story {
    now: Steps,
    entries: Vec<Entry>,
}

impl Story {
    /// One more happening, some steps later, told with a time that is off by a step at most.
    fn goes_on(&mut self, choices: &mut Choices) {
        self.now += choices.below(7);
        let at = moment(self.now + choices.of(&[0, 0, 1, -1]));
        let event = match choices.below(64) {
            0..16 => {
                return self.is_examined(choices.below(4), choices.of(&[Some(0), Some(1), Some(2), Some(-1), None]));
            }
            16..23 => return self.is_asked(choices.of(&[13, 13, 4, 2, 0]), choices),
            23..26 => Event::NoticeStarted { language: choices.of(&["en", "en", "en", "EN", "nl", "fr"]).into() },
            26..30 => Event::NoticeFinished { complete: choices.below(5) < 4 },
            30..42 => {
                let role =
                    choices.of(&[Role::Caller, Role::Caller, Role::Caller, Role::Caller, Role::Agent, Role::Mix]);
                let source = choices.of(&[DigitSource::InBand, DigitSource::Host, DigitSource::TelephoneEvent]);
                let key = choices.of(&['9', '9', '9', '4', '4', 'D', '#', '*']);
                let late = choices.of(&[0, 0, 0, 1, 1, -1, 2, 4, 6, 8, 12, 16]);
                key_pressed(role, key, source, self.now - late)
            }
            42..48 => return self.is_keyed(choices),
            48..51 => Event::DigitsAreData(choices.below(5) < 2),
            51..54 => Event::Paused,
            54..57 => Event::Resumed,
            57..59 => return self.moves(at, choices),
            59..62 => Event::CallerLegClosed,
            62 => choices.of(&[Event::Ended, Event::Failed, Event::LimitReached]),
            _ => match choices.below(3) {
                0 => Event::Withdrawn { by: WithdrawnBy("the agent".into()) },
                _ => return,
            },
        };
        self.entries.push(Entry::Tell(at, event));
    }

    fn is_examined(&mut self, behind: Steps, heard: Option<Steps>) {
        let (now, examined) = (moment(self.now), moment(self.now - behind));
        self.entries.push(Entry::Advance { now, examined, heard: heard.map(|ago| moment(self.now - ago)) });
    }

    /// A complete notice of one second, perhaps with a key pressed in it, and some time: 13 steps are longer than any window.
    fn is_asked(&mut self, after: Steps, choices: &mut Choices) {
        self.entries.push(Entry::Tell(moment(self.now), Event::NoticeStarted { language: "en".into() }));
        if let Some(key) = choices.of(&[None, None, None, Some('4')]) {
            let event = key_pressed(Role::Caller, key, DigitSource::InBand, self.now + 3);
            self.entries.push(Entry::Tell(moment(self.now + 3), event));
        }
        self.now += 4;
        self.entries.push(Entry::Tell(moment(self.now), Event::NoticeFinished { complete: true }));
        self.now += after;
        self.is_examined(0, Some(0));
    }

    /// The caller keys a number; some keys are told late.
    fn is_keyed(&mut self, choices: &mut Choices) {
        for _ in 0..2 + choices.below(3) {
            self.now += choices.below(6);
            let key = choices.of(&['9', '9', '4', '0', '*']);
            let event = key_pressed(Role::Caller, key, DigitSource::InBand, self.now - choices.below(3));
            self.entries.push(Entry::Tell(moment(self.now), event));
        }
    }

    fn moves(&mut self, at: CallTime, choices: &mut Choices) {
        let rules = if choices.below(6) < 5 { Ok(rules(choices)) } else { Err(Reason::EntityExcluded) };
        self.entries.push(Entry::Transfer(at, rules));
    }
}

fn key_pressed(role: Role, key: char, source: DigitSource, onset: Steps) -> Event {
    Event::Digit { role, digit: Digit::from_char(key).expect("a key"), source, onset: moment(onset) }
}

fn moment(steps: Steps) -> CallTime {
    CallTime::from_millis(steps * STEP_MILLIS)
}

fn length(steps: Steps) -> Duration {
    Duration::from_millis((steps * STEP_MILLIS) as u64)
}
