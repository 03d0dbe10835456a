//! The classic capture format, pcap (draft-ietf-opsawg-pcap): a header of 24 bytes, then packets with a header of
//! 16 bytes each. Time stamps in micro- or nanoseconds, either byte order.

use super::endian::Endian;
use super::error::CaptureError;
use super::file::{Found, PACKET_MAX};
use super::source::Source;

/// What the header of a pcap file says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pcap {
    endian: Endian,
    /// Nanoseconds in one unit of a time stamp's fraction.
    unit_ns: u64,
    link: u16,
}

impl Pcap {
    /// Reads the header, of which `magic` was already read; `None` when it is not that of a pcap file.
    pub(super) fn begin(magic: [u8; 4], source: &mut Source) -> Result<Option<Pcap>, CaptureError> {
        let (endian, unit_ns) = match magic {
            [0xa1, 0xb2, 0xc3, 0xd4] => (Endian::Big, 1_000),
            [0xd4, 0xc3, 0xb2, 0xa1] => (Endian::Little, 1_000),
            [0xa1, 0xb2, 0x3c, 0x4d] => (Endian::Big, 1),
            [0x4d, 0x3c, 0xb2, 0xa1] => (Endian::Little, 1),
            _ => return Ok(None),
        };
        let rest: [u8; 20] = source.array()?;
        let number = |at| endian.u32_at(&rest, at).unwrap_or(0);
        match endian.u16_at(&rest, 0) {
            Some(2) => {}
            major => {
                let major = major.unwrap_or(0);
                return Err(source.damaged(format!("it is of version {major}, and only version 2 is known")));
            }
        }
        // The upper half of the last field tells of frame check sequences; IP's own lengths leave those out.
        Ok(Some(Pcap { endian, unit_ns, link: (number(16) & 0xffff) as u16 }))
    }

    /// Reads the next packet into the source's body; `None` at the end.
    pub(super) fn next(&self, source: &mut Source) -> Result<Option<Found>, CaptureError> {
        if source.at_end()? {
            return Ok(None);
        }
        source.begin_item();
        source.number_packet(source.packet() + 1);
        let header: [u8; 16] = source.array()?;
        let number = |at| self.endian.u32_at(&header, at).unwrap_or(0);
        let (seconds, fraction, captured) = (number(0), number(4), number(8));
        if captured > PACKET_MAX {
            return Err(source.damaged(format!("it claims {captured} bytes; a packet has at most {PACKET_MAX}")));
        }
        source.read_body(captured)?;
        let time_ns = u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * self.unit_ns;
        Ok(Some(Found { time_ns, link: self.link, bytes: 0..captured as usize }))
    }
}
