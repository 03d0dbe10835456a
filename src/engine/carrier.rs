//! How an output's sink is reached: directly, on the worker, or behind a queue.
//!
//! A stepped call reaches every sink directly. In a live one those behind queues answer later, by reports; a direct one
//! that overruns its budget too often is moved to a queue. `[worker]`

use std::sync::Arc;
use std::time::Duration;

use crate::guard::Theirs;
use crate::sink::buffered::{Around, Buffered, Limits, Quiet, Report, Writers};
use crate::sink::{Fault, sink_call};
use crate::sink::{OutputId, Sink, SinkError};
use crate::time::{CallTime, MonoTime};

use super::clock::Clock;
use super::config::Shared;
use super::outlet::Run;

/// How often a direct sink may overrun its budget before it is moved.
const OVERRUNS: u32 = 10;

/// What a live call runs its sinks with.
pub(super) struct Backstage {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) writers: Arc<Writers>,
    /// What the call's control threads wait on.
    pub(super) quiet: Arc<Quiet>,
}

/// The way to one sink.
pub(super) enum Carrier {
    Direct {
        sink: Theirs<Box<dyn Sink>>,
        overruns: u32,
    },
    Queued(Box<Buffered>),
    /// Its sink is on its way to a queue: for a moment, or for good if that panicked.
    Nowhere,
}

impl Carrier {
    /// A sink that is not open yet.
    pub(super) fn of(
        sink: Box<dyn Sink>,
        run: Run,
        output: OutputId,
        shared: &Shared,
        backstage: Option<&Backstage>,
    ) -> Carrier {
        match (run, backstage) {
            (Run::Direct, _) | (_, None) => Carrier::Direct { sink: Theirs::new(sink), overruns: 0 },
            (_, Some(backstage)) => {
                Carrier::Queued(Box::new(Buffered::around(sink, around(output, shared, backstage))))
            }
        }
    }

    /// Does something with the sink, or orders it.
    pub(super) fn call<R>(&mut self, act: impl FnOnce(&mut dyn Sink) -> Result<R, SinkError>) -> Result<R, Fault> {
        match self {
            Carrier::Direct { sink: Theirs(Some(sink)), .. } => sink_call(|| act(&mut **sink)),
            Carrier::Queued(queue) => sink_call(|| act(&mut **queue)),
            Carrier::Direct { .. } | Carrier::Nowhere => Err(Fault::Error(lost())),
        }
    }

    /// The same with a direct sink's budget watched. Says whether the sink was moved to a queue for it.
    pub(super) fn call_watched<R>(
        &mut self,
        output: OutputId,
        shared: &Shared,
        backstage: Option<&Backstage>,
        act: impl FnOnce(&mut dyn Sink) -> Result<R, SinkError>,
    ) -> (Result<R, Fault>, bool) {
        let (Carrier::Direct { .. }, Some(backstage)) = (&*self, backstage) else { return (self.call(act), false) };
        let began = backstage.clock.now();
        let result = self.call(act);
        let took = backstage.clock.now().on_call(began).since(CallTime::ZERO);
        let moved = result.is_ok() && self.overran(took, shared.config.direct_budget);
        if moved
            && let Carrier::Direct { mut sink, .. } = std::mem::replace(self, Carrier::Nowhere)
            && let Some(sink) = sink.0.take()
        {
            *self = Carrier::Queued(Box::new(Buffered::around_open(sink, around(output, shared, backstage))));
        }
        (result, moved)
    }

    /// Whether it overran once too often.
    fn overran(&mut self, took: Duration, budget: Duration) -> bool {
        let Carrier::Direct { overruns, .. } = self else { return false };
        *overruns += u32::from(took > budget);
        *overruns >= OVERRUNS
    }

    /// Its queue.
    pub(super) fn queue(&self) -> Option<&Buffered> {
        match self {
            Carrier::Queued(queue) => Some(queue),
            _ => None,
        }
    }

    /// The same, to put something into it.
    pub(super) fn queue_mut(&mut self) -> Option<&mut Buffered> {
        match self {
            Carrier::Queued(queue) => Some(queue),
            _ => None,
        }
    }

    /// What happened behind its queue.
    pub(super) fn reports(&mut self, now: MonoTime) -> Vec<Report> {
        match self {
            Carrier::Queued(queue) => queue.reports(now),
            _ => Vec::new(),
        }
    }
}

fn around<'a>(output: OutputId, shared: &'a Shared, backstage: &'a Backstage) -> Around<'a> {
    let config = &shared.config;
    let limits = Limits { frames: config.queue_frames, slot_quota: config.slot_quota, ..Limits::default() };
    Around { output, writers: &backstage.writers, pool: &shared.queue_pool, quiet: &backstage.quiet, limits }
}

fn lost() -> SinkError {
    SinkError { what: "the sink was lost on its way to a queue: it gets nothing more".to_owned(), source: None }
}
