//! A call as its signalling describes it: who invited whom, when, and where each side wanted its audio.
//!
//! Sides are told by the dialog, not by addresses: From names the side that sent a request, also in the response to
//! it (RFC 3261, 12.2), whichever proxies stand between. Every address a side ever gave counts from then until the
//! call's end: packets on their way are not lost when a re-INVITE moves the stream.

use std::net::SocketAddr;

use super::info::KeyedDigit;
use super::sdp::{Audio, PayloadType};
use super::wire::CallId;

/// How long after its end a call's packets are still taken for its own: those that were on their way.
const AFTERWARDS_NS: u64 = 1_000_000_000;
/// Descriptions of one side that are kept.
pub(super) const DESCRIPTIONS_MAX: usize = 32;

/// A side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The side that sent the first INVITE.
    Inviter,
    /// The side it was sent to.
    Callee,
}

impl Side {
    /// The other side.
    pub fn other(self) -> Side {
        match self {
            Side::Inviter => Side::Callee,
            Side::Callee => Side::Inviter,
        }
    }
}

/// What one side said about its audio, in the order in which it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    descriptions: Vec<Description>,
    /// Whether its streams are also known by their source, see [`Call::sender`].
    pub(super) by_source: bool,
}

/// The audio of one session description that a side gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// When, in nanoseconds since 1970 (UTC).
    pub since_ns: u64,
    /// Its audio lines.
    pub audio: Vec<Audio>,
}

impl Party {
    /// What it said, oldest first. One that repeats the one before is left out.
    pub fn descriptions(&self) -> &[Description] {
        &self.descriptions
    }

    /// Every address at which it wanted to receive audio, with the moment it first said so.
    pub fn addresses(&self) -> Vec<(SocketAddr, u64)> {
        let mut addresses: Vec<(SocketAddr, u64)> = Vec::new();
        for description in &self.descriptions {
            for address in description.audio.iter().filter_map(|audio| audio.address) {
                if !addresses.iter().any(|(known, _)| *known == address) {
                    addresses.push((address, description.since_ns));
                }
            }
        }
        addresses
    }

    /// Takes a further description; false when it is one too many.
    pub(super) fn add(&mut self, description: Description) -> bool {
        if self.descriptions.last().is_some_and(|last| last.audio == description.audio) {
            return true;
        }
        if self.descriptions.len() >= DESCRIPTIONS_MAX {
            return false;
        }
        self.descriptions.push(description);
        true
    }

    /// Whether it had given this address before `at_ns`.
    fn named(&self, address: SocketAddr, at_ns: u64) -> bool {
        self.until(at_ns).any(|description| description.audio.iter().any(|audio| audio.address == Some(address)))
    }

    /// What it meant by a payload type at `at_ns`: the latest of its descriptions that has a map for it.
    fn payload_type(&self, number: u8, at_ns: u64) -> Option<&PayloadType> {
        let mut maps =
            self.until(at_ns).flat_map(|description| &description.audio).flat_map(|audio| &audio.payload_types);
        maps.find(|map| map.number == number)
    }

    /// What it had said before `at_ns`, latest first.
    fn until(&self, at_ns: u64) -> impl Iterator<Item = &Description> {
        self.descriptions.iter().rev().filter(move |description| description.since_ns <= at_ns)
    }

    fn last_audio(&self) -> &[Audio] {
        self.descriptions.last().map(|description| &*description.audio).unwrap_or_default()
    }
}

/// A call found in a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its Call-ID.
    pub id: CallId,
    /// Where the first INVITE came from.
    pub from: SocketAddr,
    /// Where it went.
    pub to: SocketAddr,
    /// When it was sent, in nanoseconds since 1970 (UTC), like all times here.
    pub invited_at_ns: u64,
    /// When the callee answered (a 2xx to the INVITE).
    pub answered_at_ns: Option<u64>,
    /// When it ended: BYE, CANCEL, or the INVITE was refused for good.
    pub ended_at_ns: Option<u64>,
    /// The side that sent the first INVITE.
    pub inviter: Party,
    /// The side it was sent to.
    pub callee: Party,
    /// The keys that its sides sent by SIP INFO, in the order in which they were captured; at most 1000.
    pub digits: Vec<KeyedDigit>,
    /// RTP packets that belong to it, of both sides.
    pub rtp_packets: u64,
    /// Why a session description gave no audio, when one did not.
    pub(super) trouble: Option<String>,
}

/// How it is known which side sent a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// The other side had named its destination.
    ByDestination(Side),
    /// Nobody named its destination, but the side itself its source.
    BySource(Side),
    /// Both sides had named its destination, and its source does not tell.
    Ambiguous,
    /// It does not belong to the call.
    Nobody,
}

impl Call {
    /// What one side said about its audio.
    pub fn party(&self, side: Side) -> &Party {
        match side {
            Side::Inviter => &self.inviter,
            Side::Callee => &self.callee,
        }
    }

    pub(super) fn party_mut(&mut self, side: Side) -> &mut Party {
        match side {
            Side::Inviter => &mut self.inviter,
            Side::Callee => &mut self.callee,
        }
    }

    /// What payload type `number` meant in a packet that `sender` sent at `at_ns`: what its receiver said, else what
    /// the sender said (RFC 3264, 6.1). `None` when neither did: then a static one (RFC 3551), or unknown.
    pub fn payload_type(&self, sender: Side, number: u8, at_ns: u64) -> Option<&PayloadType> {
        let receiver = self.party(sender.other()).payload_type(number, at_ns);
        receiver.or_else(|| self.party(sender).payload_type(number, at_ns))
    }

    /// Whether a side named telephone-events (RFC 4733) for keys. Where none did, they can only come by SIP INFO, or
    /// as tones in the audio.
    pub fn names_telephone_events(&self) -> bool {
        let said = [&self.inviter, &self.callee].into_iter().flat_map(|party| &party.descriptions);
        let mut maps = said.flat_map(|description| &description.audio).flat_map(|audio| &audio.payload_types);
        maps.any(|map| map.name.eq_ignore_ascii_case("telephone-event"))
    }

    /// Which side sent a packet: the one whose peer had named its destination. When both had, its source tells.
    ///
    /// A source alone tells only where no packet of that side went to a named destination: behind address
    /// translation the peer answers to where packets come from, whatever the SDP says (RFC 4961).
    pub fn sender(&self, from: SocketAddr, to: SocketAddr, at_ns: u64) -> Option<Side> {
        self.side_of(self.attribute(from, to, at_ns))
    }

    /// The side behind a way of knowing it, if that way counts here.
    pub(super) fn side_of(&self, sender: Sender) -> Option<Side> {
        match sender {
            Sender::ByDestination(side) => Some(side),
            Sender::BySource(side) => self.party(side).by_source.then_some(side),
            Sender::Ambiguous | Sender::Nobody => None,
        }
    }

    pub(super) fn attribute(&self, from: SocketAddr, to: SocketAddr, at_ns: u64) -> Sender {
        if self.ended_at_ns.is_some_and(|ended| at_ns > ended.saturating_add(AFTERWARDS_NS)) {
            return Sender::Nobody;
        }
        let source = || match (self.inviter.named(from, at_ns), self.callee.named(from, at_ns)) {
            (true, false) => Some(Side::Inviter),
            (false, true) => Some(Side::Callee),
            _ => None,
        };
        match (self.inviter.named(to, at_ns), self.callee.named(to, at_ns)) {
            (true, false) => Sender::ByDestination(Side::Callee),
            (false, true) => Sender::ByDestination(Side::Inviter),
            (true, true) => source().map_or(Sender::Ambiguous, Sender::ByDestination),
            (false, false) => source().map_or(Sender::Nobody, Sender::BySource),
        }
    }

    /// Whether either side gave an address for audio.
    pub(super) fn has_media(&self) -> bool {
        [&self.inviter, &self.callee].iter().any(|party| !party.addresses().is_empty())
    }

    /// Whether SRTP was agreed on: both sides gave keys, and one of them took nothing without.
    pub(super) fn is_encrypted(&self) -> bool {
        let (inviter, callee) = (self.inviter.last_audio(), self.callee.last_audio());
        let offered = |audio: &[Audio]| audio.iter().any(|line| line.keyed);
        let only = |audio: &[Audio]| audio.iter().all(|line| line.keyed);
        offered(inviter) && offered(callee) && (only(inviter) || only(callee))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::sdp;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn audio(port: u16, lines: &str) -> Vec<Audio> {
        sdp::audio_of(format!("c=IN IP4 192.0.2.{port}\nm=audio {port} RTP/AVP 0 96\n{lines}").as_bytes()).expect("SDP")
    }

    /// The inviter is at 192.0.2.1:1, the callee at 192.0.2.2:2; from 100 ns on also at 192.0.2.3:3.
    fn call() -> Call {
        let said = |since_ns, audio| Description { since_ns, audio };
        let mut call = Call {
            id: CallId::new(b"1"),
            from: address("192.0.2.1:5060"),
            to: address("192.0.2.2:5060"),
            invited_at_ns: 10,
            answered_at_ns: Some(20),
            ended_at_ns: None,
            inviter: Party::default(),
            callee: Party::default(),
            digits: Vec::new(),
            rtp_packets: 0,
            trouble: None,
        };
        call.inviter.add(said(10, audio(1, "a=rtpmap:96 iLBC/8000\na=rtpmap:97 speex/16000\n")));
        call.callee.add(said(20, audio(2, "a=rtpmap:96 opus/48000/2\n")));
        call.callee.add(said(100, audio(3, "")));
        call
    }

    #[test]
    fn a_packet_is_of_the_side_whose_peer_named_its_destination() {
        let call = call();
        let other = address("198.51.100.9:9");
        assert_eq!(call.sender(other, address("192.0.2.2:2"), 20), Some(Side::Inviter));
        assert_eq!(call.sender(other, address("192.0.2.1:1"), 10), Some(Side::Callee));
        assert_eq!(call.sender(other, address("192.0.2.2:2"), 19), None, "not named yet");
        assert_eq!(call.sender(other, address("192.0.2.3:3"), 99), None, "not named yet");
        assert_eq!(call.sender(other, address("192.0.2.3:3"), 100), Some(Side::Inviter));
        assert_eq!(call.sender(other, address("192.0.2.2:2"), 1_000), Some(Side::Inviter), "still on its way");
        assert_eq!(call.sender(other, address("192.0.2.2:4"), 1_000), None);
    }

    #[test]
    fn an_address_that_both_gave_is_told_by_the_source() {
        let mut call = call();
        call.inviter.add(Description { since_ns: 200, audio: audio(2, "") });
        let shared = address("192.0.2.2:2");
        assert_eq!(call.sender(address("192.0.2.1:1"), shared, 200), Some(Side::Inviter));
        assert_eq!(call.sender(address("192.0.2.3:3"), shared, 200), Some(Side::Callee));
        assert_eq!(call.attribute(address("198.51.100.9:9"), shared, 200), Sender::Ambiguous);
        assert_eq!(call.attribute(shared, shared, 200), Sender::Ambiguous);
    }

    #[test]
    fn a_source_tells_only_where_destinations_do_not() {
        let mut call = call();
        let (from, translated) = (address("192.0.2.2:2"), address("198.51.100.9:9"));
        assert_eq!(call.sender(from, translated, 50), None);
        call.callee.by_source = true;
        assert_eq!(call.sender(from, translated, 50), Some(Side::Callee));
    }

    #[test]
    fn an_ended_call_has_packets_only_for_a_moment() {
        let mut call = call();
        call.ended_at_ns = Some(500);
        let (from, to) = (address("198.51.100.9:9"), address("192.0.2.2:2"));
        assert_eq!(call.sender(from, to, 500 + AFTERWARDS_NS), Some(Side::Inviter));
        assert_eq!(call.sender(from, to, 501 + AFTERWARDS_NS), None);
    }

    #[test]
    fn a_payload_type_means_what_its_receiver_said() {
        let call = call();
        let name = |sender, number, at| call.payload_type(sender, number, at).map(|map| map.name.as_str());
        assert_eq!(name(Side::Inviter, 96, 50), Some("opus"));
        assert_eq!(name(Side::Callee, 96, 50), Some("iLBC"));
        assert_eq!(name(Side::Inviter, 96, 15), Some("iLBC"), "the callee had said nothing yet");
        assert_eq!(name(Side::Inviter, 97, 50), Some("speex"), "only the sender said it");
        assert_eq!(name(Side::Inviter, 96, 150), Some("opus"), "said before, and not since");
        assert_eq!(name(Side::Inviter, 0, 50), None);
    }

    #[test]
    fn telephone_events_are_named_when_one_side_did_in_any_description() {
        let mut call = call();
        assert!(!call.names_telephone_events());
        let callee = audio(3, "a=rtpmap:101 Telephone-Event/8000\n");
        call.callee.add(Description { since_ns: 300, audio: callee });
        call.callee.add(Description { since_ns: 400, audio: audio(3, "") });
        assert!(call.names_telephone_events());
    }

    #[test]
    fn audio_is_encrypted_when_both_gave_keys_and_one_took_nothing_else() {
        let said = |sdp: &str| {
            let audio = sdp::audio_of(format!("c=IN IP4 192.0.2.1\n{sdp}").as_bytes()).expect("SDP");
            Party { descriptions: vec![Description { since_ns: 0, audio }], by_source: false }
        };
        let plain = "m=audio 4 RTP/AVP 0\n";
        let secure = "m=audio 6 RTP/SAVP 0\n";
        let chance = "m=audio 4 RTP/AVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\n";
        let both = "m=audio 4 RTP/AVP 0\nm=audio 6 RTP/SAVP 0\n";
        for (offer, answer, encrypted) in [
            (plain, plain, false),
            (secure, secure, true),
            (chance, plain, false),
            (chance, chance, true),
            (both, plain, false),
            (both, secure, true),
        ] {
            let call = Call { inviter: said(offer), callee: said(answer), ..call() };
            assert_eq!(call.is_encrypted(), encrypted, "{offer} answered by {answer}");
        }
    }
}
