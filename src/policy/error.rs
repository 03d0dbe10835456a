//! What can be wrong with a policy file, and where.

use std::fmt;
use std::sync::Arc;

use super::SIZE_LIMIT;

/// A place in a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The file's path, or another name for where the text came from. Control characters are escaped.
    pub origin: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// Why there is no policy. While there is none, nothing is tapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The file cannot be read: it is missing, a directory, or not permitted.
    #[error("{origin}: the policy file cannot be read: {why}; expected a TOML file that may be read")]
    Unreadable {
        /// The file's path.
        origin: Arc<str>,
        /// What the system said.
        why: String,
    },
    /// The file is larger than [`SIZE_LIMIT`].
    #[error("{origin}: the policy file is too large; expected at most {SIZE_LIMIT} bytes")]
    TooLarge {
        /// The file's path.
        origin: Arc<str>,
    },
    /// Something in the file is wrong.
    #[error("{place}: {message}")]
    Wrong {
        /// Where.
        place: Place,
        /// What is wrong, and what was expected.
        message: String,
    },
}

/// Something in a valid policy that its author should know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Where.
    pub place: Place,
    /// What it means for the calls.
    pub message: String,
}

impl fmt::Display for Place {
    /// As in `policy.toml:12:9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.origin, self.line, self.column)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
