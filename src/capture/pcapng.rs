//! The newer capture format, pcapng (draft-ietf-opsawg-pcapng): blocks; several sections, each in its own byte
//! order, with several interfaces, each with its own link layer, time resolution and time offset.
//!
//! Read are section headers, interface descriptions, and enhanced, simple and (obsolete) packet blocks; every
//! other block is passed over without being held. A simple packet has no time: it gets that of the packet before.

use super::endian::Endian;
use super::error::CaptureError;
use super::file::{Found, PACKET_MAX};
use super::source::Source;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// A block that is held may be as long as the longest packet and its options.
const BLOCK_MAX: u32 = PACKET_MAX + 128 * 1024;
/// Interfaces in one section.
const INTERFACES_MAX: usize = 1_024;

/// What has been read of a pcapng file so far.
#[derive(Clone, Debug)]
pub(super) struct PcapNg {
    endian: Endian,
    interfaces: Vec<Interface>,
    last_time_ns: u64,
}

impl PcapNg {
    /// Reads the first block, whose first four bytes, `magic`, were already read; `None` when it is no section.
    pub(super) fn begin(magic: [u8; 4], source: &mut Source) -> Result<Option<PcapNg>, CaptureError> {
        if u32::from_be_bytes(magic) != SECTION_HEADER {
            return Ok(None);
        }
        let length: [u8; 4] = source.array()?;
        let endian = read_section(length, source)?;
        Ok(Some(PcapNg { endian, interfaces: Vec::new(), last_time_ns: 0 }))
    }

    /// Reads up to the next packet, whose bytes are then in the source's body; `None` at the end.
    pub(super) fn next(&mut self, source: &mut Source) -> Result<Option<Found>, CaptureError> {
        source.number_packet(source.packet() + 1);
        while !source.at_end()? {
            source.begin_item();
            let head: [u8; 8] = source.array()?;
            if head.starts_with(&SECTION_HEADER.to_be_bytes()) {
                let [_, _, _, _, length @ ..] = head;
                self.endian = read_section(length, source)?;
                self.interfaces.clear();
                continue;
            }
            if let Some(found) = self.read_block(head, source)? {
                self.last_time_ns = found.time_ns;
                return Ok(Some(found));
            }
        }
        source.number_packet(source.packet() - 1);
        Ok(None)
    }

    /// Reads one block other than a section header; `Some` when it holds a packet.
    fn read_block(&mut self, head: [u8; 8], source: &mut Source) -> Result<Option<Found>, CaptureError> {
        let kind = self.endian.u32_at(&head, 0).unwrap_or(0);
        let length = self.endian.u32_at(&head, 4).unwrap_or(0);
        let Some(inside) = length.checked_sub(12).filter(|_| length.is_multiple_of(4)) else {
            return Err(source.damaged(format!("a block claims to be {length} bytes long")));
        };
        let held = matches!(kind, INTERFACE_DESCRIPTION | OBSOLETE_PACKET | SIMPLE_PACKET | ENHANCED_PACKET);
        if !held {
            source.skip(inside)?;
        } else if inside > BLOCK_MAX {
            return Err(source.damaged(format!("a block claims {length} bytes; one has at most {BLOCK_MAX} here")));
        } else {
            source.read_body(inside)?;
        }
        let again: [u8; 4] = source.array()?;
        if self.endian.u32_at(&again, 0) != Some(length) {
            return Err(source.damaged("a block's two lengths differ"));
        }
        let found = match kind {
            INTERFACE_DESCRIPTION => return self.add_interface(source).map(|()| None),
            ENHANCED_PACKET => self.enhanced(source.body()),
            OBSOLETE_PACKET => self.obsolete(source.body()),
            SIMPLE_PACKET => self.simple(source.body()),
            _ => return Ok(None),
        };
        found.map(Some).map_err(|what| source.damaged(what))
    }

    fn add_interface(&mut self, source: &Source) -> Result<(), CaptureError> {
        if self.interfaces.len() >= INTERFACES_MAX {
            return Err(source.damaged(format!("a section has more than {INTERFACES_MAX} interfaces")));
        }
        match Interface::read(source.body(), self.endian) {
            Some(interface) => self.interfaces.push(interface),
            None => return Err(source.damaged("an interface description is too short")),
        }
        Ok(())
    }

    /// An Enhanced Packet Block (section 4.3).
    fn enhanced(&self, body: &[u8]) -> Result<Found, &'static str> {
        let interface = self.endian.u32_at(body, 0).ok_or(TOO_SHORT)?;
        self.packet(body, interface, 4)
    }

    /// A Packet Block, obsolete (appendix A): the number of its interface has 16 bits.
    fn obsolete(&self, body: &[u8]) -> Result<Found, &'static str> {
        let interface = self.endian.u16_at(body, 0).ok_or(TOO_SHORT)?;
        self.packet(body, u32::from(interface), 4)
    }

    /// What both have in common: time, captured length, original length and the bytes, from `at` on.
    fn packet(&self, body: &[u8], interface: u32, at: usize) -> Result<Found, &'static str> {
        let interface = self.interfaces.get(interface as usize).ok_or(NO_INTERFACE)?;
        let high = self.endian.u32_at(body, at).ok_or(TOO_SHORT)?;
        let low = self.endian.u32_at(body, at + 4).ok_or(TOO_SHORT)?;
        let captured = self.endian.u32_at(body, at + 8).ok_or(TOO_SHORT)? as usize;
        let begin = at + 16;
        if captured > body.len().checked_sub(begin).ok_or(TOO_SHORT)? {
            return Err("a packet is longer than the block it is in");
        }
        let time_ns = interface.time_ns(u64::from(high) << 32 | u64::from(low));
        Ok(Found { time_ns, link: interface.link, bytes: begin..begin + captured })
    }

    /// A Simple Packet Block (section 4.4): of the first interface, cut at its snap length, without a time.
    fn simple(&self, body: &[u8]) -> Result<Found, &'static str> {
        let interface = self.interfaces.first().ok_or(NO_INTERFACE)?;
        let original = self.endian.u32_at(body, 0).ok_or(TOO_SHORT)?;
        let kept = if interface.snap_length == 0 { original } else { original.min(interface.snap_length) };
        let captured = (kept as usize).min(body.len() - 4);
        Ok(Found { time_ns: self.last_time_ns, link: interface.link, bytes: 4..4 + captured })
    }
}

const TOO_SHORT: &str = "a packet block is too short for its own fields";
const NO_INTERFACE: &str = "a packet belongs to an interface that was not described";

/// Reads a section header after its type and length; gives its byte order.
fn read_section(length: [u8; 4], source: &mut Source) -> Result<Endian, CaptureError> {
    let order: [u8; 4] = source.array()?;
    let endian = match order {
        [0x1a, 0x2b, 0x3c, 0x4d] => Endian::Big,
        [0x4d, 0x3c, 0x2b, 0x1a] => Endian::Little,
        _ => return Err(source.damaged("a section header does not tell its byte order")),
    };
    let length = endian.u32_at(&length, 0).unwrap_or(0);
    // Type, length, byte order, version, section length, and the length again: 28 bytes.
    let Some(options) = length.checked_sub(28).filter(|_| length.is_multiple_of(4)) else {
        return Err(source.damaged(format!("a section header claims to be {length} bytes long")));
    };
    let version: [u8; 4] = source.array()?;
    match endian.u16_at(&version, 0) {
        Some(1) => {}
        major => {
            let major = major.unwrap_or(0);
            return Err(source.damaged(format!("a section is of version {major}, and only version 1 is known")));
        }
    }
    source.skip(8)?;
    source.skip(options)?;
    let again: [u8; 4] = source.array()?;
    if endian.u32_at(&again, 0) == Some(length) {
        Ok(endian)
    } else {
        Err(source.damaged("a block's two lengths differ"))
    }
}

/// What an Interface Description Block (section 4.2) says.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: u16,
    snap_length: u32,
    resolution: u8,
    offset_seconds: i64,
}

impl Interface {
    /// `None` when the block is too short. Options that cannot be read end the list of options.
    fn read(body: &[u8], endian: Endian) -> Option<Interface> {
        let mut interface = Interface {
            link: endian.u16_at(body, 0)?,
            snap_length: endian.u32_at(body, 4)?,
            resolution: 6,
            offset_seconds: 0,
        };
        let mut options = body.get(8..).unwrap_or_default();
        while let (Some(code), Some(length)) = (endian.u16_at(options, 0), endian.u16_at(options, 2)) {
            let length = usize::from(length);
            let Some(value) = options.get(4..4 + length) else { break };
            match (code, value) {
                (0, _) => break,
                (9, [resolution]) => interface.resolution = *resolution,
                (14, _) => interface.offset_seconds = endian.i64_at(value, 0).unwrap_or(0),
                _ => {}
            }
            options = options.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        }
        Some(interface)
    }

    /// A time stamp of this interface in nanoseconds since 1970; what lies outside of 64 bits becomes their end.
    fn time_ns(&self, stamp: u64) -> u64 {
        const SECOND: u128 = 1_000_000_000;
        let scaled = u128::from(stamp) * SECOND;
        let exponent = u32::from(self.resolution & 0x7f);
        let nanos = if self.resolution & 0x80 != 0 {
            scaled >> exponent
        } else {
            // 10 to the 39th does not fit; no stamp reaches a nanosecond there.
            10u128.checked_pow(exponent).map_or(0, |units| scaled / units)
        };
        let offset = i128::from(self.offset_seconds) * SECOND as i128;
        let nanos = i128::try_from(nanos).unwrap_or(i128::MAX).saturating_add(offset);
        u64::try_from(nanos.max(0)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(resolution: u8, offset_seconds: i64) -> Interface {
        Interface { link: 1, snap_length: 0, resolution, offset_seconds }
    }

    #[test]
    fn time_stamps_count_in_the_interfaces_own_units() {
        assert_eq!(interface(6, 0).time_ns(1_500_000), 1_500_000_000);
        assert_eq!(interface(9, 0).time_ns(1_500_000_001), 1_500_000_001);
        assert_eq!(interface(3, 2).time_ns(1_500), 3_500_000_000);
        assert_eq!(interface(0x80 | 10, 0).time_ns(1_536), 1_500_000_000);
        assert_eq!(interface(12, 0).time_ns(1_999), 1);
    }

    #[test]
    fn no_time_stamp_overflows() {
        for resolution in 0..=255 {
            for offset in [i64::MIN, -1, 0, i64::MAX] {
                interface(resolution, offset).time_ns(u64::MAX);
            }
        }
        assert_eq!(interface(0, i64::MAX).time_ns(u64::MAX), u64::MAX);
        assert_eq!(interface(0, i64::MIN).time_ns(0), 0);
    }
}
