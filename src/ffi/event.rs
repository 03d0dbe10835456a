//! Events as C sees them. The header is `include/calltap/event.h`.

use crate::consent::Change;
use crate::engine::{CallEvent, EngineEvent};
use crate::policy::Tap;
use crate::sink::{Fate, Receipt};
use crate::time::CallTime;

use super::c;
use super::decision::{purposes, reason, tap};
use super::pointer::Struct;
use super::sink::outcome;

/// One event. `lost` were forgotten before it.
pub(super) fn event(event: &EngineEvent, lost: u64) -> c::Event {
    let mut told = c::Event { call: event.call.0, lost, at_ns: event.at.nanos(), ..c::Event::sized() };
    fill(&mut told, &event.event);
    told
}

fn fill(told: &mut c::Event, event: &CallEvent) {
    match event {
        CallEvent::Consent(change) => consent(told, change),
        CallEvent::OutputOpened { output, tap: kind, from } => {
            told.kind = c::EVENT_OUTPUT_OPENED;
            told.output = (*output).into();
            told.tap = tap(*kind);
            told.at_ns = from.nanos();
        }
        CallEvent::OutputClosed { output, at, outcome: how, reason: why } => {
            told.kind = c::EVENT_OUTPUT_CLOSED;
            told.output = (*output).into();
            told.at_ns = at.nanos();
            told.outcome = outcome(*how);
            told.reason = reason(*why);
        }
        CallEvent::SinkFailed { output, what } => {
            told.kind = c::EVENT_SINK_FAILED;
            told.output = (*output).into();
            c::put_text(what, &mut told.text);
        }
        CallEvent::SinkLate { output, what } => {
            told.kind = c::EVENT_SINK_LATE;
            told.output = (*output).into();
            c::put_text(what, &mut told.text);
        }
        CallEvent::Receipt(answer) => receipt(told, answer),
        CallEvent::CallFailed { what } => {
            told.kind = c::EVENT_CALL_FAILED;
            c::put_text(what, &mut told.text);
        }
    }
}

fn consent(told: &mut c::Event, change: &Change) {
    let (kind, at) = match change {
        Change::NoticeGiven { at, window_end } => {
            told.until_ns = window_end.nanos();
            (c::EVENT_NOTICE_GIVEN, at)
        }
        Change::NoticeNotGiven { at } => (c::EVENT_NOTICE_NOT_GIVEN, at),
        Change::Opened { pairs, from } => {
            told.monitor = purposes(*pairs, Tap::Monitor);
            told.record = purposes(*pairs, Tap::Record);
            (c::EVENT_OPENED, from)
        }
        Change::Held { onset } => (c::EVENT_HELD, onset),
        Change::Released { onset } => (c::EVENT_RELEASED, onset),
        Change::Objected { onset, .. } => (c::EVENT_OBJECTED, onset),
        // Who passed it on may be a name.
        Change::Withdrawn { at, .. } => (c::EVENT_WITHDRAWN, at),
        Change::Paused { at } => (c::EVENT_PAUSED, at),
        Change::Resumed { at } => (c::EVENT_RESUMED, at),
        Change::ControllerChanged { at } => (c::EVENT_CONTROLLER_CHANGED, at),
        Change::Closed { at, reason: why } => {
            told.reason = reason(*why);
            (c::EVENT_CLOSED, at)
        }
    };
    told.kind = kind;
    told.at_ns = CallTime::nanos(*at);
}

fn receipt(told: &mut c::Event, receipt: &Receipt) {
    let (fate, text) = match &receipt.fate {
        Fate::Erased => (c::ERASED, ""),
        Fate::Kept(rule) => (c::KEPT, rule.as_str()),
        Fate::Gone(to) => (c::GONE, to.as_str()),
        Fate::Pending(why) => (c::ERASE_PENDING, why.as_str()),
    };
    told.kind = c::EVENT_RECEIPT;
    told.output = receipt.output.into();
    told.fate = fate;
    told.frames = receipt.frames;
    told.bytes = receipt.bytes;
    c::put_text(text, &mut told.text);
}
