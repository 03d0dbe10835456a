//! A sink that calls a table of the host's functions.
//!
//! The table is shared by all outputs of one registration. Its context goes back to the host when the last of them is
//! gone: exactly once, and nothing is called after it.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::consent::Permit;
use crate::frame::Frame;
use crate::sink::{
    Closing, Description, Erasure, Fate, GapCause, Handed, LegIndex, Mark, OutputId, Receipt, Sink, SinkError,
};
use crate::time::{CallTime, Interval};

use super::super::c;
use super::super::decision::{purposes, reason, tap};
use super::super::pointer::Struct;
use super::description::{ClosingParts, DescriptionParts, audio};

/// A table, until the last sink that was made from it is gone.
pub(in crate::ffi) struct Table {
    calls: c::Sink,
    /// Set when the host keeps its context: it was never taken.
    given_back: AtomicBool,
}

// SAFETY: the host says in sink.h that its context may be used on any thread, by one call at a time for each output.
unsafe impl Send for Table {}
// SAFETY: the same; the table itself does not change.
unsafe impl Sync for Table {}

impl Table {
    pub(in crate::ffi) fn new(calls: c::Sink) -> Table {
        Table { calls, given_back: AtomicBool::new(false) }
    }

    /// The context stays the host's: `release` is not called.
    pub(in crate::ffi) fn give_back(&self) {
        self.given_back.store(true, Ordering::SeqCst);
    }

    /// A sink for one output.
    pub(in crate::ffi) fn sink(self: &Arc<Table>, output: OutputId) -> Box<dyn Sink> {
        Box::new(HostSink { table: Arc::clone(self), state: State(null_mut()), output, frames: 0, bytes: 0 })
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        if let (Some(release), false) = (self.calls.release, self.given_back.load(Ordering::SeqCst)) {
            // SAFETY: the host gave this function for this context; nothing else of the table is called any more.
            unsafe { release(self.calls.context) };
        }
    }
}

/// What `open` of the host left.
struct State(*mut c_void);

// SAFETY: the host says in sink.h that a state may be used on any thread, by one call at a time.
unsafe impl Send for State {}

/// One output of a table.
struct HostSink {
    table: Arc<Table>,
    state: State,
    output: OutputId,
    frames: u64,
    bytes: u64,
}

impl HostSink {
    /// What a callback's answer means.
    fn check(&self, answer: i32, what: &'static str) -> Result<(), SinkError> {
        if answer >= 0 {
            return Ok(());
        }
        let what = format!(
            "the host's sink answered {answer} to {what}: output {} is closed as truncated, it has {} frames",
            self.output, self.frames
        );
        Err(SinkError { what, source: None })
    }
}

impl Sink for HostSink {
    fn open(&mut self, permit: &Permit, description: &Description) -> Result<(), SinkError> {
        let Some(open) = self.table.calls.open else { return Ok(()) };
        let permit = c::Permit {
            tap: tap(permit.tap()),
            purposes: purposes(permit.pairs(), permit.tap()),
            from_ns: permit.from().nanos(),
            ..c::Permit::sized()
        };
        let parts = DescriptionParts::of(description);
        let described = parts.description();
        // SAFETY: the host's function, its context, and structs that live until it returns.
        let answer =
            unsafe { open(self.table.calls.context, &raw mut self.state.0, &raw const permit, &raw const described) };
        self.check(answer, "open")
    }

    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError> {
        let Some(call) = self.table.calls.frame else { return Ok(Handed::Dropped) };
        let audio = audio(frame);
        // SAFETY: the host's function, context and state, and a struct whose bytes live until it returns.
        let answer = unsafe { call(self.table.calls.context, self.state.0, &raw const audio) };
        self.check(answer, "frame")?;
        if answer == c::DROPPED {
            return Ok(Handed::Dropped);
        }
        self.frames += 1;
        self.bytes += u64::from(audio.length);
        Ok(Handed::Taken)
    }

    fn gap(&mut self, leg: LegIndex, cause: GapCause, stretch: Interval) -> Result<(), SinkError> {
        let Some(gap) = self.table.calls.gap else { return Ok(()) };
        let (leg, cause) = (u32::from(leg), gap_cause(cause));
        let (from, to) = (stretch.from.nanos(), stretch.to.nanos());
        // SAFETY: the host's function, context and state.
        let answer = unsafe { gap(self.table.calls.context, self.state.0, leg, cause, from, to) };
        self.check(answer, "gap")
    }

    fn mark(&mut self, mark: Mark, at: CallTime) -> Result<(), SinkError> {
        let Some(call) = self.table.calls.mark else { return Ok(()) };
        let mark = match mark {
            Mark::Pause => c::MARK_PAUSE,
            Mark::Resume => c::MARK_RESUME,
        };
        // SAFETY: the host's function, context and state.
        let answer = unsafe { call(self.table.calls.context, self.state.0, mark, at.nanos()) };
        self.check(answer, "mark")
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        let Some(flush) = self.table.calls.flush else { return Ok(()) };
        // SAFETY: the host's function, context and state.
        let answer = unsafe { flush(self.table.calls.context, self.state.0) };
        self.check(answer, "flush")
    }

    fn close(&mut self, closing: &Closing) -> Result<(), SinkError> {
        let Some(close) = self.table.calls.close else { return Ok(()) };
        let parts = ClosingParts::of(closing);
        let closing = parts.closing(closing);
        // SAFETY: the host's function, context and state, and a struct whose lists live until it returns.
        let answer = unsafe { close(self.table.calls.context, self.state.0, &raw const closing) };
        self.check(answer, "close")
    }

    fn erase(&mut self, erasure: &Erasure) -> Receipt {
        let receipt = |fate| Receipt { output: self.output, fate, frames: self.frames, bytes: self.bytes };
        let Some(erase) = self.table.calls.erase else {
            return receipt(Fate::Gone("a sink of the host's own, which cannot erase".to_owned()));
        };
        let erasure = c::Erasure {
            reason: reason(erasure.reason),
            output: self.output.into(),
            at_ns: erasure.at.nanos(),
            ..c::Erasure::sized()
        };
        let mut filled = c::Receipt::sized();
        // SAFETY: the host's function, context and state, and structs that live until it returns.
        let answer = unsafe { erase(self.table.calls.context, self.state.0, &raw const erasure, &raw mut filled) };
        if answer < 0 {
            return receipt(Fate::Pending(format!("the host's sink answered {answer} to erase")));
        }
        let text = c::text_in(&filled.text);
        let fate = match filled.fate {
            c::ERASED => Fate::Erased,
            c::KEPT => Fate::Kept(text),
            c::GONE => Fate::Gone(text),
            _ => Fate::Pending(text),
        };
        Receipt { output: self.output, fate, frames: filled.frames, bytes: filled.bytes }
    }
}

fn gap_cause(cause: GapCause) -> u32 {
    match cause {
        GapCause::Lost => c::GAP_LOST,
        GapCause::Silent => c::GAP_SILENT,
        GapCause::Dropped => c::GAP_DROPPED,
        GapCause::Paused => c::GAP_PAUSED,
        GapCause::Withheld => c::GAP_WITHHELD,
        GapCause::Held => c::GAP_HELD,
        GapCause::Hold => c::GAP_HOLD,
    }
}
