//! The keeper: a thread that gives the seat of a stuck worker to a new one, and has stuck writers replaced.
//!
//! A worker is stuck when it has not come back from one call for [`stuck_after`](crate::engine::Config::stuck_after): a
//! direct sink does not return. The new worker takes over all other calls; the stuck one goes when it comes back.

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
                watched.look(core, seat, now);
            }
        });
        if let Err(what) = looked {
            core.log.say(Level::Error, "keeper", format_args!("looking after the threads failed: {what}"));
        }
        match core.call_count() {
            0 if !core.is_stopping() => thread::park(),
            _ => thread::park_timeout(EVERY),
        }
    }
}

/// What was seen of a seat.
#[derive(Default)]
struct Watched {
    visits: u64,
    since: MonoTime,
}

impl Watched {
    fn look(&mut self, core: &Arc<Core>, seat: usize, now: MonoTime) {
        let visits = core.seats[seat].visits.load(Ordering::SeqCst);
        let is_inside = visits % 2 == 1;
        if visits != self.visits || !is_inside {
            (self.visits, self.since) = (visits, now);
            return;
        }
        let stuck_for = now.on_call(self.since).since(CallTime::ZERO);
        if stuck_for < core.shared.config.stuck_after || core.threads_on(seat) > STUCK {
            return;
        }
        let generation = core.seats[seat].give_away();
        match spawn_worker(core, seat, generation) {
            Ok(()) => {
                core.workers_replaced.fetch_add(1, Ordering::Relaxed);
                core.log.say(
                    Level::Error,
                    "worker",
                    format_args!("worker {seat} is stuck in a direct sink for {stuck_for:?}: another thread took its other calls; register sinks that may block as queued"),
                );
            }
            Err(error) => {
                // The next look tries again.
                core.log.say(Level::Error, "worker", format_args!("no thread for worker {seat}: {error}"));
            }
        }
        (self.visits, self.since) = (0, now);
    }
}
