//! Reads session descriptions (SDP, RFC 8866), as far as finding audio needs: where each side wants its audio, and
//! what its payload types stand for. By the crate `sdp-types`.
//!
//! That crate refuses a whole description for one broken line of any kind, and real devices write broken `o=` and
//! `b=` lines; so it gets only the lines that matter here. Pure; no input panics. Memory is bounded: at most 64 KiB
//! are read, of which 4 audio lines with 32 payload types each are kept.

use std::fmt;
use std::net::SocketAddr;

use sdp_types::{Attribute, Connection, Media, RtpMap, Session};

/// The longest description that is read, in bytes.
pub const SDP_MAX: usize = 65_536;
/// Audio lines that are kept.
const AUDIO_MAX: usize = 4;
/// Payload types that are kept of each.
const PAYLOADS_MAX: usize = 32;
/// The longest name of an encoding that is kept.
const NAME_MAX: usize = 32;

/// One `m=audio` line that was not refused (port 0), and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audio {
    /// Where the side that wrote this wants to receive it. `None` on hold by 0.0.0.0, and for a host's name.
    pub address: Option<SocketAddr>,
    /// What its dynamic payload types stand for (`a=rtpmap`).
    pub payload_types: Vec<PayloadType>,
    /// Which way it goes, seen from the side that wrote this.
    pub direction: Direction,
    /// Whether keys were given for it: SRTP, if the other side agrees.
    pub keyed: bool,
}

/// What a payload type stands for (RFC 8866, 6.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadType {
    /// The payload type, 0..=127.
    pub number: u8,
    /// The name of the encoding, as it was written.
    pub name: String,
    /// Ticks of its RTP clock in a second; not 0.
    pub rate: u32,
    /// Channels; not 0.
    pub channels: u8,
}

/// Which way audio goes (RFC 8866, 6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as its attribute")]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// Why a description gives no audio.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdpError {
    /// It is longer than [`SDP_MAX`].
    #[error("it is longer than 65536 bytes")]
    TooLong,
    /// A line about media cannot be read.
    #[error("a line of it cannot be read: {0}")]
    Malformed(String),
    /// It has no `m=` line.
    #[error("it has no m= line")]
    NoMedia,
    /// It has `m=` lines, but none for audio.
    #[error("it has media, but no audio")]
    NoAudio,
    /// Its audio has port 0.
    #[error("its audio is refused by port 0")]
    Refused,
}

/// The audio of a session description.
pub fn audio_of(sdp: &[u8]) -> Result<Vec<Audio>, SdpError> {
    if sdp.len() > SDP_MAX {
        return Err(SdpError::TooLong);
    }
    let session = Session::parse(&what_matters(sdp)).map_err(|error| SdpError::Malformed(error.to_string()))?;
    if session.medias.is_empty() {
        return Err(SdpError::NoMedia);
    }
    let audio = || session.medias.iter().filter(|media| media.media.eq_ignore_ascii_case("audio"));
    if audio().next().is_none() {
        return Err(SdpError::NoAudio);
    }
    let kept: Vec<Audio> =
        audio().filter(|media| media.port != 0).take(AUDIO_MAX).map(|media| Audio::read(media, &session)).collect();
    if kept.is_empty() { Err(SdpError::Refused) } else { Ok(kept) }
}

/// The lines of a description that are read, the others empty, so that an error tells the right line. What is not
/// UTF-8 matters to nobody.
fn what_matters(sdp: &[u8]) -> Vec<u8> {
    const ATTRIBUTES: [&str; 7] = ["rtpmap", "sendrecv", "sendonly", "recvonly", "inactive", "crypto", "fingerprint"];
    let mut kept = b"v=0\n".to_vec();
    let (first, others) = sdp.split_at(sdp.iter().position(|byte| *byte == b'\n').map_or(sdp.len(), |end| end + 1));
    let lines = if first.starts_with(b"v=") { others } else { sdp };
    for line in lines.split(|byte| *byte == b'\n') {
        let line = std::str::from_utf8(line).unwrap_or_default().trim();
        let matters = match line.split_once('=') {
            Some(("c" | "m", _)) => true,
            Some(("a", attribute)) => ATTRIBUTES.contains(&attribute.split(':').next().unwrap_or_default()),
            _ => false,
        };
        if matters && !line.contains(['\0', '\r']) {
            kept.extend_from_slice(line.as_bytes());
        }
        kept.push(b'\n');
    }
    kept
}

impl Audio {
    fn read(media: &Media, session: &Session) -> Audio {
        let connection = media.connections.first().or(session.connection.as_ref());
        let keys = |attribute: &Attribute| matches!(attribute.attribute.as_str(), "crypto" | "fingerprint");
        let maps = media.attributes.iter().filter(|attribute| attribute.attribute == "rtpmap");
        Audio {
            address: connection.and_then(|connection| address_of(connection, media.port)),
            payload_types: maps.filter_map(PayloadType::read).take(PAYLOADS_MAX).collect(),
            direction: Direction::of(&media.attributes)
                .or_else(|| Direction::of(&session.attributes))
                .unwrap_or(Direction::SendRecv),
            keyed: media.proto.to_ascii_uppercase().contains("SAVP")
                || media.attributes.iter().chain(&session.attributes).any(keys),
        }
    }
}

fn address_of(connection: &Connection, port: u16) -> Option<SocketAddr> {
    let ip = connection.try_address().ok()?.ip;
    (!ip.is_unspecified()).then(|| SocketAddr::new(ip, port))
}

impl PayloadType {
    fn read(attribute: &Attribute) -> Option<PayloadType> {
        let map: RtpMap = attribute.value.as_deref()?.trim().parse().ok()?;
        let channels = match map.encoding_params.as_deref() {
            None | Some("") => 1,
            Some(channels) => channels.trim().parse().ok()?,
        };
        let name = map.encoding_name;
        let fits = !name.is_empty() && name.len() <= NAME_MAX && name.bytes().all(|byte| byte.is_ascii_graphic());
        (fits && map.clock_rate != 0 && channels != 0).then_some(PayloadType {
            number: map.payload_type,
            name,
            rate: map.clock_rate,
            channels,
        })
    }
}

impl fmt::Display for PayloadType {
    /// As in `96 opus/48000/2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}/{}", self.number, self.name, self.rate, self.channels)
    }
}

impl Direction {
    fn of(attributes: &[Attribute]) -> Option<Direction> {
        attributes.iter().find_map(|attribute| match attribute.attribute.as_str() {
            "sendrecv" => Some(Direction::SendRecv),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::RecvOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=broken\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nb=also broken\r\nt=0 0\r\na=sendonly\r\n\
        m=audio 4000/2 RTP/AVP 8 0 101 96\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
        a=rtpmap:96 opus/48000/2\r\na=rtpmap:97 broken\r\na=rtpmap:98 zero/0\r\na=ptime:20\r\n\
        m=video 5000 RTP/AVP 31\r\n\
        m=audio 0 RTP/AVP 0\r\n\
        m=audio 4002 RTP/SAVP 0\r\nc=IN IP6 2001:db8::1\r\na=recvonly\r\n";

    #[test]
    fn each_audio_line_tells_its_address_and_payload_types() {
        let audio = audio_of(OFFER.as_bytes()).expect("audio");
        let [first, second] = &audio[..] else { panic!("two lines that are not refused: {audio:?}") };
        assert_eq!(first.address, Some("192.0.2.1:4000".parse().expect("an address")));
        assert_eq!(first.direction, Direction::SendOnly, "as for the session");
        assert!(!first.keyed);
        let maps: Vec<String> = first.payload_types.iter().map(PayloadType::to_string).collect();
        assert_eq!(maps, ["8 PCMA/8000/1", "101 telephone-event/8000/1", "96 opus/48000/2"]);
        assert_eq!(second.address, Some("[2001:db8::1]:4002".parse().expect("an address")));
        assert_eq!(second.direction, Direction::RecvOnly);
        assert!(second.keyed);
    }

    #[test]
    fn a_description_without_audio_says_why() {
        assert_eq!(audio_of(b"v=0\r\ns=-\r\n"), Err(SdpError::NoMedia));
        assert_eq!(audio_of(b"m=video 5000 RTP/AVP 31\n"), Err(SdpError::NoAudio));
        assert_eq!(audio_of(b"m=audio 0 RTP/AVP 0\n"), Err(SdpError::Refused));
        let broken = audio_of(b"v=0\r\no=x\r\nm=audio none RTP/AVP 0\r\n").expect_err("a port that is no number");
        assert!(broken.to_string().contains("line 3"), "{broken}");
        assert_eq!(audio_of(&vec![b'a'; SDP_MAX + 1]), Err(SdpError::TooLong));
    }

    #[test]
    fn hold_by_no_address_leaves_the_payload_types() {
        let audio = audio_of(b"c=IN IP4 0.0.0.0\nm=audio 4000 RTP/AVP 96\na=rtpmap:96 L16/44100/2\n").expect("audio");
        assert_eq!(audio[0].address, None);
        assert_eq!(audio[0].payload_types.len(), 1);
        let named = audio_of(b"c=IN IP4 pbx.example.com\nm=audio 4000 RTP/AVP 0\n").expect("audio");
        assert_eq!(named[0].address, None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let line = "m=audio 4000 RTP/AVP 0\n".to_owned() + &"a=rtpmap:0 PCMU/8000\n".repeat(40);
        let audio = audio_of(("c=IN IP4 192.0.2.1\n".to_owned() + &line.repeat(20)).as_bytes()).expect("audio");
        assert_eq!(audio.len(), AUDIO_MAX);
        assert!(audio.iter().all(|audio| audio.payload_types.len() == PAYLOADS_MAX));
    }
}
