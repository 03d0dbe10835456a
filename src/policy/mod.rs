//! Who may be tapped, for what, after which notice, and how long it is kept: data, read from TOML once.

mod tap;

pub use tap::{Pairs, Purpose, Tap};
