//! Makes up calls: mostly sensible, sometimes late, sometimes out of order.
//!
//! All moments lie on a grid of a quarter of a second, so that "exactly 3 s" and "exactly half a second" happen often.

use std::time::Duration;

use calltap::consent::{Digit, DigitSource, Event, Reason, Role, Start, WithdrawnBy};
use calltap::policy::{CallRules, Pairs, Purpose, Tap, Until};
use calltap::time::CallTime;
use proptest::prelude::*;

use super::rules::Entry;

/// Steps of the grid.
type Steps = i64;

const STEP_MILLIS: i64 = 250;

/// One thing that happens, relative to the story's present.
#[derive(Clone, Debug)]
enum Happening {
    /// A notice of one second, complete, and time until its window is over, in one go: leads to the interesting part.
    Asked,
    NoticeStarted(&'static str),
    NoticeFinished(bool),
    Digit {
        role: Role,
        key: char,
        source: DigitSource,
        late: Steps,
    },
    Data(bool),
    Paused,
    Resumed,
    Withdrawn,
    Transferred(Result<CallRules, Reason>),
    Other(Event),
    Examined {
        behind: Steps,
        heard: Option<Steps>,
    },
}

/// A call's start, and what it is told.
pub fn any() -> impl Strategy<Value = (Start, Vec<Entry>)> {
    (start(), prop::collection::vec((0..7i64, -1..=1i64, happening()), 1..32))
        .prop_map(|(start, happenings)| (start, tell(happenings)))
}

fn start() -> impl Strategy<Value = Start> {
    let rules = prop_oneof![19 => rules().prop_map(Ok), 1 => Just(Err(Reason::EntityExcluded))];
    (rules, 0..3i64).prop_map(|(rules, hold_back)| Start { rules, language: "en".into(), hold_back: length(hold_back) })
}

fn rules() -> impl Strategy<Value = CallRules> {
    let until = prop_oneof![5 => Just(Until::CallEnd), 1 => Just(Until::Window)];
    let some = Pairs::one(Tap::Monitor, Purpose::Quality);
    let pairs = prop_oneof![3 => Just(Pairs::from_bits(0b1111)), 1 => Just(some)];
    (prop_oneof![Just(0), Just(4), Just(12)], prop_oneof![Just(2), Just(4), Just(12)], until, pairs).prop_map(
        |(window, alone, until, pairs)| CallRules {
            pairs,
            window: length(window),
            alone: length(alone),
            until,
            languages: vec!["en".into(), "nl".into()],
        },
    )
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    let language = prop_oneof![6 => Just("en"), 1 => Just("EN"), 1 => Just("nl"), 1 => Just("fr")];
    let role = prop_oneof![8 => Just(Role::Caller), 1 => Just(Role::Agent), 1 => Just(Role::Mix)];
    let key = prop_oneof![5 => Just('9'), 3 => Just('4'), 1 => Just('D'), 1 => Just('#'), 1 => Just('*')];
    let source = prop_oneof![Just(DigitSource::InBand), Just(DigitSource::Host), Just(DigitSource::TelephoneEvent)];
    let late = prop_oneof![6 => 0..2i64, 2 => 2..16i64, 1 => -2..0i64];
    let transferred = prop_oneof![4 => rules().prop_map(Ok), 1 => Just(Err(Reason::EntityExcluded))];
    let others = [Event::Ended, Event::Failed, Event::LimitReached, Event::CallerLegClosed, Event::CallerLegClosed];
    prop_oneof![
        6 => Just(Asked),
        4 => language.prop_map(NoticeStarted),
        4 => prop::bool::weighted(0.8).prop_map(NoticeFinished),
        16 => (role, key, source, late).prop_map(|(role, key, source, late)| Digit { role, key, source, late }),
        3 => any_bool().prop_map(Data),
        3 => Just(Paused),
        3 => Just(Resumed),
        1 => Just(Withdrawn),
        2 => transferred.prop_map(Transferred),
        2 => prop::sample::select(others.to_vec()).prop_map(Other),
        20 => (0..4i64, prop::option::weighted(0.8, -1..4i64)).prop_map(|(behind, heard)| Examined { behind, heard }),
    ]
}

fn any_bool() -> impl Strategy<Value = bool> {
    prop::bool::ANY
}

/// Puts the happenings on the clock: `pass` steps after the one before, told with a time that is `off` by a step at most.
fn tell(happenings: Vec<(Steps, Steps, Happening)>) -> Vec<Entry> {
    let mut now = 0;
    let mut entries = Vec::new();
    for (pass, off, happening) in happenings {
        now += pass;
        let at = moment(now + off);
        let event = match happening {
            Happening::Asked => {
                entries.push(Entry::Tell(at, Event::NoticeStarted { language: "en".into() }));
                now += 4;
                entries.push(Entry::Tell(moment(now), Event::NoticeFinished { complete: true }));
                now += 13;
                entries.push(Entry::Advance { now: moment(now), examined: moment(now), heard: Some(moment(now)) });
                continue;
            }
            Happening::Transferred(rules) => {
                entries.push(Entry::Transfer(at, rules));
                continue;
            }
            Happening::Examined { behind, heard } => {
                let heard = heard.map(|ago| moment(now - ago));
                entries.push(Entry::Advance { now: moment(now), examined: moment(now - behind), heard });
                continue;
            }
            Happening::NoticeStarted(language) => Event::NoticeStarted { language: language.into() },
            Happening::NoticeFinished(complete) => Event::NoticeFinished { complete },
            Happening::Digit { role, key, source, late } => {
                let digit = Digit::from_char(key).expect("a key");
                Event::Digit { role, digit, source, onset: moment(now - late) }
            }
            Happening::Data(are) => Event::DigitsAreData(are),
            Happening::Paused => Event::Paused,
            Happening::Resumed => Event::Resumed,
            Happening::Withdrawn => Event::Withdrawn { by: WithdrawnBy("the agent".into()) },
            Happening::Other(event) => event,
        };
        entries.push(Entry::Tell(at, event));
    }
    entries
}

fn moment(steps: Steps) -> CallTime {
    CallTime::from_millis(steps * STEP_MILLIS)
}

fn length(steps: Steps) -> Duration {
    Duration::from_millis((steps * STEP_MILLIS) as u64)
}
