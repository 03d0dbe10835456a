//! The play in virtual time: one thread pushes, ticks and tells, each at its moment of the call's clock. Nothing waits
//! for real time.

use crate::capture::Capture;
use crate::engine::{Call, LegWriter, TICK};
use crate::time::CallTime;

use super::{Action, Prepared, ReplayError, Script, Seen};

impl Prepared {
    /// Plays the call to its end, or to `stop_at`: a hang-up there. `watch` is told of what follows, and how far the
    /// reading has come.
    pub fn play(
        &self,
        capture: Capture,
        call: &mut Call,
        legs: &mut [LegWriter; 2],
        script: &Script,
        stop_at: Option<CallTime>,
        watch: &mut impl FnMut(Seen),
    ) -> Result<(), ReplayError> {
        let (script, end) = self.plan(script, stop_at);
        let mut packets = self.second_reading(capture, end)?;
        let mut clock = Clock { now: CallTime::MIN, next_tick: CallTime::MIN, actions: script.actions().peekable() };
        while let Some(packet) = packets.next_packet()? {
            clock.run_to(packet.at, call, watch);
            // The answer only says whether to go on offering; the ledger has it.
            let _ = legs[packet.leg].push_rtp(packet.bytes, packet.arrival);
            watch(Seen::Position(packets.position()));
        }
        clock.run_to(end, call, watch);
        call.end(end);
        // Of what happens after the call, only a withdrawal counts.
        for (at, action) in clock.actions.by_ref().filter(|(_, action)| matches!(action, Action::Withdraw(_))) {
            action.act((*at).max(clock.now), call);
        }
        clock.tell(call, watch);
        Ok(())
    }
}

/// The call's clock: runs the worker's ticks and the script between two packets.
struct Clock<'s, I: Iterator<Item = &'s (CallTime, Action)>> {
    now: CallTime,
    next_tick: CallTime,
    actions: std::iter::Peekable<I>,
}

impl<'s, I: Iterator<Item = &'s (CallTime, Action)>> Clock<'s, I> {
    /// Everything up to `until`, it included: at one moment first the tick, then the script, then (by the caller) packets.
    fn run_to(&mut self, until: CallTime, call: &mut Call, watch: &mut impl FnMut(Seen)) {
        if self.next_tick == CallTime::MIN {
            // Ticks lie on whole steps of the call's clock, whichever packet comes first.
            let step = TICK.as_nanos() as i64;
            self.next_tick =
                CallTime::from_nanos(until.min(CallTime::ZERO).nanos().div_euclid(step).saturating_mul(step));
        }
        loop {
            let action = self.actions.peek().map_or(CallTime::MAX, |(at, _)| *at);
            let next = self.next_tick.min(action);
            if next > until {
                break;
            }
            self.now = self.now.max(next);
            if self.next_tick <= action {
                call.step(self.now);
                self.next_tick = self.next_tick + TICK;
            } else if let Some((at, action)) = self.actions.next() {
                action.act((*at).max(self.now), call);
            }
            self.tell(call, watch);
        }
        self.now = self.now.max(until);
    }

    fn tell(&self, call: &mut Call, watch: &mut impl FnMut(Seen)) {
        for event in call.events() {
            watch(Seen::Event(self.now, event));
        }
    }
}
