//! What each side of a captured call said, sample by sample, with its place on the call's clock: the model that
//! recordings are compared with.
//!
//! A side's first packet lies where it was captured, the next ones by their time stamps. Everything is at 8 kHz.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

use super::wire::Wire;

/// Nanoseconds of one sample.
pub const SAMPLE: i64 = 125_000;
/// Nanoseconds of a millisecond.
pub const MILLI: i64 = 1_000_000;

/// An RTP packet of one side.
#[derive(Clone)]
pub struct Rtp {
    /// When it was captured, on the call's clock.
    pub at: i64,
    /// The moment of its first sample.
    pub place: i64,
    pub sequence: u16,
    pub payload_type: u8,
    pub marker: bool,
    pub payload: Vec<u8>,
    /// Where the RTP packet lies in the file.
    pub in_file: Range<usize>,
}

/// A captured call.
pub struct Talk {
    pub caller: Vec<Rtp>,
    pub agent: Vec<Rtp>,
    /// When the BYE was captured.
    pub bye: i64,
    /// The call clock's zero, nanoseconds since 1970.
    pub zero: i64,
}

/// The addresses that the committed captures use, by side.
const CALLERS: [&str; 2] = ["192.0.2.10", "2001:db8::10"];
const AGENTS: [&str; 3] = ["192.0.2.20", "2001:db8::20", "198.51.100.20"];

impl Talk {
    /// The call of a capture that holds one.
    pub fn of(name: &str) -> Talk {
        Talk::read(&Wire::of(name), None)
    }

    /// The call whose media has these ports: of a capture that holds several.
    pub fn between(wire: &Wire, ports: Range<u16>, sip_port: u16) -> Talk {
        Talk::read(wire, Some((ports, sip_port)))
    }

    /// The same call with a hang-up at `at`.
    pub fn until(self, at: i64) -> Talk {
        Talk { bye: at, ..self }
    }

    /// The same call with its sides swapped: the clock then begins with the other side.
    pub fn outbound(self) -> Talk {
        let later = self.agent[0].at;
        let moved = |side: Vec<Rtp>| {
            let packets = side.into_iter();
            packets.map(|packet| Rtp { at: packet.at - later, place: packet.place - later, ..packet }).collect()
        };
        Talk { caller: moved(self.agent), agent: moved(self.caller), bye: self.bye - later, zero: self.zero + later }
    }

    fn read(wire: &Wire, only: Option<(Range<u16>, u16)>) -> Talk {
        let media = |port| only.as_ref().is_none_or(|(ports, _)| ports.contains(&port));
        let [caller, agent] = [&CALLERS[..], &AGENTS[..]].map(|addresses| {
            let from: Vec<IpAddr> = addresses.iter().map(|text| text.parse().expect("an address")).collect();
            let packets = wire.packets.iter().filter(|packet| from.contains(&packet.from.ip()));
            let rtp: Vec<_> = packets.filter(|packet| packet.is_udp && media(packet.from.port())).collect();
            rtp.into_iter().filter(|packet| is_rtp(wire.payload(packet))).collect::<Vec<_>>()
        });
        let zero = caller.first().expect("the caller says something").at;
        let is_bye = |packet: &&super::wire::Packet| {
            let of_call = only.as_ref().is_none_or(|(_, port)| [packet.from.port(), packet.to.port()].contains(port));
            of_call && wire.payload(packet).starts_with(b"BYE ")
        };
        let bye = wire.packets.iter().find(is_bye).map_or(i64::MAX, |packet| packet.at - zero);
        let side = |packets: Vec<&super::wire::Packet>| {
            let mut first = None;
            let rtp = packets.into_iter().map(|packet| {
                let bytes = wire.payload(packet);
                let at = packet.at - zero;
                let timestamp = u32::from_be_bytes(bytes[4..8].try_into().expect("four bytes"));
                let (begins_at, begins_with) = *first.get_or_insert((at, timestamp));
                Rtp {
                    at,
                    place: begins_at + i64::from(timestamp.wrapping_sub(begins_with) as i32) * SAMPLE,
                    sequence: u16::from_be_bytes([bytes[2], bytes[3]]),
                    payload_type: bytes[1] & 0x7f,
                    marker: bytes[1] & 0x80 != 0,
                    payload: bytes[12..].to_vec(),
                    in_file: packet.payload.clone(),
                }
            });
            rtp.collect()
        };
        Talk { caller: side(caller), agent: side(agent), bye, zero }
    }
}

/// RTP of a kind that the captures have; not its RTCP, not SIP.
fn is_rtp(bytes: &[u8]) -> bool {
    bytes.len() > 12 && bytes[0] == 0x80 && matches!(bytes[1] & 0x7f, 0 | 8 | 101)
}

/// The keyed digits' payload type.
pub const EVENT: u8 = 101;

/// What should be on a channel: for each sample number of the call's clock, the byte that was sent.
///
/// Of the packets that were captured by `until`, the samples from `from` on that do not lie in a pause. What comes
/// while a pause lasts, or was there when it began, is not kept, though it may reach beyond the pause: nobody knew then
/// when it would end.
pub fn spoken(side: &[Rtp], from: i64, pauses: &[Range<i64>], until: i64) -> BTreeMap<i64, u8> {
    let paused = |at: &i64| pauses.iter().any(|pause| pause.contains(at));
    let mut samples = BTreeMap::new();
    for packet in side.iter().filter(|packet| packet.payload_type != EVENT && packet.at <= until && !paused(&packet.at))
    {
        for (place, &byte) in (packet.place..).step_by(SAMPLE as usize).zip(&packet.payload) {
            let wiped = pauses.iter().any(|pause| packet.at <= pause.start && pause.start <= place);
            if place >= from && !paused(&place) && !wiped {
                samples.insert(nearest_sample(place), byte);
            }
        }
    }
    samples
}

/// The number of the sample nearest to a moment.
pub fn nearest_sample(at: i64) -> i64 {
    (at + SAMPLE / 2).div_euclid(SAMPLE)
}

/// The encoded samples of a voice: what a side says, from its first packet on.
pub fn voice(name: &str) -> Vec<u8> {
    let path = super::wire::capture("voices").join(name);
    // An 18-byte `fmt ` and a `fact` chunk lie before the samples.
    std::fs::read(path).expect("a committed voice")[58..].to_vec()
}

/// A-law to linear, 16 bits (ITU-T G.711, table 1a).
pub fn from_a_law(byte: u8) -> i16 {
    let code = byte ^ 0x55;
    let (segment, step) = (code >> 4 & 7, i16::from(code & 15));
    let size = if segment == 0 { (2 * step + 1) << 3 } else { (2 * step + 33) << (segment + 2) };
    if code & 0x80 == 0 { -size } else { size }
}

/// µ-law to linear, 16 bits (ITU-T G.711, table 2a).
pub fn from_mu_law(byte: u8) -> i16 {
    let code = !byte;
    let (segment, step) = (code >> 4 & 7, i16::from(code & 15));
    let size = (((2 * step + 33) << segment) - 33) << 2;
    if code & 0x80 == 0 { size } else { -size }
}

/// How alike two sounds are: 1 for the same, near 0 for two that have nothing to do with each other.
pub fn correlation(one: &[i16], other: &[i16]) -> f64 {
    let product = |a: &[i16], b: &[i16]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    product(one, other) / (product(one, one) * product(other, other)).sqrt()
}
