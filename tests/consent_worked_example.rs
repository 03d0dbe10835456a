//! The worked example of the default policy, as consent sees it: notice 0-6 s, window 3 s, alone 3 s, hold-back 240 ms.
//!
//! The caller's audio is examined 130 ms after it was spoken, and an in-band digit is told 120 ms after its onset. When
//! frames fall due is the session's affair; here it is what the gates say, and what may be done with each moment.

use std::time::Duration;

use calltap::consent::{Change, Consent, Digit, DigitSource, Event, Gate, Reason, Role, Ruling, Start};
use calltap::policy::{CallRules, Pairs, Tap, Until};
use calltap::time::{CallTime, Interval};

const EXAMINER_BEHIND: Duration = Duration::from_millis(130);
const ALL: Pairs = Pairs::from_bits(0b1111);

struct Call {
    consent: Consent,
    now: CallTime,
    changes: Vec<(CallTime, Change)>,
}

impl Call {
    /// A call that begins, with the caller's audio from 0 on.
    fn begin() -> Call {
        let rules = CallRules {
            pairs: ALL,
            window: Duration::from_secs(3),
            alone: Duration::from_secs(3),
            until: Until::CallEnd,
            languages: vec!["en".into()],
        };
        let start = Start { rules: Ok(rules), language: "en".into(), hold_back: Duration::from_millis(240) };
        let mut call = Call { consent: Consent::new(start), now: CallTime::ZERO, changes: Vec::new() };
        call.tell(Event::NoticeStarted { language: "en".into() });
        call.pass_until(6_000);
        call.tell(Event::NoticeFinished { complete: true });
        call
    }

    /// The same call at 20.120 s; a 9 with its onset at 20.000 s is told.
    fn with_a_nine() -> Call {
        let mut call = Call::begin();
        call.pass_until(20_120);
        call.press('9', 20_000, DigitSource::InBand);
        call
    }

    /// Ticks of 10 ms up to `millis`.
    fn pass_until(&mut self, millis: i64) {
        while self.now < at(millis) {
            self.now = self.now + Duration::from_millis(10);
            self.consent.advance(self.now, self.now - EXAMINER_BEHIND, Some(self.now));
            self.note();
        }
    }

    fn tell(&mut self, event: Event) {
        self.consent.tell(self.now, event);
        self.note();
    }

    fn press(&mut self, key: char, onset: i64, source: DigitSource) {
        let digit = Digit::from_char(key).expect("a key");
        self.tell(Event::Digit { role: Role::Caller, digit, source, onset: at(onset) });
    }

    fn note(&mut self) {
        let now = self.now;
        self.changes.extend(self.consent.drain().map(|change| (now, change)));
    }

    fn gates(&self) -> (Gate, Gate) {
        (self.consent.gate(Role::Caller), self.consent.gate(Role::Agent))
    }

    /// The ruling on all of a stretch, which must be one.
    fn ruling(&self, from: i64, to: i64) -> Ruling {
        let parts: Vec<_> = self.consent.judge(ALL, Interval { from: at(from), to: at(to) }).collect();
        assert_eq!(parts.len(), 1, "{parts:?}");
        parts[0].ruling
    }

    fn last_change(&self) -> Option<&(CallTime, Change)> {
        self.changes.last()
    }
}

fn at(millis: i64) -> CallTime {
    CallTime::from_millis(millis)
}

const SHUT: (Gate, Gate) = (Gate::Shut, Gate::Shut);
const HOLD: (Gate, Gate) = (Gate::Hold, Gate::Hold);
const OPEN: (Gate, Gate) = (Gate::Open(ALL), Gate::Open(ALL));

#[test]
fn the_permission_begins_at_the_windows_end_and_is_known_a_little_later() {
    let mut call = Call::begin();
    assert_eq!(call.gates(), (Gate::Listen, Gate::Wait));
    call.pass_until(8_750);
    assert_eq!(call.gates(), (Gate::Listen, Gate::Wait));
    call.pass_until(8_760);
    assert_eq!(call.gates(), HOLD);
    call.pass_until(9_120);
    assert_eq!(call.gates(), HOLD);
    assert_eq!(call.ruling(9_000, 9_020), Ruling::Undecided);
    assert_eq!(call.consent.permit(Tap::Record, ALL), None);
    call.pass_until(9_130);
    assert_eq!(call.gates(), OPEN);
    assert_eq!(call.last_change(), Some(&(at(9_130), Change::Opened { pairs: ALL, from: at(9_000) })));
    assert_eq!(call.ruling(8_760, 9_000), Ruling::Refused(Reason::WindowOpen));
    assert_eq!(call.ruling(9_000, 9_020), Ruling::Allowed);
    assert_eq!(call.consent.permit(Tap::Record, ALL).map(|permit| permit.from()), Some(at(9_000)));
}

#[test]
fn a_nine_that_may_stand_alone_holds_from_its_onset_and_lets_go_what_lies_before() {
    let call = Call::with_a_nine();
    assert_eq!(call.gates(), HOLD);
    assert_eq!(call.last_change(), Some(&(at(20_120), Change::Held { onset: at(20_000) })));
    assert_eq!(call.ruling(9_000, 20_000), Ruling::Allowed);
    assert_eq!(call.ruling(20_000, 30_000), Ruling::Undecided);
}

#[test]
fn case_a_a_different_digit_after_it_lets_everything_go_on() {
    let mut call = Call::with_a_nine();
    call.pass_until(21_620);
    assert_eq!(call.gates(), HOLD);
    call.press('4', 21_500, DigitSource::InBand);
    assert_eq!(call.last_change(), Some(&(at(21_620), Change::Released { onset: at(20_000) })));
    assert_eq!(call.gates(), OPEN);
    assert_eq!(call.ruling(20_000, 21_380), Ruling::Allowed);
    call.pass_until(40_000);
    assert_eq!(call.gates(), OPEN);
}

#[test]
fn case_b_nothing_after_it_is_an_objection_from_its_onset() {
    let mut call = Call::with_a_nine();
    // Audio up to 23.000 is examined at 23.130; a digit at 23.000 itself is seen one tick later.
    call.pass_until(23_130);
    assert_eq!(call.gates(), HOLD);
    call.pass_until(23_140);
    let objected = Change::Objected { onset: at(20_000), source: DigitSource::InBand };
    assert_eq!(call.last_change(), Some(&(at(23_140), objected)));
    assert_eq!(call.gates(), SHUT);
    assert!(call.consent.is_final());
    assert_eq!(call.ruling(9_000, 23_000), Ruling::Refused(Reason::Objected));
}

#[test]
fn case_c_the_end_before_it_is_settled_is_an_objection() {
    let mut call = Call::with_a_nine();
    call.pass_until(21_000);
    call.tell(Event::Ended);
    let objected = Change::Objected { onset: at(20_000), source: DigitSource::InBand };
    assert_eq!(call.last_change(), Some(&(at(21_000), objected)));
    assert_eq!(call.gates(), SHUT);
    assert_eq!(call.ruling(9_000, 21_000), Ruling::Refused(Reason::Objected));
}

#[test]
fn case_d_a_late_report_without_onset_counts_from_the_report() {
    let mut call = Call::begin();
    call.pass_until(20_400);
    call.press('9', 20_400, DigitSource::Host);
    assert_eq!(call.gates(), HOLD);
    assert_eq!(call.ruling(20_000, 20_400), Ruling::Allowed, "it went out since the press");
    assert_eq!(call.ruling(20_400, 20_500), Ruling::Undecided);
    call.pass_until(23_540);
    let objected = Change::Objected { onset: at(20_400), source: DigitSource::Host };
    assert_eq!(call.last_change(), Some(&(at(23_540), objected)));
    assert_eq!(call.ruling(20_000, 20_400), Ruling::Refused(Reason::Objected), "it is erased with the rest");
}
