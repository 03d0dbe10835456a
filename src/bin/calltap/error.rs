//! How a command ends badly.

use std::fmt;
use std::process::ExitCode;

/// What went wrong, as a whole sentence, and whose fault it is.
#[derive(Debug)]
pub enum Failure {
    /// It was asked for wrongly, or the input cannot be read: exit code 2.
    Input(String),
    /// It could not be done: exit code 1.
    Failed(String),
}

impl Failure {
    pub fn code(&self) -> ExitCode {
        match self {
            Failure::Input(_) => ExitCode::from(2),
            Failure::Failed(_) => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Input(what) | Failure::Failed(what) => f.write_str(what),
        }
    }
}
