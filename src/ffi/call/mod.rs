//! Calls: starting one, its legs, destroying it. The header is `include/calltap/call.h`.

mod account;
mod sinks;
mod told;
mod verbs;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::audio::Format;
use crate::engine::{CallError, CallSpec, LegSpec, LiveCall, LiveError};
use crate::policy::{Direction, Tap};
use crate::time::MonoTime;

use super::boundary::{boundary, quiet};
use super::c;
use super::engine::Engine;
use super::failure::Failure;
use super::format::{format_of, role_of};
use super::leg::Leg;
use super::pointer::{Const, In, List, Out, Shared, Slot, Text};

pub(super) use told::{digit_of, truth};
pub(super) use verbs::deadline;

/// The most formats of a leg.
const FORMATS: usize = 64;

/// The most payload types of a leg.
const PAYLOAD_TYPES: usize = 128;

/// What `calltap_call` is.
pub struct Call {
    live: Arc<LiveCall>,
    /// How many legs were opened.
    legs: AtomicU32,
    /// How many sinks were added.
    sinks: AtomicU32,
}

/// Runs an export of a call. When it breaks, the call is ended as failed.
fn on_call(call: &Shared<Call>, error_out: Out<c::Error>, act: impl FnOnce(&Call) -> Result<i32, Failure>) -> i32 {
    on_call_into(call, error_out, || Ok(()), |call, ()| act(call))
}

/// The same for an export that first makes empty what it is to fill, also when there is no call.
fn on_call_into<P>(
    call: &Shared<Call>,
    error_out: Out<c::Error>,
    empty: impl FnOnce() -> Result<P, Failure>,
    act: impl FnOnce(&Call, P) -> Result<i32, Failure>,
) -> i32 {
    let status = boundary(error_out, || {
        let places = empty()?;
        act(call.get("call: it is null; nothing was done")?, places)
    });
    if status == c::E_PANIC {
        quiet((), || {
            if let Ok(call) = call.get("call") {
                // Nobody is left to be told that this failed too.
                let _ = call.live.fail("a function of the C interface broke");
            }
        });
    }
    status
}

/// The answer to an order: what is not done yet will be.
fn answer(told: Result<(), LiveError>) -> Result<i32, Failure> {
    Ok(if pending(told)?.is_some() { c::OK } else { c::PENDING })
}

/// What was asked for; `None` when the worker did not come to it in time.
fn pending<T>(told: Result<T, LiveError>) -> Result<Option<T>, Failure> {
    match told {
        Ok(value) => Ok(Some(value)),
        Err(LiveError::Busy) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl From<LiveError> for Failure {
    fn from(error: LiveError) -> Failure {
        let status = match &error {
            LiveError::Call(CallError::TooManyLegs | CallError::TooManySinks) => c::E_LIMIT,
            LiveError::Call(_) | LiveError::BadMoment => c::E_ARGUMENT,
            LiveError::TooMany { .. } | LiveError::NotDone | LiveError::Busy => c::E_BUSY,
            _ => c::E_STATE,
        };
        Failure::new(status, error.to_string())
    }
}

/// A moment of the host's clock; 0 is now.
fn moment(nanos: u64) -> Option<MonoTime> {
    (nanos != 0).then_some(MonoTime(nanos))
}

impl Call {
    /// The leg that C means.
    fn leg(&self, leg: u32) -> Result<u8, Failure> {
        let opened = self.legs.load(Ordering::SeqCst);
        match u8::try_from(leg) {
            Ok(number) if leg < opened => Ok(number),
            _ => Err(Failure::argument(format!("leg: there is no leg {leg}, {opened} were opened; nothing was done"))),
        }
    }
}

/// Starts a call. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_start(
    engine: Shared<Engine>,
    spec: In<c::CallSpec>,
    monitor_out: Out<c::Decision>,
    record_out: Out<c::Decision>,
    call_out: Slot<Call>,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let place = call_out.place("call_out: it is null; no call was started")?;
        let monitor = monitor_out.optional("monitor_out: its struct_size is of no version; no call was started")?;
        let record = record_out.optional("record_out: its struct_size is of no version; no call was started")?;
        let engine = engine.get("engine: it is null; no call was started")?.running()?;
        let spec = spec.read("spec: it is null or its struct_size is of no version; no call was started")?;
        let mut told = call_spec(&spec)?;
        if spec.started_ns == 0 {
            told.started = engine.utc_at(told.zero);
        }
        let live = Arc::new(engine.start_call(told));
        for (room, tap) in [(monitor, Tap::Monitor), (record, Tap::Record)] {
            if let Some(room) = room {
                room.fill(&live.decision(tap).into());
            }
        }
        place.put(Call { live, legs: AtomicU32::new(0), sinks: AtomicU32::new(0) });
        Ok(c::OK)
    })
}

fn call_spec(spec: &c::CallSpec) -> Result<CallSpec, Failure> {
    let direction = match spec.direction {
        c::INBOUND => Direction::Inbound,
        c::OUTBOUND => Direction::Outbound,
        c::INTERNAL => Direction::Internal,
        other => {
            return Err(Failure::argument(format!(
                "spec.direction: {other} is none; CALLTAP_INBOUND, CALLTAP_OUTBOUND or CALLTAP_INTERNAL"
            )));
        }
    };
    Ok(CallSpec {
        id: Text::at(spec.id).or_empty("spec.id")?.to_owned(),
        entity: Text::at(spec.entity).or_empty("spec.entity")?.to_owned(),
        service: Text::at(spec.service).or_empty("spec.service")?.to_owned(),
        direction,
        language: Text::at(spec.language).or_empty("spec.language")?.to_owned(),
        zero: MonoTime(spec.zero_ns),
        started: jiff::Timestamp::from_nanosecond(i128::from(spec.started_ns))
            .map_err(|_| Failure::argument("spec.started_ns: it is no date; no call was started"))?,
    })
}

/// Its number. `[any]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_number(call: Const<Call>) -> u64 {
    quiet(0, || call.optional().map_or(0, |call| call.live.id().0))
}

/// Opens a leg. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_open_leg(
    call: Shared<Call>,
    spec: In<c::LegSpec>,
    leg_out: Slot<Leg>,
    error_out: Out<c::Error>,
) -> i32 {
    let empty = || leg_out.place("leg_out: it is null; no leg was opened");
    on_call_into(&call, error_out, empty, |call, place| {
        let spec = spec.read("spec: it is null or its struct_size is of no version; no leg was opened")?;
        let spec = leg_spec(&spec)?;
        let writer = call.live.open_leg(&spec)?;
        let number = call.legs.fetch_add(1, Ordering::SeqCst);
        place.put(Leg::new(writer, number));
        Ok(c::OK)
    })
}

fn leg_spec(spec: &c::LegSpec) -> Result<LegSpec, Failure> {
    let formats = List::at(spec.formats);
    let formats = formats.elements(spec.format_count as usize, FORMATS, "spec.formats", "no leg was opened")?;
    let formats: Vec<Format> = formats.iter().map(format_of).collect::<Result<_, _>>()?;
    let types = List::at(spec.payload_types);
    let types =
        types.elements(spec.payload_type_count as usize, PAYLOAD_TYPES, "spec.payload_types", "no leg was opened")?;
    if let Some(wrong) =
        types.iter().find(|entry| entry.payload_type > 127 || usize::from(entry.format) >= formats.len())
    {
        return Err(Failure::argument(format!(
            "spec.payload_types: {} is no payload type, or {} is the place of no format; no leg was opened",
            wrong.payload_type, wrong.format
        )));
    }
    let mut leg = LegSpec::new(role_of(spec.role)?, formats);
    leg.payload_types = types.iter().map(|entry| (entry.payload_type, entry.format)).collect();
    if spec.slots > 256 {
        return Err(Failure::argument(format!("spec.slots: {} is more than 256; no leg was opened", spec.slots)));
    }
    if spec.slots != 0 {
        leg.slots = spec.slots as usize;
    }
    if spec.slot_bytes != 0 {
        leg.slot_bytes = spec.slot_bytes as usize;
    }
    Ok(leg)
}

/// A leg's stream is over. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_close_leg(call: Shared<Call>, leg: u32, at_ns: u64, error_out: Out<c::Error>) -> i32 {
    on_call(&call, error_out, |call| answer(call.live.close_leg(call.leg(leg)?, moment(at_ns))))
}

/// Destroys a call. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_destroy(call: Slot<Call>) {
    quiet((), || drop(call.take()));
}
