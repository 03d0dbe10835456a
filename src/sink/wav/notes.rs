//! The description beside a recording, as JSON (RFC 8259). The schema is the table in the module above.

use serde::Serialize;

use super::super::{Closing, Description, GapCause, LegIndex, Mark, Outcome};
use super::recording::{Leg, Recording};
use super::samples::Channel;
use super::{WavEncoding, name};
use crate::audio::{Encoding, Format};
use crate::consent::{Reason, Role};
use crate::frame::Ledger;
use crate::policy::{Purpose, Tap};
use crate::time::{CallTime, Interval};

/// What is kept of a text: names and ids that are longer are cut.
const TEXT: usize = 256;
/// What is kept of the call's id, which comes from the wire.
const CALL: usize = 128;

/// Writes the description of a recording; `closing` when it is over, with how much of it is on the disk.
pub(super) fn write(recording: &Recording, closing: Option<(&Closing, Outcome)>) -> Vec<u8> {
    let notes = Notes::of(recording, closing);
    // Numbers, texts and lists of them: there is nothing here that JSON could not say.
    let json = serde_json::to_string_pretty(&notes).unwrap_or_default();
    let mut text = String::with_capacity(json.len() + 1);
    for char in json.chars() {
        if is_harmful(char) {
            text.push_str(&format!("\\u{:04x}", u32::from(char)));
        } else {
            text.push(char);
        }
    }
    text.push('\n');
    text.into_bytes()
}

/// Control characters that JSON lets through raw, and those that turn lines or writing around on a screen. All lie
/// below U+10000, and in JSON outside of texts none occurs.
fn is_harmful(char: char) -> bool {
    matches!(char, '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(char, '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[derive(Serialize)]
struct Notes<'a> {
    schema: u32,
    state: &'static str,
    output: String,
    file: &'a str,
    call: &'a str,
    entity: &'a str,
    controller: &'a str,
    country: &'a str,
    service: &'a str,
    language: &'a str,
    tap: Tap,
    purposes: Vec<Purpose>,
    policy_hash: &'a str,
    legal_basis: Vec<&'a str>,
    notice: NoticeNotes<'a>,
    reasons: Reasons,
    started: String,
    ended: Option<String>,
    permitted: Vec<Stretch>,
    delete_after: String,
    delete_after_zone: Option<&'a str>,
    rate: u32,
    channels: u32,
    encoding: &'static str,
    encoding_wanted: &'static str,
    encoding_why: Option<&'static str>,
    offset_samples: i64,
    samples: u64,
    legs: Vec<LegNotes>,
    gaps: Vec<GapNotes>,
    gaps_unlisted: u64,
    marks: Vec<MarkNotes>,
    marks_unlisted: u64,
    ledger: Vec<LedgerNotes>,
}

#[derive(Serialize)]
struct NoticeNotes<'a> {
    language: &'a str,
    from: f64,
    to: f64,
    window_end: f64,
}

#[derive(Serialize)]
struct Reasons {
    permitted: String,
    ended: Option<String>,
}

#[derive(Serialize)]
struct Stretch {
    from: f64,
    to: Option<f64>,
}

#[derive(Serialize)]
struct LegNotes {
    leg: LegIndex,
    role: Role,
    channel: &'static str,
    formats: Vec<String>,
    frames: u64,
    samples: u64,
    late_frames: u64,
    doubled_samples: u64,
}

#[derive(Serialize)]
struct GapNotes {
    leg: LegIndex,
    cause: GapCause,
    from: f64,
    to: f64,
}

#[derive(Serialize)]
struct MarkNotes {
    mark: &'static str,
    at: f64,
}

#[derive(Serialize)]
struct LedgerNotes {
    leg: LegIndex,
    pushed: u64,
    delivered: u64,
    masked: u64,
    withheld: u64,
    dropped: DroppedNotes,
    purged: u64,
    in_flight: u64,
    lost: u64,
    erased: u64,
}

#[derive(Serialize)]
struct DroppedNotes {
    full: u64,
    size: u64,
    format: u64,
    duplicate: u64,
    late: u64,
    queue: u64,
    sink: u64,
    sum: u64,
}

impl<'a> Notes<'a> {
    fn of(recording: &'a Recording, closing: Option<(&Closing, Outcome)>) -> Notes<'a> {
        let about: &Description = &recording.description;
        let layout = recording.plan.layout;
        Notes {
            schema: 1,
            state: match closing {
                None => "recording",
                Some((_, Outcome::Complete)) => "complete",
                Some((_, Outcome::Truncated)) => "truncated",
                Some((_, Outcome::Failed)) => "failed",
            },
            output: about.output.to_string(),
            file: &recording.file_name,
            call: short(&about.call, CALL),
            entity: short(&about.entity, TEXT),
            controller: short(&about.controller, TEXT),
            country: short(&about.country, TEXT),
            service: short(&about.service, TEXT),
            language: short(&about.language, TEXT),
            tap: about.tap,
            purposes: recording.pairs.iter().map(|(_, purpose)| purpose).collect(),
            policy_hash: short(&about.policy_hash, TEXT),
            legal_basis: about.legal_basis.iter().map(|basis| short(basis, TEXT)).collect(),
            notice: NoticeNotes {
                language: short(&about.notice.language, TEXT),
                from: about.notice.played.from.seconds(),
                to: about.notice.played.to.seconds(),
                window_end: about.notice.window_end.seconds(),
            },
            reasons: Reasons {
                permitted: Reason::Allowed.to_string(),
                ended: closing.map(|(closing, _)| closing.reason.to_string()),
            },
            started: about.started.to_string(),
            ended: closing.map(|(closing, _)| name::utc(about.started, closing.at).to_string()),
            permitted: match closing {
                None => vec![Stretch { from: recording.from.seconds(), to: None }],
                Some((closing, _)) => closing.permitted.iter().map(Stretch::of).collect(),
            },
            delete_after: about.delete_after.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            delete_after_zone: about.delete_after.time_zone().iana_name(),
            rate: layout.rate,
            channels: 2,
            encoding: layout.coding.name(),
            encoding_wanted: match recording.wanted {
                WavEncoding::Pcm => "pcm16",
                WavEncoding::AsItCame => "as-it-came",
            },
            encoding_why: recording.plan.why_pcm,
            offset_samples: recording.offset,
            samples: recording.audio.told(),
            legs: recording.legs.iter().map(LegNotes::of).collect(),
            gaps: recording.gaps.list().iter().map(GapNotes::of).collect(),
            gaps_unlisted: recording.gaps.unlisted(),
            marks: recording.marks.list().iter().map(MarkNotes::of).collect(),
            marks_unlisted: recording.marks.unlisted(),
            ledger: closing.map_or(Vec::new(), |(closing, _)| closing.ledgers.iter().map(LedgerNotes::of).collect()),
        }
    }
}

impl Stretch {
    fn of(interval: &Interval) -> Stretch {
        let to = (interval.to != CallTime::MAX).then_some(interval.to.seconds());
        Stretch { from: interval.from.seconds(), to }
    }
}

impl LegNotes {
    fn of(leg: &Leg) -> LegNotes {
        LegNotes {
            leg: leg.leg,
            role: leg.role,
            channel: match leg.channel {
                Channel::Left => "left",
                Channel::Right => "right",
            },
            formats: leg.formats.iter().map(spelled).collect(),
            frames: leg.frames,
            samples: leg.samples,
            late_frames: leg.late_frames,
            doubled_samples: leg.doubled_samples,
        }
    }
}

impl GapNotes {
    fn of(&(leg, cause, stretch): &(LegIndex, GapCause, Interval)) -> GapNotes {
        GapNotes { leg, cause, from: stretch.from.seconds(), to: stretch.to.seconds() }
    }
}

impl MarkNotes {
    fn of(&(mark, at): &(Mark, CallTime)) -> MarkNotes {
        let mark = match mark {
            Mark::Pause => "pause",
            Mark::Resume => "resume",
        };
        MarkNotes { mark, at: at.seconds() }
    }
}

impl LedgerNotes {
    fn of((leg, ledger): &(LegIndex, Ledger)) -> LedgerNotes {
        LedgerNotes {
            leg: *leg,
            pushed: ledger.pushed,
            delivered: ledger.delivered,
            masked: ledger.masked,
            withheld: ledger.withheld,
            dropped: DroppedNotes {
                full: ledger.full,
                size: ledger.size,
                format: ledger.format,
                duplicate: ledger.duplicate,
                late: ledger.late,
                queue: ledger.queue,
                sink: ledger.sink,
                sum: ledger.dropped(),
            },
            purged: ledger.purged,
            in_flight: ledger.in_flight,
            lost: ledger.lost,
            erased: ledger.erased,
        }
    }
}

/// A format as SDP spells it: name, rate, and the number of channels when it is not one (RFC 8866 section 6.6).
pub(super) fn spelled(format: &Format) -> String {
    let name = match format.encoding {
        Encoding::Pcmu => "PCMU",
        Encoding::Pcma => "PCMA",
        Encoding::L16 => "L16",
        Encoding::TelephoneEvent => "telephone-event",
        Encoding::ComfortNoise => "CN",
        Encoding::Redundant => "red",
        Encoding::Unknown => "unknown",
    };
    match format.channels {
        1 => format!("{name}/{}", format.rate),
        channels => format!("{name}/{}/{channels}", format.rate),
    }
}

fn short(text: &str, most: usize) -> &str {
    match text.char_indices().nth(most) {
        Some((end, _)) => text.get(..end).unwrap_or_default(),
        None => text,
    }
}
