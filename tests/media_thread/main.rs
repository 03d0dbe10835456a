//! What a push may not do on the media thread, whatever the gate says and whatever is offered: allocate, free, or call
//! the system.
#![allow(unsafe_code, reason = "an allocator that counts, and a filter of system calls, cannot be written without")]

mod allocator;
mod leg;
mod trap;

use leg::{Leg, State};
use trap::Ended;

#[test]
fn no_push_allocates_or_frees() {
    for state in State::ALL {
        let mut leg = Leg::in_state(state);
        let before = allocator::counts();
        let outcome = leg.offer_everything();
        let after = allocator::counts();
        assert_eq!(outcome, Ok(()), "{state:?}: another answer than expected");
        assert_eq!(after, before, "{state:?}: allocations and frees");
    }
}

#[test]
fn the_allocator_sees_an_allocation_and_a_free() {
    let before = allocator::counts();
    let bytes = std::hint::black_box(vec![1u8; 160]);
    assert_eq!(allocator::counts(), (before.0 + 1, before.1));
    drop(bytes);
    assert_eq!(allocator::counts(), (before.0 + 1, before.1 + 1));
}

#[test]
fn no_push_makes_a_system_call() {
    for state in State::ALL {
        let mut leg = Leg::in_state(state);
        let ended = trap::without_system_calls(|| leg.offer_everything().is_ok());
        assert_eq!(ended, Ended::Well, "{state:?}");
    }
}

#[test]
fn the_trap_notices_one_system_call_among_pushes() {
    let mut leg = Leg::in_state(State::Open);
    let ended = trap::without_system_calls(|| {
        let answered = leg.offer_everything().is_ok();
        std::thread::yield_now();
        answered
    });
    assert_eq!(ended, Ended::Trapped);
}

#[test]
fn the_trap_lets_wrong_answers_show() {
    assert_eq!(trap::without_system_calls(|| false), Ended::Badly);
}
