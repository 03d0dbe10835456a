//! The C interface, used from C: each program in `tests/c/` is built as a host builds, and run under valgrind.
#![cfg(feature = "capi")]

#[path = "c_abi/host.rs"]
mod host;

use host::{build, build_module, forking_under_valgrind, plainly, under_valgrind};

#[test]
fn null_is_answered_by_every_function() {
    under_valgrind(&build("nulls"), &[]);
}

#[test]
fn a_struct_of_a_wrong_size_is_answered_by_every_function() {
    under_valgrind(&build("sizes"), &[]);
}

#[test]
fn a_wrong_state_and_a_wrong_value_are_answered_by_every_function() {
    under_valgrind(&build("states"), &[]);
}

#[test]
fn handles_are_destroyed_in_any_order() {
    under_valgrind(&build("orders"), &[]);
}

#[test]
fn a_forked_child_gets_a_status_and_no_audio() {
    // What the parent's threads had is nobody's in the child.
    forking_under_valgrind(&build("fork"));
}

#[test]
fn a_library_that_is_closed_while_its_threads_run_stays() {
    let folder = host::library_folder();
    let library = folder.path().join("libcalltap.so.0");
    under_valgrind(&build("unload"), &[library.as_os_str()]);
}

#[test]
fn fifty_rounds_leave_no_thread_and_no_descriptor() {
    under_valgrind(&build("rounds"), &[]);
}

#[test]
fn sinks_of_the_hosts_own_are_told_everything_once() {
    under_valgrind(&build("sinks"), &[]);
}

#[test]
fn a_frame_arrives_by_each_way_and_what_was_lent_comes_back_once() {
    under_valgrind(&build("media"), &[]);
}

#[test]
fn events_and_the_log_come_by_callbacks() {
    under_valgrind(&build("callbacks"), &[]);
}

#[test]
fn what_a_sink_asks_of_its_own_call_is_answered_at_once() {
    under_valgrind(&build("inside"), &[]);
}

#[test]
fn the_library_is_a_good_guest() {
    // Not under valgrind, which has handlers and descriptors of its own.
    plainly(&build("guest"), &[]);
}

#[test]
fn what_a_media_thread_may_call_makes_no_system_call_and_does_not_allocate() {
    let (loader, module) = build_module("media_thread");
    plainly(&loader, &[module.as_os_str()]);
}
