//! From a captured packet to the UDP datagram or TCP segment in it: IPv4, IPv6 with its extension headers,
//! fragments; by `etherparse`.
//!
//! What is malformed, foreign or cut short by the capture is counted and passed over. Checksums are not looked at:
//! where packets are captured on the machine that sends them, the network card had yet to fill them in.

use std::net::{IpAddr, SocketAddr};

use etherparse::{IpNumber, Ipv6ExtensionSlice, LaxIpSlice, TcpSlice, UdpSlice};

use super::file::Record;
use super::fragments::{Fragment, FragmentId, Fragments};
use super::link;
use super::skipped::{Skip, Skipped};

/// What a captured packet carries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Packet<'a> {
    Udp(Datagram<'a>),
    Tcp(Segment<'a>),
}

/// A UDP datagram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) payload: &'a [u8],
}

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    pub(super) syn: bool,
    /// Nothing follows in this direction: FIN or RST.
    pub(super) last: bool,
    pub(super) payload: &'a [u8],
}

/// Unpacks captured packets, one after the other.
#[derive(Debug, Default)]
pub(super) struct Unpacker {
    fragments: Fragments,
    /// The datagram that was last put together from fragments.
    whole: Vec<u8>,
    /// What was passed over.
    pub(super) skipped: Skipped,
}

impl Unpacker {
    /// What a packet carries; `None`, counted, when that is nothing for us or not all there yet.
    pub(super) fn unpack<'a>(&'a mut self, record: &Record<'a>) -> Option<Packet<'a>> {
        let Unpacker { fragments, whole, skipped } = self;
        match unpack(record, fragments, whole, skipped) {
            Ok(packet) => packet,
            Err(why) => {
                skipped.add(why);
                None
            }
        }
    }

    /// Counts what never became complete. To be called after the last packet.
    pub(super) fn finish(&mut self) {
        self.fragments.give_up(&mut self.skipped);
    }
}

fn unpack<'a>(
    record: &Record<'a>,
    fragments: &mut Fragments,
    whole: &'a mut Vec<u8>,
    skipped: &mut Skipped,
) -> Result<Option<Packet<'a>>, Skip> {
    let bytes = link::ip_of(record.link, record.bytes)?;
    let (ip, stopped) = LaxIpSlice::from_slice(bytes).map_err(|_| Skip::BadIp)?;
    let payload = ip.payload();
    if payload.incomplete {
        return Err(Skip::Cut);
    }
    if stopped.is_some() {
        return Err(Skip::BadIp);
    }
    let protocol = payload.ip_number;
    if !matches!(protocol, IpNumber::UDP | IpNumber::TCP) {
        return Err(Skip::OtherTransport);
    }
    let (from, to) = (ip.source_addr(), ip.destination_addr());
    if !payload.fragmented {
        return transport(protocol, from, to, payload.payload).map(Some);
    }
    let fragment = fragment_of(&ip).ok_or(Skip::Fragment)?;
    match fragments.add(&fragment, record.time_ns, skipped) {
        Some(complete) => *whole = complete,
        None => return Ok(None),
    }
    transport(protocol, from, to, whole).map(Some)
}

/// The fragment in an IP packet that is one. Not one of IPv6 whose extension headers are themselves divided: their
/// lengths would count to its payload.
fn fragment_of<'a>(ip: &LaxIpSlice<'a>) -> Option<Fragment<'a>> {
    let (number, offset, more) = match ip {
        LaxIpSlice::Ipv4(ip) => {
            let header = ip.header();
            (u32::from(header.identification()), header.fragments_offset(), header.more_fragments())
        }
        LaxIpSlice::Ipv6(ip) => match ip.extensions().clone().into_iter().last()? {
            Ipv6ExtensionSlice::Fragment(header) => {
                (header.identification(), header.fragment_offset(), header.more_fragments())
            }
            _ => return None,
        },
    };
    let payload = ip.payload();
    let id = FragmentId { from: ip.source_addr(), to: ip.destination_addr(), number, protocol: payload.ip_number };
    Some(Fragment { id, offset, more, payload: payload.payload })
}

fn transport(protocol: IpNumber, from: IpAddr, to: IpAddr, bytes: &[u8]) -> Result<Packet<'_>, Skip> {
    if protocol == IpNumber::UDP {
        let udp = UdpSlice::from_slice(bytes).map_err(|_| Skip::BadTransport)?;
        let (from, to) = (SocketAddr::new(from, udp.source_port()), SocketAddr::new(to, udp.destination_port()));
        return Ok(Packet::Udp(Datagram { from, to, payload: udp.payload() }));
    }
    let tcp = TcpSlice::from_slice(bytes).map_err(|_| Skip::BadTransport)?;
    Ok(Packet::Tcp(Segment {
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        syn: tcp.syn(),
        last: tcp.fin() || tcp.rst(),
        payload: tcp.payload(),
    }))
}
