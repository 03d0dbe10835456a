//! What the library says to whoever runs the exchange: one call-back, and nothing without it.

use std::fmt;
use std::sync::Arc;

use crate::guard::caught;

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something failed; the text says what became of the data.
    Error,
    /// Something is not as it should be; nothing was lost yet, or it was counted.
    Warning,
    /// What happens anyway.
    Info,
}

/// Where the log goes: level, the part of the library, one line without personal data. Called on library threads and on
/// control threads, never on a media thread; it must not block.
pub type LogTo = Arc<dyn Fn(Level, &'static str, &str) + Send + Sync>;

/// The log. Silent when nobody listens. `[any]` but the media thread.
#[derive(Clone, Default)]
pub(super) struct Log(Option<LogTo>);

impl Log {
    pub(super) fn to(listener: Option<LogTo>) -> Log {
        Log(listener)
    }

    pub(super) fn say(&self, level: Level, target: &'static str, text: fmt::Arguments<'_>) {
        if let Some(listener) = &self.0 {
            // A listener that panics has lost a line; nothing else.
            let _ = caught(|| listener(level, target, &text.to_string()));
        }
    }
}
