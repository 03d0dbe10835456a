//! Who goes first in a play in real time: the order of the play in virtual time, kept by threads.
//!
//! At one moment of the call's clock first comes what the host does, then the packets. So a packet waits until all that
//! the host does by then was done, and what the host does waits until every packet from before was pushed: a thread that
//! is late makes the others wait, it changes nothing. These are waits of the replay; no thread of the engine is in them.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::engine::Clock;
use crate::time::{CallTime, MonoTime};

/// How long a wait lasts before its thread looks up: at the clock, which may have been moved, and at what else it does.
const SLICE: Duration = Duration::from_millis(20);

/// The call's clock, by the host's.
pub(super) struct Pace<'c> {
    pub(super) clock: &'c dyn Clock,
    /// The host's clock at the call clock's zero.
    pub(super) zero: MonoTime,
}

impl Pace<'_> {
    pub(super) fn now(&self) -> CallTime {
        self.clock.now().on_call(self.zero)
    }

    /// The same moment on the host's clock.
    pub(super) fn on_host(&self, at: CallTime) -> MonoTime {
        MonoTime(self.zero.0.saturating_add_signed(at.nanos()))
    }
}

/// Whose turn it is.
pub(super) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// No leg's packet from before this comes any more.
    packets: [CallTime; 2],
    /// What the host does next is at this moment.
    action: CallTime,
    /// One of the threads gave up.
    over: bool,
}

/// Whether it is the host's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Now,
    /// Look up, and ask again.
    NotYet,
    /// The play is over: a leg's thread gave up.
    Over,
}

impl Turns {
    /// The first thing that the host does is at `action`.
    pub(super) fn new(action: CallTime) -> Turns {
        let state = State { packets: [CallTime::MIN; 2], action, over: false };
        Turns { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// A leg's next packet comes at `at`: waits until it may be pushed, and says how late that is. `None` when the play is
    /// over. On the leg's own thread.
    pub(super) fn push_at(&self, leg: usize, at: CallTime, pace: &Pace<'_>) -> Option<Duration> {
        let mut state = self.state();
        state.packets[leg] = at;
        self.changed.notify_all();
        loop {
            if state.over {
                return None;
            }
            let now = pace.now();
            let early = at.since(now);
            if early.is_zero() && at < state.action {
                return Some(now.since(at));
            }
            let wait = if early.is_zero() { SLICE } else { early.min(SLICE) };
            state = self.wait(state, wait);
        }
    }

    /// What a leg's thread is in its play with; when it goes before it said that no packet comes any more, the play is
    /// over.
    pub(super) fn take_part(&self, leg: usize) -> Part<'_> {
        Part { turns: self, leg }
    }

    /// Waits, for a little while, until the host may do what it does at `at`: until all packets from before `before` were
    /// pushed. On the thread of the host.
    pub(super) fn tell_at(&self, at: CallTime, before: CallTime, pace: &Pace<'_>) -> Turn {
        let mut state = self.state();
        // Once only: whoever calls has other things to do.
        for last in [false, true] {
            let early = at.since(pace.now());
            if state.over {
                return Turn::Over;
            }
            if early.is_zero() && state.packets.iter().all(|&next| next >= before) {
                return Turn::Now;
            }
            if !last {
                let wait = if early.is_zero() { SLICE } else { early.min(SLICE) };
                state = self.wait(state, wait);
            }
        }
        Turn::NotYet
    }

    /// The host did it; the next thing is at `action`.
    pub(super) fn told(&self, action: CallTime) {
        self.state().action = action;
        self.changed.notify_all();
    }

    /// Nobody goes on.
    pub(super) fn stop(&self) {
        self.state().over = true;
        self.changed.notify_all();
    }

    /// Waits for a little while for nothing in particular.
    pub(super) fn rest(&self) {
        drop(self.wait(self.state(), SLICE));
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>, span: Duration) -> MutexGuard<'s, State> {
        self.changed.wait_timeout(state, span).unwrap_or_else(PoisonError::into_inner).0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whole at every moment: a thread that died in between has stopped the play by its part.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Turns::take_part`].
pub(super) struct Part<'t> {
    turns: &'t Turns,
    leg: usize,
}

impl Part<'_> {
    /// The leg's last packet was pushed.
    pub(super) fn is_done(&self) {
        self.turns.state().packets[self.leg] = CallTime::MAX;
        self.turns.changed.notify_all();
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        let is_done = self.turns.state().packets[self.leg] == CallTime::MAX;
        if !is_done {
            self.turns.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ManualClock;

    fn ms(millis: i64) -> CallTime {
        CallTime::from_millis(millis)
    }

    /// A clock whose call began a second ago, and which stands at `now` of it.
    fn clock(now: i64) -> (ManualClock, MonoTime) {
        let zero = MonoTime(1_000_000_000);
        let pace = Pace { clock: &ManualClock::at(zero, jiff::Timestamp::UNIX_EPOCH), zero };
        (ManualClock::at(pace.on_host(ms(now)), jiff::Timestamp::UNIX_EPOCH), zero)
    }

    #[test]
    fn what_the_host_does_waits_for_every_packet_from_before_and_for_none_from_its_moment_on() {
        let (clock, zero) = clock(100);
        let pace = Pace { clock: &clock, zero };
        let turns = Turns::new(ms(100));
        let legs = [turns.take_part(0), turns.take_part(1)];
        assert_eq!(turns.push_at(0, ms(80), &pace), Some(Duration::from_millis(20)));
        legs[1].is_done();
        assert_eq!(turns.tell_at(ms(100), ms(100), &pace), Turn::NotYet, "another packet of 80 ms may come");
        std::thread::scope(|scope| {
            // At the same moment, the host goes first.
            let pushed = scope.spawn(|| turns.push_at(0, ms(100), &pace));
            while turns.tell_at(ms(100), ms(100), &pace) != Turn::Now {}
            assert!(!pushed.is_finished(), "it waits until it was told");
            turns.told(CallTime::MAX);
            assert_eq!(pushed.join().expect("it ends"), Some(Duration::ZERO));
        });
    }

    #[test]
    fn nothing_happens_before_its_moment() {
        let (clock, zero) = clock(99);
        let pace = Pace { clock: &clock, zero };
        let turns = Turns::new(ms(101));
        let legs = [turns.take_part(0), turns.take_part(1)];
        legs[1].is_done();
        std::thread::scope(|scope| {
            let pushed = scope.spawn(|| turns.push_at(0, ms(100), &pace));
            assert_eq!(turns.tell_at(ms(101), ms(100), &pace), Turn::NotYet);
            assert!(!pushed.is_finished());
            clock.advance(Duration::from_millis(2));
            assert_eq!(pushed.join().expect("it ends"), Some(Duration::from_millis(1)));
            legs[0].is_done();
            assert_eq!(turns.tell_at(ms(101), CallTime::MAX, &pace), Turn::Now);
        });
    }

    #[test]
    fn a_leg_whose_thread_gives_up_ends_the_play_for_all() {
        let (clock, zero) = clock(0);
        let pace = Pace { clock: &clock, zero };
        let turns = Turns::new(CallTime::MAX);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| turns.push_at(1, ms(10), &pace));
            drop(turns.take_part(0));
            assert_eq!(waiting.join().expect("it ends"), None);
        });
        assert_eq!(turns.tell_at(ms(0), ms(0), &pace), Turn::Over);
    }
}
