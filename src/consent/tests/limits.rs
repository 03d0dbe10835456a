//! Bounds, lies, and events out of order.

use super::super::alone::{DIFFERENT, UNSETTLED};
use super::super::machine::{PAUSES, TENURES};
use super::*;

#[test]
fn a_pause_too_many_closes_the_call_and_keeps_what_was_recorded() {
    let mut call = open_call();
    for number in 0..PAUSES {
        call.tell(at(20.0 + number as f64), Event::Paused);
        call.tell(at(20.5 + number as f64), Event::Resumed);
    }
    assert_eq!(gates(&call), OPEN);
    changes(&mut call);
    call.tell(at(5000.0), Event::Paused);
    assert_eq!(changes(&mut call), [Change::Closed { at: at(5000.0), reason: Reason::LimitReached }]);
    assert_eq!(gates(&call), SHUT);
    assert_eq!(ruling(&call, 4999.0), Ruling::Allowed);
    assert_eq!(permitted(&call).len(), PAUSES + 1);
}

#[test]
fn a_controller_too_many_closes_the_call() {
    let mut call = open_call();
    for number in 1..TENURES {
        call.transfer(at(20.0 + number as f64), Ok(rules()));
    }
    assert!(!call.is_final());
    call.transfer(at(5000.0), Ok(rules()));
    assert!(call.is_final());
    assert_eq!(call.decision(Tap::Record).reason, Reason::LimitReached);
    assert_eq!(ruling(&call, 10.0), Ruling::Allowed);
}

#[test]
fn a_nine_too_many_is_an_objection() {
    let mut call = open_call();
    for number in 0..UNSETTLED {
        press(&mut call, '9', 20.0 + number as f64 / 100.0);
    }
    assert_eq!(gates(&call), HOLD);
    press(&mut call, '9', 21.0);
    assert!(has_objected(&mut call, 20.0));
}

#[test]
fn a_forgotten_neighbour_leaves_the_nine_in_doubt() {
    let mut call = open_call();
    for number in 0..=DIFFERENT {
        press(&mut call, '4', 20.0 + 4.0 * number as f64);
    }
    report_of(&mut call, Role::Caller, '9', 24.5, 500.0);
    assert_eq!(gates(&call), OPEN);
    report_of(&mut call, Role::Caller, '9', 20.5, 500.0);
    assert_eq!(gates(&call), HOLD);
}

#[test]
fn a_nine_in_forgotten_data_counts() {
    let mut call = open_call();
    for number in 0..100 {
        call.tell(at(20.0 + number as f64), Event::DigitsAreData(true));
        call.tell(at(20.5 + number as f64), Event::DigitsAreData(false));
    }
    report_of(&mut call, Role::Caller, '9', 119.0, 200.0);
    assert_eq!(gates(&call), OPEN);
    report_of(&mut call, Role::Caller, '9', 20.0, 200.0);
    assert_eq!(gates(&call), HOLD);
}

#[test]
fn a_nine_of_a_notice_played_long_ago_counts_at_once_however_often_it_was_played_since() {
    let mut call = open_call();
    for number in 0..100 {
        notice(&mut call, 20.0 + 10.0 * number as f64, 21.0 + 10.0 * number as f64);
    }
    report_of(&mut call, Role::Caller, '9', 30.5, 2000.0);
    assert!(has_objected(&mut call, 30.5));
}

#[test]
fn a_notice_that_ends_before_it_began_is_one_without_length() {
    let mut call = call();
    notice(&mut call, 6.0, 5.0);
    let played = Interval { from: at(6.0), to: at(6.0) };
    assert_eq!(call.notice().map(|notice| (notice.played, notice.window_end)), Some((played, at(9.0))));
}

#[test]
fn a_notice_told_with_a_time_before_its_controller_begins_with_it() {
    let mut call = open_call();
    call.transfer(at(20.0), Ok(rules()));
    notice(&mut call, 19.0, 25.0);
    assert_eq!(call.notice().map(|notice| notice.played.from), Some(at(20.0)));
}

#[test]
fn a_transfer_told_with_a_time_before_the_last_one_follows_it() {
    let mut call = open_call();
    call.transfer(at(20.0), Ok(rules()));
    call.transfer(at(19.0), Ok(rules()));
    let expected = [20.0, 20.0].map(|when| Change::ControllerChanged { at: at(when) });
    assert_eq!(changes(&mut call), expected);
    assert_eq!(ruling(&call, 19.5), Ruling::Allowed);
}

#[test]
fn a_pause_told_with_a_time_inside_the_last_one_joins_it() {
    let mut call = open_call();
    call.tell(at(20.0), Event::Paused);
    call.tell(at(22.0), Event::Resumed);
    call.tell(at(21.0), Event::Paused);
    call.tell(at(21.5), Event::Resumed);
    assert_eq!(
        judge(&call, 19.0, 23.0),
        [(at(20.0), Ruling::Allowed), (at(22.0), Ruling::Refused(Reason::Paused)), (at(23.0), Ruling::Allowed)]
    );
}

#[test]
fn a_present_that_goes_back_takes_no_hold_away() {
    let mut call = asked_call();
    pass(&mut call, 8.8);
    pass(&mut call, 8.7);
    assert_eq!(gates(&call), HOLD);
}

#[test]
fn a_caller_leg_that_joins_unexamined_keeps_the_window_from_closing() {
    let mut call = asked_call();
    call.advance(at(8.9), at(8.9), Some(at(8.9)));
    call.advance(at(9.1), at(8.0), Some(at(9.1)));
    assert_eq!(gates(&call), HOLD);
}

#[test]
fn the_ends_of_the_clock_do_no_harm() {
    let ends = [CallTime::MIN, CallTime::MAX, CallTime::ZERO];
    let huge = CallRules { window: Duration::MAX, alone: Duration::MAX, ..rules() };
    for first in ends {
        for second in ends {
            for rules in [rules(), huge.clone()] {
                let mut call = call_with(Ok(rules.clone()));
                call.tell(first, Event::NoticeStarted { language: "en".into() });
                call.tell(second, Event::NoticeFinished { complete: true });
                call.advance(first, second, Some(first));
                for (when, key) in [(second, '4'), (first, '9'), (second, '9')] {
                    let digit = Digit::from_char(key).expect("a key");
                    let role = Role::Caller;
                    call.tell(first, Event::Digit { role, digit, source: DigitSource::Host, onset: when });
                }
                call.tell(second, Event::Paused);
                call.tell(first, Event::Resumed);
                call.transfer(second, Ok(rules));
                call.advance(second, first, None);
                let always = Interval { from: CallTime::MIN, to: CallTime::MAX };
                let parts: Vec<Verdict> = call.judge(ALL, always).collect();
                assert_eq!(parts.first().map(|part| part.part.from), Some(CallTime::MIN));
                assert_eq!(parts.last().map(|part| part.part.to), Some(CallTime::MAX));
            }
        }
    }
}
