//! calltap decides, for every telephone call, whether its audio may be tapped (monitored live, recorded), by the legal
//! entity called and by what the caller wants; and while it may, it hands every frame to sinks, without making the
//! exchange's media thread wait.
//!
//! # The parts, in the order in which a host meets them
//!
//! 1. [`policy::Policy`]: who may be tapped, for what, after which notice, for how long. The built-in one, or a file.
//! 2. [`engine::LiveEngine`]: the threads, and what calls share. Without a policy it answers every call and taps none.
//! 3. [`engine::LiveCall`]: one call. The host tells it what happens (notice, digits, pause, withdrawal, end), each with its
//!    moment on the host's clock, and asks it for the decision.
//! 4. [`engine::LegWriter`]: where a media thread offers one leg's frames. It copies, or refuses, and never waits.
//! 5. [`sink::Sink`]: where permitted frames go, a hold-back (240 ms) later; [`sink::wav`] writes files.
//!
//! Whoever has a loop and a clock of his own steps an [`engine::Engine`]'s [`engine::Call`]s instead: tests and replays do,
//! and workers do it with the very same code.
//!
//! # Threads
//!
//! Every method of the data path carries one of four words: `[control]` may block, one at a time per object;
//! `[media]` never blocks and never calls the host; `[worker]` a library thread, or whoever steps the call;
//! `[any]` any thread at once.
//!
//! # Errors and faults
//!
//! Bad input is an error, said with what was wrong, where, and what became of the data; no input panics. Doubt means no
//! tapping. A panic inside a call or a sink ends that call's tapping alone.
//!
//! # Features
//!
//! None is on by default, and none changes what another does: `wav` (WAV files), `capture` (packet captures and their
//! replay), `cli` (the command `calltap`), `capi` (the C interface).

pub mod audio;
#[cfg(feature = "capture")]
pub mod capture;
pub mod consent;
pub mod engine;
#[cfg(feature = "capi")]
mod ffi;
pub mod frame;
mod guard;
pub mod policy;
#[cfg(feature = "capture")]
pub mod replay;
pub mod rtp;
pub mod sink;
mod thread;
pub mod time;

/// The README's program, compiled and run with the other examples of these pages.
#[cfg(all(doctest, feature = "wav"))]
#[doc = include_str!("../README.md")]
struct Readme;
