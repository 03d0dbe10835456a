//! For people: a line for everything that happened, then what came of it.

use std::path::Path;

use calltap::audio::Encoding;
use calltap::capture::escape_wire;
use calltap::consent::{Change, Reason};
use calltap::engine::{CallEvent, Stuck};
use calltap::frame::Ledger;
use calltap::policy::{Policy, Tap as Kind};
use calltap::replay::{LegFormats, Prepared};
use calltap::sink::{Fate, Outcome};
use calltap::time::CallTime;

use crate::args::Tap;
use crate::error::Failure;
use crate::report::{Report, Voice};
use crate::say;

/// Speaks to people.
pub struct Text;

impl Voice for Text {
    fn begin(&self, args: &Tap, policy: &Policy, entity: &str, service: &str, call: &Prepared) -> Result<(), Failure> {
        let name = match policy.entity(entity) {
            Some(known) => format!("{entity}: {} ({})", known.legal_name(), known.country()),
            None if args.dialed.is_some() => "unknown: the policy knows no such number".to_owned(),
            None => format!("'{}': unknown to the policy", escape_wire(entity)),
        };
        let [service, language] = [service, &args.language].map(escape_wire);
        let [caller, agent] = call.formats().map(codecs);
        say(&format!("capture  {}", printable(&args.capture)))?;
        say(&format!("call     began {}, lasts {}; caller {caller}, agent {agent}", call.started(), call.ends_at()))?;
        say(&format!("entity   {name}; service {service}; the caller chose {language}"))?;
        say(&format!("policy   {} ({})", policy.origin(), policy.hash().get(..12).unwrap_or_default()))?;
        if args.notice.is_none() {
            say("notice   none: give --notice FROM..TO when one was played")?;
        }
        say("")
    }

    fn event(&self, at: CallTime, event: &CallEvent) -> Result<(), Failure> {
        say(&format!("{:>11}  {}", at.to_string(), of_event(event)))
    }

    fn pending(&self, at: CallTime, what: &str, inside: &[Stuck]) -> Result<(), Failure> {
        say(&format!("{:>11}  {}", at.to_string(), of_pending(what, inside)))
    }

    fn end(&self, report: &Report) -> Result<(), Failure> {
        say("")?;
        let reason = report.reason.unwrap_or(Reason::Failed);
        if report.recorded {
            for path in &report.files {
                say(&format!("recorded  {}", printable(path)))?;
            }
        } else {
            say(&format!("nothing recorded: {reason}{}", explain(reason)))?;
        }
        for (ledger, who) in report.ledgers.iter().zip(["caller", "agent "]) {
            say(&format!("{who}    {}", account(ledger)))?;
        }
        for note in &report.notes {
            say(&format!("note      {note}"))?;
        }
        Ok(())
    }
}

/// A path as short as it can be from here, which cannot move a terminal's cursor.
fn printable(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    path.to_string_lossy().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// One event as a sentence.
pub fn of_event(event: &CallEvent) -> String {
    match event {
        CallEvent::Consent(change) => of_change(change),
        CallEvent::OutputOpened { output, tap: Kind::Record, from } => {
            format!("recording {output} begins, with the audio of {from}")
        }
        CallEvent::OutputOpened { output, from, .. } => format!("listening {output} begins, with the audio of {from}"),
        CallEvent::OutputClosed { output, outcome, reason, .. } => match outcome {
            Outcome::Complete => format!("recording {output} is complete: {reason}"),
            Outcome::Truncated => format!("recording {output} ends early, what it has stays"),
            Outcome::Failed => format!("recording {output} ends with the call's failure, what it has stays"),
        },
        CallEvent::SinkFailed { output, what } => format!("recording {output} failed: {what}"),
        CallEvent::SinkLate { output, what } => format!("recording {output} takes long: {what}"),
        CallEvent::Receipt(receipt) => {
            let fate = match &receipt.fate {
                Fate::Erased => "is erased".to_owned(),
                Fate::Kept(rule) => format!("is kept: {rule}"),
                Fate::Gone(whom) => format!("is out of reach: {whom}"),
                Fate::Pending(why) => format!("could not be erased yet: {why}"),
            };
            format!("recording {} {fate} ({} frames, {} bytes)", receipt.output, receipt.frames, receipt.bytes)
        }
        CallEvent::CallFailed { what } => format!("tapping failed: {what}"),
        other => format!("{other:?}"),
    }
}

/// What was not done in time as a sentence.
pub fn of_pending(what: &str, inside: &[Stuck]) -> String {
    let outputs: Vec<String> = inside.iter().map(|stuck| stuck.output.to_string()).collect();
    match outputs.is_empty() {
        true => format!("{what} was not done at its deadline: it will be as soon as it can"),
        false => format!(
            "{what} was not done at its deadline; recordings that did not come back get nothing more: {}",
            outputs.join(", ")
        ),
    }
}

fn of_change(change: &Change) -> String {
    match change {
        Change::NoticeGiven { at, window_end } => {
            format!("the notice was given in full at {at}; the caller may refuse until {window_end}")
        }
        Change::NoticeNotGiven { .. } => {
            "the notice was broken off, or not in the caller's language: it was not given".to_owned()
        }
        Change::Opened { pairs, from } => {
            let allowed: Vec<String> = pairs.iter().map(|(tap, purpose)| format!("{tap} for {purpose}")).collect();
            format!("allowed from {from} on: {}", allowed.join(", "))
        }
        Change::Held { onset } => {
            format!("a 9 was pressed at {onset}: all audio from there on is held until it is settled")
        }
        Change::Released { onset } => {
            format!("the 9 at {onset} stands beside another digit: no objection, the audio goes on")
        }
        Change::Objected { onset, .. } => format!("the caller refused with the 9 at {onset}: shut for good"),
        Change::Withdrawn { by, .. } => format!("the caller withdrew, says {}: shut for good", by.0),
        Change::Paused { .. } => "paused".to_owned(),
        Change::Resumed { .. } => "resumed".to_owned(),
        Change::ControllerChanged { .. } => "the call moved to another controller: recordings end here".to_owned(),
        Change::Closed { reason: Reason::Ended, .. } => "the call is over".to_owned(),
        Change::Closed { reason, .. } => format!("never to be tapped: {reason}{}", explain(*reason)),
        other => format!("{other:?}"),
    }
}

/// What a reason means for who reads it first.
fn explain(reason: Reason) -> &'static str {
    match reason {
        Reason::EntityExcluded => " (the policy never allows it for this entity)",
        Reason::EntityUnknown => " (only entities of the policy may be tapped; see calltap policy show)",
        Reason::ServiceNotCovered => " (the policy does not cover calls to this service in this direction)",
        Reason::NoticeNotGiven => " (no complete notice in the caller's language)",
        Reason::WindowOpen => " (the call ended before the caller's time to refuse was over and examined)",
        Reason::Objected => " (the caller pressed 9)",
        Reason::Withdrawn => " (the caller told the agent)",
        _ => "",
    }
}

fn codecs(formats: &LegFormats) -> String {
    let mut names: Vec<String> = formats.undecodable();
    for (_, format) in formats.used() {
        let name = match format.encoding {
            Encoding::Pcmu => "PCMU",
            Encoding::Pcma => "PCMA",
            Encoding::L16 => "L16",
            _ => continue,
        };
        names.push(format!("{name}/{}", format.rate));
    }
    if names.is_empty() { "silent".to_owned() } else { names.join("+") }
}

/// The ledger's terms that are not zero.
fn account(ledger: &Ledger) -> String {
    let terms = [
        ("delivered", ledger.delivered),
        ("masked", ledger.masked),
        ("withheld", ledger.withheld),
        ("dropped (same packet again)", ledger.duplicate),
        ("dropped (too late)", ledger.late),
        ("dropped (not decodable)", ledger.format),
        ("dropped (too long)", ledger.size),
        ("dropped (no room)", ledger.full + ledger.queue),
        ("dropped (sink failed)", ledger.sink),
        ("purged", ledger.purged),
        ("in flight", ledger.in_flight),
    ];
    let parts: Vec<String> =
        terms.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}")).collect();
    let beside = match (ledger.lost, ledger.erased) {
        (0, 0) => String::new(),
        (lost, 0) => format!("; {lost} never arrived"),
        (0, erased) => format!("; {erased} erased since"),
        (lost, erased) => format!("; {lost} never arrived; {erased} erased since"),
    };
    let sum = if parts.is_empty() { "0".to_owned() } else { parts.join(" + ") };
    format!("{} packets = {sum}{beside}", ledger.pushed)
}
