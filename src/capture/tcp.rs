//! SIP over TCP: puts the segments of each direction in order and cuts them into messages (RFC 3261, 18.3).
//!
//! Memory is bounded: at most 256 directions, the one longest silent gives way; of each at most one message
//! (64 KiB) and 32 segments that came early (64 KiB together). What is missing in the capture is given up once that
//! is full; reading goes on at the next start line.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::net::Segment;
use super::sip::{self, MESSAGE_MAX, START_LINE_MAX};
use super::skipped::{Skip, Skipped};

/// Directions that are followed at a time.
const FLOWS_MAX: usize = 256;
/// Segments of one direction that wait for an earlier one, and their bytes.
const EARLY_MAX: usize = 32;
const EARLY_BYTES_MAX: usize = 64 * 1024;
/// A sequence number further away than this is not of the same stream.
const WINDOW: u32 = 1 << 24;

/// The TCP streams of a capture that may carry SIP.
#[derive(Debug, Default)]
pub(super) struct TcpStreams {
    flows: HashMap<(SocketAddr, SocketAddr), Flow>,
    /// Counts segments, to know which flow was longest silent.
    now: u64,
}

/// One direction of a connection.
#[derive(Debug, Default)]
struct Flow {
    /// The sequence number of the next byte in order; unknown before the first.
    next: Option<u32>,
    /// Bytes in order, of which no whole message could be cut yet.
    bytes: Vec<u8>,
    /// How many of those were already searched for the end of a head.
    searched: usize,
    /// How many there must be before looking again.
    needed: usize,
    /// Segments that came before their turn.
    early: Vec<(u32, Vec<u8>)>,
    used: u64,
}

impl TcpStreams {
    /// Takes a segment; gives each SIP message that it completes to `take`.
    pub(super) fn add(&mut self, segment: &Segment, skipped: &mut Skipped, take: &mut dyn FnMut(&[u8])) {
        self.now += 1;
        let key = (segment.from, segment.to);
        if !self.flows.contains_key(&key) {
            if segment.payload.is_empty() && !segment.syn {
                return;
            }
            self.make_room();
        }
        let flow = self.flows.entry(key).or_default();
        flow.used = self.now;
        if segment.syn {
            *flow = Flow { next: Some(segment.sequence.wrapping_add(1)), used: self.now, ..Flow::default() };
        }
        let sequence = if segment.syn { segment.sequence.wrapping_add(1) } else { segment.sequence };
        if !segment.payload.is_empty() {
            flow.receive(sequence, segment.payload, skipped);
            flow.cut(skipped, take);
        }
        if segment.last {
            self.flows.remove(&key);
        }
    }

    fn make_room(&mut self) {
        if self.flows.len() < FLOWS_MAX {
            return;
        }
        let oldest = self.flows.iter().min_by_key(|(_, flow)| flow.used).map(|(key, _)| *key);
        if let Some(oldest) = oldest {
            self.flows.remove(&oldest);
        }
    }
}

impl Flow {
    /// Appends a segment if its turn has come, and keeps it otherwise.
    fn receive(&mut self, sequence: u32, payload: &[u8], skipped: &mut Skipped) {
        let next = *self.next.get_or_insert(sequence);
        let ahead = sequence.wrapping_sub(next);
        let behind = next.wrapping_sub(sequence);
        if behind <= WINDOW {
            self.append(behind as usize, payload);
        } else if ahead <= WINDOW {
            self.early.push((sequence, payload.to_vec()));
        } else {
            skipped.add(Skip::TcpGap);
            *self = Flow { next: Some(sequence), used: self.used, ..Flow::default() };
            self.append(0, payload);
        }
        self.append_early();
        while self.early.len() > EARLY_MAX || self.early_bytes() > EARLY_BYTES_MAX {
            skipped.add(Skip::TcpGap);
            self.jump_gap();
        }
    }

    fn early_bytes(&self) -> usize {
        self.early.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// Goes on at the first segment behind a gap, without what stood before it.
    fn jump_gap(&mut self) {
        self.clear();
        let Some(next) = self.next else { return };
        let nearest = self.early.iter().map(|(sequence, _)| sequence.wrapping_sub(next)).min();
        self.next = nearest.map(|nearest| next.wrapping_add(nearest));
        self.append_early();
    }

    fn append_early(&mut self) {
        while let Some(next) = self.next {
            let due = self.early.iter().position(|(sequence, _)| next.wrapping_sub(*sequence) <= WINDOW);
            let Some(due) = due else { return };
            let (sequence, bytes) = self.early.swap_remove(due);
            self.append(next.wrapping_sub(sequence) as usize, &bytes);
        }
    }

    /// Appends what is new in a segment of which `known` bytes were there before.
    fn append(&mut self, known: usize, payload: &[u8]) {
        let Some(fresh) = payload.get(known..) else { return };
        self.bytes.extend_from_slice(fresh);
        self.next = self.next.map(|next| next.wrapping_add(fresh.len() as u32));
    }

    /// Cuts whole messages off the beginning.
    fn cut(&mut self, skipped: &mut Skipped, take: &mut dyn FnMut(&[u8])) {
        while self.bytes.len() >= self.needed.max(1) {
            self.seek_start();
            if self.bytes.is_empty() || !self.starts_with_message() {
                return;
            }
            // The last three bytes searched may be the beginning of an empty line.
            let from = self.searched.saturating_sub(3);
            let head = self.bytes.get(from..).and_then(blank_line).map(|end| from + end);
            let Some(head) = head else {
                self.searched = self.bytes.len();
                if self.bytes.len() > MESSAGE_MAX {
                    skipped.add(Skip::BadSip);
                    self.clear();
                }
                return;
            };
            let length = self.bytes.get(..head).and_then(sip::length_in_stream);
            let Some(length) = length.filter(|length| *length <= MESSAGE_MAX) else {
                skipped.add(Skip::BadSip);
                self.clear();
                return;
            };
            let Some(message) = self.bytes.get(..length) else {
                self.needed = length;
                return;
            };
            take(message);
            self.bytes.drain(..length);
            (self.searched, self.needed) = (0, 0);
        }
    }

    /// Drops keep-alive line ends, and whatever stands before the next start line.
    fn seek_start(&mut self) {
        if self.searched > 0 || self.needed > 0 {
            return;
        }
        let mut begin = 0;
        while let Some(rest) = self.bytes.get(begin..).filter(|rest| !rest.is_empty() && !sip::looks_like_sip(rest)) {
            match rest.iter().position(|byte| *byte == b'\n') {
                Some(end) => begin += end + 1,
                // The rest may be the beginning of a start line.
                None if rest.len() < START_LINE_MAX => break,
                None => begin = self.bytes.len(),
            }
        }
        self.bytes.drain(..begin);
    }

    fn starts_with_message(&self) -> bool {
        self.searched > 0 || self.needed > 0 || sip::looks_like_sip(&self.bytes)
    }

    fn clear(&mut self) {
        self.bytes = Vec::new();
        (self.searched, self.needed) = (0, 0);
    }
}

/// Where the first empty line ends, in bytes that do not begin with one.
fn blank_line(bytes: &[u8]) -> Option<usize> {
    let mut ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    ends.find_map(|end| match bytes.get(end..) {
        Some([b'\n', ..]) => Some(end + 1),
        Some([b'\r', b'\n', ..]) => Some(end + 2),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"INVITE x SIP/2.0\r\ni: 1\r\nCSeq: 1 INVITE\r\nl: 3\r\n\r\nv=0";

    #[derive(Default)]
    struct Reader {
        streams: TcpStreams,
        skipped: Skipped,
        messages: Vec<Vec<u8>>,
    }

    impl Reader {
        fn add(&mut self, port: u16, sequence: u32, syn: bool, payload: &[u8]) {
            let from = SocketAddr::from(([192, 0, 2, 1], port));
            let to = SocketAddr::from(([192, 0, 2, 2], 5060));
            let segment = Segment { from, to, sequence, syn, last: false, payload };
            let Reader { streams, skipped, messages } = self;
            streams.add(&segment, skipped, &mut |message| messages.push(message.to_vec()));
        }
    }

    #[test]
    fn a_message_is_found_however_it_is_cut_into_segments() {
        let stream = [MESSAGE, b"\r\n\r\n", MESSAGE].concat();
        for size in 1..stream.len() {
            let mut reader = Reader::default();
            for (n, part) in stream.chunks(size).enumerate() {
                reader.add(1, (u32::MAX - 7).wrapping_add((n * size) as u32), false, part);
            }
            assert_eq!(reader.messages, [MESSAGE, MESSAGE], "in segments of {size}");
        }
    }

    #[test]
    fn segments_out_of_order_and_sent_twice_change_nothing() {
        let mut reader = Reader::default();
        reader.add(1, 99, true, b"");
        for (at, end) in [(40, MESSAGE.len()), (10, 40), (0, 5), (0, 12), (10, 40)] {
            reader.add(1, 100 + at as u32, false, &MESSAGE[at..end]);
        }
        assert_eq!(reader.messages, [MESSAGE]);
        assert!(reader.skipped.is_empty());
    }

    #[test]
    fn reading_goes_on_behind_a_gap_at_the_next_start_line() {
        let mut reader = Reader::default();
        reader.add(1, 0, false, b"INVITE x SIP/2.0\r\ni: lost");
        for n in 0..=EARLY_MAX {
            reader.add(1, 1_000 + (n * MESSAGE.len()) as u32, false, MESSAGE);
        }
        assert_eq!(reader.messages.len(), EARLY_MAX + 1);
        assert_eq!(reader.skipped.count(Skip::TcpGap), 1);
    }

    #[test]
    fn other_protocols_leave_nothing_behind() {
        let mut reader = Reader::default();
        reader.add(1, 0, false, "GET / HTTP/1.1\r\n\r\nhello\n".repeat(2_000).as_bytes());
        reader.add(2, 0, false, &[0xff; 60_000]);
        assert!(reader.streams.flows.values().all(|flow| flow.bytes.is_empty()));
        assert!(reader.messages.is_empty());
    }

    #[test]
    fn streams_that_never_end_a_message_are_bounded() {
        let mut reader = Reader::default();
        for port in 1..=1_000 {
            reader.add(port, 0, false, b"INVITE x SIP/2.0\r\n");
        }
        assert_eq!(reader.streams.flows.len(), FLOWS_MAX);
        for n in 0..3_000_u32 {
            reader.add(1_000, 18 + n * 100, false, &[b'x'; 100]);
        }
        assert!(reader.streams.flows.values().all(|flow| flow.bytes.len() <= MESSAGE_MAX + 100));
        reader.add(2_000, 0, false, b"INVITE x SIP/2.0\r\nl: 4000000000\r\n\r\n");
        assert!(reader.skipped.count(Skip::BadSip) >= 2);
    }
}
