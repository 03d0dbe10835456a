//! What the library says to whoever runs the exchange: one call-back, and nothing without it.

use std::fmt;
use std::sync::Arc;

use super::listener::Listener;

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
pub(super) struct Log(Option<Listener<LogTo>>);

impl Log {
    pub(super) fn to(listener: Option<LogTo>) -> Log {
        Log(listener.map(Listener::new))
    }

    pub(super) fn say(&self, level: Level, target: &'static str, text: fmt::Arguments<'_>) {
        if let Some(listener) = &self.0 {
            // A listener that panics has lost a line; nothing else.
            let _ = listener.call(|tell| tell(level, target, &text.to_string()));
        }
    }

    /// Nothing is said any more, and nobody is saying anything. `[control]`
    pub(super) fn close(&self) {
        self.0.iter().for_each(Listener::close);
    }
}
