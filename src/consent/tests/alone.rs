//! A 9 after the window.

use super::*;

#[test]
fn a_nine_holds_every_leg_from_its_onset_on() {
    let mut call = open_call();
    pass(&mut call, 20.12);
    press(&mut call, '9', 20.0);
    assert_eq!(changes(&mut call), [Change::Held { onset: at(20.0) }]);
    assert_eq!(gates(&call), HOLD);
    assert_eq!(call.decision(Tap::Record).reason, Reason::Undecided);
    assert_eq!(judge(&call, 19.99, 20.01), [(at(20.0), Ruling::Allowed), (at(20.01), Ruling::Undecided)]);
    assert_eq!(permitted(&call), [(at(9.0), at(20.0), Reason::Undecided)]);
}

#[test]
fn a_different_digit_before_it_means_that_nothing_is_held() {
    let mut call = open_call();
    press(&mut call, '4', 17.0);
    press(&mut call, '9', 20.0);
    assert_eq!(gates(&call), OPEN);
    press(&mut call, '9', 20.001);
    assert_eq!(gates(&call), HOLD, "3.001 s are too far");
}

#[test]
fn a_different_digit_after_it_releases_what_was_held() {
    let mut call = open_call();
    press(&mut call, '9', 20.0);
    press(&mut call, 'A', 23.0);
    assert_eq!(changes(&mut call)[1..], [Change::Released { onset: at(20.0) }]);
    assert_eq!(gates(&call), OPEN);
    assert_eq!(ruling(&call, 20.0), Ruling::Allowed);
}

#[test]
fn a_different_digit_that_lay_before_it_and_is_reported_after_it_releases_too() {
    let mut call = open_call();
    press(&mut call, '9', 20.0);
    report_of(&mut call, Role::Caller, '0', 17.0, 22.0);
    assert_eq!(changes(&mut call)[1..], [Change::Released { onset: at(20.0) }]);
}

#[test]
fn a_different_digit_too_far_away_releases_nothing() {
    let mut call = open_call();
    press(&mut call, '9', 20.0);
    press(&mut call, '4', 16.999);
    press(&mut call, '4', 23.001);
    assert_eq!(gates(&call), HOLD);
    pass(&mut call, 23.14);
    assert!(has_objected(&mut call, 20.0));
}

#[test]
fn star_hash_and_another_nine_are_not_different() {
    let mut call = open_call();
    for (key, onset) in [('9', 20.0), ('#', 20.5), ('*', 21.0), ('9', 21.5)] {
        press(&mut call, key, onset);
    }
    assert_eq!(gates(&call), HOLD);
    pass(&mut call, 23.14);
    assert!(has_objected(&mut call, 20.0));
}

#[test]
fn a_digit_of_another_leg_is_no_neighbour() {
    let mut call = open_call();
    press_of(&mut call, Role::Agent, '4', 19.0);
    press(&mut call, '9', 20.0);
    press_of(&mut call, Role::Mix, '4', 21.0);
    assert_eq!(gates(&call), HOLD);
}

#[test]
fn it_objects_only_when_a_neighbour_at_the_last_moment_would_have_been_seen() {
    let mut call = open_call();
    press(&mut call, '9', 20.0);
    call.advance(at(23.3), at(23.0), Some(at(23.3)));
    assert_eq!(gates(&call), HOLD, "a digit at 23.000 is not seen yet");
    call.advance(at(23.3), CallTime::from_nanos(23_000_000_001), Some(at(23.3)));
    assert!(has_objected(&mut call, 20.0));
    assert_eq!(permitted(&call), [(at(9.0), at(20.0), Reason::Objected)]);
}

#[test]
fn it_objects_when_the_caller_is_silent_for_half_a_second_after_the_last_moment() {
    let mut call = open_call();
    press(&mut call, '9', 20.0);
    call.advance(at(23.499), at(21.0), Some(at(21.0)));
    assert_eq!(gates(&call), HOLD);
    call.advance(at(23.5), at(21.0), Some(at(21.0)));
    assert!(has_objected(&mut call, 20.0));
}

#[test]
fn an_objection_refuses_also_what_was_permitted_before_it() {
    let mut call = open_call();
    press(&mut call, '9', 20.0);
    pass(&mut call, 23.14);
    assert_eq!(judge(&call, 0.0, 30.0), [(at(30.0), Ruling::Refused(Reason::Objected))]);
    assert_eq!(call.permit(Tap::Record, ALL), None);
    let decision = call.decision(Tap::Record);
    assert_eq!((decision.reason, decision.hook_needed), (Reason::Objected, false));
}

#[test]
fn end_failure_a_closed_caller_leg_and_a_transfer_turn_it_into_an_objection() {
    let endings: [fn(&mut Consent); 6] = [
        |call| call.tell(at(21.0), Event::Ended),
        |call| call.tell(at(21.0), Event::Failed),
        |call| call.tell(at(21.0), Event::LimitReached),
        |call| call.tell(at(21.0), Event::CallerLegClosed),
        |call| call.transfer(at(21.0), Ok(rules())),
        |call| call.transfer(at(21.0), Err(Reason::EntityExcluded)),
    ];
    for (number, ending) in endings.into_iter().enumerate() {
        let mut call = open_call();
        press(&mut call, '9', 20.0);
        changes(&mut call);
        ending(&mut call);
        let objected = Change::Objected { onset: at(20.0), source: DigitSource::InBand };
        assert_eq!(changes(&mut call), [objected], "ending {number}");
        assert_eq!(gates(&call), SHUT);
    }
}

#[test]
fn a_nine_that_is_reported_after_its_leg_closed_is_settled_at_once() {
    let mut call = open_call();
    call.tell(at(20.0), Event::CallerLegClosed);
    assert_eq!(gates(&call), OPEN, "the call goes on");
    press(&mut call, '4', 16.0);
    report_of(&mut call, Role::Caller, '9', 19.0, 20.1);
    assert_eq!(gates(&call), OPEN, "it stands beside a 4");
    report_of(&mut call, Role::Caller, '9', 19.9, 20.2);
    assert!(has_objected(&mut call, 19.9));
}

#[test]
fn several_nines_are_settled_each_by_its_own_neighbours() {
    let mut call = open_call();
    press(&mut call, '9', 20.0);
    press(&mut call, '9', 22.0);
    press(&mut call, '4', 22.5);
    let released = [20.0, 22.0].map(|onset| Change::Released { onset: at(onset) });
    assert_eq!(changes(&mut call)[2..], released);

    let mut call = open_call();
    press(&mut call, '9', 20.0);
    press(&mut call, '9', 22.0);
    press(&mut call, '4', 24.0);
    assert_eq!(changes(&mut call)[2..], [Change::Released { onset: at(22.0) }]);
    assert_eq!(ruling(&call, 20.0), Ruling::Undecided, "the first one stands 4 s away");
    pass(&mut call, 24.12);
    assert!(has_objected(&mut call, 20.0));
}

#[test]
fn what_follows_the_first_unsettled_nine_waits() {
    let mut call = open_call();
    press(&mut call, '9', 22.0);
    report_of(&mut call, Role::Caller, '9', 20.0, 22.5);
    assert_eq!(ruling(&call, 20.0), Ruling::Undecided);
    assert_eq!(ruling(&call, 19.999), Ruling::Allowed);
    press(&mut call, '4', 17.0);
    assert_eq!(ruling(&call, 21.999), Ruling::Allowed, "the earlier one was released");
    assert_eq!(ruling(&call, 22.0), Ruling::Undecided);
}

#[test]
fn an_objection_at_once_takes_effect_from_an_earlier_nine_that_is_unsettled() {
    let mut call = open_call();
    press(&mut call, '9', 29.0);
    notice(&mut call, 30.0, 36.0);
    press(&mut call, '9', 31.0);
    assert!(has_objected(&mut call, 29.0));
}

#[test]
fn digits_of_notice_and_window_are_neighbours_and_digits_before_the_notice_are_not() {
    let mut call = asked_call();
    press(&mut call, '4', 8.0);
    pass(&mut call, 9.13);
    press(&mut call, '9', 11.0);
    assert_eq!(gates(&call), OPEN);

    let mut call = call_with(Ok(CallRules { window: Duration::ZERO, ..rules() }));
    press(&mut call, '4', -0.001);
    notice(&mut call, 0.0, 1.0);
    pass(&mut call, 1.13);
    press(&mut call, '9', 2.0);
    assert_eq!(gates(&call), HOLD);
    report_of(&mut call, Role::Caller, '4', 0.0, 2.5);
    assert_eq!(gates(&call), OPEN, "the notice itself is not before the notice");
}

#[test]
fn digits_of_a_notice_that_was_not_given_are_no_neighbours() {
    let mut call = call_with(Ok(CallRules { window: Duration::ZERO, ..rules() }));
    call.tell(at(0.0), Event::NoticeStarted { language: "nl".into() });
    press(&mut call, '4', 0.5);
    notice(&mut call, 1.0, 2.0);
    pass(&mut call, 2.13);
    press(&mut call, '9', 2.5);
    assert_eq!(gates(&call), HOLD);
}

#[test]
fn when_the_policy_says_window_a_later_nine_is_nothing() {
    let mut call = call_with(Ok(CallRules { until: Until::Window, ..rules() }));
    notice(&mut call, 0.0, 6.0);
    pass(&mut call, 9.13);
    press(&mut call, '9', 9.0);
    press(&mut call, '9', 20.0);
    pass(&mut call, 30.0);
    assert_eq!(gates(&call), OPEN);
    report_of(&mut call, Role::Caller, '9', 8.999, 30.0);
    assert!(has_objected(&mut call, 8.999));
}

#[test]
fn while_digits_are_data_a_nine_is_no_objection_but_other_digits_are_neighbours() {
    let mut call = open_call();
    call.tell(at(20.0), Event::DigitsAreData(true));
    press(&mut call, '9', 20.0);
    press(&mut call, '9', 24.0);
    press(&mut call, '4', 24.5);
    call.tell(at(25.0), Event::DigitsAreData(false));
    report_of(&mut call, Role::Caller, '9', 24.999, 26.0);
    assert_eq!(changes(&mut call), []);
    press(&mut call, '9', 27.0);
    assert_eq!(gates(&call), OPEN, "the 4 is 2.5 s away");
    press(&mut call, '9', 28.0);
    assert_eq!(gates(&call), HOLD, "the 9 at 24.999 is not a different digit");
}

#[test]
fn while_digits_are_data_a_nine_in_notice_and_window_is_no_objection_either() {
    let mut call = call();
    call.tell(at(-1.0), Event::DigitsAreData(true));
    call.tell(at(1.0), Event::DigitsAreData(true));
    notice(&mut call, 0.0, 6.0);
    press(&mut call, '9', 3.0);
    press(&mut call, '9', 7.0);
    call.tell(at(8.0), Event::DigitsAreData(false));
    assert!(!call.is_final());
    press(&mut call, '9', 8.0);
    assert!(has_objected(&mut call, 8.0));
}

#[test]
fn a_nine_at_the_windows_end_waits_and_the_permission_is_announced_when_it_is_settled() {
    let mut call = asked_call();
    press(&mut call, '9', 9.0);
    pass(&mut call, 9.2);
    assert_eq!(gates(&call), HOLD);
    assert_eq!(call.permit(Tap::Record, ALL), None);
    assert_eq!(changes(&mut call)[1..], [Change::Held { onset: at(9.0) }]);
    press(&mut call, '4', 10.0);
    let expected = [Change::Released { onset: at(9.0) }, Change::Opened { pairs: ALL, from: at(9.0) }];
    assert_eq!(changes(&mut call), expected);
    assert_eq!(gates(&call), OPEN);
}
