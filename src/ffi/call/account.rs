//! What can be read of a call: decisions, stretches, ledgers.

use super::super::c;
use super::super::decision::{pairs_of, tap_of};
use super::super::failure::Failure;
use super::super::pointer::{Const, Out, OutList, OutValue};
use super::{Call, pending};
use crate::ffi::boundary::boundary;

/// What is decided about a tap. `[any]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_decision(
    call: Const<Call>,
    tap: u32,
    decision_out: Out<c::Decision>,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let room = decision_out.required("decision_out: it is null or its struct_size is of no version")?;
        let call = call.get("call: it is null")?;
        let tap = tap_of(tap, "tap")?;
        call.live.check()?;
        room.fill(&call.live.decision(tap).into());
        Ok(c::OK)
    })
}

/// The stretches in which a tap was permitted. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_permitted(
    call: Const<Call>,
    tap: u32,
    purposes: u32,
    stretches: OutList<c::Stretch>,
    room: u32,
    count_out: OutValue<u32>,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let count_out = count_out.required(0, "count_out: it is null")?;
        let call = call.get("call: it is null")?;
        let room = room as usize;
        stretches.check(room, "stretches: it is null")?;
        let pairs = pairs_of(tap_of(tap, "tap")?, purposes)?;
        let Some(permitted) = pending(call.live.permitted(pairs))? else { return Ok(c::PENDING) };
        count_out.put(u32::try_from(permitted.len()).unwrap_or(u32::MAX));
        stretches.fill(room, permitted.into_iter().map(c::Stretch::from));
        Ok(c::OK)
    })
}

/// The account of a leg. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_ledger(
    call: Const<Call>,
    leg: u32,
    ledger_out: Out<c::Ledger>,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let room = ledger_out.required("ledger_out: it is null or its struct_size is of no version")?;
        let call = call.get("call: it is null")?;
        let Some(ledger) = pending(call.live.ledger(call.leg(leg)?))? else { return Ok(c::PENDING) };
        // A call over the limit has no account of what it refused.
        room.fill(&ledger.unwrap_or_default().into());
        Ok(c::OK)
    })
}

/// The account of a leg as a sink saw it. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_sink_ledger(
    call: Const<Call>,
    sink: u32,
    leg: u32,
    ledger_out: Out<c::Ledger>,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let room = ledger_out.required("ledger_out: it is null or its struct_size is of no version")?;
        let call = call.get("call: it is null")?;
        call.sink(sink)?;
        let asked = call.live.sink_ledger(sink as usize, call.leg(leg)?);
        let Some(ledger) = pending(asked)? else { return Ok(c::PENDING) };
        room.fill(&ledger.unwrap_or_default().into());
        Ok(c::OK)
    })
}

/// Whether an output of a tap has audio. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_holds_audio(
    call: Const<Call>,
    tap: u32,
    holds_out: OutValue<u32>,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let holds_out = holds_out.required(0, "holds_out: it is null")?;
        let call = call.get("call: it is null")?;
        let Some(holds) = pending(call.live.holds_audio(tap_of(tap, "tap")?))? else { return Ok(c::PENDING) };
        holds_out.put(u32::from(holds));
        Ok(c::OK)
    })
}

impl Call {
    /// Whether there is such a sink.
    fn sink(&self, sink: u32) -> Result<(), Failure> {
        let added = self.sinks.load(std::sync::atomic::Ordering::SeqCst);
        match sink < added {
            true => Ok(()),
            false => Err(Failure::argument(format!("sink: there is no sink {sink}, {added} were added"))),
        }
    }
}
