//! What is said about a recording, beside the recording.

use std::fmt;

use crate::audio::Format;
use crate::consent::{Reason, Role};
use crate::frame::Ledger;
use crate::policy::{Pairs, Tap};
use crate::time::{CallTime, Interval};

use super::{LegIndex, OutputId};

/// What a sink is told about the call when it opens an output. `Debug` leaves out the host's call id.
#[derive(Clone)]
pub struct Description {
    /// The output that begins.
    pub output: OutputId,
    /// The call's id: the host's text, at most 128 characters of it. Never part of a file's name.
    pub call: String,
    /// The entity's id.
    pub entity: String,
    /// The controller: the entity's legal name.
    pub controller: String,
    /// The entity's country, ISO 3166-1 alpha-2.
    pub country: String,
    /// The service that was called.
    pub service: String,
    /// The caller's language.
    pub language: String,
    /// The kind of use.
    pub tap: Tap,
    /// The permitted pairs.
    pub pairs: Pairs,
    /// The hash of the policy the call was opened under, as hexadecimal SHA-256.
    pub policy_hash: String,
    /// The notice that was given.
    pub notice: NoticeDescription,
    /// The first permitted moment under this controller: audio begins here.
    pub permitted_from: CallTime,
    /// UTC of the call clock's zero.
    pub started: jiff::Timestamp,
    /// The local time at which it must be deleted, in the entity's time zone.
    pub delete_after: jiff::ZonedDateTime,
    /// What in law it rests on, at the call's date.
    pub legal_basis: Vec<String>,
    /// The call's legs.
    pub legs: Vec<LegDescription>,
}

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Description")
            .field("output", &self.output)
            .field("entity", &self.entity)
            .field("tap", &self.tap)
            .field("permitted_from", &self.permitted_from)
            .field("legs", &self.legs)
            .finish_non_exhaustive()
    }
}

/// The notice that was given.
#[derive(Clone, Debug)]
pub struct NoticeDescription {
    /// Its language.
    pub language: String,
    /// When it was played.
    pub played: Interval,
    /// When the opt-out window closed.
    pub window_end: CallTime,
}

/// One leg.
#[derive(Clone, Debug)]
pub struct LegDescription {
    /// Its number.
    pub leg: LegIndex,
    /// Whose voice.
    pub role: Role,
    /// The formats it may carry.
    pub formats: Vec<Format>,
}

/// How an output ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// All that was permitted is in it.
    Complete,
    /// The sink failed on the way: it holds what came before.
    Truncated,
    /// The call failed on the way: it holds what came before.
    Failed,
}

/// What a sink is told when its output ends.
#[derive(Clone, Debug)]
pub struct Closing {
    /// How.
    pub outcome: Outcome,
    /// When, on the call's clock.
    pub at: CallTime,
    /// Why nothing more comes.
    pub reason: Reason,
    /// The permitted stretches under this controller.
    pub permitted: Vec<Interval>,
    /// What became of each leg's frames, as this sink saw them.
    pub ledgers: Vec<(LegIndex, Ledger)>,
}
