//! Calls that run live: media threads push, workers deliver, control threads tell what happens.
//!
//! [`LiveEngine`] has the threads; [`LiveCall`] is a control thread's handle of one call, usable from several threads. A
//! worker steps the very same [`Call`](super::Call) that a replay steps, with the time of the engine's [`Clock`].
//!
//! Threads: `workers` of them own the calls; a pool of writers serves the sinks that are behind queues; one keeper replaces
//! those that are stuck. All block every signal and have names (`calltap-...`). They end with
//! [`LiveEngine::shutdown`].

mod call;
mod core;
mod error;
mod events;
mod hosted;
mod keeper;
mod listener;
mod log;
mod reply;
mod seat;
mod worker;

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

pub use call::{Done, LiveCall, Stuck};
pub use error::{LiveError, StartError};
pub use events::{EngineEvent, EventTo};
pub use log::{Level, LogTo};

use self::core::{Core, Seated};
use self::events::Events;
use self::log::Log;
use super::call::CallSpec;
use super::clock::{Clock, Deadline, SystemClock};
use super::config::{Config, Shared};
use super::ids::{OutputIds, RandomIds};
use crate::policy::Policy;
use crate::sink::buffered::{Quiet, Writers, WritersConfig};
use crate::thread::spawn;
#[cfg(feature = "capi")]
use crate::time::MonoTime;

/// The number of a call in its engine; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a live engine is made of. `Parts::new` fills in what nobody says.
pub struct Parts {
    /// Limits and times.
    pub config: Config,
    /// Without a policy every call is answered and none is tapped.
    pub policy: Option<Arc<Policy>>,
    /// Where output ids come from.
    pub ids: Box<dyn OutputIds>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where events go instead of the queue.
    pub on_event: Option<EventTo>,
    /// Where the log goes. Without it nothing is printed.
    pub on_log: Option<LogTo>,
}

impl Parts {
    /// Random ids, the system's clock, the event queue, no log.
    pub fn new(config: Config, policy: Option<Arc<Policy>>) -> Parts {
        Parts {
            config,
            policy,
            ids: Box::new(RandomIds::default()),
            clock: Arc::new(SystemClock),
            on_event: None,
            on_log: None,
        }
    }
}

/// How an engine does. Counts only rise but `calls`, `outputs`, `held_bytes`, `queue_bytes`, and `events_waiting`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Calls now.
    pub calls: usize,
    /// Outputs that are open now.
    pub outputs: usize,
    /// Bytes of audio held back outside of rings now.
    pub held_bytes: usize,
    /// Bytes of audio that wait in queues, outside of rings, now.
    pub queue_bytes: usize,
    /// Events that wait for the host.
    pub events_waiting: usize,
    /// Events that were forgotten because nobody asked.
    pub events_lost: u64,
    /// Calls that came over the limit: shut, the phone call went on.
    pub turned_away: u64,
    /// Workers that were replaced because they were stuck or died.
    pub workers_replaced: u64,
}

/// The engine of live calls. `[control]`, from any thread.
///
/// Dropping it shuts it down, and waits 2 s for that unless a shutdown was waited for before. Afterwards neither of its
/// call-backs is called, nor inside of one; whoever drops it inside of a call-back must let that one return.
pub struct LiveEngine {
    core: Arc<Core>,
    /// Whether a shutdown was waited for: none is waited for again.
    waited: AtomicBool,
}

impl LiveEngine {
    /// Starts an engine under a policy, with the system's clock.
    pub fn start(config: Config, policy: Option<Arc<Policy>>) -> Result<LiveEngine, StartError> {
        LiveEngine::of(Parts::new(config, policy))
    }

    /// Starts an engine of these parts.
    pub fn of(parts: Parts) -> Result<LiveEngine, StartError> {
        let system = |what| move |source| StartError::System { what, source };
        let shared = Arc::new(Shared::new(parts.config, parts.policy, parts.ids)?);
        let events = Events::new(shared.config.events, parts.on_event).map_err(system("descriptor for events"))?;
        let quiet = Arc::new(Quiet::new());
        let clock = parts.clock;
        let writers = WritersConfig {
            threads: shared.config.writers,
            most: shared.config.max_writers,
            stuck_after: shared.config.stuck_after,
        };
        let read = Arc::clone(&clock);
        let writers = Writers::start(writers, Arc::new(move || read.now())).map_err(system("writer thread"))?;
        let core = Arc::new(Core::new(shared, clock, events, Log::to(parts.on_log), Arc::new(writers), quiet));
        // From here on a drop stops what was started.
        let engine = LiveEngine { core: Arc::clone(&core), waited: AtomicBool::new(false) };
        for seat in 0..core.seats.len() {
            spawn_worker(&core, seat, 0).map_err(system("worker thread"))?;
        }
        spawn_keeper(&core).map_err(system("keeper thread"))?;
        Ok(engine)
    }

    /// Starts a call. It is decided at once whether it may ever be tapped: ask [`LiveCall::decision`]. Over the limit of
    /// calls it is shut with the reason `limit reached`; it never fails.
    ///
    /// A `spec.zero` of 0 is now, and the time of day with it.
    pub fn start_call(&self, mut spec: CallSpec) -> LiveCall {
        if spec.zero.0 == 0 {
            (spec.zero, spec.started) = (self.core.clock.now(), self.core.clock.utc());
        }
        LiveCall::start(&self.core, spec)
    }

    /// Whether anything can be started at all.
    #[cfg(feature = "capi")]
    pub(crate) fn check(&self) -> Result<(), LiveError> {
        if self.core.shared.kin.is_child() {
            return Err(LiveError::Forked);
        }
        if self.core.is_stopping() { Err(LiveError::Stopped) } else { Ok(()) }
    }

    /// The time of day at a moment of the monotonic clock, as far as both go on as they do now.
    #[cfg(feature = "capi")]
    pub(crate) fn utc_at(&self, moment: MonoTime) -> jiff::Timestamp {
        let ago = self.core.clock.now().on_call(moment).nanos();
        let now = self.core.clock.utc();
        now.checked_sub(jiff::SignedDuration::from_nanos(ago)).unwrap_or(now)
    }

    /// Takes the oldest event that waits. With an event call-back there is never one.
    pub fn next_event(&self) -> Option<EngineEvent> {
        if self.core.shared.kin.is_child() {
            // The descriptor is the parent's too, and says what waits there.
            return None;
        }
        self.core.events.next()
    }

    /// A descriptor that is readable while an event waits. It belongs to the engine; do not read from it.
    pub fn event_fd(&self) -> BorrowedFd<'_> {
        self.core.events.descriptor()
    }

    /// How it does.
    pub fn counters(&self) -> Counters {
        let core = &*self.core;
        if core.shared.kin.is_child() {
            // Whoever held the locks is not here.
            return Counters::default();
        }
        let (events_waiting, events_lost) = core.events.counts();
        Counters {
            calls: core.call_count(),
            outputs: core.shared.outputs.load(Ordering::Relaxed),
            held_bytes: core.shared.pool.used(),
            queue_bytes: core.shared.queue_pool.used(),
            events_waiting,
            events_lost,
            turned_away: core.turned_away.load(Ordering::Relaxed),
            workers_replaced: core.workers_replaced.load(Ordering::Relaxed),
        }
    }

    /// Ends every call as it stands: what is held is examined and handed on, outputs are closed, queues are written. Waits
    /// for that until `deadline` has passed; false when a sink did not return by then: its thread is left behind and lets
    /// go of it whenever it does. Afterwards every handle answers [`LiveError::Stopped`].
    ///
    /// From inside of a call-back of the library it waits for nothing and answers false; say it again, or drop the engine.
    pub fn shutdown(&self, deadline: Duration) -> bool {
        let core = &*self.core;
        if core.shared.kin.is_child() {
            // Its threads are the parent's.
            return true;
        }
        core.stop();
        core.seats.iter().for_each(seat::Seat::wake);
        core.wake_keeper();
        if crate::thread::is_ours() {
            // A call-back: its own thread would be waited for.
            return false;
        }
        self.waited.store(true, Ordering::SeqCst);
        // In real time: the injected clock may stand still.
        let until = Deadline::after(deadline);
        let ended = core.quiet.wait(until.left(), || core.working.load(Ordering::SeqCst) == 0);
        if !ended {
            // Sinks that do not return get nothing more when they do.
            core.abandon();
        }
        let drained = core.writers.drain(until.left()) == 0;
        core.over.store(true, Ordering::SeqCst);
        core.wake_keeper();
        let kept = core.quiet.wait(until.left().max(LAST_LOOK), || core.keeping.load(Ordering::SeqCst) == 0);
        if ended && kept {
            // They have nothing left to do.
            core.threads().drain(..).for_each(Seated::join);
        }
        ended && drained && kept
    }
}

/// How long the keeper may take to go, when nothing is left of a deadline.
const LAST_LOOK: Duration = Duration::from_millis(100);

/// How long an engine that is dropped waits for its sinks.
const LAST_WAIT: Duration = Duration::from_secs(2);

impl Drop for LiveEngine {
    fn drop(&mut self) {
        if self.core.shared.kin.is_child() {
            // Nobody in a forked child may wait for the parent's threads, nor for a lock that one of them held: what they
            // share is left to the child's end.
            std::mem::forget(Arc::clone(&self.core));
            return;
        }
        self.shutdown(if self.waited.load(Ordering::SeqCst) { Duration::ZERO } else { LAST_WAIT });
        // Also when it was dropped in a call-back: nobody comes again.
        self.core.over.store(true, Ordering::SeqCst);
        self.core.wake_keeper();
        // What a stuck thread still has to say when it comes back, nobody hears.
        self.core.events.close();
        self.core.log.close();
    }
}

impl fmt::Debug for LiveEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveEngine").field("counters", &self.counters()).finish_non_exhaustive()
    }
}

/// Puts a thread on a worker's seat.
fn spawn_worker(core: &Arc<Core>, seat: usize, generation: u32) -> io::Result<()> {
    let working = Running::of(core, |core| &core.working);
    let thread = spawn(&format!("calltap-work-{seat}"), move || worker::run(&working.core, seat, generation))?;
    core.threads().push(Seated { seat: Some(seat), thread });
    Ok(())
}

fn spawn_keeper(core: &Arc<Core>) -> io::Result<()> {
    let keeping = Running::of(core, |core| &core.keeping);
    let thread = spawn("calltap-keep", move || keeper::run(&keeping.core))?;
    *core.keeper.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(thread.thread().clone());
    core.threads().push(Seated { seat: None, thread });
    Ok(())
}

/// A thread of the engine counts as running while this lives.
struct Running {
    core: Arc<Core>,
    count: fn(&Core) -> &AtomicUsize,
}

impl Running {
    fn of(core: &Arc<Core>, count: fn(&Core) -> &AtomicUsize) -> Running {
        count(core).fetch_add(1, Ordering::SeqCst);
        Running { core: Arc::clone(core), count }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        (self.count)(&self.core).fetch_sub(1, Ordering::SeqCst);
        self.core.quiet.notify();
    }
}
