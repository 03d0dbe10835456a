//! A reader of captures that is the tests' own: packet by packet, with the place of every byte in the file, so that a
//! test can check what was recorded without the code it checks, and can change a capture.
//!
//! It knows what the committed captures need: pcap and pcapng, Ethernet, Linux cooked v1 and v2, raw IP, UDP and TCP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;

/// A committed capture.
pub fn capture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/captures").join(name)
}

/// A capture in memory.
#[derive(Clone)]
pub struct Wire {
    /// The whole file.
    pub file: Vec<u8>,
    /// Its UDP datagrams and TCP segments, in the file's order.
    pub packets: Vec<Packet>,
}

/// One UDP datagram or TCP segment.
#[derive(Clone)]
pub struct Packet {
    /// Nanoseconds since 1970.
    pub at: i64,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub is_udp: bool,
    /// Where its record lies in the file: header and bytes.
    pub record: Range<usize>,
    /// Where its network header begins.
    pub network: usize,
    /// Where its transport header begins.
    pub transport: usize,
    /// Where its payload lies.
    pub payload: Range<usize>,
}

impl Packet {
    /// Whether it comes from or goes to a port that SIP has in these captures.
    pub fn is_sip(&self) -> bool {
        [self.from, self.to].iter().any(|address| (5060..5070).contains(&address.port()))
    }
}

impl Wire {
    /// Reads a committed capture.
    pub fn of(name: &str) -> Wire {
        Wire::read(std::fs::read(capture(name)).expect("a committed capture"))
    }

    /// Reads a capture.
    pub fn read(file: Vec<u8>) -> Wire {
        let packets = if file.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) { of_pcapng(&file) } else { of_pcap(&file) };
        Wire { file, packets }
    }

    pub fn payload(&self, packet: &Packet) -> &[u8] {
        &self.file[packet.payload.clone()]
    }

    /// All SIP text of the capture.
    pub fn sip_text(&self) -> String {
        let sip = self.packets.iter().filter(|packet| packet.is_sip());
        sip.map(|packet| String::from_utf8_lossy(self.payload(packet)).into_owned()).collect()
    }

    /// Without the packets that `gone` says. Of a pcap only: its records stand side by side.
    pub fn without(&self, gone: impl Fn(&Wire, &Packet) -> bool) -> Vec<u8> {
        let mut file = self.file[..24].to_vec();
        let kept = self.packets.iter().filter(|packet| !gone(self, packet));
        kept.for_each(|packet| file.extend(&self.file[packet.record.clone()]));
        file
    }

    /// Puts text in place of text of the same length, in every SIP packet.
    pub fn replace_in_sip(&mut self, old: &str, new: &str) {
        assert_eq!(old.len(), new.len(), "packets keep their length");
        for packet in self.packets.iter().filter(|packet| packet.is_sip()) {
            let payload = &mut self.file[packet.payload.clone()];
            let mut from = 0;
            while let Some(at) = payload[from..].windows(old.len()).position(|window| window == old.as_bytes()) {
                payload[from + at..from + at + old.len()].copy_from_slice(new.as_bytes());
                from += at + old.len();
            }
        }
    }
}

fn of_pcap(file: &[u8]) -> Vec<Packet> {
    assert_eq!(little(file, 0, 4), 0xa1b2_c3d4, "microseconds, little-endian: as tcpdump writes it here");
    let link = little(file, 20, 4);
    let mut packets = Vec::new();
    let mut at = 24;
    while at < file.len() {
        let micros = little(file, at, 4) * 1_000_000 + little(file, at + 4, 4);
        let end = at + 16 + little(file, at + 8, 4) as usize;
        packets.extend(in_frame(file, link, micros, at..end, at + 16..end));
        at = end;
    }
    packets
}

fn of_pcapng(file: &[u8]) -> Vec<Packet> {
    let (mut packets, mut link, mut at) = (Vec::new(), 0, 0);
    while at < file.len() {
        let end = at + little(file, at + 4, 4) as usize;
        match little(file, at, 4) {
            // Interface description; without options its times are microseconds.
            1 => link = little(file, at + 8, 2),
            6 => {
                let micros = (little(file, at + 12, 4) << 32) | little(file, at + 16, 4);
                let bytes = at + 28..at + 28 + little(file, at + 20, 4) as usize;
                packets.extend(in_frame(file, link, micros, at..end, bytes));
            }
            _ => {}
        }
        at = end;
    }
    packets
}

fn in_frame(file: &[u8], link: u64, micros: u64, record: Range<usize>, frame: Range<usize>) -> Option<Packet> {
    let start = frame.start;
    let (kind, network) = match link {
        1 => (big(file, start + 12, 2), start + 14),
        113 => (big(file, start + 14, 2), start + 16),
        276 => (big(file, start, 2), start + 20),
        101 if file[start] >> 4 == 4 => (0x0800, start),
        101 => (0x86dd, start),
        other => panic!("no committed capture has link type {other}"),
    };
    let (protocol, addresses, transport, end) = match kind {
        0x0800 => {
            let address = |at| IpAddr::from(Ipv4Addr::from(big(file, at, 4) as u32));
            let header = usize::from(file[network] & 0xf) * 4;
            let end = network + big(file, network + 2, 2) as usize;
            (file[network + 9], [address(network + 12), address(network + 16)], network + header, end)
        }
        0x86dd => {
            let halves = |at| u128::from(big(file, at, 8)) << 64 | u128::from(big(file, at + 8, 8));
            let address = |at| IpAddr::from(Ipv6Addr::from(halves(at)));
            let end = network + 40 + big(file, network + 4, 2) as usize;
            (file[network + 6], [address(network + 8), address(network + 24)], network + 40, end)
        }
        _ => return None,
    };
    let payload = match protocol {
        17 => transport + 8..transport + big(file, transport + 4, 2) as usize,
        6 => transport + usize::from(file[transport + 12] >> 4) * 4..end,
        _ => return None,
    };
    let [from, to] = [0, 1].map(|side| SocketAddr::new(addresses[side], big(file, transport + 2 * side, 2) as u16));
    Some(Packet { at: micros as i64 * 1_000, from, to, is_udp: protocol == 17, record, network, transport, payload })
}

fn big(file: &[u8], at: usize, width: usize) -> u64 {
    file[at..at + width].iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn little(file: &[u8], at: usize, width: usize) -> u64 {
    file[at..at + width].iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}
