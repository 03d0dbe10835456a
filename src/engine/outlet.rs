//! An outlet: one registered sink of a call, with its outputs one after the other and its account of every leg.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use crate::consent::{Permit, Reason};
use crate::frame::{Frame, Ledger};
use crate::guard::Theirs;
use crate::policy::{Pairs, Tap};
use crate::sink::buffered::{Buffered, Heard, Report, Settled, Tag};
use crate::sink::{
    Closing, Description, Erasure, Fate, GapCause, Handed, Mark, Outcome, OutputId, Receipt, Sink, SinkError,
};
use crate::sink::{Fault, sink_call};
use crate::time::{CallTime, Interval, MonoTime};

use super::MAX_LEGS;
use super::awaited::{Awaited, Counts, End, News};
use super::carrier::{Backstage, Carrier};
use super::config::{OpenOutput, Shared};
use super::stops::{Hand, Stops};

/// How often, on the call's clock, an output is brought to where it survives the process.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// How long the receipt of a sink behind a queue may take before the call says that it is not there yet.
const RECEIPT_WITHIN: Duration = Duration::from_secs(1);

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
    /// Its number in its call.
    index: usize,
    around: Around,
    tap: Tap,
    /// The pairs that were registered.
    pairs: Pairs,
    run: Run,
    live: bool,
    make: Theirs<SinkMaker>,
    /// When it was registered.
    since: CallTime,
    current: Option<Output>,
    /// Outputs that ended, kept so that an erasure reaches them too.
    past: Vec<Output>,
    /// Set by the first error: nothing more is handed on.
    failed: bool,
    /// It was told to erase: what is wiped from its queues was wiped for that.
    refused: bool,
    /// Its sink was moved to a queue just now.
    moved: bool,
    /// What the frames that it was offered came to, by leg.
    counts: [Cell<Counts>; MAX_LEGS],
    /// Delivered frames whose output was erased, by leg.
    erased: [u64; MAX_LEGS],
}

/// What an outlet needs of its call.
#[derive(Clone)]
pub(super) struct Around {
    pub(super) shared: Arc<Shared>,
    pub(super) stops: Arc<Stops>,
    /// What a live call has, and a stepped one has not.
    pub(super) backstage: Option<Arc<Backstage>>,
}

/// How an output ended, as it is told once its sink has closed.
#[derive(Clone, Copy)]
pub(super) struct Ended {
    pub(super) at: CallTime,
    pub(super) outcome: Outcome,
    pub(super) reason: Reason,
}

/// What became of a piece of a frame that was offered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Taken,
    /// It is in the queue.
    Queued,
    /// There was no room for it.
    Dropped,
}

/// What came back from behind a queue.
pub(super) struct Returned {
    pub(super) output: OutputId,
    pub(super) report: Report,
    /// How it ended; `None` of the open output.
    pub(super) ended: Option<Ended>,
}

/// One output of a sink.
struct Output {
    id: OutputId,
    sink: Carrier,
    /// Counts as one of the engine's open outputs.
    place: Option<OpenOutput>,
    ended: Option<Ended>,
    pairs: Pairs,
    from: CallTime,
    /// Up to where each leg was handed on.
    handed_to: [CallTime; MAX_LEGS],
    /// Whether frames of a leg were left out since its last one, because they were too old for a live sink.
    skipped: [bool; MAX_LEGS],
    /// Frames of which its sink got some.
    frames: [Cell<u64>; MAX_LEGS],
    /// Of the frames that went through its queue, what was heard.
    heard: [Cell<Heard>; MAX_LEGS],
    /// Whether any audio went to it: also a part of a frame that is not counted yet, or one in which it failed.
    got_audio: bool,
    flush_at: CallTime,
    /// An erasure was ordered, and its receipt has not come: when the call says so, by the host's clock.
    receipt_due: Option<MonoTime>,
    erased: bool,
}

impl Outlet {
    pub(super) fn new(index: usize, around: Around, spec: SinkSpec, since: CallTime) -> Outlet {
        let SinkSpec { tap, pairs, run, live, make } = spec;
        Outlet {
            index,
            around,
            tap,
            pairs,
            run,
            live,
            make: Theirs::new(make),
            since,
            current: None,
            past: Vec::new(),
            failed: false,
            refused: false,
            moved: false,
            counts: Default::default(),
            erased: [0; MAX_LEGS],
        }
    }

    pub(super) fn tap(&self) -> Tap {
        self.tap
    }

    /// The pairs that frames must be permitted for: the open output's, else what was registered.
    pub(super) fn pairs(&self) -> Pairs {
        self.current.as_ref().map_or(self.pairs, |output| output.pairs)
    }

    pub(super) fn is_live(&self) -> bool {
        self.live || self.tap == Tap::Monitor
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

    /// Whether it gets nothing more: it failed, or did not come back in time.
    pub(super) fn has_failed(&self) -> bool {
        self.failed || self.around.stops.is_stopped(self.index)
    }

    /// Whether it was stopped because it did not come back in time, and nobody has taken note of that.
    pub(super) fn is_newly_stopped(&self) -> bool {
        !self.failed && self.around.stops.is_late(self.index)
    }

    /// Opens an output. On a fault nothing is open and the outlet has failed.
    pub(super) fn open(&mut self, permit: &Permit, description: &Description) -> Result<(), Fault> {
        let around = self.around.clone();
        let Some(_inside) = around.stops.enter(self.index, description.output) else { return Err(stopped()) };
        let place = around.shared.open_output().ok_or_else(too_many).inspect_err(|_| self.failed = true)?;
        let made = sink_call(|| self.make.0.as_mut().map(|make| make(description.output)).ok_or_else(no_maker));
        let sink = made.inspect_err(|_| self.failed = true)?;
        let sink = Carrier::of(sink, self.run, description.output, &around.shared, around.backstage.as_deref());
        lend_hand(&around, self.index, self.run, &sink);
        let from = self.begins(permit);
        let mut output = Output {
            id: description.output,
            sink,
            place: Some(place),
            ended: None,
            pairs: permit.pairs(),
            from,
            handed_to: [from; MAX_LEGS],
            skipped: [false; MAX_LEGS],
            frames: Default::default(),
            heard: Default::default(),
            got_audio: false,
            flush_at: from + FLUSH_EVERY,
            receipt_due: None,
            erased: false,
        };
        let opened = output.sink.call(|sink| sink.open(permit, description));
        match opened {
            Ok(()) => self.current = Some(output),
            Err(_) => {
                self.failed = true;
                output.place = None;
                // It may have begun something; an erasure must reach that.
                self.past.push(output);
            }
        }
        opened
    }

    /// Does something with the open output's sink, unless it was stopped. A direct sink that overruns its budget too
    /// often is moved to a queue.
    fn act<R>(&mut self, act: impl FnOnce(&mut dyn Sink) -> Result<R, SinkError>, otherwise: R) -> Result<R, Fault> {
        let (index, around) = (self.index, &self.around);
        let Some(output) = &mut self.current else { return Ok(otherwise) };
        // Into a queue nobody goes: it has a turnstile of its own, behind it.
        let inside = match output.sink.queue() {
            None => around.stops.enter(index, output.id).map(Some),
            Some(_) => (!around.stops.is_stopped(index)).then_some(None),
        };
        let Some(_inside) = inside else { return Err(stopped()) };
        let (result, moved) = output.sink.call_watched(output.id, &around.shared, around.backstage.as_deref(), act);
        if moved {
            self.moved = true;
            lend_hand(around, index, self.run, &output.sink);
        }
        result
    }

    /// Whether its sink was moved to a queue since this was asked last.
    pub(super) fn was_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// What came back from behind queues.
    pub(super) fn returned(&mut self, now: MonoTime) -> Vec<Returned> {
        let mut all = Vec::new();
        for output in self.past.iter_mut().chain(&mut self.current) {
            let (id, ended) = (output.id, output.ended);
            let reports = output.sink.reports(now).into_iter();
            all.extend(reports.map(|report| Returned { output: id, report, ended }));
        }
        all
    }

    /// Whether every queue has done what was ordered.
    pub(super) fn is_drained(&self) -> bool {
        self.past.iter().chain(&self.current).filter_map(|output| output.sink.queue()).all(Buffered::is_drained)
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
        self.act(|sink| sink.gap(leg, cause, stretch), ())
    }

    /// Hands on one frame, or a part of one, or puts it into the queue.
    pub(super) fn frame(&mut self, frame: &Frame, tag: Tag) -> Result<Given, Fault> {
        let Some(output) = &mut self.current else { return Ok(Given::Dropped) };
        output.got_audio = true;
        let handed = match output.sink.queue_mut() {
            Some(_) if self.around.stops.is_stopped(self.index) => return Err(stopped()),
            Some(queue) => match sink_call(|| queue.frame_of(frame, tag))? {
                Handed::Taken => Given::Queued,
                Handed::Dropped => Given::Dropped,
            },
            None => match self.act(|sink| sink.frame(frame), Handed::Dropped)? {
                Handed::Taken => Given::Taken,
                Handed::Dropped => Given::Dropped,
            },
        };
        let Some(output) = &mut self.current else { return Ok(handed) };
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

    /// Counts a frame of `leg` that this sink was offered, whole or in parts.
    pub(super) fn count(&self, leg: u8, end: End) {
        change(&self.counts[usize::from(leg)], |counts| counts.add(end));
    }

    /// Notes that the output that was open last got a frame of `leg`, directly.
    pub(super) fn note_given(&self, leg: u8) {
        // The output it went to may have ended since; it is then the last of the past ones.
        if let Some(output) = self.current.as_ref().or(self.past.last()) {
            change(&output.frames[usize::from(leg)], |frames| *frames += 1);
        }
    }

    /// Hears what came of frames behind its queues. `hear` takes note of one, and says what was new in it.
    pub(super) fn hear_settled(&self, mut hear: impl FnMut(Settled, bool) -> News) {
        // Who was stopped for being late and is refused later lost it by the first.
        let by_refusal = !self.failed && (self.refused || self.around.stops.is_refused());
        for output in self.past.iter().chain(&self.current) {
            for settled in output.sink.queue().into_iter().flat_map(Buffered::settled) {
                let leg = usize::from(settled.leg);
                match hear(settled, by_refusal) {
                    News::Handed { was_refused } => {
                        change(&output.frames[leg], |frames| *frames += 1);
                        change(&output.heard[leg], |heard| {
                            heard.handed += 1;
                            heard.refused -= u64::from(was_refused);
                        });
                    }
                    News::Refused => change(&output.heard[leg], |heard| heard.refused += 1),
                    News::Nothing => {}
                }
            }
        }
    }

    pub(super) fn mark(&mut self, mark: Mark, at: CallTime) -> Result<(), Fault> {
        self.act(|sink| sink.mark(mark, at), ())
    }

    /// Flushes when a second of the call's clock has passed since it was done.
    pub(super) fn flush(&mut self, now: CallTime) -> Result<(), Fault> {
        let Some(output) = self.current.as_mut().filter(|output| output.flush_at <= now) else { return Ok(()) };
        output.flush_at = now + FLUSH_EVERY;
        self.act(|sink| sink.flush(), ())
    }

    /// Ends the open output. It stays within reach of an erasure, whatever happens. Says whether its sink has closed by
    /// now; one behind a queue reports it. `waiting`: how many frames of each leg wait in its queue.
    pub(super) fn close(&mut self, closing: &Closing, waiting: &[u64]) -> Result<bool, Fault> {
        let Some(mut output) = self.current.take() else { return Ok(false) };
        output.place = None;
        output.ended = Some(Ended { at: closing.at, outcome: closing.outcome, reason: closing.reason });
        let id = output.id;
        self.past.push(output);
        let Some(output) = self.past.last_mut() else { return Ok(false) };
        if let Some(queue) = output.sink.queue_mut() {
            let heard = (0..).zip(&output.heard).zip(waiting);
            let heard = heard.map(|((leg, heard), &waiting)| Heard { leg, waiting, ..heard.get() });
            queue.close_after(closing, heard.collect());
            return Ok(false);
        }
        let _inside = self.around.stops.visit(self.index, id);
        output.sink.call(|sink| sink.close(closing))?;
        Ok(true)
    }

    /// Sets the outlet as failed: it gets nothing more.
    pub(super) fn fail(&mut self) {
        self.failed = true;
    }

    /// Erases every output, open and past; one that is erased is not asked again. A sink that panics has not erased. What
    /// is behind a queue answers later: its receipt is among the reports.
    pub(super) fn erase(&mut self, erasure: &Erasure) -> Vec<Receipt> {
        if let Some(mut output) = self.current.take() {
            output.place = None;
            self.past.push(output);
        }
        let due = self.around.backstage.as_ref().map(|backstage| after(backstage.clock.now(), RECEIPT_WITHIN));
        self.refused = true;
        let mut receipts = Vec::new();
        for output in self.past.iter_mut().filter(|output| !output.erased) {
            let is_queued = output.sink.queue().is_some();
            let _inside = (!is_queued).then(|| self.around.stops.visit(self.index, output.id));
            receipts.push(match output.sink.call(|sink| Ok(sink.erase(erasure))) {
                Ok(_) if is_queued => {
                    output.receipt_due = due;
                    continue;
                }
                Ok(receipt) => receipt,
                Err(fault) => Receipt {
                    output: output.id,
                    fate: Fate::Pending(fault.sentence()),
                    frames: output.frames.iter().map(Cell::get).sum(),
                    bytes: 0,
                },
            });
        }
        receipts.iter().for_each(|receipt| self.note_receipt(receipt));
        receipts
    }

    /// Receipts that should have come by `now`, each said once: the sink's own still comes.
    pub(super) fn overdue(&mut self, now: MonoTime) -> Vec<Receipt> {
        let is_due = |output: &&mut Output| output.receipt_due.is_some_and(|due| due <= now);
        let outputs = self.past.iter_mut().filter(is_due);
        let late = outputs.map(|output| {
            output.receipt_due = None;
            let what = "the sink has not answered yet: the order to erase stands, its receipt follows";
            let frames = output.frames.iter().map(Cell::get).sum();
            Receipt { output: output.id, fate: Fate::Pending(what.to_owned()), frames, bytes: 0 }
        });
        late.collect()
    }

    /// What is erased counts as such, and is not asked for again.
    pub(super) fn note_receipt(&mut self, receipt: &Receipt) {
        let mut outputs = self.past.iter_mut();
        let Some(output) = outputs.find(|output| output.id == receipt.output && !output.erased) else { return };
        output.receipt_due = None;
        if receipt.fate == Fate::Erased {
            output.erased = true;
            for (sum, frames) in self.erased.iter_mut().zip(&output.frames) {
                *sum += frames.get();
            }
        }
    }

    /// Whether an output got audio and still has it.
    pub(super) fn holds_audio(&self) -> bool {
        self.past.iter().chain(&self.current).any(|output| output.got_audio && !output.erased)
    }

    /// The account of `leg` as this sink saw it, from the whole leg's. Of what went to queues a sink has a view of its own:
    /// what was wiped from another's, or waits in it, was withheld from this one.
    pub(super) fn ledger(&self, leg: u8, whole: &Ledger, awaited: &Awaited) -> Ledger {
        let index = usize::from(leg);
        let (purged, waiting) = (awaited.counts().purged, awaited.waiting());
        let settled = whole.delivered + whole.masked + whole.withheld + whole.sink + whole.queue + purged + waiting;
        let counts = self.counts[index].get();
        let own_waiting = awaited.waiting_for(self.index);
        Ledger {
            delivered: counts.delivered,
            masked: 0,
            sink: counts.sink,
            queue: counts.queue,
            purged: whole.purged - purged + counts.purged,
            in_flight: whole.in_flight - waiting + own_waiting,
            withheld: settled - counts.sum() - own_waiting,
            erased: self.erased[index],
            ..*whole
        }
    }

    /// Delivered frames of `leg` that are erased.
    pub(super) fn erased(&self, leg: u8) -> u64 {
        self.erased[usize::from(leg)]
    }
}

/// Control threads get a hand on what is behind a queue.
fn lend_hand(around: &Around, sink: usize, run: Run, carrier: &Carrier) {
    if let Some(queue) = carrier.queue() {
        around.stops.lend(Hand { sink, is_file: run == Run::File, hand: queue.hand() });
    }
}

/// What somebody who only asks finds up to date.
fn change<T: Copy>(cell: &Cell<T>, change: impl FnOnce(&mut T)) {
    let mut value = cell.get();
    change(&mut value);
    cell.set(value);
}

fn after(now: MonoTime, time: Duration) -> MonoTime {
    MonoTime(now.0.saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
}

fn stopped() -> Fault {
    let what = "the sink did not come back in time, or the caller refused: it gets nothing more".to_owned();
    Fault::Error(SinkError { what, source: None })
}

fn no_maker() -> SinkError {
    SinkError { what: "the sink's maker is gone: nothing was opened".to_owned(), source: None }
}

fn too_many() -> Fault {
    let what = "as many outputs are open as the configuration allows (`outputs`): this one was not opened, its audio is not recorded".to_owned();
    Fault::Error(SinkError { what, source: None })
}
