//! Formats and codecs.

mod decode;
mod error;
mod format;
pub mod g711;
pub mod l16;

pub use decode::{decode, decoded_samples};
pub use error::AudioError;
pub use format::{Encoding, Format};
