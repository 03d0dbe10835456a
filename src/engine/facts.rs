//! What is known about a call under one controller, and what is said about it beside a recording.

use std::sync::Arc;

use crate::consent::{Notice, Permit, Reason};
use crate::policy::{CallRules, Direction, Policy};
use crate::sink::{Description, LegDescription, NoticeDescription, OutputId};
use crate::time::MonoTime;

/// The most characters of the host's call id that are kept.
const CALL_ID_CHARS: usize = 128;

/// The facts. A transfer makes new ones.
#[derive(Clone)]
pub(super) struct CallFacts {
    pub(super) policy: Option<Arc<Policy>>,
    pub(super) call: String,
    pub(super) entity: String,
    pub(super) service: String,
    pub(super) direction: Direction,
    pub(super) language: String,
    /// The host's clock at the call clock's zero.
    pub(super) zero: MonoTime,
    /// UTC at the call clock's zero.
    pub(super) started: jiff::Timestamp,
    /// Set when the call came over a limit: nothing is tapped, the phone call goes on.
    pub(super) over_limit: bool,
}

impl CallFacts {
    /// What the policy says about it, or why it may never be tapped.
    pub(super) fn rules(&self) -> Result<CallRules, Reason> {
        if self.over_limit {
            return Err(Reason::LimitReached);
        }
        let policy = self.policy.as_ref().ok_or(Reason::PolicyUnreadable)?;
        policy.rules(&self.entity, &self.service, self.direction).map_err(Reason::from)
    }

    /// The same call under another controller.
    pub(super) fn moved(&self, entity: &str, service: &str) -> CallFacts {
        CallFacts { entity: entity.to_owned(), service: service.to_owned(), ..self.clone() }
    }

    /// What is said about an output; `None` when there is no policy or no such entity, and so no permit either.
    pub(super) fn description(
        &self,
        output: OutputId,
        permit: &Permit,
        notice: &Notice,
        legs: Vec<LegDescription>,
    ) -> Option<Description> {
        let policy = self.policy.as_ref()?;
        let entity = policy.entity(&self.entity)?;
        let begins = self.started_at(permit.from());
        Some(Description {
            output,
            call: self.call.chars().take(CALL_ID_CHARS).collect(),
            entity: self.entity.clone(),
            controller: entity.legal_name().to_owned(),
            country: entity.country().to_string(),
            service: self.service.clone(),
            language: self.language.clone(),
            tap: permit.tap(),
            pairs: permit.pairs(),
            policy_hash: policy.hash().to_string(),
            notice: NoticeDescription {
                language: notice.language.clone(),
                played: notice.played,
                window_end: notice.window_end,
            },
            permitted_from: permit.from(),
            started: self.started,
            delete_after: policy.delete_after(entity, begins),
            legal_basis: policy.legal_basis(entity, begins),
            legs,
        })
    }

    /// UTC at a moment of the call's clock.
    pub(super) fn started_at(&self, at: crate::time::CallTime) -> jiff::Timestamp {
        let nanos = jiff::SignedDuration::from_nanos(at.nanos());
        self.started.checked_add(nanos).unwrap_or(self.started)
    }
}
