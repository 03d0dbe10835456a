//! How long things are held at the most, whatever a caller sends.

use super::*;

/// For a 9: half a second, which is more than two hold-backs of 240 ms.
const PATIENCE: f64 = 0.5;
/// For a window: both.
const GIVEN_UP: f64 = 0.98;

#[test]
fn a_nine_is_an_objection_when_nobody_can_listen_to_what_comes() {
    let mut call = open_call();
    press(&mut call, '9', 20.0);
    // Packets come, and none of them can be examined.
    let mut now = 20.0;
    while now < 23.0 + PATIENCE - 0.01 {
        call.advance(at(now), at(20.0), Some(at(now)));
        assert!(!call.is_final(), "at {now}");
        now += 0.02;
    }
    call.advance(at(now), at(20.0), Some(at(now)));
    assert!(has_objected(&mut call, 20.0));
}

#[test]
fn nothing_is_held_for_a_window_that_nobody_could_examine_but_it_opens_once_somebody_could() {
    let mut call = asked_call();
    let window_end = 9.0;
    call.advance(at(window_end + 0.97), at(8.0), Some(at(9.97)));
    assert_eq!(call.gate(Role::Agent), Gate::Hold);
    call.advance(at(window_end + GIVEN_UP), at(8.0), Some(at(9.98)));
    assert_eq!(gates(&call), LISTEN);
    let after = Interval { from: at(9.0), to: at(9.1) };
    let rulings: Vec<_> = call.judge(rules().pairs, after).map(|verdict| verdict.ruling).collect();
    assert_eq!(rulings, [Ruling::Refused(Reason::WindowOpen)]);
    call.advance(at(12.0), at(11.9), Some(at(12.0)));
    assert_eq!(call.gate(Role::Agent), Gate::Open(rules().pairs));
}

#[test]
fn a_host_that_cannot_wait_opens_by_what_was_received_and_settles_no_nine() {
    let mut call = asked_call();
    call.stand(at(9.05), at(9.06), Some(at(9.04)));
    assert_eq!(call.gate(Role::Agent), Gate::Open(rules().pairs));
    press(&mut call, '9', 20.0);
    call.stand(at(23.02), at(23.04), Some(at(23.02)));
    assert!(!call.is_final(), "a 4 at 22.95 may still be on its way");
}
