//! Reading a policy file: the only I/O of this module.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::PolicyError;
use super::source::{Source, printable};

/// The largest policy, in bytes.
pub const SIZE_LIMIT: usize = 1024 * 1024;

/// The bytes of the file at `path`, and the path as a name for messages. `[control]`
pub(super) fn read(path: &Path) -> Result<(Vec<u8>, Arc<str>), PolicyError> {
    let origin: Arc<str> = printable(&path.display().to_string()).into();
    let unreadable = |why: String| PolicyError::Unreadable { origin: Arc::clone(&origin), why };
    let file = File::open(path).map_err(|wrong| unreadable(wrong.to_string()))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(unreadable("it is a directory".into()));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to know, also of a device that never ends.
    file.take(SIZE_LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(|wrong| unreadable(wrong.to_string()))?;
    if bytes.len() > SIZE_LIMIT {
        return Err(PolicyError::TooLarge { origin });
    }
    Ok((bytes, origin))
}

/// `bytes` as text, or the place of the first that is not UTF-8.
pub(super) fn text<'a>(bytes: &'a [u8], origin: &Arc<str>) -> Result<&'a str, PolicyError> {
    std::str::from_utf8(bytes).map_err(|wrong| {
        let at = wrong.valid_up_to();
        let valid = bytes.get(..at).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default();
        Source::new(valid, origin).wrong(at..at, "this byte is not UTF-8; expected a TOML file in UTF-8")
    })
}
