//! Before the notice, in it, in its window.

use super::*;

fn start(call: &mut Consent, when: f64, language: &str) {
    call.tell(at(when), Event::NoticeStarted { language: language.into() });
}

fn finish(call: &mut Consent, when: f64, complete: bool) {
    call.tell(at(when), Event::NoticeFinished { complete });
}

#[test]
fn before_a_notice_every_leg_waits() {
    let mut call = call();
    pass(&mut call, 60.0);
    assert_eq!(gates(&call), WAIT);
    assert_eq!(ruling(&call, 59.0), Ruling::Refused(Reason::NoticeNotGiven));
    assert_eq!(call.decision(Tap::Record).reason, Reason::NoticeNotGiven);
    assert!(!call.is_final() && call.notice().is_none());
}

#[test]
fn a_call_without_rules_is_shut_from_its_first_moment_and_needs_no_hook() {
    for reason in
        [Reason::EntityExcluded, Reason::PolicyUnreadable, Reason::from(crate::policy::Refusal::EntityUnknown)]
    {
        let mut call = call_with(Err(reason));
        notice(&mut call, 0.0, 6.0);
        pass(&mut call, 20.0);
        assert_eq!(gates(&call), SHUT);
        assert_eq!(ruling(&call, -100.0), Ruling::Refused(reason));
        let decision = call.decision(Tap::Monitor);
        assert_eq!(decision, Decision { tap: Tap::Monitor, pairs: Pairs::NONE, reason, hook_needed: false });
        assert_eq!(changes(&mut call), [Change::Closed { at: CallTime::ZERO, reason }]);
        assert_eq!(call.permit(Tap::Record, ALL), None);
    }
}

#[test]
fn while_the_notice_plays_only_the_caller_is_listened_to() {
    let mut call = call();
    start(&mut call, 0.0, "en");
    pass(&mut call, 3.0);
    assert_eq!(gates(&call), LISTEN);
    assert_eq!(ruling(&call, 3.0), Ruling::Refused(Reason::NoticeNotGiven));
}

#[test]
fn a_notice_that_is_broken_off_was_not_given() {
    let mut call = call();
    start(&mut call, 0.0, "en");
    finish(&mut call, 5.9, false);
    pass(&mut call, 20.0);
    assert_eq!(changes(&mut call), [Change::NoticeNotGiven { at: at(5.9) }]);
    assert_eq!(gates(&call), LISTEN);
    assert_eq!(call.decision(Tap::Record).reason, Reason::NoticeNotGiven);
    notice(&mut call, 20.0, 26.0);
    pass(&mut call, 29.13);
    assert_eq!(gates(&call), OPEN, "a new notice may be given");
}

#[test]
fn a_notice_in_another_language_or_in_none_of_the_policy_was_not_given() {
    for language in ["nl", "fr", "en-GB", ""] {
        let mut call = call();
        start(&mut call, 0.0, language);
        finish(&mut call, 6.0, true);
        pass(&mut call, 20.0);
        assert_eq!(changes(&mut call), [Change::NoticeNotGiven { at: at(6.0) }], "{language}");
        assert_eq!(gates(&call), LISTEN);
    }
    let mut call = Consent::new(Start { rules: Ok(rules()), language: "fr".into(), hold_back: Duration::ZERO });
    start(&mut call, 0.0, "fr");
    finish(&mut call, 6.0, true);
    assert!(call.notice().is_none(), "the policy has no notice in French");
}

#[test]
fn languages_are_compared_without_case() {
    let mut call = call();
    start(&mut call, 0.0, "EN");
    finish(&mut call, 6.0, true);
    assert!(call.notice().is_some());
}

#[test]
fn a_notice_that_starts_while_one_plays_breaks_the_first_off() {
    let mut call = call();
    start(&mut call, 0.0, "en");
    start(&mut call, 2.0, "en");
    finish(&mut call, 8.0, true);
    finish(&mut call, 9.0, true);
    let expected = [Change::NoticeNotGiven { at: at(2.0) }, Change::NoticeGiven { at: at(8.0), window_end: at(11.0) }];
    assert_eq!(changes(&mut call), expected);
}

#[test]
fn what_was_given_can_be_read_for_the_recordings_description() {
    let call = asked_call();
    let played = Interval { from: at(0.0), to: at(6.0) };
    assert_eq!(call.notice(), Some(&Notice { language: "en".into(), played, window_end: at(9.0) }));
}

#[test]
fn the_window_closes_when_the_callers_audio_up_to_its_end_was_examined() {
    let mut call = asked_call();
    call.advance(at(9.4), at(8.999), Some(at(9.4)));
    assert_eq!(gates(&call), HOLD);
    assert_eq!(call.decision(Tap::Record).reason, Reason::WindowOpen);
    assert_eq!(
        judge(&call, 8.98, 9.02),
        [(at(9.0), Ruling::Refused(Reason::WindowOpen)), (at(9.02), Ruling::Undecided)]
    );
    call.advance(at(9.4), at(9.0), Some(at(9.4)));
    assert_eq!(gates(&call), OPEN);
    assert_eq!(changes(&mut call)[1..], [Change::Opened { pairs: ALL, from: at(9.0) }]);
    assert_eq!(judge(&call, 8.98, 9.02), [(at(9.0), Ruling::Refused(Reason::WindowOpen)), (at(9.02), Ruling::Allowed)]);
    let decision = call.decision(Tap::Record);
    assert_eq!((decision.reason, decision.pairs), (Reason::Allowed, ALL.of(Tap::Record)));
}

#[test]
fn the_window_closes_when_half_a_second_passed_without_caller_audio() {
    for (heard, now, closes) in [
        (None, 9.5, true),
        (None, 9.499, false),
        (Some(at(9.0)), 9.5, true),
        (Some(at(9.3)), 9.799, false),
        (Some(at(9.3)), 9.8, true),
    ] {
        let mut call = asked_call();
        call.advance(at(now), at(0.0), heard);
        assert_eq!(gates(&call) == OPEN, closes, "heard {heard:?}, now {now}");
    }
}

#[test]
fn one_hold_back_before_the_windows_end_every_leg_is_held() {
    let mut call = asked_call();
    pass(&mut call, 8.759);
    assert_eq!(gates(&call), LISTEN);
    pass(&mut call, 8.76);
    assert_eq!(gates(&call), HOLD);
}

#[test]
fn every_nine_in_notice_and_window_objects_at_once_from_its_onset() {
    for onset in [0.0, 3.0, 6.0, 8.999] {
        let mut call = asked_call();
        press(&mut call, '9', onset);
        assert!(has_objected(&mut call, onset), "{onset}");
        assert_eq!(ruling(&call, 0.0), Ruling::Refused(Reason::Objected));
    }
}

#[test]
fn a_nine_in_the_window_objects_beside_another_digit_too() {
    let mut call = asked_call();
    press(&mut call, '4', 7.0);
    press(&mut call, '9', 7.5);
    assert!(has_objected(&mut call, 7.5));
}

#[test]
fn a_nine_while_a_notice_plays_that_turns_out_not_given_objects() {
    let mut call = call();
    start(&mut call, 0.0, "nl");
    press(&mut call, '9', 1.0);
    assert!(has_objected(&mut call, 1.0));
}

#[test]
fn a_nine_of_the_window_that_is_reported_after_the_window_was_closed_objects() {
    let mut call = open_call();
    pass(&mut call, 12.0);
    report_of(&mut call, Role::Caller, '9', 8.5, 12.0);
    assert!(has_objected(&mut call, 8.5));
    assert_eq!(permitted(&call), [], "the permission never began");
}

#[test]
fn a_nine_of_a_broken_off_notice_that_is_reported_later_objects() {
    let mut call = call();
    start(&mut call, 1.0, "en");
    finish(&mut call, 3.0, false);
    report_of(&mut call, Role::Caller, '9', 3.0, 4.0);
    report_of(&mut call, Role::Caller, '9', 0.9, 4.0);
    assert!(!call.is_final(), "before and after that notice it belongs to the menu");
    report_of(&mut call, Role::Caller, '9', 2.9, 4.0);
    assert!(has_objected(&mut call, 2.9));
}

#[test]
fn digits_before_the_notice_belong_to_the_menu() {
    let mut call = call();
    for onset in [-20.0, -1.0, -0.001] {
        press(&mut call, '9', onset);
    }
    notice(&mut call, 0.0, 6.0);
    report_of(&mut call, Role::Caller, '9', -0.5, 7.0);
    pass(&mut call, 9.13);
    assert_eq!(gates(&call), OPEN);
}

#[test]
fn a_nine_from_another_leg_changes_nothing() {
    let mut call = asked_call();
    for role in [Role::Agent, Role::Mix] {
        press_of(&mut call, role, '9', 3.0);
        press_of(&mut call, role, '9', 7.0);
    }
    pass(&mut call, 9.13);
    assert_eq!(gates(&call), OPEN);
    press_of(&mut call, Role::Agent, '9', 20.0);
    assert_eq!(gates(&call), OPEN);
}

#[test]
fn other_keys_of_the_caller_refuse_nothing() {
    let mut call = asked_call();
    for (place, key) in "012345678*#ABCD".chars().enumerate() {
        press(&mut call, key, 1.0 + place as f64 / 10.0);
    }
    pass(&mut call, 9.13);
    assert_eq!(gates(&call), OPEN);
}

#[test]
fn in_a_notice_that_is_played_again_and_its_window_every_nine_counts_while_the_permission_stays() {
    for onset in [30.0, 35.0, 38.999] {
        let mut call = open_call();
        press(&mut call, '4', onset - 0.5);
        notice(&mut call, 30.0, 36.0);
        pass(&mut call, 36.0);
        assert_eq!(gates(&call), OPEN);
        assert_eq!(changes(&mut call), []);
        press(&mut call, '9', onset);
        assert!(has_objected(&mut call, onset), "{onset}");
    }
    let mut call = open_call();
    notice(&mut call, 30.0, 36.0);
    press(&mut call, '9', 39.0);
    assert_eq!(gates(&call), HOLD, "after its window the 9 must stand alone again");
    assert_eq!(call.notice().map(|notice| notice.window_end), Some(at(9.0)), "the first notice is the one that counts");
}

#[test]
fn a_notice_that_is_played_again_and_broken_off_has_no_window() {
    let mut call = open_call();
    start(&mut call, 30.0, "en");
    finish(&mut call, 33.0, false);
    press(&mut call, '9', 34.0);
    assert_eq!(gates(&call), HOLD);
    report_of(&mut call, Role::Caller, '9', 32.0, 35.0);
    assert!(has_objected(&mut call, 32.0));
}
