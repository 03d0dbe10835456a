//! Adding sinks to a call. The headers are `include/calltap/sink.h` and `wav.h`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::engine::{Run, SinkSpec};
use crate::policy::Tap;

use super::super::c;
use super::super::decision::{pairs_of, tap_of};
use super::super::failure::Failure;
use super::super::pointer::{Const, In, Out, OutValue, Shared};
use super::super::sink::Table;
use super::super::wav::Wav;
use super::told::truth;
use super::{Call, on_call_into};

/// Adds a sink of the host's own. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_add_sink(
    call: Shared<Call>,
    spec: In<c::SinkSpec>,
    sink: In<c::Sink>,
    number_out: OutValue<u32>,
    error_out: Out<c::Error>,
) -> i32 {
    let empty = || number_out.optional(0, "number_out: it is not aligned");
    on_call_into(&call, error_out, empty, |call, number_out| {
        let spec = spec.read("spec: it is null or its struct_size is of no version; no sink was added")?;
        let table = sink.read("sink: it is null or its struct_size is of no version; no sink was added")?;
        if table.frame.is_none() {
            return Err(Failure::null("sink.frame: it is null, and all others may be; no sink was added"));
        }
        let tap = tap_of(spec.tap, "spec.tap")?;
        let run = match spec.run {
            c::RUN_QUEUED => Run::Queued,
            c::RUN_DIRECT => Run::Direct,
            c::RUN_FILE => Run::File,
            other => {
                return Err(Failure::argument(format!("spec.run: {other} is no CALLTAP_RUN_...; no sink was added")));
            }
        };
        let (pairs, live) = (pairs_of(tap, spec.purposes)?, truth(spec.live, "spec.live: it is neither 0 nor 1")?);
        call.live.check()?;
        let table = Arc::new(Table::new(table));
        let make = {
            let table = Arc::clone(&table);
            Box::new(move |output| table.sink(output))
        };
        let added = call.add(SinkSpec { tap, pairs, run, live, make }, number_out);
        if added.is_err() {
            table.give_back();
        }
        added
    })
}

/// Records a call into a folder. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_add_wav(
    call: Shared<Call>,
    wav: Const<Wav>,
    spec: In<c::WavSpec>,
    number_out: OutValue<u32>,
    error_out: Out<c::Error>,
) -> i32 {
    let empty = || number_out.optional(0, "number_out: it is not aligned");
    on_call_into(&call, error_out, empty, |call, number_out| {
        let wav = wav.get("wav: it is null; nothing is recorded")?;
        let spec = spec.optional("spec: its struct_size is of no version; nothing is recorded")?;
        let purposes = spec.map_or(0, |spec| spec.purposes);
        let pairs = pairs_of(Tap::Record, purposes)?;
        let make = wav.maker(spec.map_or(c::WAV_PCM, |spec| spec.encoding))?;
        call.add(SinkSpec { tap: Tap::Record, pairs, run: Run::File, live: false, make }, number_out)
    })
}

impl Call {
    fn add(&self, spec: SinkSpec, number_out: Option<super::super::pointer::Value<u32>>) -> Result<i32, Failure> {
        self.live.add_sink(spec)?;
        let number = self.sinks.fetch_add(1, Ordering::SeqCst);
        if let Some(number_out) = number_out {
            number_out.put(number);
        }
        Ok(c::OK)
    }
}
