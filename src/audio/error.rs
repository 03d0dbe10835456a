//! What can be wrong with audio.

use super::Encoding;

/// Why bytes could not be read as audio. Nothing was written to the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The format is not audio, or of a codec this version cannot decode.
    #[error("{encoding:?} cannot be decoded to samples; ask `Format::is_audio` first")]
    NotDecodable {
        /// The encoding.
        encoding: Encoding,
    },
    /// The format has no channels.
    #[error("a format of no channels holds no samples; give 1 or more channels")]
    NoChannels,
    /// The bytes end in the middle of a sample.
    #[error("{len} bytes are no whole number of samples of {unit} bytes; cut the payload where a sample ends")]
    PartialSample {
        /// Bytes given.
        len: usize,
        /// Bytes of one sample of every channel.
        unit: usize,
    },
}
