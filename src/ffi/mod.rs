//! The C interface: converts, checks, calls the engine; no logic. Its headers, written by hand, are in `include/`.
//!
//! What a C program sees of it is named `calltap_*` and declared there, function by function with its thread; tests
//! keep both equal. With `frame` the only home of `unsafe`.

#![allow(unsafe_code, reason = "exporting a name is a promise that no other has it: all of ours begin with calltap_")]

mod version;
