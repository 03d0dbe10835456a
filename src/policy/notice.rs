//! What the caller is told before anything is tapped, and how the caller refuses.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::file;
use super::source::{Source, quoted};
use super::{PolicyError, Until, duration, language};

/// Less would not let a caller answer the notice; more is a typing error.
const WINDOW: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60);
/// Less would take card numbers for objections; what a 9 holds back must fit in bounded memory, so not more.
const ALONE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(10);

/// The words of a notice in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// The language, an RFC 5646 tag in lower case.
    pub language: String,
    /// What is said.
    pub text: String,
}

/// What becomes of audio that was tapped before an objection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnObjection {
    /// Every sink erases what it got.
    Erase,
    /// Nothing more is tapped; what was, stays.
    Stop,
}

/// How a caller refuses by pressing 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptOut {
    /// How long after the notice nothing is tapped yet, and every 9 counts at once.
    pub window: Duration,
    /// How far another digit must be, onset to onset, for a later 9 to stand alone.
    pub alone: Duration,
    /// Until when a 9 counts.
    pub until: Until,
    /// What becomes of audio from before the objection.
    pub on_objection: OnObjection,
}

impl Notice {
    /// All notices, at least one: without one nothing could ever be tapped.
    pub(super) fn check_all(raw: &[file::Notice], source: &Source<'_>) -> Result<Vec<Notice>, PolicyError> {
        if raw.is_empty() {
            return Err(source.wrong(0..0, "there is no notice; expected at least one [[notice]]"));
        }
        let mut languages = HashSet::new();
        raw.iter()
            .map(|raw| {
                let language = language::check(&raw.language, source)?;
                if !languages.insert(language.clone()) {
                    let message = format!("a second notice in {}; expected one for a language", quoted(&language));
                    return Err(source.wrong(raw.language.span(), message));
                }
                Ok(Notice { language, text: source.line(&raw.text)? })
            })
            .collect()
    }
}

impl OptOut {
    pub(super) fn check(raw: &file::OptOut, source: &Source<'_>) -> Result<OptOut, PolicyError> {
        Ok(OptOut {
            window: duration::check(&raw.window, WINDOW, source)?,
            alone: duration::check(&raw.alone, ALONE, source)?,
            until: raw.until,
            on_objection: raw.on_objection,
        })
    }
}
