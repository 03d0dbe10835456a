//! The link layer: from a packet as captured to the IP packet in it.
//!
//! Ethernet with any nesting of VLAN tags (IEEE 802.1Q, 802.1ad), Linux cooked v1 and v2, raw IP, and BSD loopback;
//! the numbers are those of the `LINKTYPE_` registry at tcpdump.org. By hand: these are fixed headers, and two of
//! them are unknown to the crate that reads IP. Pure; no input panics.

use super::skipped::Skip;

const NULL: u16 = 0;
const ETHERNET: u16 = 1;
/// Raw IP, as two operating systems number it in their own files.
const RAW_BSD: u16 = 12;
const RAW_OPENBSD: u16 = 14;
const RAW: u16 = 101;
const LOOP: u16 = 108;
const LINUX_SLL: u16 = 113;
const IPV4: u16 = 228;
const IPV6: u16 = 229;
const LINUX_SLL2: u16 = 276;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
/// Customer, service and (before the standard) provider VLAN tags.
const ETHERTYPE_VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];

/// The IP packet, and what may follow it, in a packet of link type `link`.
pub(super) fn ip_of(link: u16, bytes: &[u8]) -> Result<&[u8], Skip> {
    match link {
        ETHERNET => after_type(bytes, 12, 14),
        LINUX_SLL => after_type(bytes, 14, 16),
        LINUX_SLL2 => after_type(bytes, 0, 20),
        RAW | RAW_BSD | RAW_OPENBSD | IPV4 | IPV6 => Ok(bytes),
        NULL | LOOP => after_family(bytes),
        _ => Err(Skip::UnknownLink),
    }
}

/// Behind a header of `length` bytes that holds an EtherType at `at`.
fn after_type(bytes: &[u8], at: usize, length: usize) -> Result<&[u8], Skip> {
    let mut kind = u16_at(bytes, at)?;
    let mut rest = bytes.get(length..).ok_or(Skip::BadLink)?;
    while ETHERTYPE_VLAN.contains(&kind) {
        kind = u16_at(rest, 2)?;
        rest = rest.get(4..).ok_or(Skip::BadLink)?;
    }
    match kind {
        ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => Ok(rest),
        _ => Err(Skip::NotIp),
    }
}

/// Behind an address family of 32 bits, in the byte order of the machine that captured or, for LOOP, of the network.
fn after_family(bytes: &[u8]) -> Result<&[u8], Skip> {
    let (family, rest) = bytes.split_first_chunk::<4>().ok_or(Skip::BadLink)?;
    let family = u32::from_be_bytes(*family);
    match family.min(family.swap_bytes()) {
        // AF_INET everywhere; AF_INET6 on Linux, NetBSD and OpenBSD, FreeBSD, macOS.
        2 | 10 | 24 | 28 | 30 => Ok(rest),
        _ => Err(Skip::NotIp),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, Skip> {
    match bytes.get(at..at + 2) {
        Some(&[high, low]) => Ok(u16::from_be_bytes([high, low])),
        _ => Err(Skip::BadLink),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(header: &[u8]) -> Vec<u8> {
        [header, b"ip"].concat()
    }

    #[test]
    fn vlan_tags_may_nest() {
        let mut header = vec![0; 12];
        for _ in 0..5 {
            header.extend([0x88, 0xa8, 0, 1, 0x81, 0, 0, 2]);
        }
        header.extend([0x08, 0x00]);
        assert_eq!(ip_of(ETHERNET, &frame(&header)), Ok(&b"ip"[..]));
    }

    #[test]
    fn a_family_is_known_in_either_byte_order() {
        for family in [[2, 0, 0, 0], [0, 0, 0, 2], [30, 0, 0, 0], [0, 0, 0, 24]] {
            assert_eq!(ip_of(NULL, &frame(&family)), Ok(&b"ip"[..]));
        }
        assert_eq!(ip_of(LOOP, &frame(&[0, 0, 0, 7])), Err(Skip::NotIp));
    }

    #[test]
    fn what_is_no_ip_or_too_short_is_told_apart() {
        let arp = [&[0; 12][..], &[0x08, 0x06]].concat();
        assert_eq!(ip_of(ETHERNET, &frame(&arp)), Err(Skip::NotIp));
        assert_eq!(ip_of(ETHERNET, &[0; 13]), Err(Skip::BadLink));
        assert_eq!(ip_of(ETHERNET, &[&[0; 12][..], &[0x81, 0, 0]].concat()), Err(Skip::BadLink));
        assert_eq!(ip_of(LINUX_SLL2, &[8, 0]), Err(Skip::BadLink));
        assert_eq!(ip_of(9_999, b"x"), Err(Skip::UnknownLink));
    }
}
