//! Engines. The header is `include/calltap/engine.h`.

use std::ffi::{c_int, c_void};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::engine::{EngineEvent, EventTo, Level, LiveEngine, LiveError, LogTo, Parts, StartError};

use super::boundary::{boundary, quiet};
use super::c;
use super::config::{complaint, config_of};
use super::event::event;
use super::failure::Failure;
use super::pointer::{Const, In, Out, OutValue, Shared, Slot, Struct};
use super::policy::{Policy, c_text};

/// What `calltap_engine` is.
pub struct Engine {
    live: LiveEngine,
    /// How many forgotten events the host was told of.
    lost: AtomicU64,
    /// How long a function waits that is told no deadline.
    deadline: Duration,
}

impl Engine {
    /// The engine, unless it was shut down or this is a forked child.
    pub(super) fn running(&self) -> Result<&LiveEngine, Failure> {
        self.live.check()?;
        Ok(&self.live)
    }

    /// Refuses in a forked child; what is left of an engine that was shut down can be read.
    fn not_forked(&self) -> Result<(), Failure> {
        match self.live.check() {
            Err(forked @ LiveError::Forked) => Err(forked.into()),
            _ => Ok(()),
        }
    }
}

impl Drop for Engine {
    /// With the deadline that the host gave.
    fn drop(&mut self) {
        if let Ok(engine) = self.running() {
            engine.shutdown(self.deadline);
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Failure {
        match &error {
            StartError::Config(wrong) => Failure::new(c::E_CONFIG, complaint(wrong)),
            _ => Failure::new(c::E_IO, error.to_string()),
        }
    }
}

/// Makes an engine. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_engine_create(
    config: In<c::EngineConfig>,
    policy: Const<Policy>,
    engine_out: Slot<Engine>,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let place = engine_out.place("engine_out: it is null; no engine was made")?;
        let given = config.optional("config: its struct_size is of no version; no engine was made")?;
        let given = given.unwrap_or_else(c::EngineConfig::sized);
        let config = config_of(&given);
        let deadline = config.deadline;
        let mut parts = Parts::new(config, policy.optional().map(Policy::share));
        parts.on_event = event_listener(&given);
        parts.on_log = log_listener(&given);
        let live = LiveEngine::of(parts)?;
        place.put(Engine { live, lost: AtomicU64::new(0), deadline });
        Ok(c::OK)
    })
}

/// A context of the host, given back to its callback.
struct Context(*mut c_void);

// SAFETY: the host says in engine.h that its callbacks may be called on any thread, several at once.
unsafe impl Send for Context {}
// SAFETY: the same.
unsafe impl Sync for Context {}

impl Context {
    /// Through a method, so that a closure takes the whole and not the pointer in it.
    fn pointer(&self) -> *mut c_void {
        self.0
    }
}

fn event_listener(given: &c::EngineConfig) -> Option<EventTo> {
    let (callback, context) = (given.on_event?, Context(given.event_context));
    Some(Box::new(move |told: &EngineEvent| {
        let told = event(told, 0);
        // SAFETY: the host's function and context, and a struct that lives until it returns.
        unsafe { callback(context.pointer(), &raw const told) };
    }))
}

fn log_listener(given: &c::EngineConfig) -> Option<LogTo> {
    let (callback, context) = (given.on_log?, Context(given.log_context));
    Some(Arc::new(move |level, target: &str, text: &str| {
        let level = match level {
            Level::Error => c::LOG_ERROR,
            Level::Warning => c::LOG_WARNING,
            Level::Info => c::LOG_INFO,
        };
        let (target, text) = (c_text(target), c_text(text));
        // SAFETY: the host's function and context, and texts that live until it returns.
        unsafe { callback(context.pointer(), level, target.as_ptr(), text.as_ptr()) };
    }))
}

/// Ends every call and stops the threads. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_engine_shutdown(engine: Shared<Engine>, deadline_ms: u32, error_out: Out<c::Error>) -> i32 {
    boundary(error_out, || {
        let engine = engine.get("engine: it is null; nothing was done")?;
        let deadline = super::call::deadline(deadline_ms).unwrap_or(engine.deadline);
        Ok(if engine.running()?.shutdown(deadline) { c::OK } else { c::PENDING })
    })
}

/// How the engine does. `[any]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_engine_counters_read(
    engine: Const<Engine>,
    counters_out: Out<c::EngineCounters>,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let room = counters_out.required("counters_out: it is null or its struct_size is of no version")?;
        let engine = engine.get("engine: it is null")?;
        engine.not_forked()?;
        let counters = engine.live.counters();
        room.fill(&c::EngineCounters {
            calls: counters.calls as u64,
            turned_away: counters.turned_away,
            outputs: counters.outputs as u64,
            held_bytes: counters.held_bytes as u64,
            queue_bytes: counters.queue_bytes as u64,
            events_waiting: counters.events_waiting as u64,
            events_lost: counters.events_lost,
            workers_replaced: counters.workers_replaced,
            ..c::EngineCounters::sized()
        });
        Ok(c::OK)
    })
}

/// The oldest event that waits. `[any]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_engine_next_event(
    engine: Shared<Engine>,
    event_out: Out<c::Event>,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let room = event_out.required("event_out: it is null or its struct_size is of no version")?;
        let engine = engine.get("engine: it is null")?;
        engine.not_forked()?;
        let Some(next) = engine.live.next_event() else { return Ok(c::EMPTY) };
        let lost = engine.live.counters().events_lost;
        let told = engine.lost.swap(lost, Ordering::SeqCst);
        room.fill(&event(&next, lost.saturating_sub(told)));
        Ok(c::OK)
    })
}

/// A descriptor that is readable while an event waits. `[any]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_engine_event_fd(
    engine: Const<Engine>,
    fd_out: OutValue<c_int>,
    error_out: Out<c::Error>,
) -> i32 {
    boundary(error_out, || {
        let fd_out = fd_out.required(-1, "fd_out: it is null")?;
        let engine = engine.get("engine: it is null")?;
        engine.not_forked()?;
        fd_out.put(engine.live.event_fd().as_raw_fd());
        Ok(c::OK)
    })
}

/// Destroys an engine. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_engine_destroy(engine: Slot<Engine>) {
    quiet((), || drop(engine.take()));
}
