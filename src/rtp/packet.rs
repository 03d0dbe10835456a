//! The RTP header (RFC 3550 section 5.1), read by `rtp-rs` and borrowed: nothing is copied. `[any]`
//!
//! Invariant: whatever a [`Packet`] names lies within the bytes it was read from. A length that lies is an error.

use std::fmt;

use rtp_rs::{RtpReader, RtpReaderError};

use super::RtpError;

/// Bytes of the fixed header.
const FIXED_HEADER: usize = RtpReader::MIN_HEADER_LEN;

/// One RTP packet. CSRCs, header extension and padding are checked and left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What the payload is, by number: 0 to 127. Ask [`PayloadTypes`](super::PayloadTypes).
    pub payload_type: u8,
    /// Rises by one with each packet, modulo 2^16.
    pub sequence: u16,
    /// The moment of the first sample, in units of the payload's clock, modulo 2^32.
    pub timestamp: u32,
    /// The stream the packet belongs to.
    pub ssrc: u32,
    /// In audio: the first packet after silence. In telephone-events: the first packet of a press.
    pub marker: bool,
    /// The encoded audio, or whatever the payload type says it is. May be empty.
    pub payload: &'a [u8],
}

impl Packet<'_> {
    /// Reads a packet, from the first byte of the UDP payload to its last. No allocation, whatever the bytes. `[any]`
    ///
    /// Where RTCP may come on the same port, ask [`is_rtcp`] first: most of it would pass as RTP.
    pub fn parse(bytes: &[u8]) -> Result<Packet<'_>, RtpError> {
        let reader = RtpReader::new(bytes).map_err(|error| refusal(bytes, error))?;
        Ok(Packet {
            payload_type: reader.payload_type(),
            sequence: reader.sequence_number().into(),
            timestamp: reader.timestamp(),
            ssrc: reader.ssrc(),
            marker: reader.mark(),
            payload: reader.payload(),
        })
    }
}

impl fmt::Debug for Packet<'_> {
    /// Everything but the payload: it may be a voice or a digit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packet")
            .field("payload_type", &self.payload_type)
            .field("sequence", &self.sequence)
            .field("timestamp", &self.timestamp)
            .field("ssrc", &format_args!("{:#010x}", self.ssrc))
            .field("marker", &self.marker)
            .field("payload_len", &self.payload.len())
            .finish()
    }
}

/// Whether this is RTCP that shares the port with RTP (RFC 5761 section 4): its packet types, 192 to 223, stand where
/// RTP has marker and payload type, and no RTP on such a port uses payload types 64 to 95. `[any]`
pub fn is_rtcp(bytes: &[u8]) -> bool {
    matches!(bytes, [first, 192..=223, ..] if first >> 6 == 2)
}

/// What the reader found wrong, in our words.
fn refusal(bytes: &[u8], error: RtpReaderError) -> RtpError {
    let len = bytes.len();
    match error {
        RtpReaderError::BufferTooShort(len) => RtpError::TooShort { len },
        RtpReaderError::UnsupportedVersion(found) => RtpError::Version { found },
        RtpReaderError::PaddingLengthInvalid(0) => RtpError::NoPadding,
        RtpReaderError::PaddingLengthInvalid(padding) => {
            RtpError::PaddingTooLong { padding, available: len.saturating_sub(header_len(bytes)) }
        }
        RtpReaderError::HeadersTruncated { header_len, .. } => {
            let count = csrc_count(bytes);
            let csrcs_end = FIXED_HEADER + 4 * usize::from(count);
            if csrcs_end > len {
                RtpError::CsrcsBeyondEnd { count, needed: csrcs_end, len }
            } else if header_len > len {
                RtpError::ExtensionBeyondEnd { needed: header_len, len }
            } else {
                // The header is whole and fills the packet: the byte that would give the padding's length is missing.
                RtpError::NoPadding
            }
        }
    }
}

fn csrc_count(bytes: &[u8]) -> u8 {
    bytes.first().map_or(0, |first| first & 0x0F)
}

/// The length of a header that is known to lie within `bytes`.
fn header_len(bytes: &[u8]) -> usize {
    let csrcs_end = FIXED_HEADER + 4 * usize::from(csrc_count(bytes));
    let extended = bytes.first().is_some_and(|first| first & 0x10 != 0);
    match bytes.get(csrcs_end..csrcs_end + 4) {
        Some(&[_, _, high, low]) if extended => csrcs_end + 4 + 4 * usize::from(u16::from_be_bytes([high, low])),
        _ => csrcs_end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with the given first byte; sequence 0x0102, time stamp 0x03040506, SSRC 0x0708090A.
    fn header(first: u8, second: u8) -> Vec<u8> {
        vec![first, second, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    }

    fn with(first: u8, rest: &[u8]) -> Vec<u8> {
        let mut bytes = header(first, 0);
        bytes.extend_from_slice(rest);
        bytes
    }

    #[test]
    fn a_plain_packet_is_read_field_by_field() {
        let mut bytes = header(0x80, 0x88);
        bytes.extend_from_slice(b"voice");
        let expected = Packet {
            payload_type: 8,
            sequence: 0x0102,
            timestamp: 0x0304_0506,
            ssrc: 0x0708_090A,
            marker: true,
            payload: b"voice",
        };
        assert_eq!(Packet::parse(&bytes), Ok(expected));
    }

    #[test]
    fn csrcs_extension_and_padding_are_left_out() {
        let mut bytes = header(0x80 | 0x20 | 0x10 | 2, 0);
        bytes.extend_from_slice(&[0xC1; 8]);
        bytes.extend_from_slice(&[0xBE, 0xDE, 0, 1, 0xE1, 0xE1, 0xE1, 0xE1]);
        bytes.extend_from_slice(b"voice");
        bytes.extend_from_slice(&[0, 0, 3]);
        assert_eq!(Packet::parse(&bytes).map(|packet| packet.payload), Ok(&b"voice"[..]));
    }

    #[test]
    fn a_payload_may_be_empty_and_padding_may_be_all_there_is() {
        assert_eq!(Packet::parse(&header(0x80, 0)).map(|packet| packet.payload), Ok(&[][..]));
        assert_eq!(Packet::parse(&with(0xA0, &[0, 2])).map(|packet| packet.payload), Ok(&[][..]));
    }

    #[test]
    fn each_lying_length_is_named() {
        assert_eq!(Packet::parse(&[]), Err(RtpError::TooShort { len: 0 }));
        assert_eq!(Packet::parse(&header(0x80, 0)[..11]), Err(RtpError::TooShort { len: 11 }));
        assert_eq!(Packet::parse(&header(0x40, 0)), Err(RtpError::Version { found: 1 }));
        assert_eq!(
            Packet::parse(&with(0x8F, &[0; 59])),
            Err(RtpError::CsrcsBeyondEnd { count: 15, needed: 72, len: 71 })
        );
        assert_eq!(
            Packet::parse(&with(0x91, &[0; 3])),
            Err(RtpError::CsrcsBeyondEnd { count: 1, needed: 16, len: 15 })
        );
        assert_eq!(Packet::parse(&with(0x90, &[0; 3])), Err(RtpError::ExtensionBeyondEnd { needed: 16, len: 15 }));
        assert_eq!(
            Packet::parse(&with(0x90, &[0, 0, 0xFF, 0xFF, 1, 2, 3, 4])),
            Err(RtpError::ExtensionBeyondEnd { needed: 16 + 4 * 0xFFFF, len: 20 })
        );
        assert_eq!(Packet::parse(&header(0xA0, 0)), Err(RtpError::NoPadding));
        assert_eq!(Packet::parse(&with(0xA0, &[1, 2, 0])), Err(RtpError::NoPadding));
        assert_eq!(Packet::parse(&with(0xA0, &[1, 2, 4])), Err(RtpError::PaddingTooLong { padding: 4, available: 3 }));
        assert_eq!(
            Packet::parse(&with(0xB1, &[1, 1, 1, 1, 0, 0, 0, 1, 7, 7, 7, 7, 9, 3])),
            Err(RtpError::PaddingTooLong { padding: 3, available: 2 }),
        );
    }

    #[test]
    fn rtcp_on_the_same_port_is_told_from_rtp() {
        for (second, rtcp) in
            [(191, false), (192, true), (200, true), (223, true), (224, false), (0, false), (8, false)]
        {
            assert_eq!(is_rtcp(&header(0x80, second)), rtcp, "second byte {second}");
        }
        assert!(!is_rtcp(&header(0x00, 200)), "version 0 is STUN or the like");
        assert!(!is_rtcp(&[0x80]));
    }

    #[test]
    fn a_payload_is_never_shown() {
        let shown = format!("{:?}", Packet::parse(&with(0x80, b"secret")));
        assert!(shown.contains("payload_len: 6") && !shown.contains("115"), "{shown}");
    }
}
