//! Formats and codecs.

mod format;

pub use format::{Encoding, Format};
