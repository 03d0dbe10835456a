//! Plays calls: SIP messages and RTP packets, one after the other, into a capture.

use std::net::SocketAddr;

use calltap::capture::{Capture, CaptureError, MediaPacket, Side, Streams, Survey};

use crate::writer::{Order, at, pcap, tcp, udp};

/// When the first packet of a scene is sent, in nanoseconds since 1970.
pub const BEGIN: u64 = 1_700_000_000_000_000_000;
/// The time from one packet to the next.
pub const STEP: u64 = 10_000_000;

/// Packets in the order in which they were sent.
#[derive(Default)]
pub struct Scene {
    pub packets: Vec<(u64, Vec<u8>)>,
    sequence: u16,
    tcp_sent: u32,
}

impl Scene {
    pub fn new() -> Scene {
        Scene::default()
    }

    /// When the next packet will be sent.
    pub fn now(&self) -> u64 {
        BEGIN + self.packets.len() as u64 * STEP
    }

    pub fn send(&mut self, ip_packet: Vec<u8>) {
        self.packets.push((self.now(), ip_packet));
    }

    pub fn sip(&mut self, from: SocketAddr, to: SocketAddr, message: &str) {
        self.send(udp(from, to, message.as_bytes()));
    }

    /// Sends a message over TCP in segments of `size` bytes.
    pub fn sip_tcp(&mut self, from: SocketAddr, to: SocketAddr, message: &str, size: usize) {
        for part in message.as_bytes().chunks(size) {
            self.send(tcp(from, to, self.tcp_sent, 16, part));
            self.tcp_sent += part.len() as u32;
        }
    }

    /// Sends RTP packets of payload type `payload_type`.
    pub fn rtp(&mut self, from: SocketAddr, to: SocketAddr, payload_type: u8, count: usize) {
        for _ in 0..count {
            self.sequence += 1;
            let mut payload = vec![0x80, payload_type];
            payload.extend(self.sequence.to_be_bytes());
            payload.extend([0; 8]);
            payload.extend([0xd5; 160]);
            self.send(udp(from, to, &payload));
        }
    }

    /// The scene as a capture of raw IP.
    pub fn capture(&self) -> Capture {
        Capture::from_bytes("scene.pcap", self.file()).expect("a capture")
    }

    pub fn file(&self) -> Vec<u8> {
        pcap(Order::Little, true, 101, &self.packets)
    }

    pub fn survey(&self) -> Survey {
        Survey::of(&mut self.capture(), |_| ()).expect("a survey")
    }

    /// How many packets of each side the replay gives of the call that is meant.
    pub fn heard(&self, call_id: Option<&str>) -> Result<(usize, usize), CaptureError> {
        let survey = self.survey();
        let call = survey.select(call_id)?.clone();
        let expected = call.rtp_packets;
        let heard = count(Streams::of_call(self.capture(), call)?)?;
        assert_eq!(expected, (heard.0 + heard.1) as u64, "the list and the replay agree");
        Ok(heard)
    }
}

/// How many packets of each side there are.
pub fn count(mut streams: Streams) -> Result<(usize, usize), CaptureError> {
    let mut heard = (0, 0);
    while let Some(MediaPacket { side, payload, .. }) = streams.next_packet()? {
        assert_eq!(payload.len(), 172);
        match side {
            Side::Inviter => heard.0 += 1,
            Side::Callee => heard.1 += 1,
        }
    }
    Ok(heard)
}

/// The people of a scene: where they signal and where they listen.
pub struct People {
    pub alice: SocketAddr,
    pub bob: SocketAddr,
    pub alice_media: SocketAddr,
    pub bob_media: SocketAddr,
}

impl People {
    pub fn v4() -> People {
        People {
            alice: at("192.0.2.1:5060"),
            bob: at("198.51.100.2:5070"),
            alice_media: at("192.0.2.1:4000"),
            bob_media: at("198.51.100.2:6000"),
        }
    }

    pub fn v6() -> People {
        People {
            alice: at("[2001:db8::1]:5060"),
            bob: at("[2001:db8::2]:5070"),
            alice_media: at("[2001:db8::1]:4000"),
            bob_media: at("[2001:db8::2]:6000"),
        }
    }

    /// A call of Alice's to Bob: 3 packets of hers, 2 of his.
    pub fn call(&self, scene: &mut Scene, id: &str) {
        scene.sip(self.alice, self.bob, &request("INVITE", id, 1, &sdp(self.alice_media)));
        scene.sip(self.bob, self.alice, &response(180, "INVITE", id, 1, ""));
        scene.sip(self.bob, self.alice, &response(200, "INVITE", id, 1, &sdp(self.bob_media)));
        scene.sip(self.alice, self.bob, &request("ACK", id, 1, ""));
        scene.rtp(self.alice_media, self.bob_media, 8, 3);
        scene.rtp(self.bob_media, self.alice_media, 8, 2);
        scene.sip(self.bob, self.alice, &request_of_bob("BYE", id, 1, ""));
        scene.sip(self.alice, self.bob, &response_to_bob(200, "BYE", id, 1, ""));
    }
}

/// A session description with one audio line.
pub fn sdp(address: SocketAddr) -> String {
    let kind = if address.is_ipv4() { "IP4" } else { "IP6" };
    let (ip, port) = (address.ip(), address.port());
    format!(
        "v=0\r\no=- 1 1 IN {kind} {ip}\r\ns=-\r\nc=IN {kind} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8 96\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:96 telephone-event/8000\r\n"
    )
}

/// A request of Alice's. Only the INVITE that begins the dialog has no To tag.
pub fn request(method: &str, id: &str, cseq: u32, body: &str) -> String {
    let to = if method == "INVITE" || method == "CANCEL" { "" } else { ";tag=bob" };
    message(
        &format!("{method} sip:bob@example.com SIP/2.0"),
        "alice",
        &format!("bob@example.com>{to}"),
        method,
        id,
        cseq,
        body,
    )
}

/// A request of Alice's within the dialog.
pub fn request_again(method: &str, id: &str, cseq: u32, body: &str) -> String {
    message(
        &format!("{method} sip:bob@example.com SIP/2.0"),
        "alice",
        "bob@example.com>;tag=bob",
        method,
        id,
        cseq,
        body,
    )
}

/// A response of Bob's.
pub fn response(status: u16, method: &str, id: &str, cseq: u32, body: &str) -> String {
    message(&format!("SIP/2.0 {status} Word"), "alice", "bob@example.com>;tag=bob", method, id, cseq, body)
}

/// A request of Bob's within the dialog.
pub fn request_of_bob(method: &str, id: &str, cseq: u32, body: &str) -> String {
    message(
        &format!("{method} sip:alice@example.com SIP/2.0"),
        "bob",
        "alice@example.com>;tag=alice",
        method,
        id,
        cseq,
        body,
    )
}

/// A response of Alice's.
pub fn response_to_bob(status: u16, method: &str, id: &str, cseq: u32, body: &str) -> String {
    message(&format!("SIP/2.0 {status} Word"), "bob", "alice@example.com>;tag=alice", method, id, cseq, body)
}

/// An INFO of Alice's with a body of this type.
pub fn info(id: &str, cseq: u32, kind: &str, body: &str) -> String {
    request("INFO", id, cseq, body).replace("application/sdp", kind)
}

/// An INFO of Bob's with a body of this type.
pub fn info_of_bob(id: &str, cseq: u32, kind: &str, body: &str) -> String {
    request_of_bob("INFO", id, cseq, body).replace("application/sdp", kind)
}

fn message(start: &str, from: &str, to: &str, method: &str, id: &str, cseq: u32, body: &str) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{start}\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nFrom: <sip:{from}@example.com>;tag={from}\r\nTo: <sip:{to}\r\n\
         Call-ID: {id}\r\nCSeq: {cseq} {method}\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
