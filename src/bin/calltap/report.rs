//! What came of a call, and who says it.

use std::path::PathBuf;

use calltap::consent::{Change, Permission, Reason};
use calltap::engine::{Call, CallEvent};
use calltap::frame::Ledger;
use calltap::policy::{Pairs, Policy, Purpose, Tap as Kind};
use calltap::replay::Prepared;
use calltap::sink::wav::WavFiles;
use calltap::time::CallTime;

use crate::args::Tap;
use crate::error::Failure;

/// One way of telling what happens: to people or to programs.
pub trait Voice {
    /// The call was found.
    fn begin(&self, args: &Tap, policy: &Policy, entity: &str, service: &str, call: &Prepared) -> Result<(), Failure>;
    /// Something followed.
    fn event(&self, at: CallTime, event: &CallEvent) -> Result<(), Failure>;
    /// The call is over.
    fn end(&self, report: &Report) -> Result<(), Failure>;
}

/// What came of a call.
#[derive(Debug, Default)]
pub struct Report {
    pub entity: String,
    pub policy_hash: String,
    /// An output got a frame and still has it.
    pub recorded: bool,
    /// A listener got a frame.
    pub monitored: bool,
    pub reason: Option<Reason>,
    /// The files that exist now.
    pub files: Vec<PathBuf>,
    /// When recording was permitted.
    pub permitted: Vec<Permission>,
    /// The caller's and the agent's account.
    pub ledgers: Vec<Ledger>,
    /// What was refused for good, as soon as it was.
    closed: Option<Reason>,
    /// What sinks complained of.
    sink_failures: Vec<String>,
    call_failure: Option<String>,
    /// How far consent came before the call ended.
    before_the_end: BeforeTheEnd,
}

/// How far consent came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum BeforeTheEnd {
    #[default]
    NoNotice,
    Window,
    Open,
    Paused,
}

impl Report {
    /// Takes note of what followed.
    pub fn see(&mut self, event: &CallEvent) {
        match event {
            CallEvent::Consent(change) => self.see_change(change),
            CallEvent::SinkFailed { what, .. } => self.sink_failures.push(what.clone()),
            CallEvent::CallFailed { what } => self.call_failure = Some(what.clone()),
            _ => {}
        }
    }

    fn see_change(&mut self, change: &Change) {
        match change {
            Change::NoticeGiven { .. } => self.before_the_end = BeforeTheEnd::Window,
            Change::Opened { .. } | Change::Resumed { .. } => self.before_the_end = BeforeTheEnd::Open,
            Change::Paused { .. } => self.before_the_end = BeforeTheEnd::Paused,
            Change::ControllerChanged { .. } => self.before_the_end = BeforeTheEnd::NoNotice,
            Change::Objected { .. } => self.closed = Some(Reason::Objected),
            Change::Withdrawn { .. } => self.closed = Some(Reason::Withdrawn),
            Change::Closed { reason, .. } if *reason != Reason::Ended => self.closed = Some(*reason),
            _ => {}
        }
    }

    /// Takes the accounts when the call is over.
    pub fn finish(&mut self, call: &Call, files: &[WavFiles]) {
        self.recorded = call.holds_audio(Kind::Record);
        self.monitored = call.holds_audio(Kind::Monitor);
        self.files = files.iter().flat_map(WavFiles::existing).collect();
        self.ledgers = (0..2).filter_map(|leg| call.ledger(leg)).collect();
        self.permitted = call.permitted(Pairs::one(Kind::Record, Purpose::Quality));
        self.reason = Some(self.closed.unwrap_or(match self.before_the_end {
            BeforeTheEnd::NoNotice => Reason::NoticeNotGiven,
            BeforeTheEnd::Window => Reason::WindowOpen,
            BeforeTheEnd::Open => Reason::Allowed,
            BeforeTheEnd::Paused => Reason::Paused,
        }));
    }

    /// Whether something went wrong that was asked for.
    pub fn failure(&self, call: &Prepared) -> Result<(), Failure> {
        if let Some(what) = self.call_failure.as_ref().or(self.sink_failures.first()) {
            return Err(Failure::Failed(what.clone()));
        }
        // A call that may never be tapped needs no codec.
        let refused =
            matches!(self.closed, Some(reason) if reason != Reason::Failed) || self.permitted_nothing_needed();
        for (formats, who) in call.formats().into_iter().zip(["caller", "agent"]) {
            let unknown = formats.undecodable();
            if !unknown.is_empty() && !refused {
                let codecs = unknown.join(", ");
                return Err(Failure::Failed(format!(
                    "the {who}'s audio is {codecs}, which this version cannot decode: none of it was examined or recorded; G.711 (PCMA, PCMU) and L16 can be"
                )));
            }
        }
        Ok(())
    }

    fn permitted_nothing_needed(&self) -> bool {
        self.before_the_end == BeforeTheEnd::NoNotice
    }
}
