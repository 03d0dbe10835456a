//! The sentences of what can go wrong: what, where, and what became of the data.

use std::fmt::Display;
use std::io;
use std::path::Path;

use super::super::SinkError;

/// Something about the folder, before there is any audio.
pub(super) fn folder(path: &Path, what: &str, cause: io::Error) -> SinkError {
    let hint = match cause.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "; name a folder, or a path that does not exist",
        io::ErrorKind::PermissionDenied => "; let the user this runs as write to it",
        io::ErrorKind::ReadOnlyFilesystem => "; name a folder on a file system that can be written to",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room on its file system",
        _ => "",
    };
    SinkError {
        what: format!("the recordings' folder {path:?} {what}: {cause}{hint}; nothing was recorded"),
        source: Some(cause),
    }
}

/// Somebody else has the folder.
pub(super) fn locked(path: &Path) -> SinkError {
    plain(format!(
        "the recordings' folder {path:?} is in use by another engine or process: give each one a folder of its own; \
         nothing was recorded"
    ))
}

/// Every user of the machine could swap recordings.
pub(super) fn open_to_all(path: &Path, mode: u32) -> SinkError {
    plain(format!(
        "the recordings' folder {path:?} can be written to by every user (mode {mode:04o}): chmod 700 it; nothing was \
         recorded"
    ))
}

/// A file could not be made; nothing of the output is left.
pub(super) fn create(path: &Path, cause: io::Error) -> SinkError {
    let hint = match cause.kind() {
        io::ErrorKind::AlreadyExists => ": something has that name already, and it was left alone",
        io::ErrorKind::NotFound => ": its folder is gone",
        _ => "",
    };
    SinkError {
        what: format!("the recording {path:?} could not be begun: {cause}{hint}; nothing was recorded"),
        source: Some(cause),
    }
}

/// Audio could not be written.
pub(super) fn write(path: &Path, kept: f64, cause: io::Error) -> SinkError {
    let hint = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => " (make room on its file system)",
        _ => "",
    };
    SinkError {
        what: format!(
            "the recording {path:?} could not be written: {cause}{hint}; its first {kept:.3} s, up to the last flush, stay"
        ),
        source: Some(cause),
    }
}

/// The audio is whole, but something after it failed.
pub(super) fn describe(path: &Path, cause: io::Error) -> SinkError {
    SinkError {
        what: format!(
            "the description {path:?} could not be brought up to date: {cause}; the audio beside it is there, the \
             description is the one from the recording's beginning or is missing"
        ),
        source: Some(cause),
    }
}

/// The file was deleted under us.
pub(super) fn vanished(path: &Path) -> SinkError {
    plain(format!(
        "the recording {path:?} or its folder was removed by somebody else while it was being written: what it held is \
         gone, and what follows is not written"
    ))
}

/// No more fits into the file.
pub(super) fn full(path: &Path, kept: f64) -> SinkError {
    plain(format!(
        "the recording {path:?} is truncated: a WAV file ends just under 4 GiB; its first {kept:.3} s stay, what follows \
         is not written"
    ))
}

/// Something that is not about the disk.
pub(super) fn plain(what: impl Display) -> SinkError {
    SinkError { what: what.to_string(), source: None }
}
