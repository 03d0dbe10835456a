//! Why an export could not do what it was asked for.

use std::borrow::Cow;

use super::c;

/// A status below zero, and a sentence for people.
///
/// Made of a static text it allocates nothing: so it may come about on a media thread.
#[derive(Debug)]
pub(super) struct Failure {
    /// Below zero.
    pub(super) status: i32,
    /// What was wrong, where, what became of the data.
    pub(super) text: Cow<'static, str>,
}

impl Failure {
    pub(super) fn new(status: i32, text: impl Into<Cow<'static, str>>) -> Failure {
        Failure { status, text: text.into() }
    }

    /// A pointer is null; `text` says which.
    pub(super) fn null(text: &'static str) -> Failure {
        Failure::new(c::E_NULL, text)
    }

    /// A value has no meaning.
    pub(super) fn argument(text: impl Into<Cow<'static, str>>) -> Failure {
        Failure::new(c::E_ARGUMENT, text)
    }
}
