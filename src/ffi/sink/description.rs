//! Frames, descriptions and closings as C sees them.

use std::ffi::CString;

use crate::frame::Frame;
use crate::sink::{Closing, Description, Outcome};

use super::super::c;
use super::super::decision::reason;
use super::super::format::role;
use super::super::pointer::Struct;
use super::super::policy::c_text;

/// A frame; its bytes are the frame's.
pub(super) fn audio(frame: &Frame) -> c::Audio {
    let (bytes, stretch) = (frame.bytes(), frame.stretch());
    c::Audio {
        leg: u32::from(frame.leg()),
        role: role(frame.role()),
        samples: frame.samples(),
        data: bytes.as_ptr(),
        length: bytes.len() as u32,
        format: frame.format().into(),
        from_ns: stretch.from.nanos(),
        to_ns: stretch.to.nanos(),
        ..c::Audio::sized()
    }
}

/// What a description points to.
pub(super) struct DescriptionParts<'a> {
    all: &'a Description,
    texts: [CString; 10],
    formats: Vec<Vec<c::Format>>,
    legs: Vec<c::LegDescription>,
}

impl<'a> DescriptionParts<'a> {
    pub(super) fn of(all: &'a Description) -> DescriptionParts<'a> {
        let delete_after = all.delete_after.to_string();
        let legal_basis = all.legal_basis.join("; ");
        let texts = [
            &all.call,
            &all.entity,
            &all.controller,
            &all.country,
            &all.service,
            &all.language,
            &all.policy_hash,
            &legal_basis,
            &delete_after,
            &all.notice.language,
        ]
        .map(|text| c_text(text));
        let formats: Vec<Vec<c::Format>> =
            all.legs.iter().map(|leg| leg.formats.iter().map(|format| (*format).into()).collect()).collect();
        // A list keeps its place on the heap while its owner moves.
        let legs = all.legs.iter().zip(&formats).map(|(leg, formats)| c::LegDescription {
            leg: u32::from(leg.leg),
            role: role(leg.role),
            formats: formats.as_ptr(),
            format_count: formats.len() as u32,
            unused: 0,
        });
        let legs = legs.collect();
        DescriptionParts { all, texts, formats, legs }
    }

    /// The struct; it points into this.
    pub(super) fn description(&self) -> c::Description {
        debug_assert_eq!(self.formats.len(), self.legs.len());
        let [call, entity, controller, country, service, language, policy_hash, legal_basis, delete_after, notice] =
            &self.texts;
        c::Description {
            leg_count: self.legs.len() as u32,
            legs: self.legs.as_ptr(),
            output: self.all.output.into(),
            call: call.as_ptr(),
            entity: entity.as_ptr(),
            controller: controller.as_ptr(),
            country: country.as_ptr(),
            service: service.as_ptr(),
            language: language.as_ptr(),
            policy_hash: policy_hash.as_ptr(),
            legal_basis: legal_basis.as_ptr(),
            delete_after: delete_after.as_ptr(),
            notice_language: notice.as_ptr(),
            notice_from_ns: self.all.notice.played.from.nanos(),
            notice_to_ns: self.all.notice.played.to.nanos(),
            window_end_ns: self.all.notice.window_end.nanos(),
            started_ns: i64::try_from(self.all.started.as_nanosecond()).unwrap_or(i64::MAX),
            ..c::Description::sized()
        }
    }
}

/// What a closing points to.
pub(super) struct ClosingParts {
    permitted: Vec<c::Stretch>,
    ledgers: Vec<c::LegLedger>,
}

impl ClosingParts {
    pub(super) fn of(closing: &Closing) -> ClosingParts {
        let stretch = |part: &crate::time::Interval| c::Stretch {
            from_ns: part.from.nanos(),
            to_ns: part.to.nanos(),
            ended: c::REASON_NONE,
            unused: 0,
        };
        let ledger = |(leg, ledger): &(u8, crate::frame::Ledger)| c::LegLedger {
            leg: u32::from(*leg),
            unused: 0,
            ledger: (*ledger).into(),
        };
        ClosingParts {
            permitted: closing.permitted.iter().map(stretch).collect(),
            ledgers: closing.ledgers.iter().map(ledger).collect(),
        }
    }

    /// The struct; it points into this.
    pub(super) fn closing(&self, closing: &Closing) -> c::Closing {
        c::Closing {
            outcome: outcome(closing.outcome),
            reason: reason(closing.reason),
            permitted_count: self.permitted.len() as u32,
            permitted: self.permitted.as_ptr(),
            ledgers: self.ledgers.as_ptr(),
            ledger_count: self.ledgers.len() as u32,
            at_ns: closing.at.nanos(),
            ..c::Closing::sized()
        }
    }
}

/// An outcome's number.
pub(in crate::ffi) fn outcome(outcome: Outcome) -> u32 {
    match outcome {
        Outcome::Complete => c::COMPLETE,
        Outcome::Truncated => c::TRUNCATED,
        Outcome::Failed => c::FAILED,
    }
}
