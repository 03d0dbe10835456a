//! What no function of a leg's writer may do on the media thread, whatever the gate says and whatever is offered: allocate,
//! free, or call the system.
#![allow(unsafe_code, reason = "an allocator that counts, and a filter of system calls, cannot be written without")]

mod allocator;
mod fork;
mod leg;
mod trap;

use leg::{Leg, State};
use trap::Ended;

#[test]
fn nothing_allocates_or_frees() {
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
fn nothing_makes_a_system_call() {
    for state in State::ALL {
        assert_eq!(trap::in_a_process("in_a_process_of_its_own", &format!("{state:?}")), Ended::Well, "{state:?}");
    }
}

#[test]
fn the_trap_notices_one_system_call_among_pushes() {
    assert_eq!(trap::in_a_process("in_a_process_of_its_own", "a system call"), Ended::Trapped);
}

#[test]
fn the_trap_lets_wrong_answers_show() {
    assert_eq!(trap::in_a_process("in_a_process_of_its_own", "a wrong answer"), Ended::Badly);
}

#[test]
#[ignore = "the tests above start it, each time in a process of its own"]
fn in_a_process_of_its_own() {
    let Some(case) = trap::case() else { return };
    let state = State::ALL.into_iter().find(|state| format!("{state:?}") == case).unwrap_or(State::Open);
    let mut leg = Leg::in_state(state);
    trap::without_system_calls(|| {
        let answered = leg.offer_everything().is_ok();
        if case == "a system call" {
            std::thread::yield_now();
        }
        answered && case != "a wrong answer"
    });
}

#[test]
fn a_forked_child_is_told_that_nobody_takes_its_audio() {
    for state in State::ALL {
        let mut leg = Leg::in_state(state);
        assert!(fork::child_says(|| leg.is_refused_everything()), "{state:?}");
        // And what the child keyed has reached nobody.
        assert_eq!(leg.offer_everything(), Ok(()), "{state:?}");
    }
}
