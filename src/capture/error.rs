//! What can be wrong with a capture, in words for the person who named it.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use super::skipped::Skipped;
use super::wire::CallId;

/// At most this many calls or streams are listed in one message.
const LISTED: usize = 50;

/// Why a capture, or a call in it, cannot be used. All of them are the input's fault: nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The file cannot be opened.
    #[error("cannot open the capture {file}: {source}; check the path and who may read it")]
    Open {
        /// The capture.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The path is a folder, a pipe or a device.
    #[error("{file} is {what}, and a capture is read twice: name a regular file (save a pipe to one first)")]
    NotAFile {
        /// The path.
        file: String,
        /// What it is, with its article.
        what: &'static str,
    },
    /// The file is something else.
    #[error("{file} is not a packet capture: {why}; give a pcap or pcapng file, as tcpdump and Wireshark write them")]
    NotACapture {
        /// The file.
        file: String,
        /// What was seen instead.
        why: &'static str,
    },
    /// The file ends in the middle of something.
    #[error(
        "the capture {file} is cut off: it ends inside {}, which begins at byte {offset}; take a whole copy, or write \
         what is left of it to a new file",
        packet_name(*.packet)
    )]
    Truncated {
        /// The capture.
        file: String,
        /// Where the unfinished packet or block begins, in bytes.
        offset: u64,
        /// The number of the packet, from 1; 0 in the file's header.
        packet: u64,
    },
    /// A length or number in the file cannot be.
    #[error(
        "the capture {file} is damaged at byte {offset}, {}: {what}; take another copy of it",
        packet_name(*.packet)
    )]
    Damaged {
        /// The capture.
        file: String,
        /// Where the broken packet or block begins, in bytes.
        offset: u64,
        /// The number of the packet that would be next, from 1; 0 in the file's header.
        packet: u64,
        /// What cannot be.
        what: String,
    },
    /// The system failed to read on.
    #[error("reading the capture {file} failed at byte {offset}: {source}; check the disk it is on")]
    Read {
        /// The capture.
        file: String,
        /// How far it had been read, in bytes.
        offset: u64,
        /// What the system said.
        source: io::Error,
    },
    /// No INVITE was seen.
    #[error(
        "no SIP call found in {file} ({packets} packets; passed over: {skipped}); name the streams by --caller IP:PORT \
         and --agent IP:PORT instead, their source addresses{streams}"
    )]
    NoCall {
        /// The capture.
        file: String,
        /// How many packets it has.
        packets: u64,
        /// What was passed over.
        skipped: Box<Skipped>,
        /// The RTP streams that were seen.
        streams: StreamList,
    },
    /// More than one call, and none was named.
    #[error("{file} holds {} calls; choose one by --call-id:{calls}", .calls.len())]
    SeveralCalls {
        /// The capture.
        file: String,
        /// The calls.
        calls: CallList,
    },
    /// No call has the Call-ID that was asked for.
    #[error("{file} holds no call with the Call-ID {wanted}; it holds:{calls}")]
    UnknownCall {
        /// The capture.
        file: String,
        /// The Call-ID asked for, escaped.
        wanted: String,
        /// The calls there are.
        calls: CallList,
    },
    /// Neither side's SDP names an address for audio.
    #[error(
        "the SDP of call {call} in {file} names no audio ({why}), so its streams cannot be told; name them by --caller \
         IP:PORT and --agent IP:PORT, their source addresses{streams}"
    )]
    NoMedia {
        /// The capture.
        file: String,
        /// The call, escaped.
        call: CallId,
        /// What the SDP said instead.
        why: String,
        /// The RTP streams that were seen.
        streams: StreamList,
    },
    /// The audio is encrypted, so neither a voice nor a digit in it can be heard.
    #[error(
        "the audio of call {call} in {file} is encrypted (SRTP); a capture of it holds nothing that can be heard: \
         capture behind the point where it is decrypted"
    )]
    Encrypted {
        /// The capture.
        file: String,
        /// The call, escaped.
        call: CallId,
    },
    /// The call is there, but its audio is not.
    #[error(
        "no RTP packet of call {call} is in {file}; its SDP names {named}; if the audio went another way, name it by \
         --caller IP:PORT and --agent IP:PORT, the streams' source addresses{streams}"
    )]
    NoAudio {
        /// The capture.
        file: String,
        /// The call, escaped.
        call: CallId,
        /// The addresses in the SDP of both sides.
        named: String,
        /// The RTP streams that were seen.
        streams: StreamList,
    },
    /// Nothing was sent from an address that was named as a stream's source.
    #[error(
        "no RTP packet from {address} in {file}; give the address a stream comes from, not the one it goes to{streams}"
    )]
    NoStream {
        /// The capture.
        file: String,
        /// The address.
        address: SocketAddr,
        /// The RTP streams that were seen.
        streams: StreamList,
    },
    /// The same address was given for both sides.
    #[error("{address} was given as the source of both sides' audio; each side has its own")]
    SameSource {
        /// The address.
        address: SocketAddr,
    },
}

fn packet_name(packet: u64) -> String {
    match packet {
        0 => "its header".to_owned(),
        n => format!("packet {n}"),
    }
}

/// One call of a list to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLine {
    /// Its Call-ID.
    pub id: CallId,
    /// When it was first invited, in nanoseconds since 1970 (UTC).
    pub invited_at_ns: u64,
    /// Where the first INVITE came from.
    pub from: SocketAddr,
    /// Where it went.
    pub to: SocketAddr,
    /// RTP packets of both sides.
    pub rtp_packets: u64,
}

/// Calls to choose from; each on a line of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallList {
    /// The calls, in the order of their first INVITE.
    pub calls: Vec<CallLine>,
    /// Whether the capture holds more than were kept.
    pub more: bool,
}

impl CallList {
    /// How many.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
}

impl fmt::Display for CallList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for call in self.calls.iter().take(LISTED) {
            write!(f, "\n  --call-id '{}'  at {}", call.id, utc(call.invited_at_ns))?;
            write!(f, "  from {} to {}  {} RTP packets", call.from, call.to, call.rtp_packets)?;
        }
        and_more(f, self.calls.len())?;
        if self.more {
            write!(f, "\n  and others: only the first {} calls of a capture are kept", self.calls.len())?;
        }
        Ok(())
    }
}

/// One way that RTP packets went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLine {
    /// Their source.
    pub from: SocketAddr,
    /// Their destination.
    pub to: SocketAddr,
    /// How many.
    pub rtp_packets: u64,
}

/// RTP streams that were seen; each on a line of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamList(pub Vec<StreamLine>);

impl fmt::Display for StreamList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("; no RTP stream was seen in it");
        }
        f.write_str("; the RTP streams in it:")?;
        for stream in self.0.iter().take(LISTED) {
            write!(f, "\n  from {} to {}  {} RTP packets", stream.from, stream.to, stream.rtp_packets)?;
        }
        and_more(f, self.0.len())
    }
}

fn and_more(f: &mut fmt::Formatter<'_>, all: usize) -> fmt::Result {
    match all.saturating_sub(LISTED) {
        0 => Ok(()),
        more => write!(f, "\n  and {more} more"),
    }
}

/// A moment of a capture for people: UTC, to the millisecond.
fn utc(time_ns: u64) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(time_ns)) {
        Ok(at) => format!("{at:.3}"),
        Err(_) => format!("{time_ns} ns after 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_calls_is_printable_whatever_the_wire_said() {
        let line = CallLine {
            id: CallId::new(b"a\x1bb"),
            invited_at_ns: 1_700_000_000_123_456_789,
            from: "192.0.2.1:5060".parse().expect("an address"),
            to: "[2001:db8::1]:5060".parse().expect("an address"),
            rtp_packets: 7,
        };
        let shown = CallList { calls: vec![line; LISTED + 2], more: false }.to_string();
        assert!(shown.contains(
            "\n  --call-id 'a\\x1bb'  at 2023-11-14T22:13:20.123Z  from 192.0.2.1:5060 to [2001:db8::1]:5060  7 RTP"
        ));
        assert!(shown.ends_with("\n  and 2 more"));
    }

    #[test]
    fn a_moment_after_the_last_year_is_shown_too() {
        assert!(utc(u64::MAX).starts_with("2554-"), "{}", utc(u64::MAX));
    }
}
