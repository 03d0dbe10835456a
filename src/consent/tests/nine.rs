//! What a caller's 9 means before it is told, and one that has shut the gates already.

use super::*;

fn at_once(from: f64, until: CallTime) -> NineNow {
    NineNow::AtOnce { from: at(from), until }
}

/// Whether a 9 pressed at `onset` and reported then refuses at once.
fn refuses_at_once(mut call: Consent, onset: f64) -> bool {
    report_of(&mut call, Role::Caller, '9', onset, onset);
    call.is_final()
}

#[test]
fn a_nine_means_nothing_before_a_notice_and_after_a_refusal() {
    let mut untold = call();
    pass(&mut untold, 5.0);
    assert_eq!(untold.nine_now(), NineNow::Nothing);
    assert_eq!(call_with(Err(Reason::EntityExcluded)).nine_now(), NineNow::Nothing);
    let mut refused = open_call();
    withdraw(&mut refused, 10.0);
    assert_eq!(refused.nine_now(), NineNow::Nothing);
}

#[test]
fn a_nine_means_no_from_the_notices_start_to_the_windows_end_and_then_alone() {
    let mut call = call();
    call.tell(at(1.0), Event::NoticeStarted { language: "en".into() });
    assert_eq!(call.nine_now(), at_once(1.0, CallTime::MAX));
    call.tell(at(6.0), Event::NoticeFinished { complete: true });
    assert_eq!(call.nine_now(), at_once(1.0, at(9.0)));
    pass(&mut call, 8.999);
    assert_eq!(call.nine_now(), at_once(1.0, at(9.0)));
    pass(&mut call, 9.0);
    assert_eq!(call.nine_now(), NineNow::Alone);
    // Played again, it makes every 9 count at once again.
    call.tell(at(30.0), Event::NoticeStarted { language: "en".into() });
    assert_eq!(call.nine_now(), at_once(30.0, CallTime::MAX));
    call.tell(at(32.0), Event::NoticeFinished { complete: false });
    pass(&mut call, 32.0);
    assert_eq!(call.nine_now(), NineNow::Alone);
}

#[test]
fn a_nine_means_nothing_in_a_pause_and_while_digits_are_data_and_counts_from_their_end() {
    let silencers = [(Event::Paused, Event::Resumed), (Event::DigitsAreData(true), Event::DigitsAreData(false))];
    for (begins, ends) in silencers {
        let mut call = asked_call();
        call.tell(at(7.0), begins.clone());
        assert_eq!(call.nine_now(), NineNow::Nothing, "{begins:?}");
        call.tell(at(8.0), ends);
        assert_eq!(call.nine_now(), at_once(8.0, at(9.0)), "{begins:?}");
        assert!(!refuses_at_once(call, 7.999), "{begins:?}: one from before is not in the stretch");
    }
}

#[test]
fn a_nine_in_the_stretch_that_is_told_refuses_at_once() {
    for onset in [0.0, 3.0, 8.999] {
        assert!(refuses_at_once(asked_call(), onset), "{onset}");
    }
    for onset in [-0.001, 9.0] {
        assert!(!refuses_at_once(asked_call(), onset), "{onset}");
    }
}

#[test]
fn a_nine_means_nothing_after_the_window_where_the_policy_says_so() {
    let mut call = call_with(Ok(CallRules { until: Until::Window, ..rules() }));
    notice(&mut call, 0.0, 6.0);
    assert_eq!(call.nine_now(), at_once(0.0, at(9.0)));
    pass(&mut call, 9.0);
    assert_eq!(call.nine_now(), NineNow::Nothing);
}

#[test]
fn a_nine_means_nothing_to_a_controller_who_has_not_asked() {
    let mut call = open_call();
    call.transfer(at(10.0), Ok(rules()));
    assert_eq!(call.nine_now(), NineNow::Nothing);
}

#[test]
fn what_a_press_has_shut_is_an_objection_also_in_a_pause_and_after_the_end() {
    let endings = [Event::Paused, Event::DigitsAreData(true), Event::Ended, Event::Failed, Event::LimitReached];
    for ending in endings {
        let mut call = asked_call();
        call.tell(at(7.0), ending.clone());
        changes(&mut call);
        call.tell(at(7.2), Event::ShutByPress { onset: at(7.1) });
        let objected = Change::Objected { onset: at(7.1), source: DigitSource::Host };
        assert_eq!((changes(&mut call), gates(&call)), (vec![objected], SHUT), "{ending:?}");
    }
}

#[test]
fn what_a_press_has_shut_is_told_once_and_never_of_a_call_that_cannot_be_tapped() {
    let mut call = asked_call();
    press(&mut call, '9', 7.0);
    changes(&mut call);
    call.tell(at(7.2), Event::ShutByPress { onset: at(7.0) });
    assert!(changes(&mut call).is_empty());
    let mut never = call_with(Err(Reason::EntityExcluded));
    changes(&mut never);
    never.tell(at(1.0), Event::ShutByPress { onset: at(0.9) });
    assert!(changes(&mut never).is_empty());
}
