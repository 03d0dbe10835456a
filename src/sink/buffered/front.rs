//! The worker's end of an output's queue.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::Receiver;

use crate::consent::Permit;
use crate::frame::{Frame, Pool};
use crate::sink::{
    Closing, Description, Erasure, Fate, GapCause, Handed, LegIndex, Mark, OutputId, Receipt, Sink, SinkError,
};
use crate::time::{CallTime, Interval, MonoTime};

use super::account::{Account, Fate as FrameFate};
use super::item::{Item, Opening, Order};
use super::job::Seat;
use super::output::Output;
use super::quiet::Quiet;
use super::report::Report;
use super::settled::{Came, Heard, Settled, Tag};
use super::turnstile::Epoch;
use super::writers::Writers;
use super::{Hand, LEGS, Limits, MARKS};

/// What a queue needs around it.
pub struct Around<'a> {
    /// The output's id.
    pub output: OutputId,
    /// Who calls the sink.
    pub writers: &'a Writers,
    /// Where frames go that may not keep their slots.
    pub pool: &'a Arc<Pool>,
    /// Who waits for the writers is told here. One for all outputs of a call.
    pub quiet: &'a Arc<Quiet>,
    /// The queue's bounds.
    pub limits: Limits,
}

/// A sink behind a queue: the worker's end. Its calls never block; the errors they give are of sinks that had failed
/// before. `[worker]`
///
/// Dropped before [`Sink::close`] was called, it stops: what is queued is wiped. Dropped after, what is queued and
/// ordered is still done. The sink is dropped then, by a writer.
pub struct Buffered {
    output: Arc<Output>,
    pool: Arc<Pool>,
    limits: Limits,
    reports: Receiver<Report>,
    settled: Receiver<Settled>,
    /// What it was opened with, kept until the sink has it: a stop may have wiped that.
    opening: Option<Arc<Opening>>,
    is_open: bool,
    closed: bool,
    /// An order to erase was given and its receipt has not come.
    erasing: bool,
    /// For each leg, what was dropped and not told yet.
    missing: [Option<Interval>; LEGS],
    /// The late call that was reported last.
    late: Option<MonoTime>,
}

impl Buffered {
    /// A queue before a sink that is not open yet.
    pub fn around(sink: Box<dyn Sink>, around: Around<'_>) -> Buffered {
        Buffered::new(sink, around, false)
    }

    /// A queue before a sink that was opened, and may have been handed frames, directly.
    pub fn around_open(sink: Box<dyn Sink>, around: Around<'_>) -> Buffered {
        Buffered::new(sink, around, true)
    }

    fn new(sink: Box<dyn Sink>, around: Around<'_>, is_open: bool) -> Buffered {
        let Around { output, writers, pool, quiet, limits } = around;
        let limits = Limits { frames: limits.frames.max(1), ..limits };
        let (output, reports, settled) = Output::new(output, Seat::of(sink, is_open), &writers.core, quiet, &limits);
        Buffered {
            output,
            pool: Arc::clone(pool),
            limits,
            reports,
            settled,
            opening: None,
            is_open,
            closed: false,
            erasing: false,
            missing: [None; LEGS],
            late: None,
        }
    }

    /// For control threads.
    pub fn hand(&self) -> Hand {
        Hand { output: Arc::clone(&self.output) }
    }

    /// Which output.
    pub fn output(&self) -> OutputId {
        self.output.id
    }

    /// As [`Hand::stop`].
    pub fn stop(&mut self) {
        self.output.stop();
    }

    /// Whether it is stopped, by whomever.
    pub fn is_stopped(&self) -> bool {
        self.output.turnstile.epoch().is_none()
    }

    /// Lifts a stop: what comes now is handed over, after the gap (cause `Dropped`) that the stop made. False, and
    /// nothing happened, while a writer is still inside or somebody is still wiping: try again.
    pub fn resume(&mut self) -> bool {
        if !self.output.resume() {
            return false;
        }
        for leg in 0..LEGS {
            if let Some(stretch) = self.output.take_wiped(leg) {
                self.miss(leg as u8, stretch);
            }
        }
        if self.output.open_wiped.swap(false, Ordering::SeqCst)
            && let (Some(opening), Some(epoch)) = (&self.opening, self.output.turnstile.epoch())
        {
            self.output.put(epoch, Item::Open(Arc::clone(opening)));
        }
        true
    }

    /// Whether a writer is handing something over just now.
    pub fn is_inside(&self) -> bool {
        self.output.turnstile.is_inside()
    }

    /// Whether everything that was queued and ordered is done.
    pub fn is_drained(&self) -> bool {
        self.output.is_drained()
    }

    /// What became of a leg's frames.
    pub fn account(&self, leg: LegIndex) -> Account {
        self.output.accounts.read(leg)
    }

    /// As [`Sink::frame`], of a frame with its number: what comes of it is then told by [`Buffered::settled`]. So is what
    /// a stop keeps from the queue: it counts as taken here, and as wiped there.
    pub fn frame_of(&mut self, frame: &Frame, tag: Tag) -> Result<Handed, SinkError> {
        self.queue(frame, Some(tag))
    }

    /// What came of frames that have a number, one for each that was taken, each told once. What a sink was given before
    /// it closed or erased is there when the report on that is.
    pub fn settled(&self) -> impl Iterator<Item = Settled> + '_ {
        self.settled.try_iter()
    }

    /// As [`Sink::close`], with what was heard of each leg: what waits is settled in the ledgers before the sink has them.
    pub fn close_after(&mut self, closing: &Closing, heard: Vec<Heard>) {
        if self.closed || !self.is_open {
            return;
        }
        self.closed = true;
        if let Some(epoch) = self.output.turnstile.epoch() {
            for (leg, missing) in (0..).zip(std::mem::take(&mut self.missing)) {
                if let Some(stretch) = missing {
                    // The last gaps always have a place.
                    self.output.put(epoch, Item::Gap { leg, cause: GapCause::Dropped, stretch });
                }
            }
        }
        self.output.order(Order::Close(Box::new(closing.clone()), heard));
    }

    /// What happened since it was asked last, in order. Allocates only when something did.
    pub fn reports(&mut self, now: MonoTime) -> Vec<Report> {
        let mut reports: Vec<Report> = self.reports.try_iter().collect();
        for report in &reports {
            match report {
                Report::Receipt(_) => self.erasing = false,
                Report::Opened => self.opening = None,
                _ => {}
            }
        }
        if let Some(stalled) = self.output.take_late() {
            reports.push(Report::Late { stalled, over: true });
        }
        if let Some(since) = self.output.turnstile.inside_since()
            && self.late != Some(since)
            && let stalled = Duration::from_nanos(now.0.saturating_sub(since.0))
            && stalled >= self.limits.late_after
        {
            self.late = Some(since);
            reports.push(Report::Late { stalled, over: false });
        }
        reports
    }

    /// Refuses what cannot reach the sink.
    fn check(&self, leg: LegIndex) -> Result<(), SinkError> {
        if usize::from(leg) >= LEGS {
            return Err(error("a call has at most 8 legs: what came of another was dropped"));
        }
        if self.closed || !self.is_open {
            return Err(error("the output is not open: nothing is handed over"));
        }
        match self.output.failed.get() {
            Some(what) => Err(error(what)),
            None => Ok(()),
        }
    }

    fn queue(&mut self, frame: &Frame, tag: Option<Tag>) -> Result<Handed, SinkError> {
        let (leg, stretch) = (frame.leg(), frame.stretch());
        let checked = self.check(leg);
        self.output.accounts.offer(leg);
        if checked.is_err() {
            self.output.accounts.settle(leg, FrameFate::Lost);
        }
        checked?;
        let Some(epoch) = self.output.turnstile.epoch() else {
            self.output.settle(leg, tag, Came::Wiped);
            self.miss(leg, stretch);
            return Ok(if tag.is_some() { Handed::Taken } else { Handed::Dropped });
        };
        match self.kept(frame) {
            Some(frame) if self.tell_missing(epoch, leg) => {
                self.output.put(epoch, Item::Frame { frame, tag });
                Ok(Handed::Taken)
            }
            _ => {
                self.output.accounts.settle(leg, FrameFate::Dropped);
                self.miss(leg, stretch);
                Ok(Handed::Dropped)
            }
        }
    }

    /// Remembers that a stretch of a leg was dropped.
    fn miss(&mut self, leg: LegIndex, stretch: Interval) {
        if let Some(missing) = self.missing.get_mut(usize::from(leg)) {
            let all = missing.get_or_insert(stretch);
            *all = Interval { from: all.from.min(stretch.from), to: all.to.max(stretch.to) };
        }
    }

    /// Queues what is missing of a leg, if there is room; whether nothing is left to tell.
    fn tell_missing(&mut self, epoch: Epoch, leg: LegIndex) -> bool {
        let Some(missing) = self.missing.get_mut(usize::from(leg)) else { return true };
        let Some(stretch) = *missing else { return true };
        if self.output.waiting.gaps.load(Ordering::SeqCst) >= self.limits.frames {
            return false;
        }
        *missing = None;
        self.output.put(epoch, Item::Gap { leg, cause: GapCause::Dropped, stretch });
        true
    }

    /// The frame as it may wait: in its slot while the quota allows it. `None` when there is no room.
    fn kept(&self, frame: &Frame) -> Option<Frame> {
        let waiting = &self.output.waiting;
        if waiting.frames.load(Ordering::SeqCst) >= self.limits.frames {
            return None;
        }
        let frame = frame.clone();
        if frame.is_in_slot() && waiting.slots.load(Ordering::SeqCst) >= self.limits.slot_quota {
            return frame.into_pool(&self.pool).ok();
        }
        Some(frame)
    }
}

impl Sink for Buffered {
    /// Queues the order to open. How it went is a report.
    fn open(&mut self, permit: &Permit, description: &Description) -> Result<(), SinkError> {
        if self.is_open || self.closed {
            return Err(error("the output was opened before: one queue is for one output"));
        }
        self.is_open = true;
        let opening = Arc::new(Opening { permit: permit.clone(), description: description.clone() });
        self.opening = Some(Arc::clone(&opening));
        match self.output.turnstile.epoch() {
            Some(epoch) => self.output.put(epoch, Item::Open(opening)),
            None => self.output.open_wiped.store(true, Ordering::SeqCst),
        }
        Ok(())
    }

    /// Queues a frame. `Dropped` when there is no room, or while it is stopped.
    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError> {
        self.queue(frame, None)
    }

    fn gap(&mut self, leg: LegIndex, cause: GapCause, stretch: Interval) -> Result<(), SinkError> {
        self.check(leg)?;
        let epoch = self.output.turnstile.epoch();
        match epoch.filter(|epoch| self.tell_missing(*epoch, leg)) {
            Some(epoch) if self.output.waiting.gaps.load(Ordering::SeqCst) < self.limits.frames => {
                self.output.put(epoch, Item::Gap { leg, cause, stretch });
            }
            _ => self.miss(leg, stretch),
        }
        Ok(())
    }

    fn mark(&mut self, mark: Mark, at: CallTime) -> Result<(), SinkError> {
        self.check(0)?;
        if let Some(epoch) = self.output.turnstile.epoch()
            && self.output.waiting.marks.load(Ordering::SeqCst) < MARKS
        {
            self.output.put(epoch, Item::Mark { mark, at });
        }
        Ok(())
    }

    /// Queues a flush, unless one waits already.
    fn flush(&mut self) -> Result<(), SinkError> {
        self.check(0)?;
        if let Some(epoch) = self.output.turnstile.epoch()
            && self.output.waiting.flushes.load(Ordering::SeqCst) == 0
        {
            self.output.put(epoch, Item::Flush);
        }
        Ok(())
    }

    /// Orders the end, after all that is queued. How it went is a report.
    fn close(&mut self, closing: &Closing) -> Result<(), SinkError> {
        self.close_after(closing, Vec::new());
        Ok(())
    }

    /// Stops, wipes what is queued, and orders the erasure. The answer is `Pending`; the sink's own comes as a report.
    fn erase(&mut self, erasure: &Erasure) -> Receipt {
        self.output.stop();
        if !self.erasing {
            self.erasing = self.output.order(Order::Erase(erasure.clone()));
        }
        let fate = Fate::Pending("the order waits for the sink's writer".into());
        Receipt { output: self.output.id, fate, frames: self.output.accounts.handed(), bytes: 0 }
    }
}

impl Drop for Buffered {
    fn drop(&mut self) {
        if !self.closed {
            self.output.stop();
        }
        self.output.leave();
    }
}

impl fmt::Debug for Buffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffered")
            .field("output", &self.output.id)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

fn error(what: &str) -> SinkError {
    SinkError { what: what.into(), source: None }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::audio::Format;
    use crate::consent::Role;
    use crate::frame::ring::{Consumer, Header, Producer, ring};
    use crate::sink::Channel;

    use super::super::WritersConfig;
    use super::*;

    /// A queue that nobody serves, for its writers have nothing to call: the sink counts as open.
    fn queue(pool: &Arc<Pool>, limits: Limits) -> (Buffered, Writers) {
        let config = WritersConfig { threads: 1, most: 1, ..WritersConfig::default() };
        let writers = Writers::start(config, Arc::new(MonoTime::default)).expect("a thread");
        let around = Around {
            output: OutputId(uuid::Uuid::nil()),
            writers: &writers,
            pool,
            quiet: &Arc::new(Quiet::new()),
            limits,
        };
        let queue = Buffered::around_open(Box::new(Channel::bounded(1).0), around);
        // The seat is out of its box: to everybody it looks as if a writer had it.
        std::mem::forget(queue.output.take_seat());
        (queue, writers)
    }

    /// The next frame of a ring, in its slot.
    fn in_slot(producer: &mut Producer, consumer: &mut Consumer, number: i64) -> Option<Frame> {
        if !producer.push(Header::default(), &[7; 160]) {
            return None;
        }
        let (_, slot) = consumer.pop().expect("it is in line");
        let place = CallTime::from_millis(20 * number);
        Some(Frame::in_slot(slot, 0..160, 0, Role::Caller, place, Format::PCMA, 160))
    }

    #[test]
    fn waiting_frames_keep_slots_up_to_the_quota_and_are_copied_beyond() {
        let pool = Pool::new(1 << 20);
        let (mut producer, mut consumer) = ring(6, 160);
        let (mut queue, _writers) = queue(&pool, Limits { slot_quota: 4, ..Limits::default() });
        for number in 0..100 {
            let frame = in_slot(&mut producer, &mut consumer, number).expect("the ring never stands still");
            assert_eq!(queue.frame(&frame).expect("no fault"), Handed::Taken);
        }
        assert_eq!(queue.output.waiting.slots.load(Ordering::SeqCst), 4);
        assert_eq!(pool.used(), 96 * (160 + 192));
        queue.stop();
        assert_eq!((queue.output.waiting.slots.load(Ordering::SeqCst), pool.used()), (0, 0));
    }

    #[test]
    fn a_full_pool_drops_the_frame_and_counts_it() {
        let pool = Pool::new(2 * (160 + 192));
        let (mut producer, mut consumer) = ring(2, 160);
        let (mut queue, writers) = queue(&pool, Limits { slot_quota: 1, ..Limits::default() });
        let answers: Vec<Handed> = (0..5)
            .map(|number| in_slot(&mut producer, &mut consumer, number).expect("a free slot"))
            .map(|frame| queue.frame(&frame).expect("no fault"))
            .collect();
        let (taken, dropped) = (Handed::Taken, Handed::Dropped);
        assert_eq!(answers, [taken, taken, taken, dropped, dropped]);
        let account = Account { offered: 5, dropped: 2, waiting: 3, ..Account::default() };
        assert_eq!(queue.account(0), account);
        queue.stop();
        assert_eq!(queue.account(0), Account { offered: 5, dropped: 2, wiped: 3, ..Account::default() });
        assert_eq!(writers.drain(Duration::from_secs(60)), 0);
    }
}
