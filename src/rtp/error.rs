//! What can be wrong with what came as RTP.

/// Why a packet, or a part of it, was refused. It is dropped as a whole: nothing of it is used. Lengths are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RtpError {
    /// Shorter than the fixed header (RFC 3550 section 5.1).
    #[error("{len} bytes are too few for RTP, whose header alone has 12; packet dropped")]
    TooShort {
        /// Bytes there are.
        len: usize,
    },
    /// Of another version than 2.
    #[error("version {found} in the first byte, RTP has 2: probably not RTP at all; packet dropped")]
    Version {
        /// The version it says.
        found: u8,
    },
    /// The list of contributing sources reaches beyond the end.
    #[error("{count} CSRCs need {needed} bytes of header, the packet has {len}; packet dropped")]
    CsrcsBeyondEnd {
        /// How many it says there are.
        count: u8,
        /// Bytes the header would then have.
        needed: usize,
        /// Bytes there are.
        len: usize,
    },
    /// The header extension (RFC 3550 section 5.3.1) reaches beyond the end.
    #[error("the header extension would end at byte {needed}, the packet has {len}; packet dropped")]
    ExtensionBeyondEnd {
        /// Bytes the packet would need.
        needed: usize,
        /// Bytes there are.
        len: usize,
    },
    /// Padding is announced, but its length is 0 or the header fills the packet, so that there is no room for it.
    #[error("the P bit announces padding, but there is none: its length must be 1 or more; packet dropped")]
    NoPadding,
    /// The padding is longer than what follows the header.
    #[error("{padding} bytes of padding do not fit into the {available} after the header; packet dropped")]
    PaddingTooLong {
        /// The length it says.
        padding: u8,
        /// Bytes after the header.
        available: usize,
    },
    /// A redundant payload (RFC 2198) ends within its headers.
    #[error("the redundant payload ends within header {block} (from 0); payload dropped")]
    RedundancyHeaderBeyondEnd {
        /// The number of the header.
        block: usize,
    },
    /// A block of a redundant payload reaches beyond the end.
    #[error(
        "block {block} (from 0) of the redundant payload has {length} bytes, only {available} are left; payload dropped"
    )]
    RedundancyBlockBeyondEnd {
        /// The number of the block.
        block: usize,
        /// The length it says.
        length: usize,
        /// Bytes left for it.
        available: usize,
    },
    /// More blocks in a redundant payload than are read.
    #[error("more than {limit} blocks in one redundant payload; payload dropped")]
    TooManyBlocks {
        /// How many are read.
        limit: usize,
    },
    /// A payload type that does not exist.
    #[error("payload type {payload_type} does not exist: they go from 0 to 127; line ignored")]
    PayloadTypeOutOfRange {
        /// The number given.
        payload_type: u8,
    },
    /// An rtpmap that cannot be read.
    #[error(
        "the rtpmap of payload type {payload_type} {problem}; expected NAME/rate or NAME/rate/channels; line ignored"
    )]
    Rtpmap {
        /// Whose.
        payload_type: u8,
        /// What is wrong with it.
        problem: &'static str,
    },
}
