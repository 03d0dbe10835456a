//! The session: one call on its worker. Ring → clock → consent → hold-back → sinks.
//!
//! Without I/O of its own and told the time, so a capture replays faster than real time with the same result on every
//! run. One thread at a time calls it. The order inside a step is what makes the promises hold: everything that
//! arrived is read and told to consent, then the gates are set, then what must be wiped or erased is, and only then
//! frames are handed on, each judged by its own place.

use std::sync::Arc;
use std::time::Duration;

use crate::consent::{Change, Consent, Event, Gate, Reason, Role, WithdrawnBy};
use crate::frame::{self, Ledger, Means};
use crate::policy::Tap;
use crate::sink::{Closing, Erasure, Mark, Outcome, Receipt};
use crate::time::CallTime;

use super::MAX_LEGS;
use super::config::{EXAMINE_LAG, Shared};
use super::event::{CallEvent, Events};
use super::facts::CallFacts;
use super::keys::Key;
use super::leg::{LegSpec, LegWriter};
use super::line::{Fate, Shares};
use super::outlet::{Around, Outlet, SinkSpec};
use super::shared::CallShared;
use super::track::{Track, Was};
use crate::sink::Fault;

/// A caller's leg that sent nothing for so long no longer keeps others waiting. The same time after which consent
/// takes a caller as silent.
const SILENT_LEG: Duration = Duration::from_millis(500);

/// One call, worker side.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    /// What the call's media threads see.
    pub(super) call: frame::Arc<CallShared>,
    pub(super) facts: CallFacts,
    pub(super) consent: Consent,
    pub(super) tracks: Vec<Track>,
    pub(super) outlets: Vec<Outlet>,
    pub(super) events: Events,
    /// A frame that is out of its line and not counted yet: a panic in a sink must not lose it from the account.
    pub(super) in_hand: Option<(usize, Shares)>,
    /// What a sink said when it panicked: the call is to fail.
    pub(super) broken: Option<String>,
    /// What its outlets share with control threads and writers.
    pub(super) around: Around,
    /// Keys whose moment has not come: at most a packet time ahead.
    pub(super) early: Vec<Key>,
    /// How often each leg's gate had been pressed when the keys were last read.
    pub(super) epochs: [u16; MAX_LEGS],
    /// What the media threads were told that a 9 means.
    pub(super) means: Means,
}

impl Session {
    pub(super) fn new(around: Around, facts: CallFacts, consent: Consent) -> Session {
        let events = Events::default();
        let call = frame::Arc::new(CallShared::new(Arc::clone(&around.shared.kin)));
        let mut session = Session {
            shared: Arc::clone(&around.shared),
            around,
            call,
            facts,
            consent,
            tracks: Vec::new(),
            outlets: Vec::new(),
            events,
            in_hand: None,
            broken: None,
            early: Vec::new(),
            epochs: [0; MAX_LEGS],
            means: Means::Nothing,
        };
        // A call that may never be tapped says so at once.
        session.follow(CallTime::MIN);
        session
    }

    pub(super) fn open_leg(&mut self, spec: &LegSpec) -> LegWriter {
        let number = self.tracks.len();
        let (track, writer) = Track::open(number as u8, spec, &self.call, &self.shared.config);
        track.set_gate(self.consent.gate(spec.role), self.epochs[number]);
        self.tracks.push(track);
        writer
    }

    pub(super) fn add_sink(&mut self, spec: SinkSpec, now: CallTime) {
        self.outlets.push(Outlet::new(self.outlets.len(), self.around.clone(), spec, now));
    }

    /// Time passes: everything that arrived is read, everything that is due goes.
    pub(super) fn step(&mut self, now: CallTime) {
        self.close_forsaken(now);
        self.read_rings(now);
        self.advance(now);
        self.follow(now);
        self.hand_on_due(now);
        self.each_outlet(|outlet| outlet.flush(now));
        self.hear_back();
        self.sweep();
    }

    /// Tells consent what happened and does what follows.
    pub(super) fn tell(&mut self, at: CallTime, event: Event) {
        self.read_rings(at);
        self.advance(at);
        self.consent.tell(at, event);
        self.follow(at);
    }

    /// Shut first, then wipe, then erase. Said again, it asks those again that could not erase.
    pub(super) fn withdraw(&mut self, at: CallTime, by: WithdrawnBy) -> Vec<Receipt> {
        self.consent.tell(at, Event::Withdrawn { by });
        match self.follow(at) {
            Some(receipts) => receipts,
            None => self.refuse(at, Reason::Withdrawn),
        }
    }

    /// What came before `at` is handed on at once, nothing after it.
    pub(super) fn pause(&mut self, at: CallTime) {
        self.settle_up_to(at);
        self.consent.tell(at, Event::Paused);
        self.follow(at);
    }

    /// The recording under this controller ends; another one begins with a notice of its own, if it may.
    pub(super) fn transfer(&mut self, at: CallTime, facts: CallFacts) {
        self.settle_up_to(at);
        self.tell_keys(at, CallTime::MAX);
        // While the old controller's permit can still be had.
        self.hand_on_now(at);
        if self.broken.is_some() {
            // The call fails instead.
            return;
        }
        self.consent.transfer(at, facts.rules());
        self.follow(at);
        self.facts = facts;
    }

    /// A leg's stream is over. What it brought is still handed on.
    pub(super) fn close_leg(&mut self, at: CallTime, leg: u8) {
        self.settle_up_to(at);
        let Some(track) = self.tracks.get_mut(usize::from(leg)) else { return };
        track.close();
        let closed = track.role();
        if closed == Role::Caller && self.callers().next().is_none() {
            self.consent.tell(at, Event::CallerLegClosed);
        }
        self.follow(at);
    }

    /// Whoever drops a leg's writer has closed the leg.
    fn close_forsaken(&mut self, now: CallTime) {
        for leg in 0..self.tracks.len() {
            // Of a call that is over nothing is left to close.
            if self.tracks[leg].is_forsaken() && !self.consent.is_final() && self.broken.is_none() {
                self.close_leg(now, leg as u8);
            }
        }
    }

    /// What is held is examined as it stands and handed on, then the sinks close.
    ///
    /// A packet that arrived before the end was spoken before it, though its place, counted from its arrival, may reach
    /// up to a packet time beyond: the call ends where the audio ends.
    pub(super) fn end(&mut self, at: CallTime) {
        self.settle_up_to(at);
        let audio_ends = self.tracks.iter().filter_map(Track::received_to).max();
        let at = audio_ends.map_or(at, |ends| at.max(ends.min(at + self.shared.config.max_packet)));
        self.tell_keys(at, CallTime::MAX);
        self.consent.tell(at, Event::Ended);
        self.follow(at);
        // What was being pushed while the gates shut.
        self.read_rings(at);
        self.follow(at);
    }

    /// The call failed: gates shut, buffers wiped, outputs closed as failed. A 9 that waited in a ring, or to be settled,
    /// counts.
    pub(super) fn fail(&mut self, at: CallTime, what: String) {
        self.read_rings(at);
        self.tell_keys(at, CallTime::MAX);
        self.consent.tell(at, Event::Failed);
        self.set_gates();
        if let Some((index, shares)) = self.in_hand.take() {
            self.count(index, shares, Fate::Purged);
        }
        self.wipe();
        self.events.add(CallEvent::CallFailed { what });
        self.close_outputs(at, Outcome::Failed, Reason::Failed);
        self.follow(at);
    }

    /// After the call has failed: what still comes is wiped, and a 9 still refuses.
    pub(super) fn drain(&mut self, now: CallTime) {
        self.tracks.iter_mut().for_each(Track::wipe_ring);
        (0..self.tracks.len()).for_each(|index| self.read_signals(now, index));
        self.tell_keys(now, now);
        self.follow(now);
    }

    /// The account of one leg.
    pub(super) fn ledger(&self, leg: u8) -> Option<Ledger> {
        self.hear_settled();
        let mut ledger = self.leg_ledger(leg)?;
        // Erased only when no output still has it.
        let kept = self.outlets.iter().any(Outlet::holds_audio);
        let erased = self.outlets.iter().map(|outlet| outlet.erased(leg)).max().unwrap_or(0);
        ledger.erased = if kept { 0 } else { erased.min(ledger.delivered + ledger.masked) };
        Some(ledger)
    }

    /// The account of one leg as one sink saw it.
    pub(super) fn sink_ledger(&self, sink: usize, leg: u8) -> Option<Ledger> {
        self.hear_settled();
        self.sink_ledger_heard(sink, leg)
    }

    /// The same by what was heard so far.
    fn sink_ledger_heard(&self, sink: usize, leg: u8) -> Option<Ledger> {
        let track = self.tracks.get(usize::from(leg))?;
        Some(self.outlets.get(sink)?.ledger(leg, &self.leg_ledger(leg)?, &track.awaited.borrow()))
    }

    /// The account of one leg, with the frame that is being handed on.
    fn leg_ledger(&self, leg: u8) -> Option<Ledger> {
        let mut ledger = self.tracks.get(usize::from(leg))?.ledger();
        ledger.in_flight += u64::from(self.in_hand.is_some_and(|(index, _)| index == usize::from(leg)));
        Some(ledger)
    }

    /// Whether an output was opened and not closed.
    pub(super) fn has_open_output(&self) -> bool {
        self.outlets.iter().any(|outlet| outlet.output().is_some())
    }

    /// Whether an output of this tap got audio and still has it.
    pub(super) fn holds_audio(&self, tap: Tap) -> bool {
        self.outlets.iter().any(|outlet| outlet.tap() == tap && outlet.holds_audio())
    }

    /// Everything that arrived counts as examined, without a detector's lag: `pause` and `end` do not wait.
    fn settle_up_to(&mut self, at: CallTime) {
        self.read_rings(at);
        self.advance(at);
        let (received, heard) = self.progress();
        self.consent.stand(at, received.unwrap_or(CallTime::MIN), heard);
        self.follow(at);
    }

    /// Reads what the legs have brought by now: keys go to consent, audio into the lines. What they go on bringing waits for
    /// the next time.
    fn read_rings(&mut self, now: CallTime) {
        self.note_epochs();
        for index in 0..self.tracks.len() {
            let role = self.tracks[index].role();
            self.tracks[index].notice_drops(now);
            self.read_signals(now, index);
            let until = self.tracks[index].taken();
            while let Some(was) = self.tracks[index].next(self.facts.zero, until) {
                match was {
                    Was::Digit { digit, stamped, arrived } => self.note_key(role, digit, stamped, arrived),
                    Was::Audio(held) => self.take_in(index, held),
                }
            }
        }
        self.tell_keys(now, now);
        if self.tracks.iter().any(Track::has_too_many_streams) {
            self.consent.tell(now, Event::LimitReached);
        }
    }

    fn advance(&mut self, now: CallTime) {
        let (received, heard) = self.progress();
        self.consent.advance(now, received.map_or(CallTime::MIN, |to| to - EXAMINE_LAG), heard);
    }

    /// Up to where the callers' audio was received, and when their last packet came.
    fn progress(&self) -> (Option<CallTime>, Option<CallTime>) {
        let heard = self.callers().filter_map(Track::last_arrival).max();
        // Of several callers' legs the slowest counts, as long as it sends at all.
        let sends = |track: &&Track| track.last_arrival() >= heard.map(|last| last - SILENT_LEG);
        (self.callers().filter(sends).filter_map(Track::received_to).min(), heard)
    }

    fn callers(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(|track| track.role() == Role::Caller && track.is_open())
    }

    /// Does what followed from what consent was told. The gates are set before anything else is done. What direct sinks
    /// answered when the caller refused; `None` when he did not.
    fn follow(&mut self, now: CallTime) -> Option<Vec<Receipt>> {
        self.set_gates();
        let changes: Vec<Change> = self.consent.drain().collect();
        let mut receipts: Option<Vec<Receipt>> = None;
        for change in changes {
            self.events.add(CallEvent::Consent(change.clone()));
            match change {
                Change::Objected { .. } => receipts.get_or_insert_default().extend(self.refuse(now, Reason::Objected)),
                Change::Withdrawn { .. } => {
                    receipts.get_or_insert_default().extend(self.refuse(now, Reason::Withdrawn))
                }
                Change::Paused { at } => {
                    self.hand_on_now(at);
                    if self.broken.is_none() {
                        self.each_outlet(|outlet| outlet.mark(Mark::Pause, at));
                    }
                }
                Change::Resumed { at } => self.each_outlet(|outlet| outlet.mark(Mark::Resume, at)),
                Change::ControllerChanged { at } => self.close_outputs(at, Outcome::Complete, Reason::Ended),
                Change::Closed { at, reason } => {
                    self.hand_on_now(at);
                    self.close_outputs(at, Outcome::Complete, reason);
                }
                _ => {}
            }
        }
        self.sweep();
        receipts
    }

    /// Gives lent buffers back that nobody needs any more.
    fn sweep(&mut self) {
        self.tracks.iter_mut().for_each(Track::sweep);
    }

    /// An objection or withdrawal: what is held is wiped, every output is erased.
    fn refuse(&mut self, at: CallTime, reason: Reason) -> Vec<Receipt> {
        self.wipe();
        let erasure = Erasure { reason, at };
        let receipts: Vec<Receipt> = self.outlets.iter_mut().flat_map(|outlet| outlet.erase(&erasure)).collect();
        receipts.iter().cloned().for_each(|receipt| self.events.add(CallEvent::Receipt(receipt)));
        receipts
    }

    /// Wipes everything that no sink has yet.
    fn wipe(&mut self) {
        for index in 0..self.tracks.len() {
            while let Some(held) = self.tracks[index].line.pop() {
                self.settle(index, held, Fate::Purged);
            }
            self.tracks[index].wipe_ring();
        }
    }

    fn close_outputs(&mut self, at: CallTime, outcome: Outcome, reason: Reason) {
        for index in 0..self.outlets.len() {
            self.close_output(index, at, outcome, reason);
        }
    }

    pub(super) fn close_output(&mut self, index: usize, at: CallTime, outcome: Outcome, reason: Reason) {
        let Some(output) = self.outlets[index].output() else { return };
        // Not all that was permitted is in it.
        let outcome = match outcome {
            Outcome::Complete if self.outlets[index].has_failed() => Outcome::Truncated,
            outcome => outcome,
        };
        if outcome == Outcome::Complete
            && !self.outlets[index].has_failed()
            && let Err(fault) = self.say_last_gaps(index, at)
        {
            // Ends this output, as truncated.
            return self.sink_failed(index, fault);
        }
        self.hear_settled();
        // Nothing more is heard until the end is ordered: who settles what waits goes by what is said here.
        let closing = self.closing(index, at, outcome, reason);
        let waiting: Vec<u64> = self.tracks.iter().map(|track| track.awaited.borrow().waiting_for(index)).collect();
        match self.outlets[index].close(&closing, &waiting) {
            Ok(true) => self.events.add(CallEvent::OutputClosed { output, at, outcome, reason }),
            // One behind a queue tells when it has.
            Ok(false) => {}
            // That it failed was said already.
            Err(_) if outcome == Outcome::Truncated => {}
            Err(fault) => {
                self.events.add(CallEvent::SinkFailed { output, what: fault.sentence() });
                // Of a call that is over there is nothing left to end.
                if let Fault::Panic(what) = fault
                    && !self.consent.is_final()
                {
                    self.broken.get_or_insert(what);
                }
            }
        }
    }

    fn closing(&self, index: usize, at: CallTime, outcome: Outcome, reason: Reason) -> Closing {
        let outlet = &self.outlets[index];
        let legs = 0..self.tracks.len() as u8;
        let ledgers = legs.filter_map(|leg| Some((leg, self.sink_ledger_heard(index, leg)?))).collect();
        let all = self.consent.permitted(outlet.pairs()).map(|permission| permission.stretch);
        let permitted = all.filter(|stretch| stretch.to > outlet.opened_from()).collect();
        Closing { outcome, at, reason, permitted, ledgers }
    }

    /// After a panic in `fail` itself: at least nothing more comes in, and nothing held stays.
    pub(super) fn shut_all(&mut self) {
        for track in &mut self.tracks {
            track.set_gate(Gate::Shut, 0);
            while track.line.pop().is_some() {
                track.counts.purged += 1;
            }
            track.wipe_ring();
        }
    }

    /// Does something with every sink that works; an error ends that sink, not the call.
    fn each_outlet(&mut self, mut act: impl FnMut(&mut Outlet) -> Result<(), Fault>) {
        for index in 0..self.outlets.len() {
            if self.outlets[index].has_failed() {
                continue;
            }
            if let Err(fault) = act(&mut self.outlets[index]) {
                self.sink_failed(index, fault);
            }
        }
    }
}

impl Drop for Session {
    /// A writer may outlive its call: it finds the gate shut, and nobody behind it.
    fn drop(&mut self) {
        self.call.leave();
    }
}
