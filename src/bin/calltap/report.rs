//! What came of a call, and who says it.

use std::path::PathBuf;
use std::time::Duration;

use calltap::consent::{Change, Decision, Permission, Reason};
use calltap::engine::{Call, CallEvent, LiveCall, LiveError, MAX_PACKET, Stuck};
use calltap::frame::Ledger;
use calltap::policy::{Pairs, Policy, Purpose, Tap as Kind};
use calltap::replay::{Played, Prepared};
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
    /// What the host told was not done at its deadline; these sinks were inside of a call.
    fn pending(&self, at: CallTime, what: &str, inside: &[Stuck]) -> Result<(), Failure>;
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
    /// What was left out.
    pub notes: Vec<String>,
    /// The caller's and the agent's account.
    pub ledgers: Vec<Ledger>,
    /// What was refused for good, as soon as it was.
    closed: Option<Reason>,
    /// What sinks complained of.
    sink_failures: Vec<String>,
    call_failure: Option<String>,
    /// How far consent came before the call ended.
    so_far: SoFar,
    /// How late a packet was pushed at the most, in real time.
    late: Duration,
}

/// What is read from a call when it is over.
#[derive(Debug)]
pub struct Accounts {
    recorded: bool,
    monitored: bool,
    permitted: Vec<Permission>,
    ledgers: Vec<Ledger>,
}

impl Accounts {
    /// Those of a call that was stepped.
    pub fn of(call: &Call) -> Accounts {
        Accounts {
            recorded: call.holds_audio(Kind::Record),
            monitored: call.holds_audio(Kind::Monitor),
            permitted: call.permitted(Pairs::one(Kind::Record, Purpose::Quality)),
            ledgers: (0..2).filter_map(|leg| call.ledger(leg)).collect(),
        }
    }

    /// Those of a live one.
    pub fn of_live(call: &LiveCall) -> Result<Accounts, LiveError> {
        Ok(Accounts {
            recorded: call.holds_audio(Kind::Record)?,
            monitored: call.holds_audio(Kind::Monitor)?,
            permitted: call.permitted(Pairs::one(Kind::Record, Purpose::Quality))?,
            ledgers: [call.ledger(0)?, call.ledger(1)?].into_iter().flatten().collect(),
        })
    }
}

/// How far consent came.
#[derive(Clone, Copy, Debug, Default)]
struct SoFar {
    /// The policy allows this entity's calls to be monitored only.
    never_recorded: bool,
    notice_given: bool,
    opened: bool,
    paused: bool,
}

impl SoFar {
    /// Why the call may be recorded or not, as it stands.
    fn reason(self) -> Reason {
        match self {
            SoFar { never_recorded: true, .. } => Reason::EntityExcluded,
            SoFar { paused: true, .. } => Reason::Paused,
            SoFar { notice_given: false, .. } => Reason::NoticeNotGiven,
            SoFar { opened: false, .. } => Reason::WindowOpen,
            _ => Reason::Allowed,
        }
    }
}

impl Report {
    /// Before a call is played.
    pub fn of(decision: &Decision) -> Report {
        let never_recorded = decision.reason == Reason::EntityExcluded;
        Report { so_far: SoFar { never_recorded, ..SoFar::default() }, ..Report::default() }
    }

    /// Takes note of what followed.
    pub fn see(&mut self, event: &CallEvent) {
        match event {
            CallEvent::Consent(change) => self.see_change(change),
            CallEvent::SinkFailed { what, .. } => self.sink_failures.push(what.clone()),
            CallEvent::CallFailed { what } => self.call_failure = Some(what.clone()),
            _ => {}
        }
    }

    /// Takes note of how a play in real time went.
    pub fn see_pace(&mut self, played: &Played) {
        self.late = played.late;
        self.sink_failures.extend(played.unfinished.iter().map(|output| {
            format!(
                "recording {output} was not finished ten seconds after the call: what it has by then stays as it is"
            )
        }));
    }

    fn see_change(&mut self, change: &Change) {
        match change {
            Change::NoticeGiven { .. } => self.so_far.notice_given = true,
            Change::Opened { .. } => self.so_far.opened = true,
            Change::Paused { .. } => self.so_far.paused = true,
            Change::Resumed { .. } => self.so_far.paused = false,
            Change::ControllerChanged { .. } => {
                self.so_far = SoFar { notice_given: false, opened: false, ..self.so_far };
            }
            Change::Objected { .. } => self.closed = Some(Reason::Objected),
            Change::Withdrawn { .. } => self.closed = Some(Reason::Withdrawn),
            Change::Closed { reason, .. } if *reason != Reason::Ended => self.closed = Some(*reason),
            _ => {}
        }
    }

    /// Takes the accounts when the call is over.
    pub fn finish(&mut self, accounts: Accounts, files: &[WavFiles]) {
        self.recorded = accounts.recorded;
        self.monitored = accounts.monitored;
        self.files = files.iter().flat_map(WavFiles::existing).collect();
        self.ledgers = accounts.ledgers;
        self.permitted = accounts.permitted;
        let as_it_stood = match self.so_far.reason() {
            // Allowed, and yet nothing is there: a disk, not a caller, said no.
            Reason::Allowed if !self.recorded && !self.sink_failures.is_empty() => Reason::Failed,
            reason => reason,
        };
        self.reason = Some(self.closed.unwrap_or(as_it_stood));
    }

    /// What was left out, and is not a failure by itself: for people and programs to know.
    pub fn notes(&self, call: &Prepared) -> Vec<String> {
        let mut notes = Vec::new();
        if !call.names_telephone_events() {
            notes.push(
                "the signalling names no telephone-event: a 9 that is only a tone in the audio is not heard by this version"
                    .to_owned(),
            );
        }
        if self.late >= LATE {
            notes.push(format!(
                "this machine was too busy to keep pace: packets were pushed up to {} ms after their time, so the result may differ from the one without --realtime",
                self.late.as_millis()
            ));
        }
        for ((formats, ledger), who) in call.formats().into_iter().zip(&self.ledgers).zip(WHO) {
            let unknown = formats.undecodable();
            if !unknown.is_empty() && formats.has_audio() {
                notes.push(format!(
                    "{} packets of the {who} were left out: {}, which cannot be decoded",
                    ledger.format,
                    unknown.join(", ")
                ));
            }
        }
        notes
    }

    /// Whether something went wrong that was asked for.
    pub fn failure(&self, call: &Prepared) -> Result<(), Failure> {
        if let Some(what) = self.call_failure.as_ref().or(self.sink_failures.first()) {
            return Err(Failure::Failed(what.clone()));
        }
        // A call that may never be tapped, or was refused, needs nothing of its audio.
        if matches!(self.closed, Some(reason) if reason != Reason::Failed) || !self.so_far.notice_given {
            return Ok(());
        }
        for ((formats, ledger), who) in call.formats().into_iter().zip(&self.ledgers).zip(WHO) {
            let unknown = formats.undecodable();
            if !unknown.is_empty() && !formats.has_audio() {
                return Err(Failure::Failed(format!(
                    "the {who}'s audio is {}, which this version cannot decode: none of it was examined or recorded; G.711 (PCMA, PCMU) and L16 can be",
                    unknown.join(", ")
                )));
            }
            if ledger.size > 0 {
                return Err(Failure::Failed(format!(
                    "{} packets of the {who} hold more than {} ms: they were neither examined nor recorded",
                    ledger.size,
                    MAX_PACKET.as_millis()
                )));
            }
        }
        Ok(())
    }
}

/// From here on a push counts as late: well before the hold-back is used up.
const LATE: Duration = Duration::from_millis(100);

/// The legs of a replayed call.
const WHO: [&str; 2] = ["caller", "agent"];
