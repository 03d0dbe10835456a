//! The host's handle of one call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::consent::{Consent, Decision, Digit, Event, Permission, Start, WithdrawnBy};
use crate::frame::{self, Ledger};
use crate::guard::caught;
use crate::policy::{Direction, Pairs, Tap};
use crate::sink::Receipt;
use crate::time::{CallTime, MonoTime};

use super::MAX_SINKS;
use super::carrier::Backstage;
use super::config::Shared;
use super::event::CallEvent;
use super::facts::CallFacts;
use super::leg::{LegSpec, LegWriter};
use super::outlet::{Around, SinkSpec};
use super::session::Session;
use super::shared::CallShared;
use super::stops::Stops;

/// What a call is started with. `Debug` leaves out the host's id. `[control]`
#[derive(Clone)]
pub struct CallSpec {
    /// The host's id of the call; kept in descriptions, never in a file's name.
    pub id: String,
    /// The id of the legal entity that was called.
    pub entity: String,
    /// The service that was called.
    pub service: String,
    /// Which way the call goes.
    pub direction: Direction,
    /// The language the caller chose (RFC 5646).
    pub language: String,
    /// The host's monotonic clock at the call clock's zero: the caller's first packet.
    pub zero: MonoTime,
    /// UTC at the call clock's zero.
    pub started: jiff::Timestamp,
}

impl fmt::Debug for CallSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallSpec")
            .field("entity", &self.entity)
            .field("service", &self.service)
            .field("direction", &self.direction)
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

/// Why a call cannot take one more leg or sink.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError {
    /// The call has as many legs as the configuration allows.
    #[error(
        "the call has as many legs as the configuration allows (`legs`): the new one was not opened, nothing of it is tapped"
    )]
    TooManyLegs,
    /// The leg cannot be opened as it is described.
    #[error("the leg {mistake}: it was not opened, nothing of it is tapped")]
    BadLeg {
        /// What is wrong.
        mistake: &'static str,
    },
    /// A call has at most [`MAX_SINKS`] sinks.
    #[error("the call has {MAX_SINKS} sinks already: the new one was not registered and gets nothing")]
    TooManySinks,
}

/// How long a call that was let go waits for what its sinks have to say.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// One call. Its clock is told with every method: moments must not go backwards.
///
/// All methods are `[control]`, one at a time. Here the call's worker is stepped by the host with [`Call::step`]; a
/// panic inside, also in a sink, ends this call's tapping and no other's, and shows as [`CallEvent::CallFailed`].
pub struct Call {
    session: Session,
    now: CallTime,
    /// Set by a panic: the session is not touched again but to read its accounts.
    failed: bool,
    /// Its host has ended it.
    ended: bool,
    /// When its host let it go, or its engine stopped.
    let_go: Option<CallTime>,
}

impl Call {
    pub(super) fn start(shared: Arc<Shared>, spec: CallSpec) -> Call {
        Call::start_with(shared, spec, None)
    }

    /// The same with the threads of a live engine behind it.
    pub(super) fn start_with(shared: Arc<Shared>, spec: CallSpec, backstage: Option<Arc<Backstage>>) -> Call {
        let facts = CallFacts {
            policy: shared.policy.clone(),
            call: spec.id,
            entity: spec.entity,
            service: spec.service,
            direction: spec.direction,
            language: spec.language,
            zero: spec.zero,
            started: spec.started,
            over_limit: shared.is_at_a_limit(),
        };
        let consent = Consent::new(Start {
            rules: facts.rules(),
            language: facts.language.clone(),
            hold_back: shared.config.hold_back,
        });
        let around = Around { shared, stops: Arc::new(Stops::new()), backstage };
        Call {
            session: Session::new(around, facts, consent),
            now: CallTime::MIN,
            failed: false,
            ended: false,
            let_go: None,
        }
    }

    /// What control threads tell its sinks.
    pub(super) fn stops(&self) -> Arc<Stops> {
        Arc::clone(&self.session.around.stops)
    }

    /// The gates of its legs.
    pub(super) fn gates(&self) -> frame::Arc<CallShared> {
        frame::Arc::clone(&self.session.call)
    }

    /// Ends a call whose host has let it go, or whose engine stops, if nobody has. `[worker]`
    pub(super) fn wind_up(&mut self, at: CallTime, engine_stops: bool) {
        self.let_go.get_or_insert(at);
        if self.failed || std::mem::replace(&mut self.ended, true) {
            return;
        }
        match engine_stops {
            true => self.end(at),
            false => self.fail_at(at, "the call was let go before its end"),
        }
    }

    /// Whether a call that was let go may be forgotten: no output is open, and every queue has done what was ordered and
    /// said so; or a sink keeps it waiting for too long, and will be let go by its writer.
    pub(super) fn is_wound_up(&self, now: CallTime) -> bool {
        let waited = self.let_go.is_some_and(|since| now.since(since) >= LAST_WAIT);
        waited || (!self.session.has_open_output() && self.session.is_drained())
    }

    /// Hears what sinks behind queues have to say.
    pub(super) fn hear_back(&mut self) {
        let now = self.now;
        self.guarded(now, Session::hear_back);
    }

    /// The call failed in somebody else's hands.
    pub(super) fn fail_at(&mut self, at: CallTime, what: &str) {
        self.now = self.now.max(at);
        if !self.failed && !self.session.consent.is_final() {
            self.fail(what);
        }
    }

    /// Opens a leg. The writer goes to the thread that carries the leg's media.
    pub fn open_leg(&mut self, spec: &LegSpec) -> Result<LegWriter, CallError> {
        if self.session.tracks.len() >= self.session.shared.config.legs {
            return Err(CallError::TooManyLegs);
        }
        if let Some(mistake) = spec.mistake() {
            return Err(CallError::BadLeg { mistake });
        }
        Ok(self.session.open_leg(spec))
    }

    /// Registers a sink. It is opened when its first permitted frame is due, and not before.
    pub fn add_sink(&mut self, spec: SinkSpec) -> Result<(), CallError> {
        if self.session.outlets.len() >= MAX_SINKS {
            return Err(CallError::TooManySinks);
        }
        self.session.add_sink(spec, self.now);
        Ok(())
    }

    /// Time passes: what arrived is examined, what is due is handed on. To be called every 10 ms of the call's clock.
    pub fn step(&mut self, now: CallTime) {
        if self.session.call.is_broken() {
            self.fail_at(now, "something broke on a media thread");
        }
        match self.failed {
            false => self.guarded(now, |session| session.step(now)),
            // Nothing is tapped any more; what a writer still brings is wiped.
            true => self.guarded(now, |session| {
                session.drain(now);
                session.hear_back();
            }),
        };
    }

    /// The announcement begins to play.
    pub fn notice_started(&mut self, at: CallTime, language: &str) {
        self.tell(at, Event::NoticeStarted { language: language.to_owned() });
    }

    /// The announcement stopped; `complete` when it was played to its end.
    pub fn notice_finished(&mut self, at: CallTime, complete: bool) {
        self.tell(at, Event::NoticeFinished { complete });
    }

    /// The host saw a digit on a leg. Without its onset the press counts from `at`.
    pub fn digit(&mut self, at: CallTime, leg: u8, digit: Digit, onset: Option<CallTime>) {
        // Also after the call has failed: a 9 still erases what it left.
        self.guarded(at, |session| session.digit(at, leg, digit, onset.unwrap_or(at)));
    }

    /// From now on (or no longer) keyed digits are data, and no 9 among them refuses.
    pub fn digits_are_data(&mut self, at: CallTime, data: bool) {
        // Also after the call has failed: it says which 9s count.
        self.guarded(at, |session| session.tell(at, Event::DigitsAreData(data)));
    }

    /// The caller told the agent that they do not want it: shut, wiped, erased, with a receipt of each output. Counts at
    /// any time, also after the end or a failure. Said again, it asks again the outputs that could not erase.
    pub fn withdraw(&mut self, at: CallTime, by: &str) -> Vec<Receipt> {
        let by = WithdrawnBy(by.to_owned());
        self.guarded(at, |session| session.withdraw(at, by)).unwrap_or_default()
    }

    /// Nothing from `at` on is tapped until [`Call::resume`]; what came before is handed on at once.
    pub fn pause(&mut self, at: CallTime) {
        self.unless_failed(at, |session| session.pause(at));
    }

    /// The pause is over.
    pub fn resume(&mut self, at: CallTime) {
        // Also after the call has failed: from here on a 9 counts again.
        self.guarded(at, |session| session.tell(at, Event::Resumed));
    }

    /// The call moved to another entity or service: its recordings end, and that controller needs a notice of its own.
    pub fn transfer(&mut self, at: CallTime, entity: &str, service: &str) {
        self.unless_failed(at, |session| {
            let facts = session.facts.moved(entity, service);
            session.transfer(at, facts);
        });
    }

    /// A leg's stream is over, the call goes on.
    pub fn close_leg(&mut self, at: CallTime, leg: u8) {
        self.unless_failed(at, |session| session.close_leg(at, leg));
    }

    /// The call is over: what is held is examined and handed on, then the sinks close.
    pub fn end(&mut self, at: CallTime) {
        self.ended = true;
        self.unless_failed(at, |session| session.end(at));
    }

    /// What happened since this was last asked, in order; the newest 1024 of it. What was lost can be read again with
    /// [`Call::decision`] and [`Call::permitted`].
    pub fn events(&mut self) -> Vec<CallEvent> {
        self.session.events.take()
    }

    /// What is decided about a tap now, and why.
    pub fn decision(&self, tap: Tap) -> Decision {
        self.session.consent.decision(tap)
    }

    /// The stretches of the call's clock in which all of `pairs` are or were permitted, and why each ended.
    pub fn permitted(&self, pairs: Pairs) -> Vec<Permission> {
        self.session.consent.permitted(pairs).collect()
    }

    /// The account of a leg; `None` when there is no such leg.
    pub fn ledger(&self, leg: u8) -> Option<Ledger> {
        self.session.ledger(leg)
    }

    /// The account of a leg as a sink saw it. Sinks are numbered in the order they were registered.
    pub fn sink_ledger(&self, sink: usize, leg: u8) -> Option<Ledger> {
        self.session.sink_ledger(sink, leg)
    }

    /// Whether an output of this tap got audio and still has it.
    pub fn holds_audio(&self, tap: Tap) -> bool {
        self.session.holds_audio(tap)
    }

    fn tell(&mut self, at: CallTime, event: Event) {
        self.unless_failed(at, |session| session.tell(at, event));
    }

    fn unless_failed(&mut self, at: CallTime, act: impl FnOnce(&mut Session)) {
        if !self.failed {
            self.guarded(at, act);
        }
    }

    /// Runs a part of the session so that a panic, in it or in a sink, fails this call alone.
    fn guarded<R>(&mut self, at: CallTime, act: impl FnOnce(&mut Session) -> R) -> Option<R> {
        self.now = self.now.max(at);
        let result = caught(|| act(&mut self.session));
        let broken = self.session.broken.take();
        match result {
            Ok(result) => {
                if let Some(what) = broken {
                    self.fail(&format!("a sink panicked: {what}"));
                }
                Some(result)
            }
            Err(what) => {
                self.fail(&format!("a panic inside: {what}"));
                None
            }
        }
    }

    fn fail(&mut self, what: &str) {
        self.failed = true;
        let what = format!("tapping was ended, what was recorded before stays: {what}");
        let at = self.now;
        if caught(|| self.session.fail(at, what)).is_err() {
            self.session.shut_all();
        }
        // The sinks that panicked while they were closed are named in the events.
        self.session.broken = None;
    }
}

impl Drop for Call {
    /// A call that was not ended is closed as failed: what was recorded stays, and says so.
    fn drop(&mut self) {
        let is_over = self.session.consent.is_final() && !self.session.has_open_output();
        if !self.failed && !is_over {
            self.fail("the call was dropped before its end");
        }
    }
}
