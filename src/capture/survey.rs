//! The first reading of a capture: which calls it holds, and which one is meant.

use std::net::SocketAddr;

use super::call::Call;
use super::error::{CallLine, CallList, CaptureError, StreamList};
use super::file::Capture;
use super::finder::{Finder, Passage};
use super::net::{Packet, Unpacker};
use super::sip::{self, Message};
use super::skipped::{Skip, Skipped};
use super::streams::{MediaKind, Sources};
use super::tcp::TcpStreams;

/// What a capture holds.
#[derive(Clone, Debug)]
pub struct Survey {
    file: String,
    packets: u64,
    calls: Vec<Call>,
    more: bool,
    streams: StreamList,
    skipped: Skipped,
}

impl Survey {
    /// Reads a capture from its beginning to its end. `[control]`
    ///
    /// `progress` is told after each packet how many bytes were read, of [`Capture::size`].
    ///
    /// Errors: those of [`Capture::next_record`].
    pub fn of(capture: &mut Capture, mut progress: impl FnMut(u64)) -> Result<Survey, CaptureError> {
        capture.rewind()?;
        let mut unpacker = Unpacker::default();
        let mut tcp = TcpStreams::default();
        let mut finder = Finder::default();
        // Counted apart while the unpacker lends out a packet.
        let mut skipped = Skipped::default();
        let mut packets = 0;
        while let Some(record) = capture.next_record()? {
            packets = record.number;
            let at_ns = record.time_ns;
            match unpacker.unpack(&record) {
                Some(Packet::Udp(datagram)) => {
                    let passage = Passage { at_ns, from: datagram.from, to: datagram.to };
                    if sip::looks_like_sip(datagram.payload) {
                        read_message(datagram.payload, passage, &mut finder, &mut skipped);
                    } else if MediaKind::of(datagram.payload) == MediaKind::Rtp {
                        finder.rtp(passage, &mut skipped);
                    }
                }
                Some(Packet::Tcp(segment)) => {
                    let passage = Passage { at_ns, from: segment.from, to: segment.to };
                    let mut whole = Vec::new();
                    tcp.add(&segment, &mut skipped, &mut |message| whole.push(message.to_vec()));
                    for message in whole {
                        read_message(&message, passage, &mut finder, &mut skipped);
                    }
                }
                None => {}
            }
            progress(capture.position());
        }
        unpacker.finish();
        skipped.add_all(&unpacker.skipped);
        let (calls, more, streams) = finder.finish();
        Ok(Survey { file: capture.name().to_owned(), packets, calls, more, streams, skipped })
    }

    /// The calls, in the order of their first INVITE; at most 1000.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// The RTP streams, the largest first; at most 1000.
    pub fn streams(&self) -> &StreamList {
        &self.streams
    }

    /// How many packets there are.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// What was passed over.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// The call that is meant: the one with this Call-ID (as sent, or as shown in a list), or the only one.
    ///
    /// Errors: [`CaptureError::NoCall`], [`CaptureError::SeveralCalls`], [`CaptureError::UnknownCall`]; and of the
    /// call itself [`CaptureError::NoMedia`], [`CaptureError::Encrypted`], [`CaptureError::NoAudio`].
    pub fn select(&self, call_id: Option<&str>) -> Result<&Call, CaptureError> {
        let file = || self.file.clone();
        let call = match (call_id, self.calls.as_slice()) {
            (_, []) => {
                let (skipped, streams) = (Box::new(self.skipped.clone()), self.streams.clone());
                return Err(CaptureError::NoCall { file: file(), packets: self.packets, skipped, streams });
            }
            (None, [only]) if !self.more => only,
            (None, _) => return Err(CaptureError::SeveralCalls { file: file(), calls: self.list() }),
            (Some(wanted), calls) => match calls.iter().find(|call| call.id.is(wanted)) {
                Some(call) => call,
                None => {
                    let wanted = super::escape_wire(wanted);
                    return Err(CaptureError::UnknownCall { file: file(), wanted, calls: self.list() });
                }
            },
        };
        self.check(call).map(|()| call)
    }

    /// The streams that come from these addresses, instead of those of a call.
    ///
    /// Errors: [`CaptureError::NoStream`] when nothing comes from one of them, [`CaptureError::SameSource`].
    pub fn sources(&self, inviter: SocketAddr, callee: SocketAddr) -> Result<Sources, CaptureError> {
        if inviter == callee {
            return Err(CaptureError::SameSource { address: inviter });
        }
        for address in [inviter, callee] {
            if !self.streams.0.iter().any(|stream| stream.from == address) {
                let streams = self.streams.clone();
                return Err(CaptureError::NoStream { file: self.file.clone(), address, streams });
            }
        }
        Ok(Sources { inviter, callee })
    }

    /// Whether a call has audio that can be heard.
    fn check(&self, call: &Call) -> Result<(), CaptureError> {
        let (file, id, streams) = (self.file.clone(), call.id.clone(), self.streams.clone());
        if !call.has_media() {
            let nothing = || match (call.inviter.descriptions(), call.callee.descriptions()) {
                ([], []) => "none was seen".to_owned(),
                _ => "it gives no IP address".to_owned(),
            };
            let why = call.trouble.clone().unwrap_or_else(nothing);
            return Err(CaptureError::NoMedia { file, call: id, why, streams });
        }
        if call.is_encrypted() {
            return Err(CaptureError::Encrypted { file, call: id });
        }
        if call.rtp_packets == 0 {
            let named = call.inviter.addresses().into_iter().chain(call.callee.addresses());
            let named: Vec<String> = named.map(|(address, _)| address.to_string()).collect();
            return Err(CaptureError::NoAudio { file, call: id, named: named.join(", "), streams });
        }
        Ok(())
    }

    fn list(&self) -> CallList {
        let line = |call: &Call| CallLine {
            id: call.id.clone(),
            invited_at_ns: call.invited_at_ns,
            from: call.from,
            to: call.to,
            rtp_packets: call.rtp_packets,
        };
        CallList { calls: self.calls.iter().map(line).collect(), more: self.more }
    }
}

fn read_message(bytes: &[u8], passage: Passage, finder: &mut Finder, skipped: &mut Skipped) {
    match Message::parse(bytes) {
        Ok(message) => finder.message(&message, passage, skipped),
        Err(_) => skipped.add(Skip::BadSip),
    }
}
