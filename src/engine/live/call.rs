//! A control thread's handle of one live call.
//!
//! What it is told goes to the call's worker as an order, and is waited for. The three verbs also wait for sinks, until
//! their deadline; what they stop is stopped before anybody waits.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::consent::{Decision, Digit, Permission, Reason};
use crate::engine::call::{Call, CallSpec};
use crate::engine::leg::{LegSpec, LegWriter};
use crate::engine::outlet::SinkSpec;
use crate::frame::Ledger;
use crate::policy::{Pairs, Tap};
use crate::sink::OutputId;
use crate::sink::buffered::{Hand, Quiet};
use crate::time::{CallTime, MonoTime};

use super::CallId;
use super::core::Core;
use super::error::LiveError;
use super::hosted::{Hosted, Order};
use super::log::Level;
use super::reply::{Reply, SLICE, later, wait_until};
use super::seat::Mail;

/// How long ago what a call is told may have been.
const LONGEST_AGO: Duration = Duration::from_secs(24 * 3600);

/// What a verb came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Done {
    /// It is done: no further frame is handed to any sink of the call.
    Good,
    /// Its deadline has passed, or it was called from inside of a sink. These sinks are still inside of a call; they get
    /// nothing more. What was told is done by the worker as soon as it can.
    Pending(Vec<Stuck>),
}

/// A sink that did not come back in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// The sink's number in its call.
    pub sink: usize,
    /// Its open output.
    pub output: OutputId,
}

/// One live call. `[control]`, from any thread; dropping it ends the call, as failed if it was not ended.
pub struct LiveCall {
    core: Arc<Core>,
    id: CallId,
    /// `None`: over the limit of calls.
    hosted: Option<Arc<Hosted>>,
}

impl LiveCall {
    pub(super) fn start(core: &Arc<Core>, spec: CallSpec) -> LiveCall {
        let id = core.number();
        let (shared, zero) = (&core.shared, spec.zero);
        let make = || {
            let quiet = Arc::new(Quiet::new());
            let call = Call::start_with(Arc::clone(shared), spec, Some(core.backstage(&quiet)));
            Hosted::new(id, zero, id.0 as usize % core.seats.len(), call, quiet)
        };
        let hosted = core.admit(make);
        if hosted.is_none() && !core.is_stopping() && !shared.kin.is_child() {
            core.turned_away.fetch_add(1, Ordering::Relaxed);
            let limit = shared.config.calls;
            core.log.say(
                Level::Warning,
                "call",
                format_args!(
                    "call {id} came over the limit of {limit} calls: it is not tapped, the phone call goes on"
                ),
            );
        }
        LiveCall { core: Arc::clone(core), id, hosted }
    }

    /// Its number in its engine.
    pub fn id(&self) -> CallId {
        self.id
    }

    /// The host's clock at the call clock's zero; `None` for a call over the limit.
    pub fn zero(&self) -> Option<MonoTime> {
        self.hosted.as_ref().map(|hosted| hosted.zero)
    }

    /// Opens a leg. The writer goes to the thread that carries the leg's media. On a call over the limit it is shut.
    pub fn open_leg(&self, spec: &LegSpec) -> Result<LegWriter, LiveError> {
        if self.hosted.is_none() {
            self.check()?;
            return Ok(LegWriter::shut(&self.core.shared.kin));
        }
        let spec = spec.clone();
        self.ask_exactly(move |call, _| call.open_leg(&spec))?.map_err(LiveError::from)
    }

    /// Registers a sink. It is opened when its first permitted frame is due, and not before. On a call over the limit it
    /// is let go at once. Its number: sinks are numbered in the order in which they were registered.
    pub fn add_sink(&self, spec: SinkSpec) -> Result<(), LiveError> {
        if self.hosted.is_none() {
            return self.check();
        }
        self.ask_exactly(move |call, _| call.add_sink(spec))?.map_err(LiveError::from)
    }

    /// The announcement begins to play. `at`: when; now if not said. More than [`max_packet`](crate::engine::Config::max_packet)
    /// ahead of the clock, or a day behind it, is refused as [`LiveError::BadMoment`]. So for all that follow.
    pub fn notice_started(&self, language: &str, at: Option<MonoTime>) -> Result<(), LiveError> {
        let language = language.to_owned();
        self.ask_or(at, (), move |call, at| call.notice_started(at, &language))
    }

    /// The announcement stopped; `complete` when it was played to its end.
    pub fn notice_finished(&self, complete: bool, at: Option<MonoTime>) -> Result<(), LiveError> {
        self.ask_or(at, (), move |call, at| call.notice_finished(at, complete))
    }

    /// The host saw a digit on a leg, away from the media thread. Without its onset the press counts from `at`.
    pub fn digit(&self, leg: u8, digit: Digit, onset: Option<MonoTime>, at: Option<MonoTime>) -> Result<(), LiveError> {
        let zero = self.zero().unwrap_or_default();
        let onset = onset.map(|onset| onset.on_call(zero));
        self.ask_or(at, (), move |call, at| call.digit(at, leg, digit, onset))
    }

    /// From now on (or no longer) keyed digits are data, and no 9 among them refuses.
    pub fn digits_are_data(&self, data: bool, at: Option<MonoTime>) -> Result<(), LiveError> {
        self.ask_or(at, (), move |call, at| call.digits_are_data(at, data))
    }

    /// The pause is over.
    pub fn resume(&self, at: Option<MonoTime>) -> Result<(), LiveError> {
        self.ask_or(at, (), move |call, at| call.resume(at))
    }

    /// The call moved to another entity or service: its recordings end, and that controller needs a notice of its own.
    pub fn transfer(&self, entity: &str, service: &str, at: Option<MonoTime>) -> Result<(), LiveError> {
        let (entity, service) = (entity.to_owned(), service.to_owned());
        self.ask_or(at, (), move |call, at| call.transfer(at, &entity, &service))
    }

    /// A leg's stream is over, the call goes on.
    pub fn close_leg(&self, leg: u8, at: Option<MonoTime>) -> Result<(), LiveError> {
        self.ask_or(at, (), move |call, at| call.close_leg(at, leg))
    }

    /// The caller told the agent that they do not want it: shut at once, what is held is wiped, what was written is
    /// erased; receipts come as events. Counts at any time, also after the end. `at` is when the account says that it was.
    pub fn withdraw(&self, by: &str, at: Option<MonoTime>, deadline: Option<Duration>) -> Result<Done, LiveError> {
        self.check()?;
        let Some(hosted) = &self.hosted else { return Ok(Done::Good) };
        let at = self.moment(at)?;
        // Before anybody waits: the gates, the sinks on the worker, the sinks behind queues.
        hosted.refuse();
        let by = by.to_owned();
        let until = self.until(deadline);
        let posted = hosted.stops.post();
        let (reply, act) = Self::order_of(hosted, at, move |call, at| {
            call.withdraw(at, &by);
            drop(posted);
        });
        let reply = hosted.leave_withdrawal(act, reply);
        self.core.seats[hosted.seat].tell(Mail::Order(Arc::clone(hosted)));
        Ok(self.wait_for(hosted, &reply, until, Waits::Outside))
    }

    /// Nothing from `at` on is tapped until [`LiveCall::resume`]; what came before is handed on at once.
    pub fn pause(&self, at: Option<MonoTime>, deadline: Option<Duration>) -> Result<Done, LiveError> {
        self.check()?;
        let Some(hosted) = &self.hosted else { return Ok(Done::Good) };
        self.verb(hosted, at, deadline, Waits::Drained, |call, at| call.pause(at))
    }

    /// The call is over: what is held is examined and handed on, then the sinks close.
    pub fn end(&self, at: Option<MonoTime>, deadline: Option<Duration>) -> Result<Done, LiveError> {
        self.check()?;
        let Some(hosted) = &self.hosted else { return Ok(Done::Good) };
        self.verb(hosted, at, deadline, Waits::Drained, |call, at| call.end(at))
    }

    /// What is decided about a tap, as the worker knew it last. `[any]`
    pub fn decision(&self, tap: Tap) -> Decision {
        match &self.hosted {
            // Whoever held the locks is not here.
            _ if self.core.shared.kin.is_child() => {
                Decision { tap, pairs: Pairs::NONE, reason: Reason::Failed, hook_needed: false }
            }
            Some(hosted) => hosted.decision(tap),
            None => Decision { tap, pairs: Pairs::NONE, reason: Reason::LimitReached, hook_needed: false },
        }
    }

    /// The stretches of the call's clock in which all of `pairs` are or were permitted, and why each ended.
    pub fn permitted(&self, pairs: Pairs) -> Result<Vec<Permission>, LiveError> {
        self.ask_or(None, Vec::new(), move |call, _| call.permitted(pairs))
    }

    /// The account of a leg; `None` when there is no such leg.
    pub fn ledger(&self, leg: u8) -> Result<Option<Ledger>, LiveError> {
        self.ask_or(None, None, move |call, _| call.ledger(leg))
    }

    /// The account of a leg as a sink saw it. Sinks are numbered in the order they were registered.
    pub fn sink_ledger(&self, sink: usize, leg: u8) -> Result<Option<Ledger>, LiveError> {
        self.ask_or(None, None, move |call, _| call.sink_ledger(sink, leg))
    }

    /// Whether an output of this tap got audio and still has it.
    pub fn holds_audio(&self, tap: Tap) -> Result<bool, LiveError> {
        self.ask_or(None, false, move |call, _| call.holds_audio(tap))
    }

    /// The call failed in its host's hands: nothing more is tapped.
    #[cfg(feature = "capi")]
    pub(crate) fn fail(&self, what: &'static str) -> Result<(), LiveError> {
        self.ask_or(None, (), move |call, at| call.fail_at(at, what))
    }

    /// The same as [`LiveCall::ask`], for what a call over the limit answers by itself.
    fn ask_or<T: Send + 'static>(
        &self,
        at: Option<MonoTime>,
        otherwise: T,
        act: impl FnOnce(&mut Call, CallTime) -> T + Send + 'static,
    ) -> Result<T, LiveError> {
        if self.hosted.is_none() {
            return self.check().map(|()| otherwise);
        }
        self.ask(at, act)
    }

    /// Has the worker do something, and waits for its answer. From inside of a call-back it is ordered and not waited for.
    fn ask<T: Send + 'static>(
        &self,
        at: Option<MonoTime>,
        act: impl FnOnce(&mut Call, CallTime) -> T + Send + 'static,
    ) -> Result<T, LiveError> {
        self.check()?;
        let hosted = self.hosted.as_ref().ok_or(LiveError::Stopped)?;
        let reply = self.order(hosted, at, false, act)?;
        if crate::thread::is_ours() {
            return Err(LiveError::Busy);
        }
        let until = later(self.core.clock.now(), self.core.shared.config.deadline);
        if !wait_until(&*self.core.clock, &hosted.quiet, until, || reply.is_there()) {
            return Err(LiveError::Busy);
        }
        reply.take().ok_or(LiveError::Stopped)
    }

    /// The same for what must be done in time or not at all.
    fn ask_exactly<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Call, CallTime) -> T + Send + 'static,
    ) -> Result<T, LiveError> {
        self.check()?;
        let hosted = self.hosted.as_ref().ok_or(LiveError::Stopped)?;
        if crate::thread::is_ours() {
            return Err(LiveError::Inside);
        }
        let reply = self.order(hosted, None, false, act)?;
        let until = later(self.core.clock.now(), self.core.shared.config.deadline);
        if !wait_until(&*self.core.clock, &hosted.quiet, until, || reply.is_there()) && reply.take_back() {
            return Err(LiveError::NotDone);
        }
        // The worker is at it: no sink is asked, so it does not take long.
        while !reply.is_there() {
            hosted.quiet.wait(SLICE, || reply.is_there());
        }
        reply.take().ok_or(LiveError::Stopped)
    }

    fn order<T: Send + 'static>(
        &self,
        hosted: &Arc<Hosted>,
        at: Option<MonoTime>,
        is_verb: bool,
        act: impl FnOnce(&mut Call, CallTime) -> T + Send + 'static,
    ) -> Result<Arc<Reply<T>>, LiveError> {
        let (reply, order) = Self::order_of(hosted, self.moment(at)?, act);
        hosted.leave_order(order, is_verb)?;
        self.core.seats[hosted.seat].tell(Mail::Order(Arc::clone(hosted)));
        Ok(reply)
    }

    /// When the host says that it was. The call's clock never goes back: a wild moment would end the tapping for good.
    fn moment(&self, at: Option<MonoTime>) -> Result<MonoTime, LiveError> {
        let now = self.core.clock.now();
        let Some(at) = at else { return Ok(now) };
        let ahead = at.on_call(now);
        match ahead.nanos() {
            0.. if ahead.since(CallTime::ZERO) <= self.core.shared.config.max_packet => Ok(at),
            ..0 if CallTime::ZERO.since(ahead) <= LONGEST_AGO => Ok(at),
            _ => Err(LiveError::BadMoment),
        }
    }

    /// What the worker is to do, and where its answer will be.
    fn order_of<T: Send + 'static>(
        hosted: &Arc<Hosted>,
        at: MonoTime,
        act: impl FnOnce(&mut Call, CallTime) -> T + Send + 'static,
    ) -> (Arc<Reply<T>>, Order) {
        let at = at.on_call(hosted.zero);
        let (reply, owed) = Reply::pair(&hosted.quiet);
        let known = Arc::clone(hosted);
        let order = Box::new(move |call: &mut Call| {
            if !owed.begin() {
                return;
            }
            let answer = act(call, at);
            // Whoever has the answer finds it decided.
            known.publish(call);
            owed.give(answer);
        });
        (reply, order)
    }

    /// Orders a verb and waits for it.
    fn verb(
        &self,
        hosted: &Arc<Hosted>,
        at: Option<MonoTime>,
        deadline: Option<Duration>,
        waits: Waits,
        act: impl FnOnce(&mut Call, CallTime) + Send + 'static,
    ) -> Result<Done, LiveError> {
        let until = self.until(deadline);
        // The worker leaves off what it is handing on.
        let posted = hosted.stops.post();
        let reply = self.order(hosted, at, true, move |call, at| {
            act(call, at);
            drop(posted);
        })?;
        Ok(self.wait_for(hosted, &reply, until, waits))
    }

    fn until(&self, deadline: Option<Duration>) -> MonoTime {
        later(self.core.clock.now(), deadline.unwrap_or(self.core.shared.config.deadline))
    }

    /// Waits for a verb: first for the worker, then for the sinks behind queues.
    fn wait_for(&self, hosted: &Hosted, reply: &Reply<()>, until: MonoTime, waits: Waits) -> Done {
        if crate::thread::is_ours() {
            return Done::Pending(Vec::new());
        }
        let clock = &*self.core.clock;
        let mut in_time = wait_until(clock, &hosted.quiet, until, || reply.is_there());
        let hands = hosted.stops.hands();
        let is_quiet = |hand: &Hand| match waits {
            Waits::Outside => !hand.is_inside(),
            Waits::Drained => hand.is_drained(),
        };
        let waited: Vec<_> = hands.iter().filter(|hand| waits == Waits::Outside || !hand.is_file).collect();
        in_time &= wait_until(clock, &hosted.quiet, until, || waited.iter().all(|hand| is_quiet(&hand.hand)));
        if in_time {
            return Done::Good;
        }
        // Whoever is still inside gets nothing more.
        let inside = hosted.stops.stop_inside().into_iter();
        let mut stuck: Vec<Stuck> = inside.map(|(sink, output)| Stuck { sink, output }).collect();
        for queued in waited.iter().filter(|queued| !is_quiet(&queued.hand)) {
            hosted.stops.stop(queued.sink);
            stuck.push(Stuck { sink: queued.sink, output: queued.hand.output() });
        }
        Done::Pending(stuck)
    }

    /// Whether anything can be told at all.
    pub(crate) fn check(&self) -> Result<(), LiveError> {
        if self.core.shared.kin.is_child() {
            return Err(LiveError::Forked);
        }
        if self.core.is_stopping() { Err(LiveError::Stopped) } else { Ok(()) }
    }
}

/// What a verb waits for in the sinks behind queues.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// That nobody is inside: their queues were wiped.
    Outside,
    /// That they have all of their queues.
    Drained,
}

impl Drop for LiveCall {
    fn drop(&mut self) {
        let Some(hosted) = &self.hosted else { return };
        if self.core.shared.kin.is_child() {
            return;
        }
        hosted.leave();
        self.core.seats[hosted.seat].tell(Mail::Order(Arc::clone(hosted)));
    }
}

impl fmt::Debug for LiveCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveCall").field("id", &self.id).finish_non_exhaustive()
    }
}
