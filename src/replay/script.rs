//! What the host does during a replayed call, and when.

use crate::consent::Digit;
use crate::engine::{Call, Done, LiveCall, LiveError};
use crate::time::{CallTime, MonoTime};

/// One thing the host does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The announcement begins, in this language.
    NoticeStarts(String),
    /// The announcement stops; true when it was played to its end.
    NoticeStops(bool),
    /// The host hears of a key, and not when it was pressed: by SIP INFO.
    Digit {
        /// Whose leg it was pressed on.
        leg: u8,
        /// The key; redacted in `Debug`.
        digit: Digit,
    },
    /// Keyed digits are data from now on, or no longer.
    DigitsAreData(bool),
    /// The caller told the agent that they withdraw.
    Withdraw(String),
    /// A pause begins.
    Pause,
    /// The pause ends.
    Resume,
    /// The call moves to another entity's service.
    Transfer {
        /// The entity's id.
        entity: String,
        /// The service's id.
        service: String,
    },
}

/// Everything the host does, in the order in which it happens.
#[derive(Clone, Debug, Default)]
pub struct Script(Vec<(CallTime, Action)>);

impl Script {
    /// Adds what happens at `at`; after what was added for the same moment before.
    pub fn at(&mut self, at: CallTime, action: Action) {
        let place = self.0.partition_point(|(other, _)| *other <= at);
        self.0.insert(place, (at, action));
    }

    pub(super) fn actions(&self) -> impl Iterator<Item = &(CallTime, Action)> {
        self.0.iter()
    }
}

impl Action {
    pub(super) fn act(&self, at: CallTime, call: &mut Call) {
        match self {
            Action::NoticeStarts(language) => call.notice_started(at, language),
            Action::NoticeStops(complete) => call.notice_finished(at, *complete),
            Action::Digit { leg, digit } => call.digit(at, *leg, *digit, None),
            Action::DigitsAreData(data) => call.digits_are_data(at, *data),
            Action::Withdraw(by) => {
                // The receipts come as events too.
                call.withdraw(at, by);
            }
            Action::Pause => call.pause(at),
            Action::Resume => call.resume(at),
            Action::Transfer { entity, service } => call.transfer(at, entity, service),
        }
    }

    /// Tells it to a live call, with its moment on the host's clock, and waits for its worker.
    pub(super) fn tell(&self, at: MonoTime, call: &LiveCall) -> Result<Done, LiveError> {
        let at = Some(at);
        match self {
            Action::NoticeStarts(language) => call.notice_started(language, at)?,
            Action::NoticeStops(complete) => call.notice_finished(*complete, at)?,
            Action::Digit { leg, digit } => call.digit(*leg, *digit, None, at)?,
            Action::DigitsAreData(data) => call.digits_are_data(*data, at)?,
            Action::Withdraw(by) => return call.withdraw(by, at, None),
            Action::Pause => return call.pause(at, None),
            Action::Resume => call.resume(at)?,
            Action::Transfer { entity, service } => call.transfer(entity, service, at)?,
        }
        Ok(Done::Good)
    }

    /// What it is, in a sentence.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Action::NoticeStarts(_) => "the beginning of the notice",
            Action::NoticeStops(_) => "the end of the notice",
            Action::Digit { .. } => "a key",
            Action::DigitsAreData(true) => "that digits are data",
            Action::DigitsAreData(false) => "that digits are no data any more",
            Action::Withdraw(_) => "the withdrawal",
            Action::Pause => "the pause",
            Action::Resume => "the end of the pause",
            Action::Transfer { .. } => "the transfer",
        }
    }
}
