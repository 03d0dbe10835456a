//! Finds the calls of a capture: follows the SIP dialogs, and counts the RTP packets that belong to each.
//!
//! Memory is bounded: 1000 calls, 32 descriptions of each side and 10 000 of all, 1000 keys of a call, 16 calls for one
//! media address, 1000 streams to list.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::call::{Call, Description, Party, Sender, Side};
use super::error::{StreamLine, StreamList};
use super::info::{KeyedDigit, Keys};
use super::sdp;
use super::sip::{Message, Method, Start, Tag};
use super::skipped::{Skip, Skipped};
use super::wire::CallId;

/// Calls that are kept.
pub(super) const CALLS_MAX: usize = 1_000;
/// Descriptions that are kept of all calls together.
const ALL_DESCRIPTIONS_MAX: usize = 10_000;
/// Calls that may name the same address; the oldest gives way.
const CALLS_PER_ADDRESS_MAX: usize = 16;
/// Streams that are counted for a list.
const STREAMS_MAX: usize = 1_000;
/// From tags under which the inviter may appear in one call: each attempt may have its own.
const TAGS_MAX: usize = 16;

/// The way of a packet: when it passed, whence and whither.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage {
    pub(super) at_ns: u64,
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
}

/// The calls found so far.
#[derive(Debug, Default)]
pub(super) struct Finder {
    found: Vec<Dialog>,
    by_id: HashMap<CallId, usize>,
    by_address: HashMap<SocketAddr, Vec<usize>>,
    streams: HashMap<(SocketAddr, SocketAddr), u64>,
    descriptions: usize,
    more: bool,
}

/// A call, and what is needed to follow it.
#[derive(Debug)]
struct Dialog {
    call: Call,
    inviter_tags: Vec<Tag>,
    /// The CSeq of the inviter's latest attempt.
    attempt: u32,
    keys: Keys,
    inviter_packets: Packets,
    callee_packets: Packets,
}

/// Packets of one side, by how the side is known.
#[derive(Clone, Copy, Debug, Default)]
struct Packets {
    by_destination: u64,
    by_source: u64,
}

impl Finder {
    /// Takes a SIP message.
    pub(super) fn message(&mut self, message: &Message, passage: Passage, skipped: &mut Skipped) {
        let place = match self.by_id.get(&message.call_id) {
            Some(place) => *place,
            None if message.start != Start::Request(Method::Invite) => return,
            None if self.found.len() >= CALLS_MAX => {
                self.more = true;
                skipped.add(Skip::OverLimit);
                return;
            }
            None => {
                self.by_id.insert(message.call_id.clone(), self.found.len());
                self.found.push(Dialog::begin(message, passage));
                self.found.len() - 1
            }
        };
        let Some(dialog) = self.found.get_mut(place) else { return };
        let side = dialog.sender_of(message);
        dialog.follow(message, side, passage.at_ns);
        if let Some(digit) = message.digit()
            && !dialog.keys.add(message, KeyedDigit { at_ns: passage.at_ns, side, digit })
        {
            skipped.add(Skip::OverLimit);
        }
        let Some(sdp) = message.sdp().filter(|_| may_describe(message)) else { return };
        match sdp::audio_of(sdp) {
            Ok(_) if self.descriptions >= ALL_DESCRIPTIONS_MAX => skipped.add(Skip::OverLimit),
            Ok(audio) => {
                for address in audio.iter().filter_map(|audio| audio.address) {
                    note(self.by_address.entry(address).or_default(), place);
                }
                let party = dialog.call.party_mut(side);
                let known = party.descriptions().len();
                if !party.add(Description { since_ns: passage.at_ns, audio }) {
                    skipped.add(Skip::OverLimit);
                }
                self.descriptions += party.descriptions().len() - known;
            }
            Err(error) => {
                if matches!(error, sdp::SdpError::Malformed(_) | sdp::SdpError::TooLong) {
                    skipped.add(Skip::BadSdp);
                }
                dialog.call.trouble = Some(error.to_string());
            }
        }
    }

    /// Counts an RTP packet.
    pub(super) fn rtp(&mut self, passage: Passage, skipped: &mut Skipped) {
        let Passage { at_ns, from, to } = passage;
        if self.streams.len() < STREAMS_MAX || self.streams.contains_key(&(from, to)) {
            *self.streams.entry((from, to)).or_default() += 1;
        }
        let by = |address| self.by_address.get(&address).map(Vec::as_slice).unwrap_or_default();
        let (destined, sent) = (by(to), by(from));
        for place in destined.iter().chain(sent.iter().filter(|place| !destined.contains(place))) {
            let Some(dialog) = self.found.get_mut(*place) else { continue };
            match dialog.call.attribute(from, to, at_ns) {
                Sender::ByDestination(side) => dialog.packets(side).by_destination += 1,
                Sender::BySource(side) => dialog.packets(side).by_source += 1,
                Sender::Ambiguous => skipped.add(Skip::Ambiguous),
                Sender::Nobody => {}
            }
        }
    }

    /// The calls in the order of their first INVITE, whether there were more, and the RTP streams by size.
    pub(super) fn finish(self) -> (Vec<Call>, bool, StreamList) {
        let calls = self.found.into_iter().map(Dialog::finish).collect();
        let lines = self.streams.into_iter().map(|((from, to), rtp_packets)| StreamLine { from, to, rtp_packets });
        let mut streams: Vec<StreamLine> = lines.collect();
        streams.sort_by_key(|line| (std::cmp::Reverse(line.rtp_packets), line.from, line.to));
        (calls, self.more, StreamList(streams))
    }
}

/// Whether a session description in this message is an offer or an answer (RFC 3261, 13; RFC 3262, 5; RFC 3311, 5).
fn may_describe(message: &Message) -> bool {
    match message.start {
        Start::Request(method) => {
            matches!(method, Method::Invite | Method::Ack | Method::Prack | Method::Update)
        }
        Start::Response(status) => {
            status < 300 && matches!(message.cseq_method, Method::Invite | Method::Prack | Method::Update)
        }
    }
}

fn note(places: &mut Vec<usize>, place: usize) {
    if places.contains(&place) {
        return;
    }
    if places.len() >= CALLS_PER_ADDRESS_MAX {
        places.remove(0);
    }
    places.push(place);
}

impl Dialog {
    fn begin(invite: &Message, passage: Passage) -> Dialog {
        Dialog {
            call: Call {
                id: invite.call_id.clone(),
                from: passage.from,
                to: passage.to,
                invited_at_ns: passage.at_ns,
                answered_at_ns: None,
                ended_at_ns: None,
                inviter: Party::default(),
                callee: Party::default(),
                digits: Vec::new(),
                rtp_packets: 0,
                trouble: None,
            },
            inviter_tags: vec![invite.from_tag],
            attempt: invite.cseq,
            keys: Keys::default(),
            inviter_packets: Packets::default(),
            callee_packets: Packets::default(),
        }
    }

    /// The side that sent a message. An INVITE without a To tag is the inviter trying again, be it under a new tag.
    fn sender_of(&mut self, message: &Message) -> Side {
        let attempt = message.start == Start::Request(Method::Invite) && message.to_tag.is_none();
        let known = self.inviter_tags.contains(&message.from_tag);
        if attempt && !known && self.inviter_tags.len() < TAGS_MAX {
            self.inviter_tags.push(message.from_tag);
        }
        let requested_by = if attempt || known { Side::Inviter } else { Side::Callee };
        match message.start {
            Start::Request(_) => requested_by,
            Start::Response(_) => requested_by.other(),
        }
    }

    /// Notes what a message does to the call's life.
    fn follow(&mut self, message: &Message, side: Side, at_ns: u64) {
        let call = &mut self.call;
        let unanswered = call.answered_at_ns.is_none();
        match (message.start, message.cseq_method) {
            (Start::Request(Method::Invite), _)
                if side == Side::Inviter && message.to_tag.is_none() && message.cseq > self.attempt =>
            {
                self.attempt = message.cseq;
                call.ended_at_ns = None;
            }
            (Start::Request(Method::Cancel), _) if unanswered => _ = call.ended_at_ns.get_or_insert(at_ns),
            (Start::Request(Method::Bye), _) => _ = call.ended_at_ns.get_or_insert(at_ns),
            // A BYE that must be authenticated first has ended nothing.
            (Start::Response(401 | 407), Method::Bye) => call.ended_at_ns = None,
            (Start::Response(status), Method::Invite)
                if unanswered && side == Side::Callee && message.cseq == self.attempt =>
            {
                match status {
                    // It may have crossed a CANCEL.
                    200..300 => (call.answered_at_ns, call.ended_at_ns) = (Some(at_ns), None),
                    300.. => _ = call.ended_at_ns.get_or_insert(at_ns),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn packets(&mut self, side: Side) -> &mut Packets {
        match side {
            Side::Inviter => &mut self.inviter_packets,
            Side::Callee => &mut self.callee_packets,
        }
    }

    fn finish(mut self) -> Call {
        for side in [Side::Inviter, Side::Callee] {
            let packets = *self.packets(side);
            let by_source = packets.by_destination == 0 && packets.by_source > 0;
            self.call.party_mut(side).by_source = by_source;
            self.call.rtp_packets += if by_source { packets.by_source } else { packets.by_destination };
        }
        self.call.digits = self.keys.finish();
        self.call
    }
}
