//! What the worker's end, the writers and control threads share of one output: its queue, its turnstile, its account.
//!
//! The sink itself is in the [`Seat`]. There is one seat; it lies in the output's box while there is nothing to do, and
//! whoever takes it out brings it to the writers. So one writer at a time serves an output, without a lock. The writer
//! puts the seat back first and then looks for work; the worker first queues work and then looks for the seat.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::sink::{Erasure, Fate, LegIndex, OutputId, Receipt};
use crate::time::{CallTime, Interval};

use super::account::{self, Accounts};
use super::item::{Item, Order, Queued};
use super::job::{Job, Seat};
use super::pool::Core;
use super::quiet::Quiet;
use super::report::{Failure, Report};
use super::settled::{Came, Settled, Tag};
use super::turnstile::{Epoch, Turnstile};
use super::{LEGS, Limits};

/// Orders that can wait at once: one to close, one to erase.
const ORDERS: usize = 2;

pub(super) struct Output {
    pub(super) id: OutputId,
    pub(super) turnstile: Turnstile,
    pub(super) accounts: Accounts,
    pub(super) waiting: Waiting,
    /// Why the sink gets nothing more.
    pub(super) failed: OnceLock<String>,
    pub(super) quiet: Arc<Quiet>,
    pub(super) core: Arc<Core>,
    /// Not bounded itself, for it would take its memory at once: `waiting` bounds what the worker puts in.
    stream: (Sender<Queued>, Receiver<Queued>),
    orders: (Sender<Order>, Receiver<Order>),
    /// The box for the seat.
    seat: (Sender<Seat>, Receiver<Seat>),
    /// At most one of each kind but receipts, of which there is one for each order to erase.
    reports: Sender<Report>,
    /// What came of frames that have a number. The worker hears it at every step, so no more wait than fit the queue.
    settled: Sender<Settled>,
    /// The worker's end was dropped: once there is nothing left to do, the sink goes.
    gone: AtomicBool,
    /// The sink was dropped.
    released: AtomicBool,
    /// Threads that are wiping the queue for a stop just now.
    wiping: AtomicUsize,
    wiped: [Wiped; LEGS],
    /// A stop took the order to open out of the queue.
    pub(super) open_wiped: AtomicBool,
    late_after: Duration,
    /// The longest late call that is over and not reported yet, in nanoseconds.
    late: AtomicU64,
}

/// What waits, counted. What a writer has in hand still counts.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) frames: AtomicUsize,
    /// Of these, those in slots of their ring.
    pub(super) slots: AtomicUsize,
    pub(super) gaps: AtomicUsize,
    pub(super) marks: AtomicUsize,
    pub(super) flushes: AtomicUsize,
    /// Everything, orders included.
    all: AtomicUsize,
}

/// The stretch of a leg that stops wiped.
struct Wiped {
    from: AtomicI64,
    to: AtomicI64,
}

impl Output {
    pub(super) fn new(
        id: OutputId,
        seat: Seat,
        core: &Arc<Core>,
        quiet: &Arc<Quiet>,
        limits: &Limits,
    ) -> (Arc<Output>, Receiver<Report>, Receiver<Settled>) {
        let (reports, reported) = unbounded();
        let (settled, heard) = unbounded();
        let boxed = bounded(1);
        // Room for one, and this is the one.
        let _ = boxed.0.try_send(seat);
        let output = Output {
            id,
            turnstile: Turnstile::new(),
            accounts: Accounts::default(),
            waiting: Waiting::default(),
            failed: OnceLock::new(),
            quiet: Arc::clone(quiet),
            core: Arc::clone(core),
            stream: unbounded(),
            orders: bounded(ORDERS),
            seat: boxed,
            reports,
            settled,
            gone: AtomicBool::new(false),
            released: AtomicBool::new(false),
            wiping: AtomicUsize::new(0),
            wiped: std::array::from_fn(|_| Wiped::none()),
            open_wiped: AtomicBool::new(false),
            late_after: limits.late_after,
            late: AtomicU64::new(0),
        };
        (Arc::new(output), reported, heard)
    }

    /// Queues an item. Of the worker's end alone.
    pub(super) fn put(self: &Arc<Output>, epoch: Epoch, item: Item) {
        self.waiting.add(&item);
        // The receiving end lives as long as this.
        let _ = self.stream.0.send(Queued { epoch, item });
        // Who stopped it, or the writer that saw it fail, may have looked into the queue before.
        if !self.turnstile.is_current(epoch) || self.failed.get().is_some() {
            self.wipe();
        }
        self.call_writer();
    }

    /// Gives an order that no stop holds back; false when as many wait as can. Of the worker's end alone.
    pub(super) fn order(self: &Arc<Output>, order: Order) -> bool {
        self.waiting.all.fetch_add(1, Ordering::SeqCst);
        let given = self.orders.0.try_send(order).is_ok();
        if !given {
            self.waiting.all.fetch_sub(1, Ordering::SeqCst);
        }
        self.call_writer();
        given
    }

    /// The worker's end goes: so does the sink, after what it was ordered to do.
    pub(super) fn leave(self: &Arc<Output>) {
        self.gone.store(true, Ordering::SeqCst);
        self.call_writer();
    }

    /// Brings the seat to the writers, if no writer has it.
    fn call_writer(self: &Arc<Output>) {
        // Pairs with the fence in `park`.
        fence(Ordering::SeqCst);
        if let Ok(seat) = self.seat.1.try_recv() {
            self.core.bring(Job::new(seat, Arc::clone(self)));
        } else if self.released.load(Ordering::SeqCst) {
            self.abandon();
        }
    }

    /// Takes the seat out of its box: no writer comes any more.
    #[cfg(all(test, not(loom)))]
    pub(super) fn take_seat(&self) -> Option<Seat> {
        self.seat.1.try_recv().ok()
    }

    /// Puts the seat back; gives it out again when there is something to do after all.
    pub(super) fn park(&self, seat: Seat) -> Option<Seat> {
        // The box is empty: there is one seat.
        let _ = self.seat.0.try_send(seat);
        fence(Ordering::SeqCst);
        if self.has_work() || self.gone.load(Ordering::SeqCst) { self.seat.1.try_recv().ok() } else { None }
    }

    /// Whether the sink is not needed any longer.
    pub(super) fn is_over(&self) -> bool {
        self.gone.load(Ordering::SeqCst) && !self.has_work()
    }

    fn has_work(&self) -> bool {
        !self.stream.1.is_empty() || !self.orders.1.is_empty()
    }

    /// The next thing to do. Of the writer alone that has the seat.
    pub(super) fn next(&self) -> Option<Next> {
        // Looked at before the queue: what was queued before an order is then seen, and goes first.
        let ordered = !self.orders.1.is_empty();
        match self.stream.1.try_recv() {
            Ok(queued) => Some(Next::Item(queued)),
            Err(_) if ordered => self.orders.1.try_recv().ok().map(Next::Order),
            Err(_) => None,
        }
    }

    /// From now on nothing that is queued enters, nor what comes, until it is resumed. Wipes what is queued. `[any]`
    pub(super) fn stop(&self) {
        self.wiping.fetch_add(1, Ordering::SeqCst);
        self.turnstile.stop();
        self.wipe();
        self.wiping.fetch_sub(1, Ordering::SeqCst);
        self.quiet.notify();
    }

    /// Lifts the stop, once all of it is wiped and nobody is inside. Of the worker's end alone.
    pub(super) fn resume(&self) -> bool {
        let Some(stop) = self.turnstile.stopped() else { return true };
        let is_over = self.wiping.load(Ordering::SeqCst) == 0 && self.is_drained();
        is_over && self.turnstile.resume(stop)
    }

    /// Whether everything that was queued and ordered is done.
    pub(super) fn is_drained(&self) -> bool {
        self.waiting.all.load(Ordering::SeqCst) == 0
    }

    pub(super) fn is_released(&self) -> bool {
        self.released.load(Ordering::SeqCst)
    }

    /// Says that the sink was dropped; what was still asked of it cannot be done.
    pub(super) fn release(&self) {
        self.released.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        self.abandon();
    }

    /// Nobody serves it any more: wipes what is queued, and answers what was ordered.
    pub(super) fn abandon(&self) {
        let what = "the writers have ended: nothing more is handed over, what was queued is wiped";
        self.fail(Failure { what: what.to_owned(), panicked: false });
        while let Ok(order) = self.orders.1.try_recv() {
            self.report(match order {
                Order::Close(..) => Report::CloseFailed(Failure {
                    what: "the writers have ended: the sink was not told to close".to_owned(),
                    panicked: false,
                }),
                Order::Erase(erasure) => Report::Receipt(self.unanswered(&erasure)),
            });
            self.done();
        }
        self.quiet.notify();
    }

    /// The sink gets nothing more. Said once.
    pub(super) fn fail(&self, failure: Failure) {
        if self.failed.set(failure.what.clone()).is_ok() {
            self.report(Report::Failed(failure));
        }
        fence(Ordering::SeqCst);
        self.wipe();
    }

    fn wipe(&self) {
        while let Ok(queued) = self.stream.1.try_recv() {
            self.forget(queued.item);
        }
    }

    /// An item that was taken out of the queue goes nowhere.
    pub(super) fn forget(&self, item: Item) {
        let has_failed = self.failed.get().is_some();
        match &item {
            Item::Frame { frame, tag } => {
                self.settle(frame.leg(), *tag, if has_failed { Came::Lost } else { Came::Wiped });
                self.wiped[usize::from(frame.leg()) % LEGS].add(frame.stretch());
            }
            Item::Gap { leg, stretch, .. } => self.wiped[usize::from(*leg) % LEGS].add(*stretch),
            Item::Open(_) => self.open_wiped.store(true, Ordering::SeqCst),
            Item::Mark { .. } | Item::Flush => {}
        }
        self.waiting.remove(item);
        self.done();
    }

    /// Counts what came of a frame, and tells the worker when the frame has a number.
    pub(super) fn settle(&self, leg: LegIndex, tag: Option<Tag>, came: Came) {
        let fate = match came {
            Came::Handed => account::Fate::Handed,
            Came::Refused => account::Fate::Refused,
            Came::Wiped => account::Fate::Wiped,
            Came::Lost => account::Fate::Lost,
        };
        self.accounts.settle(leg, fate);
        if let Some(tag) = tag {
            // Nobody may be listening any more.
            let _ = self.settled.send(Settled { leg, tag, came });
        }
    }

    /// One thing that waited is done.
    pub(super) fn done(&self) {
        self.waiting.all.fetch_sub(1, Ordering::SeqCst);
    }

    /// What stops wiped of a leg since this was asked. Of the worker's end, when nobody is wiping.
    pub(super) fn take_wiped(&self, leg: usize) -> Option<Interval> {
        self.wiped[leg % LEGS].take()
    }

    pub(super) fn report(&self, report: Report) {
        // Nobody may be listening any more.
        let _ = self.reports.send(report);
    }

    /// What a call into the sink took.
    pub(super) fn took(&self, stalled: Duration) {
        if stalled >= self.late_after {
            let nanos = u64::try_from(stalled.as_nanos()).unwrap_or(u64::MAX);
            self.late.fetch_max(nanos, Ordering::SeqCst);
        }
    }

    /// The longest late call that came back since this was asked.
    pub(super) fn take_late(&self) -> Option<Duration> {
        Some(self.late.swap(0, Ordering::SeqCst)).filter(|nanos| *nanos > 0).map(Duration::from_nanos)
    }

    /// The receipt for an erasure that the sink could not be told of.
    fn unanswered(&self, _: &Erasure) -> Receipt {
        let what = "the writers have ended before the sink was told: erase this output by its id";
        Receipt { output: self.id, fate: Fate::Pending(what.into()), frames: self.accounts.handed(), bytes: 0 }
    }
}

/// What a writer does next.
pub(super) enum Next {
    Item(Queued),
    Order(Order),
}

impl Waiting {
    fn add(&self, item: &Item) {
        self.all.fetch_add(1, Ordering::SeqCst);
        if let Item::Frame { frame, .. } = item
            && frame.is_in_slot()
        {
            self.slots.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(count) = self.count_of(item) {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Drops an item and then gives its place back.
    pub(super) fn remove(&self, item: Item) {
        let slot = matches!(&item, Item::Frame { frame, .. } if frame.is_in_slot());
        let count = self.count_of(&item);
        drop(item);
        if slot {
            self.slots.fetch_sub(1, Ordering::SeqCst);
        }
        if let Some(count) = count {
            count.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn count_of(&self, item: &Item) -> Option<&AtomicUsize> {
        match item {
            Item::Open(_) => None,
            Item::Frame { .. } => Some(&self.frames),
            Item::Gap { .. } => Some(&self.gaps),
            Item::Mark { .. } => Some(&self.marks),
            Item::Flush => Some(&self.flushes),
        }
    }
}

impl Wiped {
    fn none() -> Wiped {
        Wiped { from: AtomicI64::new(i64::MAX), to: AtomicI64::new(i64::MIN) }
    }

    fn add(&self, stretch: Interval) {
        self.from.fetch_min(stretch.from.nanos(), Ordering::SeqCst);
        self.to.fetch_max(stretch.to.nanos(), Ordering::SeqCst);
    }

    fn take(&self) -> Option<Interval> {
        let from = CallTime::from_nanos(self.from.swap(i64::MAX, Ordering::SeqCst));
        let to = CallTime::from_nanos(self.to.swap(i64::MIN, Ordering::SeqCst));
        Some(Interval { from, to }).filter(|stretch| !stretch.is_empty())
    }
}
