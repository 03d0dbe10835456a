//! A call as its worker has it, and the mailbox through which control threads reach it.
//!
//! The stepped [`Call`] lies in a cell that only a worker opens, one at a time: a worker that replaces a stuck one goes
//! past the call in which that one is stuck. Control threads never open it; they leave orders, and wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::consent::Decision;
use crate::engine::call::Call;
use crate::engine::shared::CallShared;
use crate::engine::stops::Stops;
use crate::frame::{self, Press};
use crate::guard::discard;
use crate::policy::Tap;
use crate::sink::buffered::Quiet;
use crate::time::MonoTime;

use super::reply::Reply;
use super::{CallId, LiveError};

/// Orders that may wait for a worker.
const ORDERS: usize = 64;

/// Places beside these that are kept for verbs: who asks too much can still pause and end.
const KEPT: usize = 16;

/// What a control thread wants done with a call. Done by the call's worker.
pub(super) type Order = Box<dyn FnOnce(&mut Call) + Send>;

/// A withdrawal that waits for the worker.
struct Withdrawal {
    act: Order,
    /// Whoever withdraws again meanwhile waits for the same answer.
    reply: Arc<Reply<()>>,
}

/// One call.
pub(super) struct Hosted {
    pub(super) id: CallId,
    /// The host's clock at the call clock's zero.
    pub(super) zero: MonoTime,
    /// Which worker's.
    pub(super) seat: usize,
    pub(super) stops: Arc<Stops>,
    /// The gates of its legs.
    gates: frame::Arc<CallShared>,
    /// What control threads wait on: answers, and writers that leave a sink.
    pub(super) quiet: Arc<Quiet>,
    /// `None` once it is over and gone.
    cell: Mutex<Option<Call>>,
    mailbox: (Sender<Order>, Receiver<Order>),
    /// A place of its own: a caller who wants out finds room whatever waits.
    withdrawal: Mutex<Option<Withdrawal>>,
    /// Nobody reads the mailbox any more.
    closed: AtomicBool,
    /// What is decided for each tap, as its worker knew it last.
    decisions: Mutex<[Decision; 2]>,
    /// The host's handle is gone.
    left: AtomicBool,
}

impl Hosted {
    pub(super) fn new(id: CallId, zero: MonoTime, seat: usize, call: Call, quiet: Arc<Quiet>) -> Hosted {
        Hosted {
            id,
            zero,
            seat,
            stops: call.stops(),
            gates: call.gates(),
            quiet,
            decisions: Mutex::new(decisions(&call)),
            cell: Mutex::new(Some(call)),
            mailbox: bounded(ORDERS + KEPT),
            withdrawal: Mutex::new(None),
            closed: AtomicBool::new(false),
            left: AtomicBool::new(false),
        }
    }

    /// The caller withdraws: gates shut, sinks stopped, queues wiped, before anybody waits. `[control]`
    pub(super) fn refuse(&self) {
        self.gates.press(Press::Shut);
        self.stops.refuse();
    }

    /// Leaves an order. `[control]`
    pub(super) fn leave_order(&self, order: Order, is_verb: bool) -> Result<(), LiveError> {
        let waiting = self.mailbox.1.len();
        if !is_verb && waiting >= ORDERS {
            return Err(LiveError::TooMany { waiting });
        }
        self.mailbox.0.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => LiveError::TooMany { waiting: ORDERS + KEPT },
            // Cannot be: both ends are here.
            TrySendError::Disconnected(_) => LiveError::Stopped,
        })?;
        self.see_whether_closed();
        Ok(())
    }

    /// Leaves a withdrawal, for which there is always room; its answer. One that waits already stands as it was told.
    /// `[control]`
    pub(super) fn leave_withdrawal(&self, act: Order, reply: Arc<Reply<()>>) -> Arc<Reply<()>> {
        let reply = Arc::clone(&self.withdrawal().get_or_insert(Withdrawal { act, reply }).reply);
        self.see_whether_closed();
        reply
    }

    /// Nobody would do what was left, and who left it would wait: whoever comes second finds it.
    fn see_whether_closed(&self) {
        if self.closed.load(Ordering::SeqCst) {
            self.close_mailbox();
        }
    }

    /// The call is gone: orders that wait are dropped, and so are those that come. `[any]`
    pub(super) fn close_mailbox(&self) {
        self.closed.store(true, Ordering::SeqCst);
        while let Some(order) = self.next_order() {
            discard(order);
        }
    }

    /// How many orders wait, a withdrawal among them. `[worker]`
    pub(super) fn orders(&self) -> usize {
        self.mailbox.1.len() + usize::from(self.withdrawal().is_some())
    }

    /// The next order: a withdrawal comes before all others. `[worker]`
    pub(super) fn next_order(&self) -> Option<Order> {
        let withdrawal = self.withdrawal().take();
        withdrawal.map(|withdrawal| withdrawal.act).or_else(|| self.mailbox.1.try_recv().ok())
    }

    fn withdrawal(&self) -> MutexGuard<'_, Option<Withdrawal>> {
        self.withdrawal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the cell; `None` while another worker is stuck in it. Says whether a worker died in it. `[worker]`
    pub(super) fn open(&self) -> Option<(MutexGuard<'_, Option<Call>>, bool)> {
        match self.cell.try_lock() {
            Ok(cell) => Some((cell, false)),
            Err(TryLockError::Poisoned(died)) => {
                self.cell.clear_poison();
                Some((died.into_inner(), true))
            }
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Publishes what is decided. `[worker]`
    pub(super) fn publish(&self, call: &Call) {
        *self.decisions.lock().unwrap_or_else(PoisonError::into_inner) = decisions(call);
    }

    /// What is decided for a tap. `[any]`
    pub(super) fn decision(&self, tap: Tap) -> Decision {
        let decisions = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        decisions[usize::from(tap == Tap::Record)]
    }

    /// The host's handle goes. `[control]`
    pub(super) fn leave(&self) {
        self.left.store(true, Ordering::SeqCst);
        self.gates.leave();
    }

    /// Nobody waits for it any longer: its gates shut, and a sink that comes back gets nothing more. `[control]`
    pub(super) fn abandon(&self) {
        self.gates.leave();
        self.stops.close();
    }

    pub(super) fn is_left(&self) -> bool {
        self.left.load(Ordering::SeqCst)
    }
}

fn decisions(call: &Call) -> [Decision; 2] {
    [call.decision(Tap::Monitor), call.decision(Tap::Record)]
}
