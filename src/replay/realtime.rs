//! The play in real time: the capture at its own pace, through a live engine, as an exchange would bring it.
//!
//! One media thread for each leg reads the capture by itself and pushes that leg's packets when their moment has come;
//! the calling thread is the host's control thread and tells what happens, each thing with its exact moment. The arrival
//! told with a packet is the planned one too: that a thread was woken a little late is not what the call is judged by.
//! But the worker goes on meanwhile: a key it has judged stays judged, also when "digits are data" from before it comes
//! late.
//! Memory is bounded by one packet a leg, whatever the capture's size.

use std::thread::{Builder, ScopedJoinHandle};
use std::time::Duration;

use crate::capture::{Capture, CaptureError};
use crate::consent::Role;
use crate::engine::{Clock, Done, LegWriter, LiveCall, LiveEngine, LiveError};
use crate::policy::Tap;
use crate::sink::OutputId;
use crate::time::{CallTime, MonoTime};

use super::outputs::Outputs;
use super::packets::Packets;
use super::turns::{Pace, Turn, Turns};
use super::{Action, Prepared, ReplayError, Script, Seen};

/// Between setting up a call and its first packet.
const LEAD: Duration = Duration::from_millis(250);

/// Slots of a leg's ring: more than two seconds of 20 ms packets, for a machine on which worker or media threads are not
/// run for a while.
const SLOTS: usize = 128;

/// How long outputs may take to be closed, or erased, when the call is over.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a call is played in real time.
pub struct Stage<'e> {
    /// Its events are taken by the play: it has this one call.
    pub engine: &'e LiveEngine,
    /// The call, started with `zero`.
    pub call: &'e LiveCall,
    /// The engine's clock.
    pub clock: &'e dyn Clock,
    /// That clock at the call clock's zero: [`Prepared::live_zero`].
    pub zero: MonoTime,
}

/// A reading of the call's packets for each leg's thread, both at the first packet.
pub struct Readings([Packets; 2]);

/// How a play in real time went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Played {
    /// How long after its moment a packet was pushed, at the most. A machine that keeps pace stays below some
    /// milliseconds; far beyond, the result may differ from the play in virtual time.
    pub late: Duration,
    /// Outputs that were neither closed nor erased ten seconds after the call.
    pub unfinished: Vec<OutputId>,
}

impl Prepared {
    /// Begins to read the capture, opened twice: once for each leg's thread. To be done before the call is set up, for its
    /// first packet may lie behind gigabytes of other traffic. `[control]`: reads files.
    pub fn read_again(&self, captures: [Capture; 2]) -> Result<Readings, ReplayError> {
        let [first, second] = captures;
        let mut readings = [self.second_reading(first, CallTime::MAX)?, self.second_reading(second, CallTime::MAX)?];
        readings.iter_mut().try_for_each(Packets::read_ahead)?;
        Ok(Readings(readings))
    }

    /// Where a call's zero lies on the host's clock when it is set up at `now`: its first packet comes a quarter of a
    /// second later.
    pub fn live_zero(&self, now: MonoTime) -> MonoTime {
        let before_zero = CallTime::ZERO.since(self.begins());
        let lead = u64::try_from((LEAD + before_zero).as_nanos()).unwrap_or(u64::MAX);
        MonoTime(now.0.saturating_add(lead))
    }

    /// Opens the two legs on a live call, the caller's first.
    pub fn open_live_legs(&self, call: &LiveCall) -> Result<[LegWriter; 2], LiveError> {
        let open = |leg: usize, role| {
            let mut spec = self.formats[leg].leg(role);
            spec.slots = SLOTS;
            call.open_leg(&spec)
        };
        Ok([open(0, Role::Caller)?, open(1, Role::Agent)?])
    }

    /// Plays the call at its own pace to its end, or to `stop_at`, and on to the last withdrawal of the script; then waits
    /// until its outputs are closed or erased. `watch` is told of what follows, on this thread. `[control]`
    ///
    /// After an error the call is not ended: dropping it closes its outputs as failed.
    pub fn play_live(
        &self,
        readings: Readings,
        stage: &Stage<'_>,
        legs: &mut [LegWriter; 2],
        script: &Script,
        stop_at: Option<CallTime>,
        watch: &mut impl FnMut(Seen),
    ) -> Result<Played, ReplayError> {
        let (script, end) = self.plan(script, stop_at);
        let pace = Pace { clock: stage.clock, zero: stage.zero };
        let turns = Turns::new(next_at(script.actions().next(), end));
        let readings = readings.0.map(|packets| packets.until(end));
        std::thread::scope(|scope| {
            // Whatever ends this, nobody is left waiting.
            let _stop = Stop(&turns);
            let mut threads = Vec::new();
            for (((leg, packets), writer), name) in (0..).zip(readings).zip(legs).zip(["caller", "agent"]) {
                let (turns, pace, zero) = (&turns, &pace, self.zero);
                let media = Builder::new().name(format!("media-{name}"));
                let push = move || push(leg, packets, writer, zero, turns, pace);
                threads.push(media.spawn_scoped(scope, push).map_err(|source| ReplayError::NoThread { source })?);
            }
            let mut host =
                Host { stage, pace: &pace, turns: &turns, begins: self.begins(), outputs: Outputs::default() };
            let told = host.tell_all(&script, end, watch);
            turns.stop();
            let late = all(threads)?;
            told?;
            Ok(Played { late, unfinished: host.outputs.awaited() })
        })
    }

    /// The moment of the first packet of either leg, or zero.
    fn begins(&self) -> CallTime {
        self.first.on_call(self.zero).min(CallTime::ZERO)
    }
}

/// Pushes one leg's packets; says how late one was at the most. A media thread of its own.
fn push(
    leg: usize,
    mut packets: Packets,
    writer: &mut LegWriter,
    zero: MonoTime,
    turns: &Turns,
    pace: &Pace<'_>,
) -> Result<Duration, CaptureError> {
    let part = turns.take_part(leg);
    let mut latest = Duration::ZERO;
    while let Some(packet) = packets.next_packet()? {
        if packet.leg != leg {
            continue;
        }
        let Some(late) = turns.push_at(leg, packet.at, pace) else { return Ok(latest) };
        latest = latest.max(late);
        // The answer only says whether to go on offering; the ledger has it.
        let _ = writer.push_rtp(packet.bytes, pace.on_host(packet.arrival.on_call(zero)));
    }
    part.is_done();
    Ok(latest)
}

/// Waits for the media threads; the latest push of all. A panic of one goes on here.
fn all(threads: Vec<ScopedJoinHandle<'_, Result<Duration, CaptureError>>>) -> Result<Duration, CaptureError> {
    let mut latest = Duration::ZERO;
    for thread in threads {
        let late = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        latest = latest.max(late);
    }
    Ok(latest)
}

/// Nobody waits for a turn any longer when this goes.
struct Stop<'t>(&'t Turns);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// The host's control thread.
struct Host<'h> {
    stage: &'h Stage<'h>,
    pace: &'h Pace<'h>,
    turns: &'h Turns,
    begins: CallTime,
    outputs: Outputs,
}

impl Host<'_> {
    /// Tells the call everything that happens, and its end; then sees its outputs closed.
    fn tell_all(&mut self, script: &Script, end: CallTime, watch: &mut impl FnMut(Seen)) -> Result<(), LiveError> {
        let mut actions = script.actions().peekable();
        while let Some((at, action)) = actions.next_if(|(at, _)| *at <= end) {
            if !self.wait_for(*at, *at, watch) {
                return Ok(());
            }
            self.tell(*at, action.name(), |at, call| action.tell(at, call), watch)?;
            self.turns.told(next_at(actions.peek().copied(), end));
        }
        // Whatever arrived by then was spoken in the call.
        if !self.wait_for(end, CallTime::MAX, watch) {
            return Ok(());
        }
        self.tell(end, "the end of the call", |at, call| call.end(Some(at), None), watch)?;
        self.see_outputs_done(watch)?;
        // Of what happens after the call, only a withdrawal counts.
        for (at, action) in actions.filter(|(_, action)| matches!(action, Action::Withdraw(_))) {
            if !self.wait_for(*at, CallTime::MAX, watch) {
                return Ok(());
            }
            self.tell(*at, action.name(), |at, call| action.tell(at, call), watch)?;
            self.see_outputs_done(watch)?;
        }
        Ok(())
    }

    /// Waits until `at`, and until all packets from before `before` were pushed; false when a leg's thread gave up.
    fn wait_for(&mut self, at: CallTime, before: CallTime, watch: &mut impl FnMut(Seen)) -> bool {
        loop {
            self.look(watch);
            match self.turns.tell_at(at, before, self.pace) {
                Turn::Now => return true,
                Turn::Over => return false,
                Turn::NotYet => watch(Seen::Moment(self.pace.now())),
            }
        }
    }

    /// Tells the call what happens at `at`. What its worker has not done in time is no error: it will.
    fn tell(
        &mut self,
        at: CallTime,
        what: &'static str,
        tell: impl FnOnce(MonoTime, &LiveCall) -> Result<Done, LiveError>,
        watch: &mut impl FnMut(Seen),
    ) -> Result<(), LiveError> {
        let inside = match tell(self.pace.on_host(at), self.stage.call) {
            Ok(Done::Good) => return Ok(()),
            Ok(Done::Pending(inside)) => inside,
            Err(LiveError::Busy) => Vec::new(),
            Err(error) => return Err(error),
        };
        watch(Seen::Pending { at: self.pace.now(), what, inside });
        Ok(())
    }

    /// Tells what followed in the call.
    fn look(&mut self, watch: &mut impl FnMut(Seen)) {
        while let Some(event) = self.stage.engine.next_event() {
            self.outputs.see(&event.event);
            // It may have been decided when the call was set up.
            watch(Seen::Event(event.at.max(self.begins), event.event));
        }
    }

    /// Waits until the call's outputs are closed, and receipts are there of what is to be erased; not for ever.
    fn see_outputs_done(&mut self, watch: &mut impl FnMut(Seen)) -> Result<(), LiveError> {
        let until = self.pace.now() + PATIENCE;
        loop {
            // An answer to this comes after the events of what was told before.
            match self.stage.call.holds_audio(Tap::Record) {
                Ok(_) => self.look(watch),
                Err(LiveError::Busy) => {}
                Err(error) => return Err(error),
            }
            if self.outputs.awaited().is_empty() || self.pace.now() >= until {
                return Ok(());
            }
            self.turns.rest();
        }
    }
}

/// When the host does something next in the call.
fn next_at(next: Option<&(CallTime, Action)>, end: CallTime) -> CallTime {
    next.filter(|(at, _)| *at <= end).map_or(CallTime::MAX, |(at, _)| *at)
}
