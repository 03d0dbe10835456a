//! The C interface: converts, checks, calls the engine; no logic. Its headers, written by hand, are in `include/`.
//!
//! What a C program sees of it is named `calltap_*` and declared there, function by function with its thread; tests
//! keep both equal. With `frame` the only home of `unsafe`.
//!
//! * [`c`] has the structs and numbers of the headers, [`pointer`] what C may pass. Both check; nothing else looks at
//!   what a pointer points to.
//! * [`boundary`] is around every export: a panic becomes a status.
//! * One file for each object: `policy.rs` has `calltap_policy_*`.

#![allow(unsafe_code, reason = "the border to C: names that no other has, and pointers that C vouches for")]

#[cfg(panic = "abort")]
compile_error!(
    "the C interface (feature capi) turns a panic into a status, so that the exchange lives: build it with panic = \"unwind\""
);

mod boundary;
mod c;
mod call;
mod config;
mod decision;
mod engine;
mod event;
mod failure;
mod format;
#[cfg(test)]
mod layout;
mod leg;
mod pointer;
mod policy;
mod sink;
mod status;
mod version;
mod wav;
