//! Pairs, permits, verdicts.

use super::*;

const MONITOR: Pairs = Pairs::one(Tap::Monitor, Purpose::Quality);

/// An open call whose entity allows monitoring for quality and no more.
fn monitored_call() -> Consent {
    let mut call = call_with(Ok(CallRules { pairs: MONITOR, ..rules() }));
    notice(&mut call, 0.0, 6.0);
    pass(&mut call, 9.13);
    call
}

fn rulings(call: &Consent, pairs: Pairs) -> Vec<Ruling> {
    call.judge(pairs, Interval { from: at(10.0), to: at(11.0) }).map(|part| part.ruling).collect()
}

#[test]
fn what_the_entity_does_not_allow_is_excluded_while_the_rest_is_allowed() {
    let call = monitored_call();
    assert_eq!(gates(&call), [Gate::Open(MONITOR); 3]);
    assert_eq!(rulings(&call, MONITOR), [Ruling::Allowed]);
    assert_eq!(rulings(&call, RECORD), [Ruling::Refused(Reason::EntityExcluded)]);
    let record = Decision { tap: Tap::Record, pairs: Pairs::NONE, reason: Reason::EntityExcluded, hook_needed: true };
    assert_eq!(call.decision(Tap::Record), record);
    let monitor = Decision { tap: Tap::Monitor, pairs: MONITOR, reason: Reason::Allowed, hook_needed: true };
    assert_eq!(call.decision(Tap::Monitor), monitor);
}

#[test]
fn a_sink_of_several_pairs_gets_only_what_all_of_them_may_have() {
    assert_eq!(rulings(&monitored_call(), MONITOR.union(RECORD)), [Ruling::Refused(Reason::EntityExcluded)]);
    assert_eq!(rulings(&open_call(), MONITOR.union(RECORD)), [Ruling::Allowed]);
}

#[test]
fn a_sink_of_no_pair_gets_nothing() {
    assert_eq!(rulings(&open_call(), Pairs::NONE), [Ruling::Refused(Reason::EntityExcluded)]);
    assert_eq!(open_call().permit(Tap::Record, Pairs::NONE), None);
}

#[test]
fn a_permit_is_of_one_tap_and_of_permitted_pairs_only() {
    let permit = open_call().permit(Tap::Record, ALL).expect("permitted");
    assert_eq!((permit.tap(), permit.pairs(), permit.from()), (Tap::Record, ALL.of(Tap::Record), at(9.0)));
    let monitored = monitored_call();
    assert_eq!(monitored.permit(Tap::Monitor, ALL).map(|permit| permit.pairs()), Some(MONITOR));
    assert_eq!(monitored.permit(Tap::Record, ALL), None);
    assert_eq!(asked_call().permit(Tap::Record, ALL), None);
}

#[test]
fn an_empty_stretch_has_no_parts() {
    let call = open_call();
    for (from, to) in [(10.0, 10.0), (11.0, 10.0)] {
        assert_eq!(call.judge(RECORD, Interval { from: at(from), to: at(to) }).count(), 0);
    }
}

#[test]
fn a_stretch_is_split_at_every_change_and_nowhere_else() {
    let mut call = open_call();
    call.tell(at(12.0), Event::Paused);
    call.tell(at(13.0), Event::Resumed);
    call.transfer(at(20.0), Ok(rules()));
    notice(&mut call, 20.0, 20.0);
    pass(&mut call, 23.13);
    press(&mut call, '9', 30.0);
    assert_eq!(
        judge(&call, 8.0, 31.0),
        [
            (at(9.0), Ruling::Refused(Reason::WindowOpen)),
            (at(12.0), Ruling::Allowed),
            (at(13.0), Ruling::Refused(Reason::Paused)),
            (at(20.0), Ruling::Allowed),
            (at(23.0), Ruling::Refused(Reason::WindowOpen)),
            (at(30.0), Ruling::Allowed),
            (at(31.0), Ruling::Undecided)
        ]
    );
}

#[test]
fn permissions_of_two_controllers_are_two_even_when_they_touch() {
    let mut call = open_call();
    call.transfer(at(20.0), Ok(CallRules { window: Duration::ZERO, ..rules() }));
    notice(&mut call, 20.0, 20.0);
    pass(&mut call, 20.13);
    let expected = [(at(9.0), at(20.0), Reason::Ended), (at(20.0), CallTime::MAX, Reason::Allowed)];
    assert_eq!(permitted(&call), expected);
}
