//! For programs: one JSON object a line.

use calltap::consent::Change;
use calltap::engine::{CallEvent, Stuck};
use calltap::frame::Ledger;
use calltap::policy::{Pairs, Policy};
use calltap::replay::Prepared;
use calltap::sink::{Fate, Outcome};
use calltap::time::CallTime;
use serde_json::{Value, json};

use crate::args::Tap;
use crate::error::Failure;
use crate::report::{Report, Voice};
use crate::{say, text};

/// Speaks JSON.
pub struct Json;

impl Voice for Json {
    fn begin(&self, args: &Tap, policy: &Policy, entity: &str, service: &str, call: &Prepared) -> Result<(), Failure> {
        line(&json!({
            "event": "call",
            "capture": args.capture.to_string_lossy(),
            "language": args.language,
            "entity": entity,
            "service": service,
            "policy": policy.hash(),
            "started": call.started().to_string(),
            "ends_at": call.ends_at().seconds(),
            "packets": call.packets(),
        }))
    }

    fn event(&self, at: CallTime, event: &CallEvent) -> Result<(), Failure> {
        let mut object = json!({ "event": name(event), "at": at.seconds(), "text": text::of_event(event) });
        if let (Some(object), Value::Object(more)) = (object.as_object_mut(), details(event)) {
            object.extend(more);
        }
        line(&object)
    }

    fn pending(&self, at: CallTime, what: &str, inside: &[Stuck]) -> Result<(), Failure> {
        line(&json!({
            "event": "pending",
            "at": at.seconds(),
            "text": text::of_pending(what, inside),
            "what": what,
            "outputs": inside.iter().map(|stuck| stuck.output.to_string()).collect::<Vec<_>>(),
        }))
    }

    fn end(&self, report: &Report) -> Result<(), Failure> {
        let legs: Vec<Value> =
            report.ledgers.iter().zip(["caller", "agent"]).map(|(ledger, role)| leg(role, ledger)).collect();
        let permitted: Vec<Value> = report
            .permitted
            .iter()
            .map(|one| json!({ "from": one.stretch.from.seconds(), "to": end(one.stretch.to), "ended": one.ended.to_string() }))
            .collect();
        line(&json!({
            "event": "summary",
            "entity": report.entity,
            "policy": report.policy_hash,
            "recorded": report.recorded,
            "monitored": report.monitored,
            "reason": report.reason.map(|reason| reason.to_string()),
            "files": report.files.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
            "permitted": permitted,
            "notes": report.notes,
            "legs": legs,
        }))
    }
}

fn line(object: &Value) -> Result<(), Failure> {
    say(&object.to_string())
}

/// Seconds, or null for what has no end.
fn end(at: CallTime) -> Value {
    if at == CallTime::MAX { Value::Null } else { json!(at.seconds()) }
}

fn leg(role: &str, ledger: &Ledger) -> Value {
    json!({
        "role": role,
        "pushed": ledger.pushed,
        "delivered": ledger.delivered,
        "masked": ledger.masked,
        "withheld": ledger.withheld,
        "dropped": ledger.dropped(),
        "dropped_by": {
            "full": ledger.full,
            "size": ledger.size,
            "format": ledger.format,
            "duplicate": ledger.duplicate,
            "late": ledger.late,
            "queue": ledger.queue,
            "sink": ledger.sink,
        },
        "purged": ledger.purged,
        "in_flight": ledger.in_flight,
        "lost": ledger.lost,
        "erased": ledger.erased,
    })
}

fn name(event: &CallEvent) -> &'static str {
    match event {
        CallEvent::Consent(change) => match change {
            Change::NoticeGiven { .. } => "notice_given",
            Change::NoticeNotGiven { .. } => "notice_not_given",
            Change::Opened { .. } => "opened",
            Change::Held { .. } => "held",
            Change::Released { .. } => "released",
            Change::Objected { .. } => "objected",
            Change::Withdrawn { .. } => "withdrawn",
            Change::Paused { .. } => "paused",
            Change::Resumed { .. } => "resumed",
            Change::ControllerChanged { .. } => "controller_changed",
            Change::Closed { .. } => "closed",
            _ => "change",
        },
        CallEvent::OutputOpened { .. } => "output_opened",
        CallEvent::OutputClosed { .. } => "output_closed",
        CallEvent::SinkFailed { .. } => "sink_failed",
        CallEvent::SinkLate { .. } => "sink_late",
        CallEvent::Receipt(_) => "receipt",
        CallEvent::CallFailed { .. } => "call_failed",
        _ => "event",
    }
}

/// What belongs to an event beside its name, time and text.
fn details(event: &CallEvent) -> Value {
    match event {
        CallEvent::Consent(change) => match change {
            Change::NoticeGiven { window_end, .. } => json!({ "window_end": window_end.seconds() }),
            Change::Opened { pairs, from } => json!({ "from": from.seconds(), "pairs": names(*pairs) }),
            Change::Held { onset } | Change::Released { onset } | Change::Objected { onset, .. } => {
                json!({ "onset": onset.seconds() })
            }
            Change::Closed { reason, .. } => json!({ "reason": reason.to_string() }),
            _ => json!({}),
        },
        CallEvent::OutputOpened { output, tap, from } => {
            json!({ "output": output.to_string(), "tap": tap.to_string(), "from": from.seconds() })
        }
        CallEvent::OutputClosed { output, outcome, reason, .. } => json!({
            "output": output.to_string(),
            "outcome": match outcome {
                Outcome::Complete => "complete",
                Outcome::Truncated => "truncated",
                Outcome::Failed => "failed",
            },
            "reason": reason.to_string(),
        }),
        CallEvent::SinkFailed { output, .. } | CallEvent::SinkLate { output, .. } => {
            json!({ "output": output.to_string() })
        }
        CallEvent::Receipt(receipt) => json!({
            "output": receipt.output.to_string(),
            "fate": match receipt.fate {
                Fate::Erased => "erased",
                Fate::Kept(_) => "kept",
                Fate::Gone(_) => "gone",
                Fate::Pending(_) => "pending",
            },
            "frames": receipt.frames,
            "bytes": receipt.bytes,
        }),
        _ => json!({}),
    }
}

fn names(pairs: Pairs) -> Vec<String> {
    pairs.iter().map(|(tap, purpose)| format!("{tap} for {purpose}")).collect()
}
