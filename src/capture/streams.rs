//! The second reading of a capture: the packets of one call's audio, in the order in which they were captured.
//!
//! RTP is not read here, only told from RTCP and other traffic (RFC 5761, 4). Nothing is held but one packet.

use std::fmt;
use std::net::SocketAddr;

use super::call::{Call, Sender, Side};
use super::error::CaptureError;
use super::file::Capture;
use super::net::{Packet, Unpacker};
use super::skipped::{Skip, Skipped};
use crate::rtp;

/// Two streams by the addresses they come from, where there is no signalling to tell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Where the audio comes from that counts as the inviter's.
    pub inviter: SocketAddr,
    /// Where that of the other side comes from.
    pub callee: SocketAddr,
}

/// An RTP packet of the chosen call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MediaPacket<'a> {
    /// When it was captured, in nanoseconds since 1970 (UTC).
    pub time_ns: u64,
    /// Which side sent it.
    pub side: Side,
    /// The UDP payload: RTP of version 2 as far as its first two bytes tell, at least 12 bytes.
    pub payload: &'a [u8],
}

/// The audio of one call, packet by packet. `[control]`: reads a file.
pub struct Streams {
    capture: Capture,
    chosen: Chosen,
    unpacker: Unpacker,
    skipped: Skipped,
    payload: Vec<u8>,
}

enum Chosen {
    Call(Box<Call>),
    Sources(Sources),
}

impl Streams {
    /// The audio of a call that [`super::Survey::select`] found in this capture. Errors as for [`Capture::rewind`].
    pub fn of_call(capture: Capture, call: Call) -> Result<Streams, CaptureError> {
        Streams::begin(capture, Chosen::Call(Box::new(call)))
    }

    /// What comes from two addresses. Errors as for [`Capture::rewind`].
    pub fn of_sources(capture: Capture, sources: Sources) -> Result<Streams, CaptureError> {
        Streams::begin(capture, Chosen::Sources(sources))
    }

    fn begin(mut capture: Capture, chosen: Chosen) -> Result<Streams, CaptureError> {
        capture.rewind()?;
        let (unpacker, skipped) = (Unpacker::default(), Skipped::default());
        Ok(Streams { capture, chosen, unpacker, skipped, payload: Vec::new() })
    }

    /// The next RTP packet; `None` after the last. Errors: those of [`Capture::next_record`].
    pub fn next_packet(&mut self) -> Result<Option<MediaPacket<'_>>, CaptureError> {
        while let Some(record) = self.capture.next_record()? {
            let time_ns = record.time_ns;
            let Some(Packet::Udp(datagram)) = self.unpacker.unpack(&record) else { continue };
            let side = match self.chosen.sender(datagram.from, datagram.to, time_ns) {
                Ok(Some(side)) => side,
                Ok(None) => continue,
                Err(why) => {
                    self.skipped.add(why);
                    continue;
                }
            };
            match MediaKind::of(datagram.payload) {
                MediaKind::Rtp => {
                    self.payload.clear();
                    self.payload.extend_from_slice(datagram.payload);
                    return Ok(Some(MediaPacket { time_ns, side, payload: &self.payload }));
                }
                MediaKind::Rtcp => self.skipped.add(Skip::Rtcp),
                MediaKind::Other => self.skipped.add(Skip::NotRtp),
            }
        }
        self.unpacker.finish();
        Ok(None)
    }

    /// What was passed over so far.
    pub fn skipped(&self) -> Skipped {
        let mut all = self.skipped.clone();
        all.add_all(&self.unpacker.skipped);
        all
    }

    /// The call that was chosen; `None` when two addresses were.
    pub fn call(&self) -> Option<&Call> {
        match &self.chosen {
            Chosen::Call(call) => Some(call),
            Chosen::Sources(_) => None,
        }
    }

    /// The capture, to be read again.
    pub fn into_capture(self) -> Capture {
        self.capture
    }

    /// Bytes read so far, for a progress bar.
    pub fn position(&self) -> u64 {
        self.capture.position()
    }

    /// Bytes in the capture.
    pub fn size(&self) -> u64 {
        self.capture.size()
    }
}

impl Chosen {
    /// Which side sent a packet; `None` when it is not of this call.
    fn sender(&self, from: SocketAddr, to: SocketAddr, at_ns: u64) -> Result<Option<Side>, Skip> {
        match self {
            Chosen::Call(call) => match call.attribute(from, to, at_ns) {
                Sender::Ambiguous => Err(Skip::Ambiguous),
                sender => Ok(call.side_of(sender)),
            },
            Chosen::Sources(sources) if from == sources.inviter => Ok(Some(Side::Inviter)),
            Chosen::Sources(sources) if from == sources.callee => Ok(Some(Side::Callee)),
            Chosen::Sources(_) => Ok(None),
        }
    }
}

impl fmt::Debug for MediaPacket<'_> {
    /// Without the payload: it is someone's voice, or a digit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.payload.len();
        write!(f, "MediaPacket {{ time_ns: {}, side: {:?}, bytes: {length} }}", self.time_ns, self.side)
    }
}

/// What a datagram on a media port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaKind {
    Rtp,
    Rtcp,
    Other,
}

impl MediaKind {
    /// By its first two bytes: version 2, and RTCP by its type (RFC 5761, 4).
    pub(super) fn of(payload: &[u8]) -> MediaKind {
        match payload {
            _ if rtp::is_rtcp(payload) => MediaKind::Rtcp,
            [0x80..=0xbf, ..] if payload.len() >= 12 => MediaKind::Rtp,
            _ => MediaKind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtp_is_told_from_rtcp_and_other_traffic() {
        let packet = |first: u8, second: u8, length: usize| {
            let mut bytes = vec![0; length];
            bytes[..2].copy_from_slice(&[first, second]);
            MediaKind::of(&bytes)
        };
        for payload_type in (0..64).chain(96..128) {
            assert_eq!(packet(0x80, payload_type, 12), MediaKind::Rtp);
            assert_eq!(packet(0xbf, 0x80 | payload_type, 12), MediaKind::Rtp, "{payload_type} with the marker");
        }
        for kind in 200..=207 {
            assert_eq!(packet(0x81, kind, 8), MediaKind::Rtcp);
        }
        assert_eq!(packet(0x80, 0, 11), MediaKind::Other);
        assert_eq!(packet(0x00, 1, 20), MediaKind::Other, "STUN");
        assert_eq!(packet(0x16, 0xfe, 20), MediaKind::Other, "DTLS");
        assert_eq!(MediaKind::of(b""), MediaKind::Other);
    }
}
