//! Pause and resume.

use super::*;

fn pause(call: &mut Consent, when: f64) {
    call.tell(at(when), Event::Paused);
}

fn resume(call: &mut Consent, when: f64) {
    call.tell(at(when), Event::Resumed);
}

#[test]
fn nothing_is_permitted_in_a_pause_and_the_permission_goes_on_after_it() {
    let mut call = open_call();
    pause(&mut call, 20.0);
    assert_eq!(gates(&call), LISTEN);
    assert_eq!(call.decision(Tap::Record).reason, Reason::Paused);
    assert_eq!(judge(&call, 19.0, 40.0), [(at(20.0), Ruling::Allowed), (at(40.0), Ruling::Refused(Reason::Paused))]);
    resume(&mut call, 25.0);
    assert_eq!(gates(&call), OPEN);
    assert_eq!(
        judge(&call, 19.0, 40.0),
        [(at(20.0), Ruling::Allowed), (at(25.0), Ruling::Refused(Reason::Paused)), (at(40.0), Ruling::Allowed)]
    );
    assert_eq!(changes(&mut call), [Change::Paused { at: at(20.0) }, Change::Resumed { at: at(25.0) }]);
    let expected = [(at(9.0), at(20.0), Reason::Paused), (at(25.0), CallTime::MAX, Reason::Allowed)];
    assert_eq!(permitted(&call), expected);
}

#[test]
fn pausing_twice_and_resuming_twice_change_nothing_more() {
    let mut call = open_call();
    resume(&mut call, 15.0);
    pause(&mut call, 20.0);
    pause(&mut call, 22.0);
    resume(&mut call, 25.0);
    resume(&mut call, 27.0);
    assert_eq!(changes(&mut call), [Change::Paused { at: at(20.0) }, Change::Resumed { at: at(25.0) }]);
    assert_eq!(ruling(&call, 21.0), Ruling::Refused(Reason::Paused));
    assert_eq!(ruling(&call, 26.0), Ruling::Allowed);
}

#[test]
fn in_a_pause_before_the_notice_nobody_is_listened_to() {
    let mut call = call();
    pause(&mut call, -5.0);
    assert_eq!(gates(&call), WAIT);
    call.tell(at(0.0), Event::NoticeStarted { language: "en".into() });
    assert_eq!(gates(&call), LISTEN);
}

#[test]
fn a_pause_does_not_stop_the_window_and_the_permission_then_begins_at_the_resume() {
    let mut call = asked_call();
    pause(&mut call, 8.0);
    pass(&mut call, 12.0);
    assert_eq!(gates(&call), LISTEN);
    assert_eq!(changes(&mut call)[1..], [Change::Paused { at: at(8.0) }]);
    resume(&mut call, 12.5);
    assert_eq!(gates(&call), OPEN);
    let expected = [Change::Resumed { at: at(12.5) }, Change::Opened { pairs: ALL, from: at(12.5) }];
    assert_eq!(changes(&mut call), expected);
    assert_eq!(permitted(&call), [(at(12.5), CallTime::MAX, Reason::Allowed)]);
    assert_eq!(call.permit(Tap::Record, ALL).map(|permit| permit.from()), Some(at(12.5)));
}

#[test]
fn a_pause_that_is_over_when_the_window_is_found_closed_moves_the_permission_too() {
    let mut call = asked_call();
    pause(&mut call, 8.5);
    resume(&mut call, 9.1);
    assert_eq!(gates(&call), LISTEN);
    pass(&mut call, 9.12);
    assert_eq!(gates(&call), HOLD);
    pass(&mut call, 9.13);
    assert_eq!(changes(&mut call)[3..], [Change::Opened { pairs: ALL, from: at(9.1) }]);
}

#[test]
fn a_nine_whose_onset_lies_in_a_pause_is_no_objection_whenever_it_is_reported() {
    let mut call = asked_call();
    pause(&mut call, 7.0);
    press(&mut call, '9', 7.0);
    press(&mut call, '4', 7.5);
    resume(&mut call, 8.0);
    report_of(&mut call, Role::Caller, '9', 7.999, 8.5);
    assert!(!call.is_final());
    pass(&mut call, 9.13);
    press(&mut call, '9', 10.5);
    assert_eq!(gates(&call), OPEN, "the 4 of the pause is its neighbour");
    report_of(&mut call, Role::Caller, '9', 8.0, 11.0);
    assert!(has_objected(&mut call, 8.0));
}

#[test]
fn a_nine_goes_on_being_settled_through_a_pause() {
    let mut call = open_call();
    press(&mut call, '9', 20.0);
    pause(&mut call, 21.0);
    assert_eq!(gates(&call), LISTEN);
    resume(&mut call, 22.0);
    assert_eq!(gates(&call), HOLD, "it is unsettled still");
    pause(&mut call, 22.5);
    pass(&mut call, 23.14);
    assert!(has_objected(&mut call, 20.0));
}

#[test]
fn a_nine_that_is_settled_in_a_pause_lets_the_permission_go_on_after_it() {
    let mut call = open_call();
    press(&mut call, '9', 20.0);
    pause(&mut call, 21.0);
    press(&mut call, '4', 21.5);
    pass(&mut call, 24.0);
    resume(&mut call, 25.0);
    assert_eq!(gates(&call), OPEN);
    assert_eq!(ruling(&call, 20.5), Ruling::Allowed);
    assert_eq!(ruling(&call, 24.0), Ruling::Refused(Reason::Paused));
}
