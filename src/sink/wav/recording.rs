//! One recording: where each frame's samples go, and what is written down beside them.
//!
//! Invariant: a sample of a leg is laid once, at the place its own moment has on the call's clock; nothing lies before
//! the first permitted moment. Memory: see [`super::audio_file`]; at most 512 stretches for each of eight legs, 4096
//! gaps and 1024 marks. In steady state nothing is allocated.

use super::super::{Description, GapCause, LegIndex, Mark, SinkError};
use super::audio_file::AudioFile;
use super::listed::Listed;
use super::plan::{Plan, channel};
use super::samples::{Channel, Mono};
use super::spans::Spans;
use super::{WavEncoding, error, notes};
use crate::audio::{Encoding, Format};
use crate::consent::Role;
use crate::frame::Frame;
use crate::policy::Pairs;
use crate::time::{CallTime, Interval};

/// How far back, in seconds, audio is still put in its place.
const BACK: u64 = 10;
/// How many legs a call has at most.
pub(super) const LEGS: usize = 8;

/// What was recorded of a leg.
pub(super) struct Leg {
    pub(super) leg: LegIndex,
    pub(super) role: Role,
    pub(super) channel: Channel,
    pub(super) formats: Vec<Format>,
    pub(super) frames: u64,
    pub(super) samples: u64,
    /// Frames that came too late, and were not written.
    pub(super) late_frames: u64,
    /// Samples that came a second time, and were not written.
    pub(super) doubled_samples: u64,
    spans: Spans,
}

impl Leg {
    pub(super) fn new(leg: LegIndex, role: Role, formats: Vec<Format>) -> Leg {
        let channel = channel(role);
        Leg {
            leg,
            role,
            channel,
            formats,
            frames: 0,
            samples: 0,
            late_frames: 0,
            doubled_samples: 0,
            spans: Spans::new(),
        }
    }
}

/// One output on its way.
pub(super) struct Recording {
    pub(super) description: Description,
    /// What the permit and the description both allow.
    pub(super) pairs: Pairs,
    pub(super) wanted: WavEncoding,
    pub(super) plan: Plan,
    /// The first permitted moment.
    pub(super) from: CallTime,
    /// The number of the file's first sample on the call's clock.
    pub(super) offset: i64,
    pub(super) file_name: String,
    pub(super) audio: AudioFile,
    pub(super) legs: Vec<Leg>,
    pub(super) gaps: Listed<(LegIndex, GapCause, Interval), 4096>,
    pub(super) marks: Listed<(Mark, CallTime), 1024>,
    /// Bytes of audio that came in.
    pub(super) bytes: u64,
    pub(super) path: std::path::PathBuf,
}

impl Recording {
    /// All frames that came in.
    pub(super) fn frames(&self) -> u64 {
        self.legs.iter().map(|leg| leg.frames).sum()
    }

    /// How long the file on disk is for whoever plays it, in seconds.
    pub(super) fn kept(&self) -> f64 {
        self.audio.told() as f64 / f64::from(self.plan.layout.rate)
    }

    /// Lays a frame into the file.
    pub(super) fn frame(&mut self, frame: &Frame) -> Result<(), SinkError> {
        let at = self.leg_of(frame)?;
        if frame.format().encoding == Encoding::ComfortNoise {
            self.took(at, frame);
            self.gap(frame.leg(), GapCause::Silent, frame.stretch());
            return Ok(());
        }
        let mono = self.audio_of(frame)?;
        let (first, skipped) = self.first_sample(frame)?;
        let count = u64::from(frame.samples()).saturating_sub(skipped);
        let end = first.saturating_add(count);
        if end > self.plan.layout.max_samples() {
            let taken = self.audio.end() as f64 / f64::from(self.plan.layout.rate);
            return Err(error::full(&self.path, taken));
        }
        let back = BACK * u64::from(self.plan.layout.rate);
        if first.saturating_add(back) < self.audio.end() {
            self.too_late(at, frame);
            return Ok(());
        }
        let laid = self.lay(at, mono.from(skipped as usize), first..end);
        let laid = laid.map_err(|cause| error::write(&self.path, self.kept(), cause))?;
        let oldest = self.audio.end().saturating_sub(back);
        if let Some(leg) = self.legs.get_mut(at) {
            leg.spans.add(first..end);
            leg.spans.forget_before(oldest);
            leg.samples += laid;
            leg.doubled_samples += count - laid;
        }
        self.took(at, frame);
        Ok(())
    }

    /// Writes down a stretch without audio; one that goes on where the last ended makes that one longer.
    pub(super) fn gap(&mut self, leg: LegIndex, cause: GapCause, stretch: Interval) {
        let stretch = Interval { from: stretch.from.max(self.from), to: stretch.to };
        if stretch.is_empty() {
            return;
        }
        let same = |gap: &(LegIndex, GapCause, Interval)| {
            gap.0 == leg && gap.1 == cause && gap.2.from <= stretch.from && stretch.from <= gap.2.to
        };
        match self.gaps.recent(same) {
            Some((_, _, before)) => before.to = before.to.max(stretch.to),
            None => self.gaps.add((leg, cause, stretch)),
        }
    }

    /// Where the frame's leg stands in `legs`; a leg that joined later is taken in.
    fn leg_of(&mut self, frame: &Frame) -> Result<usize, SinkError> {
        if let Some(at) = self.legs.iter().position(|leg| leg.leg == frame.leg()) {
            return Ok(at);
        }
        if self.legs.len() >= LEGS {
            return Err(self.refused(frame, "a call has at most eight legs"));
        }
        self.legs.push(Leg::new(frame.leg(), frame.role(), vec![frame.format()]));
        Ok(self.legs.len() - 1)
    }

    fn audio_of<'a>(&self, frame: &'a Frame) -> Result<Mono<'a>, SinkError> {
        let format = frame.format();
        if !format.is_audio() {
            return Err(self.refused(frame, "it cannot be decoded"));
        }
        if format.rate != self.plan.layout.rate {
            let why = format!("the file has {} samples a second", self.plan.layout.rate);
            return Err(self.refused(frame, &why));
        }
        Mono::new(frame.bytes(), format, frame.samples())
            .ok_or_else(|| self.refused(frame, "its bytes are not as many as its samples need"))
    }

    /// The file's sample the frame begins at, and how many of the frame's own lie before the file: one at most, when
    /// a permitted moment falls between two samples of the file.
    fn first_sample(&self, frame: &Frame) -> Result<(u64, u64), SinkError> {
        let first = frame.place().sample(self.plan.layout.rate).saturating_sub(self.offset);
        match u64::try_from(first) {
            Ok(first) => Ok((first, 0)),
            Err(_) if frame.place() >= self.from => Ok((0, first.unsigned_abs())),
            Err(_) => {
                let why = format!("it lies at {}, before the first permitted moment, {}", frame.place(), self.from);
                Err(self.refused(frame, &why))
            }
        }
    }

    /// Lays what is not there yet; how many samples that were.
    fn lay(&mut self, at: usize, mono: Mono<'_>, part: std::ops::Range<u64>) -> std::io::Result<u64> {
        let Recording { legs, audio, plan, .. } = self;
        let Some(leg) = legs.get(at) else { return Ok(0) };
        let others = || legs.iter().filter(|other| other.leg != leg.leg && other.channel == leg.channel);
        let mut laid = 0;
        for hole in leg.spans.free(part.clone()) {
            laid += hole.end - hole.start;
            audio.edit(hole, |blocks, first| {
                let there = |sample: usize| others().any(|other| other.spans.contains(first + sample as u64));
                mono.from((first - part.start) as usize).lay(blocks, plan.layout.coding, leg.channel, there);
            })?;
        }
        Ok(laid)
    }

    fn too_late(&mut self, at: usize, frame: &Frame) {
        if let Some(leg) = self.legs.get_mut(at) {
            leg.late_frames += 1;
        }
        self.gap(frame.leg(), GapCause::Dropped, frame.stretch());
    }

    fn took(&mut self, at: usize, frame: &Frame) {
        if let Some(leg) = self.legs.get_mut(at) {
            leg.frames += 1;
        }
        self.bytes += frame.bytes().len() as u64;
    }

    fn refused(&self, frame: &Frame, why: &str) -> SinkError {
        error::plain(format!(
            "a frame of leg {} in {} cannot be written to the recording {:?}: {why}; what came before stays",
            frame.leg(),
            notes::spelled(&frame.format()),
            self.path
        ))
    }
}
