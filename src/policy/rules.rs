//! What the policy says about one call: resolved once, when the call starts or moves to another controller.

use std::time::Duration;

use super::Pairs;

/// Which way a call goes, seen from the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From outside to the company.
    Inbound,
    /// From the company to outside.
    Outbound,
    /// Between people of the company.
    Internal,
}

/// Until when a 9 counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// To the end of the call; after the window a 9 counts when it stands alone.
    CallEnd,
    /// In notice and window only.
    Window,
}

/// The rules for one call under one controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRules {
    /// What may be done with the call once the caller was asked. Never empty: else it is a [`Refusal`].
    pub pairs: Pairs,
    /// How long after the notice the caller may refuse before anything is tapped.
    pub window: Duration,
    /// How far another digit must be for a 9 to stand alone.
    pub alone: Duration,
    /// Until when a 9 counts.
    pub until: Until,
    /// The languages in which a notice exists (RFC 5646 tags, lower case).
    pub languages: Vec<String>,
}

/// Why a call may never be tapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The policy names no such entity.
    EntityUnknown,
    /// The entity is in a never-country, or the policy allows it nothing.
    EntityExcluded,
    /// The policy does not cover this service, or this direction of it.
    ServiceNotCovered,
}
