//! Who may be tapped, for what, after which notice, and how long it is kept: data, read from TOML once.

mod rules;
mod tap;

pub use rules::{CallRules, Direction, Refusal, Until};
pub use tap::{Pairs, Purpose, Tap};
