//! Writes captures byte by byte, so that each test says what is in its own.

use std::net::{IpAddr, SocketAddr};

pub const UDP: u8 = 17;
pub const TCP: u8 = 6;

/// An address such as `192.0.2.1:5060`.
pub fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// A UDP datagram in an IP packet.
pub fn udp(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    ip(from.ip(), to.ip(), UDP, &udp_datagram(from, to, payload))
}

fn udp_datagram(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let mut bytes = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    bytes.extend((8 + payload.len() as u16).to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(payload);
    bytes
}

/// A TCP segment in an IP packet; `flags` as in the header: 1 FIN, 2 SYN, 4 RST, 16 ACK.
pub fn tcp(from: SocketAddr, to: SocketAddr, sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    bytes.extend(sequence.to_be_bytes());
    bytes.extend([0, 0, 0, 0, 5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(payload);
    ip(from.ip(), to.ip(), TCP, &bytes)
}

/// An IP packet.
pub fn ip(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    match (from, to) {
        (IpAddr::V4(_), IpAddr::V4(_)) => ipv4(from, to, protocol, 0, 0, payload),
        _ => ipv6(from, to, protocol, payload),
    }
}

fn ipv4(from: IpAddr, to: IpAddr, protocol: u8, number: u16, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let (IpAddr::V4(from), IpAddr::V4(to)) = (from, to) else { panic!("two IPv4 addresses") };
    let mut bytes = vec![0x45, 0];
    bytes.extend((20 + payload.len() as u16).to_be_bytes());
    bytes.extend(number.to_be_bytes());
    bytes.extend(fragment.to_be_bytes());
    bytes.extend([64, protocol, 0, 0]);
    bytes.extend(from.octets());
    bytes.extend(to.octets());
    bytes.extend(payload);
    bytes
}

/// An IPv6 packet; `next` is the number of its first extension header or of what it carries.
pub fn ipv6(from: IpAddr, to: IpAddr, next: u8, payload: &[u8]) -> Vec<u8> {
    let (IpAddr::V6(from), IpAddr::V6(to)) = (from, to) else { panic!("two IPv6 addresses") };
    let mut bytes = vec![0x60, 0, 0, 0];
    bytes.extend((payload.len() as u16).to_be_bytes());
    bytes.extend([next, 64]);
    bytes.extend(from.octets());
    bytes.extend(to.octets());
    bytes.extend(payload);
    bytes
}

/// A UDP datagram in IP fragments that carry up to `size` bytes each, a multiple of 8.
pub fn udp_fragments(from: SocketAddr, to: SocketAddr, payload: &[u8], size: usize, number: u16) -> Vec<Vec<u8>> {
    let datagram = udp_datagram(from, to, payload);
    let last = (datagram.len() - 1) / size;
    let fragment = |(n, part): (usize, &[u8])| {
        let (offset, more) = ((n * size / 8) as u16, u16::from(n < last));
        if from.is_ipv4() {
            return ipv4(from.ip(), to.ip(), UDP, number, more << 13 | offset, part);
        }
        let mut bytes = vec![UDP, 0];
        bytes.extend((offset << 3 | more).to_be_bytes());
        bytes.extend(u32::from(number).to_be_bytes());
        bytes.extend(part);
        ipv6(from.ip(), to.ip(), 44, &bytes)
    };
    datagram.chunks(size).enumerate().map(fragment).collect()
}

fn ether_type(packet: &[u8]) -> [u8; 2] {
    if packet[0] >> 4 == 4 { [0x08, 0x00] } else { [0x86, 0xdd] }
}

/// A way of wrapping an IP packet: its name, link type, and what does it.
pub type Wrap = (&'static str, u16, fn(&[u8]) -> Vec<u8>);

/// Every link layer that is read.
pub const WRAPS: [Wrap; 14] = [
    ("Ethernet", 1, |ip| [&[2; 12][..], &ether_type(ip), ip].concat()),
    ("Ethernet, padded", 1, |ip| [&[2; 12][..], &ether_type(ip), ip, &[0xee; 30]].concat()),
    ("802.1Q", 1, |ip| [&[2; 12][..], &[0x81, 0, 0, 7], &ether_type(ip), ip].concat()),
    ("802.1ad", 1, |ip| [&[2; 12][..], &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 8], &ether_type(ip), ip].concat()),
    ("Linux cooked v1", 113, |ip| [&[0; 14][..], &ether_type(ip), ip].concat()),
    ("Linux cooked v2", 276, |ip| [&ether_type(ip)[..], &[0; 18], ip].concat()),
    ("raw IP", 101, |ip| ip.to_vec()),
    ("raw IP, BSD", 12, |ip| ip.to_vec()),
    ("raw IP, OpenBSD", 14, |ip| ip.to_vec()),
    ("IPv4", 228, |ip| ip.to_vec()),
    ("IPv6", 229, |ip| ip.to_vec()),
    ("BSD loopback, little", 0, |ip| [&[if ip[0] >> 4 == 4 { 2 } else { 30 }, 0, 0, 0], ip].concat()),
    ("BSD loopback, big", 0, |ip| [&[0, 0, 0, if ip[0] >> 4 == 4 { 2 } else { 24 }], ip].concat()),
    ("OpenBSD loopback", 108, |ip| [&[0, 0, 0, if ip[0] >> 4 == 4 { 2 } else { 24 }], ip].concat()),
];

/// A byte order for a capture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Big,
    Little,
}

impl Order {
    pub fn u16(self, number: u16) -> [u8; 2] {
        if self == Order::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub fn u32(self, number: u32) -> [u8; 4] {
        if self == Order::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }
}

/// A pcap file of packets, each with its time in nanoseconds.
pub fn pcap(order: Order, nanos: bool, link: u16, packets: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let magic = if nanos { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
    let mut file = order.u32(magic).to_vec();
    file.extend([order.u16(2), order.u16(4)].concat());
    file.extend([order.u32(0), order.u32(0), order.u32(65_535), order.u32(link.into())].concat());
    for (time_ns, bytes) in packets {
        let fraction = (time_ns % 1_000_000_000) as u32 / if nanos { 1 } else { 1_000 };
        file.extend(order.u32((time_ns / 1_000_000_000) as u32));
        file.extend(order.u32(fraction));
        file.extend(order.u32(bytes.len() as u32));
        file.extend(order.u32(bytes.len() as u32));
        file.extend(bytes);
    }
    file
}

/// A pcapng file that is being written.
pub struct PcapNg {
    pub order: Order,
    pub file: Vec<u8>,
}

impl PcapNg {
    pub fn new(order: Order) -> PcapNg {
        let mut file = PcapNg { order, file: Vec::new() };
        file.section(order);
        file
    }

    /// Begins a section, in a byte order of its own.
    pub fn section(&mut self, order: Order) {
        self.order = order;
        let version = [order.u16(1), order.u16(0)].concat();
        self.block(0x0a0d_0d0a, &[&order.u32(0x1a2b_3c4d)[..], &version, &[0xff; 8]].concat());
    }

    /// A block with its two lengths.
    pub fn block(&mut self, kind: u32, body: &[u8]) {
        let padding = body.len().next_multiple_of(4) - body.len();
        let length = self.order.u32((12 + body.len() + padding) as u32);
        self.file.extend([&self.order.u32(kind)[..], &length, body, &[0; 4][..padding], &length].concat());
    }

    /// Describes an interface; options are given as code and value.
    pub fn interface(&mut self, link: u16, snap_length: u32, options: &[(u16, &[u8])]) {
        let mut body = [&self.order.u16(link)[..], &[0, 0], &self.order.u32(snap_length)].concat();
        for (code, value) in options {
            body.extend([self.order.u16(*code), self.order.u16(value.len() as u16)].concat());
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        self.block(1, &body);
    }

    fn packet_body(&self, stamp: u64, bytes: &[u8]) -> Vec<u8> {
        let (order, length) = (self.order, self.order.u32(bytes.len() as u32));
        let mut body = [order.u32((stamp >> 32) as u32), order.u32(stamp as u32), length, length].concat();
        body.extend(bytes);
        body.resize(body.len().next_multiple_of(4), 0);
        body
    }

    pub fn enhanced(&mut self, interface: u32, stamp: u64, bytes: &[u8]) {
        let mut body = [&self.order.u32(interface)[..], &self.packet_body(stamp, bytes)].concat();
        // A comment.
        body.extend([&self.order.u16(1)[..], &self.order.u16(5), b"hello\0\0\0", &[0; 4]].concat());
        self.block(6, &body);
    }

    pub fn simple(&mut self, original: u32, bytes: &[u8]) {
        self.block(3, &[&self.order.u32(original)[..], bytes].concat());
    }

    pub fn obsolete(&mut self, interface: u16, stamp: u64, bytes: &[u8]) {
        let head = [self.order.u16(interface), self.order.u16(0)].concat();
        self.block(2, &[head, self.packet_body(stamp, bytes)].concat());
    }
}
