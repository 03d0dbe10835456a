//! Withdrawal, transfer, end, failure.

use super::*;

#[test]
fn a_withdrawal_is_final_at_any_time() {
    let moments: [fn() -> Consent; 4] = [call, asked_call, open_call, || {
        let mut call = open_call();
        call.tell(at(15.0), Event::Paused);
        call
    }];
    for moment in moments {
        let mut call = moment();
        changes(&mut call);
        withdraw(&mut call, 20.0);
        withdraw(&mut call, 21.0);
        let by = WithdrawnBy("the agent".into());
        assert_eq!(changes(&mut call), [Change::Withdrawn { at: at(20.0), by }]);
        assert_eq!(gates(&call), SHUT);
        assert_eq!(judge(&call, 0.0, 30.0), [(at(30.0), Ruling::Refused(Reason::Withdrawn))]);
        assert_eq!(call.decision(Tap::Record).reason, Reason::Withdrawn);
        call.transfer(at(25.0), Ok(rules()));
        notice(&mut call, 26.0, 30.0);
        pass(&mut call, 40.0);
        assert_eq!(gates(&call), SHUT, "also under another controller");
        assert_eq!(changes(&mut call), []);
    }
}

#[test]
fn a_withdrawal_counts_after_the_call_was_closed_so_that_it_is_erased() {
    let mut call = open_call();
    call.transfer(at(20.0), Err(Reason::EntityExcluded));
    withdraw(&mut call, 25.0);
    assert_eq!(ruling(&call, 10.0), Ruling::Refused(Reason::Withdrawn));
    assert!(matches!(changes(&mut call).last(), Some(Change::Withdrawn { .. })));
}

#[test]
fn who_withdrew_is_cut_to_64_characters_and_not_shown_in_debug() {
    let mut call = call();
    call.tell(at(1.0), Event::Withdrawn { by: WithdrawnBy("é".repeat(100)) });
    let Some(Change::Withdrawn { by, .. }) = changes(&mut call).pop() else { panic!("no withdrawal") };
    assert_eq!(by.0, "é".repeat(64));
    assert!(!format!("{by:?}").contains('é'));
}

#[test]
fn an_objection_stays_under_every_later_controller() {
    let mut call = asked_call();
    press(&mut call, '9', 7.0);
    call.transfer(at(20.0), Ok(rules()));
    assert!(has_objected(&mut call, 7.0));
}

#[test]
fn a_transfer_ends_the_permission_and_asks_for_a_new_notice() {
    let mut call = open_call();
    call.transfer(at(20.0), Ok(CallRules { pairs: RECORD, ..rules() }));
    assert_eq!(changes(&mut call), [Change::ControllerChanged { at: at(20.0) }]);
    assert_eq!(gates(&call), LISTEN);
    assert_eq!(call.permit(Tap::Record, ALL), None);
    assert!(call.notice().is_none());
    assert_eq!(
        judge(&call, 19.0, 21.0),
        [(at(20.0), Ruling::Allowed), (at(21.0), Ruling::Refused(Reason::NoticeNotGiven))]
    );
    notice(&mut call, 22.0, 28.0);
    pass(&mut call, 31.13);
    assert_eq!(gates(&call), [Gate::Open(RECORD); 3]);
    let expected = [(at(9.0), at(20.0), Reason::Ended), (at(31.0), CallTime::MAX, Reason::Allowed)];
    assert_eq!(permitted(&call), expected);
    let permit = call.permit(Tap::Record, ALL).expect("permitted");
    assert_eq!((permit.pairs(), permit.from()), (RECORD, at(31.0)));
    assert_eq!(call.permit(Tap::Monitor, ALL), None);
}

#[test]
fn a_transfer_to_an_entity_that_may_not_be_tapped_closes_the_call_for_good() {
    let mut call = open_call();
    call.transfer(at(20.0), Err(Reason::EntityExcluded));
    let reason = Reason::EntityExcluded;
    let expected = [Change::ControllerChanged { at: at(20.0) }, Change::Closed { at: at(20.0), reason }];
    assert_eq!(changes(&mut call), expected);
    assert_eq!(gates(&call), SHUT);
    assert_eq!(judge(&call, 19.0, 21.0), [(at(20.0), Ruling::Allowed), (at(21.0), Ruling::Refused(reason))]);
    assert_eq!(permitted(&call), [(at(9.0), at(20.0), Reason::Ended)]);
    call.transfer(at(25.0), Ok(rules()));
    notice(&mut call, 26.0, 30.0);
    pass(&mut call, 40.0);
    assert_eq!(gates(&call), SHUT);
}

#[test]
fn a_transfer_breaks_off_the_notice_and_the_window_of_the_former_controller() {
    let mut call = call();
    call.tell(at(0.0), Event::NoticeStarted { language: "en".into() });
    call.transfer(at(3.0), Ok(rules()));
    let expected = [Change::NoticeNotGiven { at: at(3.0) }, Change::ControllerChanged { at: at(3.0) }];
    assert_eq!(changes(&mut call), expected);
    call.tell(at(6.0), Event::NoticeFinished { complete: true });
    assert!(call.notice().is_none());

    let mut call = asked_call();
    call.transfer(at(7.0), Ok(rules()));
    press(&mut call, '9', 8.0);
    pass(&mut call, 20.0);
    assert_eq!(gates(&call), LISTEN, "the 9 at 8 s belongs to the menu, and no window closes");
    report_of(&mut call, Role::Caller, '9', 6.9, 20.0);
    assert!(has_objected(&mut call, 6.9));
}

#[test]
fn a_nine_before_the_transfer_that_is_reported_after_it_is_settled_at_once() {
    let mut call = open_call();
    press(&mut call, '4', 15.0);
    call.transfer(at(20.0), Ok(rules()));
    report_of(&mut call, Role::Caller, '9', 17.0, 20.5);
    assert!(!call.is_final(), "it stands beside a 4");
    press(&mut call, '4', 20.1);
    report_of(&mut call, Role::Caller, '9', 19.9, 20.5);
    assert!(has_objected(&mut call, 19.9));
}

#[test]
fn pause_and_digits_are_data_go_on_through_a_transfer() {
    let mut call = open_call();
    call.tell(at(15.0), Event::Paused);
    call.tell(at(16.0), Event::DigitsAreData(true));
    call.transfer(at(20.0), Ok(rules()));
    notice(&mut call, 21.0, 27.0);
    press(&mut call, '9', 22.0);
    call.tell(at(28.0), Event::Resumed);
    press(&mut call, '9', 28.5);
    pass(&mut call, 30.13);
    assert_eq!(gates(&call), OPEN);
}

#[test]
fn the_end_keeps_what_was_permitted_before_it() {
    let mut call = open_call();
    call.tell(at(20.0), Event::Ended);
    assert_eq!(changes(&mut call), [Change::Closed { at: at(20.0), reason: Reason::Ended }]);
    assert_eq!(gates(&call), SHUT);
    assert_eq!(judge(&call, 19.0, 21.0), [(at(20.0), Ruling::Allowed), (at(21.0), Ruling::Refused(Reason::Ended))]);
    assert_eq!(permitted(&call), [(at(9.0), at(20.0), Reason::Ended)]);
    assert!(call.permit(Tap::Record, RECORD).is_some(), "what is held may still be handed on");
    assert!(!call.decision(Tap::Record).hook_needed);
}

#[test]
fn an_end_in_the_window_permits_nothing() {
    let mut call = asked_call();
    call.advance(at(9.1), at(8.99), Some(at(9.1)));
    call.tell(at(9.6), Event::Ended);
    assert_eq!(
        judge(&call, 8.0, 10.0),
        [(at(9.6), Ruling::Refused(Reason::WindowOpen)), (at(10.0), Ruling::Refused(Reason::Ended))]
    );
    pass(&mut call, 20.0);
    assert_eq!(permitted(&call), []);
    assert_eq!(call.permit(Tap::Record, ALL), None);
}

#[test]
fn an_end_after_the_window_counts_what_was_examined_by_then() {
    let mut call = call();
    call.tell(at(0.0), Event::NoticeStarted { language: "en".into() });
    call.advance(at(9.2), at(9.0), Some(at(9.2)));
    call.tell(at(6.0), Event::NoticeFinished { complete: true });
    call.tell(at(9.2), Event::Ended);
    assert_eq!(permitted(&call), [(at(9.0), at(9.2), Reason::Ended)]);
    let expected = [
        Change::NoticeGiven { at: at(6.0), window_end: at(9.0) },
        Change::Opened { pairs: ALL, from: at(9.0) },
        Change::Closed { at: at(9.2), reason: Reason::Ended },
    ];
    assert_eq!(changes(&mut call), expected);
}

#[test]
fn a_failed_call_hands_nothing_on_any_more() {
    let mut call = open_call();
    call.tell(at(20.0), Event::Failed);
    assert_eq!(gates(&call), SHUT);
    assert_eq!(judge(&call, 0.0, 30.0), [(at(30.0), Ruling::Refused(Reason::Failed))]);
    assert_eq!(permitted(&call), [(at(9.0), at(20.0), Reason::Failed)], "the account stays");
    assert_eq!(call.permit(Tap::Record, ALL), None);
}

#[test]
fn a_call_that_fails_while_it_ends_hands_nothing_on_any_more() {
    let mut call = open_call();
    call.tell(at(20.0), Event::Ended);
    call.tell(at(20.1), Event::Failed);
    call.tell(at(20.2), Event::Failed);
    assert_eq!(ruling(&call, 10.0), Ruling::Refused(Reason::Failed));
    let closed = |reason| Change::Closed { at: at(20.0), reason };
    assert_eq!(changes(&mut call), [closed(Reason::Ended), closed(Reason::Failed)]);
}

#[test]
fn a_limit_ends_the_permission_and_keeps_what_was_recorded() {
    let mut call = open_call();
    call.tell(at(20.0), Event::LimitReached);
    assert_eq!(ruling(&call, 19.0), Ruling::Allowed);
    assert_eq!(permitted(&call), [(at(9.0), at(20.0), Reason::LimitReached)]);
    assert_eq!(call.decision(Tap::Monitor).reason, Reason::LimitReached);
}

#[test]
fn a_nine_before_the_end_that_is_reported_after_it_objects() {
    let mut call = open_call();
    call.tell(at(20.0), Event::Ended);
    changes(&mut call);
    report_of(&mut call, Role::Caller, '9', 20.0, 20.5);
    assert_eq!(ruling(&call, 19.0), Ruling::Allowed, "that one came after the end");
    report_of(&mut call, Role::Caller, '9', 19.9, 20.5);
    assert!(has_objected(&mut call, 19.9));
}

#[test]
fn a_nine_after_the_end_is_nothing_even_where_the_window_would_have_been() {
    let mut call = asked_call();
    call.tell(at(7.0), Event::Ended);
    press(&mut call, '9', 7.0);
    assert_eq!(call.decision(Tap::Record).reason, Reason::Ended);
    report_of(&mut call, Role::Caller, '9', 6.9, 8.0);
    assert!(has_objected(&mut call, 6.9));
}

#[test]
fn what_an_unsettled_nine_held_was_never_permitted_when_the_caller_withdraws() {
    let mut call = open_call();
    press(&mut call, '9', 20.0);
    withdraw(&mut call, 21.0);
    assert_eq!(permitted(&call), [(at(9.0), at(20.0), Reason::Withdrawn)]);
}

/// A call whose notice is told so late that its window is over already; the caller's audio is examined.
fn call_told_late() -> Consent {
    let mut call = call();
    call.tell(at(0.0), Event::NoticeStarted { language: "en".into() });
    call.tell(at(8.0), Event::Paused);
    call.tell(at(9.5), Event::Resumed);
    pass(&mut call, 9.4);
    call.tell(at(6.0), Event::NoticeFinished { complete: true });
    changes(&mut call);
    call
}

#[test]
fn a_failure_opens_nothing() {
    let mut call = call_told_late();
    call.tell(at(9.6), Event::Failed);
    assert_eq!(changes(&mut call), [Change::Closed { at: at(9.6), reason: Reason::Failed }]);
    assert_eq!(permitted(&call), []);
}

#[test]
fn a_permission_that_would_begin_after_the_end_is_never_announced() {
    let mut call = call_told_late();
    call.tell(at(9.45), Event::Ended);
    press(&mut call, '4', 9.4);
    assert_eq!(changes(&mut call), [Change::Closed { at: at(9.45), reason: Reason::Ended }]);
    assert_eq!(permitted(&call), []);
    let mut call = call_told_late();
    call.tell(at(9.6), Event::Ended);
    assert_eq!(permitted(&call), [(at(9.5), at(9.6), Reason::Ended)]);
}
