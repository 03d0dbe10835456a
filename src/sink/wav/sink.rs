//! The sink itself: from the first permitted frame to the close or the erasure.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::super::{
    Closing, Description, Erasure, Fate, GapCause, Handed, LegIndex, Mark, Outcome, OutputId, Receipt, Sink, SinkError,
};
use super::audio_file::AudioFile;
use super::folder::Folder;
use super::listed::Listed;
use super::plan::Plan;
use super::recording::{LEGS, Leg, Recording};
use super::{WavOptions, error, name, notes};
use crate::consent::Permit;
use crate::frame::Frame;
use crate::policy::Tap;
use crate::time::{CallTime, Interval};

/// One recording: a WAV file and its description. Made by [`super::WavFolder::sink`]; no file exists before `open`.
///
/// Dropped without `close`, it leaves a file that can be played, and a description whose state is `recording`.
pub struct WavSink {
    options: WavOptions,
    output: OutputId,
    files: WavFiles,
    state: State,
}

enum State {
    /// Nothing exists.
    Fresh,
    /// Being written.
    Open(Box<Recording>),
    /// Closed; the file is kept open so that it can be erased even if it was moved.
    Closed(Box<Recording>),
    /// To be erased, not done yet: nothing is written any more.
    Erasing(Box<Recording>),
    /// Nothing exists any more.
    Erased,
}

/// The paths of one recording, for whoever handed its sink on. While it lives the folder stays locked. `[any]`
#[derive(Clone, Debug)]
pub struct WavFiles {
    folder: Arc<Folder>,
    stem: Arc<OnceLock<String>>,
}

impl WavFiles {
    /// Where the audio is, or was before it was erased; `None` when nothing was ever written.
    pub fn audio(&self) -> Option<PathBuf> {
        self.stem.get().map(|stem| self.folder.path().join(name::audio(stem)))
    }

    /// The paths that exist now: the audio and its description. Asks the file system.
    pub fn existing(&self) -> Vec<PathBuf> {
        let Some(stem) = self.stem.get() else { return Vec::new() };
        let names = [name::audio(stem), name::description(stem)];
        names.iter().filter(|name| self.folder.has(name)).map(|name| self.folder.path().join(name)).collect()
    }
}

impl WavSink {
    pub(super) fn new(folder: Arc<Folder>, options: WavOptions, output: OutputId) -> WavSink {
        let files = WavFiles { folder, stem: Arc::default() };
        WavSink { options, output, files, state: State::Fresh }
    }

    /// Where the audio is, or was before it was erased; `None` before `open`. `[worker]`
    pub fn path(&self) -> Option<PathBuf> {
        self.files.audio()
    }

    /// The recording's paths, to be asked for when the sink itself is in a session's hands. `[any]`
    pub fn files(&self) -> WavFiles {
        self.files.clone()
    }

    fn recording(&mut self) -> Result<&mut Recording, SinkError> {
        match &mut self.state {
            State::Open(recording) => Ok(recording),
            State::Fresh => Err(not_open(self.output, "was not opened")),
            State::Closed(_) => Err(not_open(self.output, "is closed")),
            State::Erasing(_) | State::Erased => Err(not_open(self.output, "was erased")),
        }
    }

    /// Checks what it is asked for; nothing is made yet.
    fn check(&self, permit: &Permit, description: &Description) -> Result<Plan, SinkError> {
        let refused = |why: &str| {
            error::plain(format!("output {} cannot be a recording: {why}; nothing was recorded", self.output))
        };
        if !matches!(self.state, State::Fresh) {
            return Err(not_open(self.output, "was opened before"));
        }
        if description.output != self.output {
            return Err(refused("its description is that of another output"));
        }
        let pairs = permit.pairs().intersection(description.pairs).of(Tap::Record);
        if permit.tap() != Tap::Record || description.tap != Tap::Record || pairs.is_empty() {
            return Err(refused("the call may not be recorded, only monitored"));
        }
        Plan::of(self.options.encoding, &description.legs)
    }

    /// The description first: audio without one must never lie about.
    fn begin(&self, plan: Plan, permit: &Permit, description: &Description) -> Result<Recording, SinkError> {
        let folder = &self.files.folder;
        let from = permit.from().max(description.permitted_from);
        let stem = name::stem(description, from, self.output);
        let (audio_name, notes_name) = (name::audio(&stem), name::description(&stem));
        let path = folder.path().join(&audio_name);
        let mut notes_file =
            folder.create(&notes_name).map_err(|cause| error::create(&folder.path().join(&notes_name), cause))?;
        let undo = |names: &[&str], cause| {
            names.iter().for_each(|name| drop(folder.remove(name)));
            error::create(&path, cause)
        };
        let file = folder.create(&audio_name).map_err(|cause| undo(&[&notes_name], cause))?;
        let both = [notes_name.as_str(), audio_name.as_str()];
        let audio = AudioFile::begin(file, plan.layout).map_err(|cause| undo(&both, cause))?;
        let leg = |leg: &super::super::LegDescription| Leg::new(leg.leg, leg.role, leg.formats.clone());
        let recording = Recording {
            description: description.clone(),
            pairs: permit.pairs().intersection(description.pairs).of(Tap::Record),
            wanted: self.options.encoding,
            plan,
            from,
            offset: sample_at_or_after(from, plan.layout.rate),
            file_name: audio_name.clone(),
            audio,
            legs: description.legs.iter().take(LEGS).map(leg).collect(),
            gaps: Listed::new(),
            marks: Listed::new(),
            bytes: 0,
            path: path.clone(),
        };
        let text = notes::write(&recording, None);
        std::io::Write::write_all(&mut notes_file, &text).map_err(|cause| undo(&both, cause))?;
        let _ = self.files.stem.set(stem);
        Ok(recording)
    }

    /// Brings the file to its end, then the description, then their names. All is tried, whatever fails.
    fn finish(&self, recording: &mut Recording, closing: &Closing) -> Result<(), SinkError> {
        let folder = &self.files.folder;
        let audio = still_there(recording).and_then(|()| {
            let finished = recording.audio.finish();
            finished.map_err(|cause| error::write(&recording.path, recording.kept(), cause))
        });
        recording.audio.wipe();
        let outcome = match closing.outcome {
            Outcome::Complete if audio.is_err() => Outcome::Truncated,
            outcome => outcome,
        };
        let notes_name = name::description(self.files.stem.get().map_or("", String::as_str));
        let text = notes::write(recording, Some((closing, outcome)));
        let described = match recording.audio.has_name() {
            // A description of nothing would only be found by those who look for a recording.
            Ok(false) => folder.remove(&notes_name),
            _ => folder.replace(&notes_name, &text).and_then(|()| folder.sync()),
        };
        audio.and(described.map_err(|cause| error::describe(&folder.path().join(&notes_name), cause)))
    }

    /// Zeros over the audio, then the names away. Says in words what could not be done.
    fn wipe_out(&self, recording: &mut Recording) -> Result<(), String> {
        let folder = &self.files.folder;
        let failed =
            |what: &str, path: &std::path::Path, cause| Err(format!("{path:?} {what}: {cause}; to be tried again"));
        if let Err(cause) = recording.audio.overwrite() {
            return failed("could not be overwritten", &recording.path, cause);
        }
        let stem = self.files.stem.get().map_or("", String::as_str);
        let notes_name = name::description(stem);
        for name in [name::audio(stem), name::temporary(&notes_name), notes_name] {
            if let Err(cause) = folder.remove(&name) {
                return failed("could not be deleted, its audio is overwritten", &folder.path().join(name), cause);
            }
        }
        match folder.sync() {
            Ok(()) => Ok(()),
            Err(cause) => failed("may still name the deleted files", folder.path(), cause),
        }
    }
}

impl Sink for WavSink {
    fn open(&mut self, permit: &Permit, description: &Description) -> Result<(), SinkError> {
        let plan = self.check(permit, description)?;
        self.state = State::Open(Box::new(self.begin(plan, permit, description)?));
        Ok(())
    }

    fn frame(&mut self, frame: &Frame) -> Result<Handed, SinkError> {
        self.recording()?.frame(frame).map(|()| Handed::Taken)
    }

    fn gap(&mut self, leg: LegIndex, cause: GapCause, stretch: Interval) -> Result<(), SinkError> {
        self.recording()?.gap(leg, cause, stretch);
        Ok(())
    }

    fn mark(&mut self, mark: Mark, at: CallTime) -> Result<(), SinkError> {
        self.recording()?.marks.add((mark, at));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        let recording = self.recording()?;
        let written = recording.audio.write_out();
        written.map_err(|cause| error::write(&recording.path, recording.kept(), cause))?;
        still_there(recording)
    }

    fn close(&mut self, closing: &Closing) -> Result<(), SinkError> {
        match std::mem::replace(&mut self.state, State::Erased) {
            State::Open(mut recording) => {
                let finished = self.finish(&mut recording, closing);
                self.state = State::Closed(recording);
                finished
            }
            // What was never opened, is closed or erased has nothing to bring to an end.
            other => {
                self.state = other;
                Ok(())
            }
        }
    }

    fn erase(&mut self, _: &Erasure) -> Receipt {
        let nothing = Receipt { output: self.output, fate: Fate::Erased, frames: 0, bytes: 0 };
        match std::mem::replace(&mut self.state, State::Erased) {
            State::Fresh | State::Erased => nothing,
            State::Open(mut recording) | State::Closed(mut recording) | State::Erasing(mut recording) => {
                let receipt = Receipt { frames: recording.frames(), bytes: recording.bytes, ..nothing };
                match self.wipe_out(&mut recording) {
                    Ok(()) => receipt,
                    Err(why) => {
                        self.state = State::Erasing(recording);
                        Receipt { fate: Fate::Pending(why), ..receipt }
                    }
                }
            }
        }
    }
}

impl Drop for WavSink {
    fn drop(&mut self) {
        if let State::Open(recording) = &mut self.state {
            let _ = recording.audio.write_out();
        }
    }
}

impl fmt::Debug for WavSink {
    /// Which output, and where it stands; nothing about the call.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Fresh => "fresh",
            State::Open(_) => "open",
            State::Closed(_) => "closed",
            State::Erasing(_) => "erasing",
            State::Erased => "erased",
        };
        f.debug_struct("WavSink").field("output", &self.output).field("state", &state).finish_non_exhaustive()
    }
}

fn not_open(output: OutputId, what: &str) -> SinkError {
    error::plain(format!("the recording of output {output} {what}: nothing more is written to it"))
}

/// A deleted file takes everything and keeps nothing.
fn still_there(recording: &Recording) -> Result<(), SinkError> {
    match recording.audio.has_name() {
        Ok(true) => Ok(()),
        Ok(false) => Err(error::vanished(&recording.path)),
        Err(cause) => Err(error::write(&recording.path, recording.kept(), cause)),
    }
}

/// The number of the first sample that lies at `at` or after it.
fn sample_at_or_after(at: CallTime, rate: u32) -> i64 {
    let near = at.sample(rate);
    // Sample `near` lies at or after `at` exactly when near/rate >= at.
    let behind = i128::from(near) * 1_000_000_000 < i128::from(at.nanos()) * i128::from(rate);
    near.saturating_add(i64::from(behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sample_is_never_before_the_first_permitted_moment() {
        assert_eq!(sample_at_or_after(CallTime::from_millis(9_000), 8_000), 72_000);
        // 125 µs a sample.
        for (nanos, sample) in [(0, 0), (1, 1), (62_000, 1), (125_000, 1), (125_001, 2), (-1, 0), (-125_000, -1)] {
            assert_eq!(sample_at_or_after(CallTime::from_nanos(nanos), 8_000), sample, "{nanos} ns");
        }
    }
}
