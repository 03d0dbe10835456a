//! What files are called: by date and output id, never by anything from the wire.

use jiff::{SignedDuration, Timestamp};

use super::super::{Description, OutputId};
use crate::time::CallTime;

/// The name without its ending: the UTC of the first permitted moment, and the output's id.
pub(super) fn stem(description: &Description, from: CallTime, output: OutputId) -> String {
    format!("{}_{output}", utc(description.started, from).strftime("%Y%m%dT%H%M%SZ"))
}

/// The audio's name.
pub(super) fn audio(stem: &str) -> String {
    format!("{stem}.wav")
}

/// The description's name.
pub(super) fn description(stem: &str) -> String {
    format!("{stem}.json")
}

/// The name a file has until it is whole.
pub(super) fn temporary(name: &str) -> String {
    format!(".{name}.new")
}

/// Whether a file's name is one that [`temporary`] makes of a description's.
pub(super) fn is_temporary(file: &str) -> bool {
    let stem = file.strip_prefix('.').and_then(|rest| rest.strip_suffix(".json.new"));
    let id = stem.and_then(|stem| stem.split_once("Z_")).map(|(_, id)| id);
    id.is_some_and(|id| id.len() == 36 && id.parse::<uuid::Uuid>().is_ok())
}

/// A moment of the call's clock in UTC.
pub(super) fn utc(zero: Timestamp, at: CallTime) -> Timestamp {
    zero.checked_add(SignedDuration::from_nanos(at.nanos())).unwrap_or(zero)
}
