//! A queue before a slow sink: its calls are made by writer threads, and who brings frames never waits.
//!
//! [`Buffered`] is the worker's end of one output: it takes what a [`Sink`](super::Sink) takes, in the same order, and
//! puts it into a bounded queue. [`Writers`] are the threads, shared by all outputs of an engine; one of them at a time
//! serves an output. What comes of it is told afterwards, by [`Report`]s. A [`Hand`] is for control threads: it stops an
//! output and waits for it.
//!
//! The invariants: what is queued reaches the sink in order; once [`Hand::stop`] has returned and [`Hand::is_inside`]
//! has said no, nothing but an order to close or to erase does (promise 2); every frame is in the [`Account`] once.
//!
//! What is bounded: frames by [`Limits::frames`], gaps by the same number, marks by [`MARKS`]; one flush, one order to
//! close and one to erase. At most [`Limits::slot_quota`] queued frames keep their ring's slots; further ones are copied
//! to blocks of the pool. A full queue or pool drops the new frame; the sink is told the gap (cause `Dropped`) before the
//! next frame of that leg that fits, or before its end. Of the worker's calls only those that open, close, erase or copy
//! allocate, and one in 31 others.

mod account;
mod front;
mod hand;
mod item;
mod job;
mod output;
mod place;
mod pool;
mod quiet;
mod report;
mod settled;
mod turnstile;
mod writers;

use std::time::Duration;

pub use account::Account;
pub use front::{Around, Buffered};
pub use hand::Hand;
pub use quiet::Quiet;
pub use report::{Failure, Report};
pub use settled::{Came, Heard, Settled, Tag};
pub use writers::{Attendance, MAX_WRITERS, Now, Writers, WritersConfig};

/// How many legs a call has at most.
const LEGS: usize = 8;

/// How many marks may wait. A pause and its end that find no place are both left out; the gap tells of them.
pub const MARKS: usize = 32;

/// The bounds of one output's queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Frames that may wait; as many gaps beside. Default 1000, at least 1.
    pub frames: usize,
    /// Waiting frames that may keep their ring's slots. Default 4.
    pub slot_quota: usize,
    /// A call into the sink that takes longer is reported as late. Default 100 ms.
    pub late_after: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { frames: 1000, slot_quota: 4, late_after: Duration::from_millis(100) }
    }
}
