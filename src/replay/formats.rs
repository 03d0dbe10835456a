//! Which formats a leg of a captured call carries: what its packets use, explained by the signalling.

use crate::audio::{Encoding, Format};
use crate::capture::Side;
use crate::consent::Role;
use crate::engine::{LegSpec, MAX_PACKET};
use crate::rtp::{Packet, PayloadTypes, Redundant};

use super::Chosen;

/// What is taken as keyed digits when nobody says: the number that most telephones use.
const USUAL_EVENT_TYPE: (u8, &str) = (101, "telephone-event/8000");

/// Bytes of a slot at the most, whatever a session description claims: 60 ms of 48 kHz stereo need 11,520.
const LONGEST_SLOT: usize = 16 * 1024;

/// The formats of one leg, by payload type, and which of them its packets used.
#[derive(Clone, Debug)]
pub struct LegFormats {
    known: PayloadTypes,
    names: Vec<(u8, String)>,
    used: [bool; 128],
}

impl LegFormats {
    /// What the signalling says about the packets that `side` sends: its receiver's word before its own, and before
    /// both what the user says.
    pub(super) fn of(chosen: &Chosen, side: Side, said: &[(u8, String)]) -> LegFormats {
        let mut formats = LegFormats { known: PayloadTypes::rfc3551(), names: Vec::new(), used: [false; 128] };
        match chosen {
            Chosen::Call(call) => {
                for party in [call.party(side), call.party(side.other())] {
                    for audio in party.descriptions().iter().flat_map(|description| &description.audio) {
                        for named in &audio.payload_types {
                            formats.name(named.number, &format!("{}/{}/{}", named.name, named.rate, named.channels));
                        }
                    }
                }
            }
            Chosen::Sources(_) => {}
        }
        if formats.known.format(USUAL_EVENT_TYPE.0).is_none() {
            // Better a key too many than a 9 that nobody saw.
            formats.name(USUAL_EVENT_TYPE.0, USUAL_EVENT_TYPE.1);
        }
        for (number, rtpmap) in said {
            formats.name(*number, rtpmap);
        }
        formats
    }

    /// Notes which payload types a packet uses.
    pub(super) fn see(&mut self, packet: &[u8]) {
        let Ok(packet) = Packet::parse(packet) else { return };
        self.mark(packet.payload_type);
        let redundant =
            self.known.format(packet.payload_type).map(|format| format.encoding) == Some(Encoding::Redundant);
        if redundant && let Ok(redundant) = Redundant::parse(packet.payload) {
            redundant.blocks().iter().for_each(|block| self.mark(block.payload_type));
        }
    }

    /// The formats in use.
    pub fn used(&self) -> impl Iterator<Item = (u8, Format)> + '_ {
        let numbers = (0..128u8).filter(|&number| self.used[usize::from(number)]);
        numbers.map(|number| (number, self.known.format(number).unwrap_or(UNKNOWN)))
    }

    /// Whether any of its packets is audio that can be decoded.
    pub fn has_audio(&self) -> bool {
        self.used().any(|(_, format)| format.is_audio())
    }

    /// The payload types in use that this version cannot decode, named as the signalling names them.
    pub fn undecodable(&self) -> Vec<String> {
        let unknown = self.used().filter(|(_, format)| format.encoding == Encoding::Unknown);
        unknown.map(|(number, _)| self.name_of(number)).collect()
    }

    /// The leg, with a ring for the longest packets it may bring.
    pub(super) fn leg(&self, role: Role) -> LegSpec {
        let mut spec = LegSpec::new(role, Vec::new());
        for (number, format) in self.used() {
            let index = spec.formats.iter().position(|other| *other == format).unwrap_or_else(|| {
                spec.formats.push(format);
                spec.formats.len() - 1
            });
            spec.payload_types.push((number, index as u8));
            let second = format.bytes_per_sample().unwrap_or(0) * format.rate as usize;
            let longest = second * MAX_PACKET.as_millis() as usize / 1000;
            spec.slot_bytes = spec.slot_bytes.max(longest.min(LONGEST_SLOT));
        }
        spec
    }

    fn name(&mut self, number: u8, rtpmap: &str) {
        // A line that says nothing sensible leaves what was known; packets of that type then count as undecodable.
        if self.known.map(number, rtpmap).is_ok() {
            self.names.retain(|(other, _)| *other != number);
            self.names.push((number, crate::capture::escape_wire(rtpmap)));
        }
    }

    fn name_of(&self, number: u8) -> String {
        let named = self.names.iter().find(|(other, _)| *other == number);
        named.map_or_else(|| static_name(number), |(_, name)| format!("{name} (payload type {number})"))
    }

    fn mark(&mut self, number: u8) {
        if let Some(used) = self.used.get_mut(usize::from(number)) {
            *used = true;
        }
    }
}

/// A payload type that nobody explained.
const UNKNOWN: Format = Format { encoding: Encoding::Unknown, rate: 8_000, channels: 1 };

/// The names of RFC 3551, table 4, for what is there but cannot be decoded.
fn static_name(number: u8) -> String {
    let name = match number {
        3 => "GSM",
        4 => "G723",
        9 => "G722",
        15 => "G728",
        18 => "G729",
        _ => return format!("payload type {number}"),
    };
    format!("{name} (payload type {number})")
}
