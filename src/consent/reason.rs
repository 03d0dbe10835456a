//! Why a tap is allowed or not, in the words of the C interface.

use std::fmt;

use crate::policy::Refusal;

/// Why a (tap, purpose) pair is allowed or refused at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A complete notice was given, its window closed, nobody refused.
    Allowed,
    /// The entity's policy does not allow this tap or purpose.
    EntityExcluded,
    /// The policy names no such entity or number.
    EntityUnknown,
    /// The policy does not cover calls to this service, or in this direction.
    ServiceNotCovered,
    /// No valid policy.
    PolicyUnreadable,
    /// No complete notice in the caller's language has ended yet.
    NoticeNotGiven,
    /// The notice ended; the caller may still refuse.
    WindowOpen,
    /// The caller pressed 9.
    Objected,
    /// The caller told the agent.
    Withdrawn,
    /// The host has paused the call.
    Paused,
    /// A 9 is being settled: it may stand alone.
    Undecided,
    /// A limit of the configuration was reached.
    LimitReached,
    /// The call, or its time under this controller, is over.
    Ended,
    /// The call failed inside the library.
    Failed,
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Reason {
        match refusal {
            Refusal::EntityUnknown => Reason::EntityUnknown,
            Refusal::EntityExcluded => Reason::EntityExcluded,
            Refusal::ServiceNotCovered => Reason::ServiceNotCovered,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Allowed => "allowed",
            Reason::EntityExcluded => "entity excluded",
            Reason::EntityUnknown => "entity unknown",
            Reason::ServiceNotCovered => "service not covered",
            Reason::PolicyUnreadable => "policy unreadable",
            Reason::NoticeNotGiven => "notice not given",
            Reason::WindowOpen => "window open",
            Reason::Objected => "objected",
            Reason::Withdrawn => "withdrawn",
            Reason::Paused => "paused",
            Reason::Undecided => "undecided",
            Reason::LimitReached => "limit reached",
            Reason::Ended => "ended",
            Reason::Failed => "failed",
        })
    }
}
