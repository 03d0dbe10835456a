//! An outlet: one registered sink of a call, with its outputs one after the other and its account of every leg.

use std::time::Duration;

use crate::consent::Permit;
use crate::frame::{Frame, Ledger};
use crate::policy::{Pairs, Tap};
use crate::sink::{Closing, Description, Erasure, Fate, GapCause, Handed, Mark, OutputId, Receipt, Sink};
use crate::time::{CallTime, Interval};

use super::MAX_LEGS;
use super::guard::{Fault, caught, sink_call};

/// How often, on the call's clock, an output is brought to where it survives the process.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// Makes the sink of one output. Called once for each output: a call that moves to another controller gets a new one.
pub type SinkMaker = Box<dyn FnMut(OutputId) -> Box<dyn Sink> + Send>;

/// What a sink is registered with. `[control]`
pub struct SinkSpec {
    /// The kind of use.
    pub tap: Tap,
    /// The pairs it is for; those that the policy does not allow are left out when it opens.
    pub pairs: Pairs,
    /// On which thread it is called, and how long it may take.
    pub run: Run,
    /// Whether it must never get old audio: what was held while a 9 was settled becomes a gap. Always so for `Monitor`.
    pub live: bool,
    /// Makes the sink.
    pub make: SinkMaker,
}

/// How a sink is run by an engine with workers. A stepped call runs every sink directly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Run {
    /// On the worker, as it is. It must not block: one that overruns its budget ten times is moved to a queue.
    Direct,
    /// Behind a bounded queue, on a writer thread. `pause` and `end` wait until it has what is its own, up to their
    /// deadline; what it has not got by then it does not get.
    #[default]
    Queued,
    /// The same for what ends in a file: what is in its queue counts as handed over, and nobody waits for it.
    File,
}

/// One registered sink and all of its outputs.
pub(super) struct Outlet {
    spec: SinkSpec,
    /// When it was registered.
    since: CallTime,
    current: Option<Output>,
    /// Outputs that ended, kept so that an erasure reaches them too.
    past: Vec<Output>,
    /// Set by the first error: nothing more is handed on.
    failed: bool,
    /// Frames handed on, by leg.
    delivered: [u64; MAX_LEGS],
    /// Frames not handed on because the sink had failed, by leg.
    missed: [u64; MAX_LEGS],
    /// Frames for which it had no room, by leg.
    overflowed: [u64; MAX_LEGS],
    /// Delivered frames whose output was erased, by leg.
    erased: [u64; MAX_LEGS],
}

/// One output of a sink.
struct Output {
    id: OutputId,
    sink: Box<dyn Sink>,
    pairs: Pairs,
    from: CallTime,
    /// Up to where each leg was handed on.
    handed_to: [CallTime; MAX_LEGS],
    /// Whether frames of a leg were left out since its last one, because they were too old for a live sink.
    skipped: [bool; MAX_LEGS],
    frames: [u64; MAX_LEGS],
    /// Whether any audio went to it: also a part of a frame that is not counted yet, or one in which it failed.
    got_audio: bool,
    flush_at: CallTime,
    erased: bool,
}

impl Outlet {
    pub(super) fn new(spec: SinkSpec, since: CallTime) -> Outlet {
        let zero = [0; MAX_LEGS];
        Outlet {
            spec,
            since,
            current: None,
            past: Vec::new(),
            failed: false,
            delivered: zero,
            missed: zero,
            overflowed: zero,
            erased: zero,
        }
    }

    pub(super) fn tap(&self) -> Tap {
        self.spec.tap
    }

    /// The pairs that frames must be permitted for: the open output's, else what was registered.
    pub(super) fn pairs(&self) -> Pairs {
        self.current.as_ref().map_or(self.spec.pairs, |output| output.pairs)
    }

    pub(super) fn is_live(&self) -> bool {
        self.spec.live || self.spec.tap == Tap::Monitor
    }

    /// The open output.
    pub(super) fn output(&self) -> Option<OutputId> {
        self.current.as_ref().map(|output| output.id)
    }

    /// The open output, else the last one; nil when there was none.
    pub(super) fn last_output(&self) -> OutputId {
        self.current.as_ref().or(self.past.last()).map_or(OutputId(uuid::Uuid::nil()), |output| output.id)
    }

    /// Where the open output begins.
    pub(super) fn opened_from(&self) -> CallTime {
        self.current.as_ref().map_or(CallTime::MIN, |output| output.from)
    }

    /// Where an output of this permit begins: a sink that is registered in the middle of a call missed nothing before.
    pub(super) fn begins(&self, permit: &Permit) -> CallTime {
        permit.from().max(self.since)
    }

    /// Up to where any leg was handed on.
    pub(super) fn furthest(&self) -> CallTime {
        self.current.as_ref().and_then(|output| output.handed_to.iter().max().copied()).unwrap_or(CallTime::ZERO)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Opens an output. On a fault nothing is open and the outlet has failed.
    pub(super) fn open(&mut self, permit: &Permit, description: &Description) -> Result<(), Fault> {
        let made = sink_call(|| Ok((self.spec.make)(description.output)));
        let sink = made.inspect_err(|_| self.failed = true)?;
        let from = self.begins(permit);
        let mut output = Output {
            id: description.output,
            sink,
            pairs: permit.pairs(),
            from,
            handed_to: [from; MAX_LEGS],
            skipped: [false; MAX_LEGS],
            frames: [0; MAX_LEGS],
            got_audio: false,
            flush_at: from + FLUSH_EVERY,
            erased: false,
        };
        let opened = sink_call(|| output.sink.open(permit, description));
        match opened {
            Ok(()) => self.current = Some(output),
            Err(_) => {
                self.failed = true;
                // It may have begun something; an erasure must reach that.
                self.past.push(output);
            }
        }
        opened
    }

    /// Up to where a leg was handed on; `None` when no output is open.
    pub(super) fn handed_to(&self, leg: u8) -> Option<CallTime> {
        self.current.as_ref().map(|output| output.handed_to[usize::from(leg)])
    }

    /// Says that a stretch of a leg has no audio.
    pub(super) fn gap(&mut self, leg: u8, cause: GapCause, stretch: Interval) -> Result<(), Fault> {
        let Some(output) = &mut self.current else { return Ok(()) };
        let place = &mut output.handed_to[usize::from(leg)];
        *place = stretch.to.max(*place);
        sink_call(|| output.sink.gap(leg, cause, stretch))
    }

    /// Hands on one frame, or a part of one.
    pub(super) fn frame(&mut self, frame: &Frame) -> Result<Handed, Fault> {
        let Some(output) = &mut self.current else { return Ok(Handed::Dropped) };
        output.got_audio = true;
        let handed = sink_call(|| output.sink.frame(frame))?;
        // Also when it was dropped: the sink knows of the gap.
        output.handed_to[usize::from(frame.leg())] = frame.stretch().to;
        output.skipped[usize::from(frame.leg())] = false;
        Ok(handed)
    }

    /// Notes that frames of `leg` are left out: they are too old for a live sink.
    pub(super) fn skip(&mut self, leg: u8) {
        if let Some(output) = &mut self.current {
            output.skipped[usize::from(leg)] = true;
        }
    }

    /// Whether frames of `leg` were left out since its last one.
    pub(super) fn has_skipped(&self, leg: u8) -> bool {
        self.current.as_ref().is_some_and(|output| output.skipped[usize::from(leg)])
    }

    /// Counts a frame of `leg` that this sink got, whole or in parts.
    pub(super) fn count(&mut self, leg: u8) {
        self.delivered[usize::from(leg)] += 1;
        // The output it went to may have ended since; it is then the last of the past ones.
        if let Some(output) = self.current.as_mut().or(self.past.last_mut()) {
            output.frames[usize::from(leg)] += 1;
        }
    }

    /// Counts a frame of `leg` that this sink did not get because it had failed.
    pub(super) fn miss(&mut self, leg: u8) {
        self.missed[usize::from(leg)] += 1;
    }

    /// Counts a frame of `leg` for which this sink had no room.
    pub(super) fn overflow(&mut self, leg: u8) {
        self.overflowed[usize::from(leg)] += 1;
    }

    pub(super) fn mark(&mut self, mark: Mark, at: CallTime) -> Result<(), Fault> {
        let Some(output) = &mut self.current else { return Ok(()) };
        sink_call(|| output.sink.mark(mark, at))
    }

    /// Flushes when a second of the call's clock has passed since it was done.
    pub(super) fn flush(&mut self, now: CallTime) -> Result<(), Fault> {
        let Some(output) = self.current.as_mut().filter(|output| output.flush_at <= now) else { return Ok(()) };
        output.flush_at = now + FLUSH_EVERY;
        sink_call(|| output.sink.flush())
    }

    /// Ends the open output. It stays within reach of an erasure, whatever happens.
    pub(super) fn close(&mut self, closing: &Closing) -> Result<(), Fault> {
        let Some(output) = self.current.take() else { return Ok(()) };
        self.past.push(output);
        self.past.last_mut().map_or(Ok(()), |output| sink_call(|| output.sink.close(closing)))
    }

    /// Sets the outlet as failed: it gets nothing more.
    pub(super) fn fail(&mut self) {
        self.failed = true;
    }

    /// Erases every output, open and past; one that is erased is not asked again. A sink that panics has not erased.
    pub(super) fn erase(&mut self, erasure: &Erasure) -> Vec<Receipt> {
        self.past.extend(self.current.take());
        let mut receipts = Vec::new();
        for output in self.past.iter_mut().filter(|output| !output.erased) {
            let receipt = caught(|| output.sink.erase(erasure)).unwrap_or_else(|what| Receipt {
                output: output.id,
                fate: Fate::Pending(format!("the sink panicked: {what}")),
                frames: output.frames.iter().sum(),
                bytes: 0,
            });
            if receipt.fate == Fate::Erased {
                output.erased = true;
                for (sum, frames) in self.erased.iter_mut().zip(output.frames) {
                    *sum += frames;
                }
            }
            receipts.push(receipt);
        }
        receipts
    }

    /// Whether an output got audio and still has it.
    pub(super) fn holds_audio(&self) -> bool {
        self.past.iter().chain(&self.current).any(|output| output.got_audio && !output.erased)
    }

    /// The account of `leg` as this sink saw it, from the whole leg's.
    pub(super) fn ledger(&self, leg: u8, whole: &Ledger) -> Ledger {
        let index = usize::from(leg);
        let settled = whole.delivered + whole.masked + whole.withheld + whole.sink + whole.queue;
        let delivered = self.delivered[index];
        let (sink, queue) = (self.missed[index], self.overflowed[index]);
        Ledger {
            delivered,
            masked: 0,
            sink,
            queue,
            withheld: settled - delivered - sink - queue,
            erased: self.erased[index],
            ..*whole
        }
    }

    /// Delivered frames of `leg` that are erased.
    pub(super) fn erased(&self, leg: u8) -> u64 {
        self.erased[usize::from(leg)]
    }
}
