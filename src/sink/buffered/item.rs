//! What is queued for a sink.

use std::sync::Arc;

use crate::consent::Permit;
use crate::frame::Frame;
use crate::sink::{Closing, Description, Erasure, GapCause, LegIndex, Mark};
use crate::time::{CallTime, Interval};

use super::settled::{Heard, Tag};
use super::turnstile::Epoch;

/// What a stop wipes, in the order in which the sink gets it.
pub(super) enum Item {
    Open(Arc<Opening>),
    Frame { frame: Frame, tag: Option<Tag> },
    Gap { leg: LegIndex, cause: GapCause, stretch: Interval },
    Mark { mark: Mark, at: CallTime },
    Flush,
}

/// What a sink is opened with.
pub(super) struct Opening {
    pub(super) permit: Permit,
    pub(super) description: Description,
}

/// An item, and what was current when it was queued.
pub(super) struct Queued {
    pub(super) epoch: Epoch,
    pub(super) item: Item,
}

/// What no stop holds back. Done in order, once nothing is queued.
pub(super) enum Order {
    /// With what its worker had heard of each leg, so that the ledgers can say what came of the rest.
    Close(Box<Closing>, Vec<Heard>),
    Erase(Erasure),
}
