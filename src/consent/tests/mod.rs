//! The rules, one by one, as sentences. All use the same call: notice 0-6 s, window to 9 s, hold-back 240 ms.

mod alone;
mod closing;
mod limits;
mod nine;
mod notice;
mod patience;
mod pause;
mod permission;

use std::time::Duration;

use super::*;
use crate::policy::{CallRules, Pairs, Purpose, Tap, Until};
use crate::time::{CallTime, Interval};

const ALL: Pairs = Pairs::from_bits(0b1111);
const RECORD: Pairs = Pairs::one(Tap::Record, Purpose::Quality);

/// `seconds` on the call's clock, exact to the millisecond.
fn at(seconds: f64) -> CallTime {
    CallTime::from_millis((seconds * 1000.0).round() as i64)
}

fn rules() -> CallRules {
    CallRules {
        pairs: ALL,
        window: Duration::from_secs(3),
        alone: Duration::from_secs(3),
        until: Until::CallEnd,
        languages: vec!["en".into(), "nl".into()],
    }
}

fn call_with(rules: Result<CallRules, Reason>) -> Consent {
    Consent::new(Start { rules, language: "en".into(), hold_back: Duration::from_millis(240) })
}

/// A call before its notice.
fn call() -> Consent {
    call_with(Ok(rules()))
}

/// A call whose notice plays from 0 s to 6 s; it is in the window.
fn asked_call() -> Consent {
    let mut call = call();
    notice(&mut call, 0.0, 6.0);
    call
}

/// A call that may be tapped from 9 s on; it is at 9.130 s, and no changes wait.
fn open_call() -> Consent {
    let mut call = asked_call();
    pass(&mut call, 9.13);
    changes(&mut call);
    call
}

fn notice(call: &mut Consent, from: f64, to: f64) {
    call.tell(at(from), Event::NoticeStarted { language: "en".into() });
    call.tell(at(to), Event::NoticeFinished { complete: true });
}

/// Time passes; packets come, and the examiner is 130 ms behind.
fn pass(call: &mut Consent, now: f64) {
    call.advance(at(now), at(now - 0.13), Some(at(now)));
}

/// A key of a leg, seen at its onset and reported 120 ms later.
fn press_of(call: &mut Consent, role: Role, key: char, onset: f64) {
    report_of(call, role, key, onset, onset + 0.12);
}

fn report_of(call: &mut Consent, role: Role, key: char, onset: f64, reported: f64) {
    let digit = Digit::from_char(key).expect("a key");
    call.tell(at(reported), Event::Digit { role, digit, source: DigitSource::InBand, onset: at(onset) });
}

/// A key of the caller.
fn press(call: &mut Consent, key: char, onset: f64) {
    press_of(call, Role::Caller, key, onset);
}

fn withdraw(call: &mut Consent, when: f64) {
    call.tell(at(when), Event::Withdrawn { by: WithdrawnBy("the agent".into()) });
}

fn changes(call: &mut Consent) -> Vec<Change> {
    call.drain().collect()
}

fn has_objected(call: &mut Consent, onset: f64) -> bool {
    let expected = Change::Objected { onset: at(onset), source: DigitSource::InBand };
    changes(call).contains(&expected) && gates(call) == SHUT
}

fn gates(call: &Consent) -> [Gate; 3] {
    [Role::Caller, Role::Agent, Role::Mix].map(|role| call.gate(role))
}

const SHUT: [Gate; 3] = [Gate::Shut; 3];
const WAIT: [Gate; 3] = [Gate::Wait; 3];
const LISTEN: [Gate; 3] = [Gate::Listen, Gate::Wait, Gate::Wait];
const HOLD: [Gate; 3] = [Gate::Hold; 3];
const OPEN: [Gate; 3] = [Gate::Open(ALL); 3];

/// The parts of a stretch as `(to, ruling)`.
fn judge(call: &Consent, from: f64, to: f64) -> Vec<(CallTime, Ruling)> {
    let parts: Vec<Verdict> = call.judge(RECORD, Interval { from: at(from), to: at(to) }).collect();
    assert_eq!(parts.first().map(|part| part.part.from), Some(at(from)));
    assert!(parts.windows(2).all(|pair| pair[0].part.to == pair[1].part.from), "the parts are not consecutive");
    parts.into_iter().map(|part| (part.part.to, part.ruling)).collect()
}

/// The ruling on the millisecond from `when` on.
fn ruling(call: &Consent, when: f64) -> Ruling {
    let parts = judge(call, when, when + 0.001);
    assert_eq!(parts.len(), 1);
    parts[0].1
}

fn permitted(call: &Consent) -> Vec<(CallTime, CallTime, Reason)> {
    call.permitted(RECORD).map(|it| (it.stretch.from, it.stretch.to, it.ended)).collect()
}
