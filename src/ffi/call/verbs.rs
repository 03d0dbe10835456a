//! The three verbs: pause, withdraw, end.

use std::time::Duration;

use crate::engine::{Done, LiveError};

use super::super::c;
use super::super::failure::Failure;
use super::super::pointer::{Out, OutList, Room, Shared, Text};
use super::{Call, moment, on_call};

/// Nothing more is tapped until the pause is over. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_pause(
    call: Shared<Call>,
    at_ns: u64,
    deadline_ms: u32,
    inside: Out<c::Inside>,
    error_out: Out<c::Error>,
) -> i32 {
    on_call(&call, error_out, |call| {
        let names = Names::check(inside)?;
        names.tell(call.live.pause(moment(at_ns), deadline(deadline_ms)))
    })
}

/// The caller told the agent that they do not want it. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_withdraw(
    call: Shared<Call>,
    by: Text<'_>,
    at_ns: u64,
    deadline_ms: u32,
    inside: Out<c::Inside>,
    error_out: Out<c::Error>,
) -> i32 {
    on_call(&call, error_out, |call| {
        let names = Names::check(inside)?;
        names.tell(call.live.withdraw(by.or_empty("by")?, moment(at_ns), deadline(deadline_ms)))
    })
}

/// The call is over. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_end(
    call: Shared<Call>,
    at_ns: u64,
    deadline_ms: u32,
    inside: Out<c::Inside>,
    error_out: Out<c::Error>,
) -> i32 {
    on_call(&call, error_out, |call| {
        let names = Names::check(inside)?;
        names.tell(call.live.end(moment(at_ns), deadline(deadline_ms)))
    })
}

/// How long to wait; `None` is the engine's default.
pub(in crate::ffi) fn deadline(millis: u32) -> Option<Duration> {
    match millis {
        0 => None,
        c::NO_WAIT => Some(Duration::ZERO),
        millis => Some(Duration::from_millis(u64::from(millis))),
    }
}

/// Where the host wants to know which outputs were still inside.
struct Names(Option<(Room<c::Inside>, c::Inside)>);

impl Names {
    /// Checks the room, before anything is done.
    fn check(inside: Out<c::Inside>) -> Result<Names, Failure> {
        let what = "inside: its struct_size is of no version; nothing was done";
        let Some(room) = inside.optional(what)? else { return Ok(Names(None)) };
        let asked = room.read(what)?;
        OutList::at(asked.outputs).check(asked.room as usize, "inside.outputs: it is null; nothing was done")?;
        Ok(Names(Some((room, asked))))
    }

    /// The answer, and the names.
    fn tell(&self, done: Result<Done, LiveError>) -> Result<i32, Failure> {
        let (status, stuck) = match done? {
            Done::Good => (c::OK, Vec::new()),
            Done::Pending(stuck) => (c::PENDING, stuck),
        };
        if let Names(Some((room, asked))) = self {
            let count = u32::try_from(stuck.len()).unwrap_or(u32::MAX);
            OutList::at(asked.outputs).fill(asked.room as usize, stuck.iter().map(|stuck| stuck.output.into()));
            room.fill(&c::Inside { count, ..*asked });
        }
        Ok(status)
    }
}
