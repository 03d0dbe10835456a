//! The keeper: a thread that gives the seat of a stuck worker to a new one, and has stuck writers replaced.
//!
//! A worker is stuck when it has not come back from one call for [`stuck_after`](crate::engine::Config::stuck_after): a
//! direct sink does not return. The new worker takes over all other calls; the stuck one goes when it comes back.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crate::guard::caught;
use crate::time::{CallTime, MonoTime};

use super::core::Core;
use super::log::Level;
use super::spawn_worker;

/// How often it looks.
const EVERY: Duration = Duration::from_millis(100);

/// How often it looks while the engine stops, and after how many looks at one visit its worker is stuck then.
const WHEN_STOPPING: Duration = Duration::from_millis(5);
const STOPPING_LOOKS: u32 = 2;

/// Threads that may be stuck on one seat at a time, beside the one that works: a host whose sinks never return must not
/// fill the process.
const STUCK: usize = 8;

/// Keeps watch until the engine has stopped.
pub(super) fn run(core: &Arc<Core>) {
    let mut watched: Vec<Watched> = core.seats.iter().map(|_| Watched::default()).collect();
    while !core.is_over() {
        let looked = caught(|| {
            let now = core.clock.now();
            core.writers.attend(now);
            for (seat, watched) in watched.iter_mut().enumerate() {
                watched.look(core, seat, now, spawn_worker);
            }
        });
        if let Err(what) = looked {
            core.log.say(Level::Error, "keeper", format_args!("looking after the threads failed: {what}"));
        }
        match core.call_count() {
            _ if core.is_stopping() => thread::park_timeout(WHEN_STOPPING),
            0 => thread::park(),
            _ => thread::park_timeout(EVERY),
        }
    }
}

/// What was seen of a seat.
#[derive(Default)]
struct Watched {
    word: u64,
    since: MonoTime,
    /// How often the same visit was seen.
    looks: u32,
}

impl Watched {
    /// Gives a seat whose worker is stuck to a new thread, which `spawn` makes.
    fn look(
        &mut self,
        core: &Arc<Core>,
        seat: usize,
        now: MonoTime,
        spawn: impl FnOnce(&Arc<Core>, usize, u32) -> io::Result<()>,
    ) {
        let (word, is_inside) = core.seats[seat].seen();
        if word != self.word || !is_inside {
            *self = Watched { word, since: now, looks: 0 };
            return;
        }
        self.looks += 1;
        let stuck_for = now.on_call(self.since).since(CallTime::ZERO);
        // An engine that stops has a deadline: the other calls must not wait for who is stuck.
        let is_stuck =
            stuck_for >= core.shared.config.stuck_after || (core.is_stopping() && self.looks >= STOPPING_LOOKS);
        if !is_stuck || core.threads_on(seat) > STUCK {
            return;
        }
        // The new thread takes the seat itself: without one, whoever sits there keeps it.
        match spawn(core, seat, core.seats[seat].generation().wrapping_add(1)) {
            Ok(()) => {
                core.workers_replaced.fetch_add(1, Ordering::Relaxed);
                core.log.say(
                    Level::Error,
                    "worker",
                    format_args!("worker {seat} is stuck in a direct sink for {stuck_for:?}: another thread takes its other calls; register sinks that may block as queued"),
                );
                *self = Watched { word, since: now, looks: 0 };
            }
            // The next look tries again.
            Err(error) => {
                core.log.say(Level::Error, "worker", format_args!("no thread for worker {seat}: {error}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Config, LiveEngine};

    #[test]
    fn a_seat_for_which_the_system_gives_no_thread_is_given_away_at_the_next_look() {
        let engine = LiveEngine::start(Config::default(), None).expect("an engine");
        let core = &engine.core;
        // Nobody visits a call here: as if its worker did not come back from one.
        while core.seats[0].seen().0 >> 32 != 0 {
            thread::yield_now();
        }
        std::mem::forget(core.seats[0].visit(0));
        let after = |seconds: u64| MonoTime(seconds * 1_000_000_000);
        let mut watched = Watched::default();
        watched.look(core, 0, after(1), |_, _, _| panic!("nothing was seen twice"));
        watched.look(core, 0, after(5), |_, _, _| Err(io::ErrorKind::WouldBlock.into()));
        assert_eq!(core.seats[0].generation(), 0, "whoever sits there keeps the seat");
        let mut asked = 0;
        watched.look(core, 0, after(6), |_, _, generation| {
            asked = generation;
            Ok(())
        });
        assert_eq!(asked, 1);
    }
}
