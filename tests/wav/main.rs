//! Recordings as WAV files: what is in them, what stays of them when things go wrong, and that they can be erased.
//!
//! Needs `sox`, `python3` and `unshare` (Debian: sox, python3, util-linux).
#![cfg(feature = "wav")]

mod content;
mod crash;
mod description;
mod disk;
mod erasure;
mod folder;
mod model;
mod support;
