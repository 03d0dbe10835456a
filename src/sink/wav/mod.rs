//! WAV files: the caller on the left, everybody else on the right, a JSON description beside each.
//!
//! [`WavFolder::open`] takes a folder for itself, [`WavFolder::sink`] makes a sink for one output. Nothing exists before
//! the sink is opened with a permit. Sample n of a file lies at `(offset_samples + n) / rate` seconds on the call's
//! clock, on both channels; where there is no audio there is silence. Audio that comes late is put in its place, up to
//! ten seconds back; what comes later is not written but counted, and noted as a gap.
//!
//! A file can be played up to its last flush whenever the process dies, and ends just under 4 GiB: then, on a full disk,
//! or when its folder is gone, the sink fails with an error that says what stays. A sink runs on a worker and blocks on
//! the disk; it belongs behind a queue. Memory for a file: two seconds of stereo audio (64 kB at 8 kHz), one more once
//! audio comes late, and the lists of the description.
//!
//! Files are called `20260131T093000Z_<output id>.wav` and `.json`, the time being that of the first permitted moment.
//!
//! Erasing overwrites the audio with zeros, waits until they are on the disk, and deletes both files. On storage that
//! writes elsewhere instead of over (copy-on-write file systems, snapshots, flash) the old blocks are out of its reach.
//!
//! # The description (schema 1)
//!
//! UTF-8; control characters are escaped, texts cut at 256 characters (the call's id at 128). Times in seconds are on
//! the call's clock. It is written at the beginning and, whole or not at all, at the end.
//!
//! | key | what |
//! |---|---|
//! | `schema` | 1; a key never changes its meaning, new ones may come |
//! | `state` | `recording` (or the process died), `complete`, `truncated` (the sink failed on the way), `failed` (the call did) |
//! | `output`, `file` | the output's id (UUIDv7); the name of the audio file beside it |
//! | `call` | the host's id of the call |
//! | `entity`, `controller`, `country`, `service`, `language` | whom the call was made to, for what, in the caller's language |
//! | `tap`, `purposes` | `record`; of `quality`, `evidence` those that are permitted |
//! | `policy_hash`, `legal_basis` | SHA-256 of the policy; what it rests on in law, a list |
//! | `notice` | `language`, `from`, `to`: when it was played; `window_end`: when the time to refuse was over |
//! | `reasons` | `permitted`: why it might be recorded; `ended`: why it ends (null while it has not) |
//! | `started`, `ended` | UTC of the call clock's zero; UTC of the end (null while there is none); RFC 3339 |
//! | `permitted` | the stretches that were permitted: `from`, `to` (null while open) |
//! | `delete_after`, `delete_after_zone` | when it must be deleted: RFC 3339 with the offset of the entity's zone; that zone's IANA name |
//! | `rate`, `channels`, `encoding` | samples of a channel a second; 2; `pcm16`, `pcma` or `pcmu` |
//! | `encoding_wanted`, `encoding_why` | `pcm16` or `as-it-came`; why it is `pcm16` all the same, or null |
//! | `offset_samples`, `samples` | the number of the file's first sample on the call's clock; how many samples it has |
//! | `legs` | `leg`, `role`, `channel` (`left`, `right`), `formats` as SDP spells them; what was written: `frames`, `samples`; what was not: `late_frames` (more than ten seconds late), `doubled_samples` (came twice) |
//! | `gaps`, `gaps_unlisted` | stretches of a leg without audio: `leg`, `cause`, `from`, `to`; how many more there were than the 4096 that are listed |
//! | `marks`, `marks_unlisted` | `mark` (`pause`, `resume`), `at`; how many more there were than 1024 |
//! | `ledger` | at the end, for each `leg`: `pushed` = `delivered` + `masked` + `withheld` + `dropped.sum` + `purged` + `in_flight`; beside it `lost`, `erased`. `dropped` has `full`, `size`, `format`, `duplicate`, `late`, `queue`, `sink` and their `sum` |

mod audio_file;
mod error;
mod folder;
mod layout;
mod listed;
mod name;
mod notes;
mod plan;
mod recording;
mod samples;
mod sink;
mod spans;

use std::path::Path;
use std::sync::Arc;

pub use sink::{WavFiles, WavSink};

use super::{OutputId, SinkError};
use folder::Folder;

/// A folder for recordings that this engine has for itself: it is locked until this and every sink made from it is
/// gone. `[control]`
#[derive(Clone, Debug)]
pub struct WavFolder {
    folder: Arc<Folder>,
}

/// How recordings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WavOptions {
    /// How samples are written.
    pub encoding: WavEncoding,
}

/// How samples are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WavEncoding {
    /// Linear, 16 bits.
    #[default]
    Pcm,
    /// A-law or µ-law untouched, when that is what all legs carry and each has a channel for itself; else as `Pcm`, and
    /// the description says why.
    AsItCame,
}

impl WavFolder {
    /// Takes the folder `path`, and makes it (mode 0700) when it is missing. What exists keeps its mode.
    ///
    /// Refused when it is no folder, cannot be written to, can be written to by every user (without the sticky bit), or
    /// another engine, in this process or another, has it.
    pub fn open(path: impl AsRef<Path>) -> Result<WavFolder, SinkError> {
        Ok(WavFolder { folder: Arc::new(Folder::open(path.as_ref())?) })
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A sink for one output. Makes no file. `[any]`
    pub fn sink(&self, options: WavOptions, output: OutputId) -> WavSink {
        WavSink::new(Arc::clone(&self.folder), options, output)
    }
}
