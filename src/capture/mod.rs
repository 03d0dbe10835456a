//! Packet captures: finds a SIP call in a pcap or pcapng file, and gives its audio packet by packet.
//!
//! A capture is read twice. [`Survey`] finds the calls (SIP over UDP and TCP, whatever the port; SDP offers and
//! answers; keys sent by INFO) and says which one is meant; [`Streams`] then gives that call's RTP packets, or those from two source
//! addresses, in the order in which they were captured, each with the side that sent it. The RTP itself is read by
//! [`crate::rtp`].
//!
//! ```no_run
//! use calltap::capture::{Capture, CaptureError, Streams, Survey};
//!
//! # fn main() -> Result<(), CaptureError> {
//! let mut capture = Capture::open("call.pcap".as_ref())?;
//! let survey = Survey::of(&mut capture, |_bytes_read| ())?;
//! let call = survey.select(None)?.clone();
//! let mut streams = Streams::of_call(capture, call)?;
//! while let Some(packet) = streams.next_packet()? {
//!     println!("{:?}: {} bytes", packet.side, packet.payload.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Invariants: a capture is a stranger's. No input panics. A capture that cannot be read to its end is an error, and
//! so is a call that cannot be told; a single packet that is broken, foreign or incomplete is counted in [`Skipped`]
//! and passed over. Texts from the wire are limited and escaped ([`escape_wire`]); of From and To, nothing is kept.
//! Memory is bounded, whatever the file claims:
//!
//! | what | limit |
//! |---|---|
//! | a packet | 256 KiB |
//! | fragmented datagrams in the making | 64, of 64 KiB, for 30 s |
//! | TCP directions followed | 256, of 128 KiB |
//! | a SIP message, a session description | 64 KiB |
//! | calls | 1000 |
//! | session descriptions | 32 of a side, 10 000 of all calls |
//! | keys sent by SIP INFO | 1000 of a call |
//! | audio lines in one, payload types of one | 4, 32 |
//! | RTP streams listed | 1000 |
//!
//! Everything here is `[control]`: it reads files on the caller's thread.

mod body;
mod call;
mod endian;
mod error;
mod file;
mod finder;
mod fragments;
mod info;
mod link;
mod net;
mod pcap;
mod pcapng;
pub mod sdp;
pub mod sip;
mod skipped;
mod source;
mod streams;
mod survey;
mod tcp;
mod wire;

pub use call::{Call, Description, Party, Side};
pub use error::{CallLine, CallList, CaptureError, StreamLine, StreamList};
pub use file::{Capture, Record};
pub use info::KeyedDigit;
pub use skipped::{Skip, Skipped};
pub use streams::{MediaPacket, Sources, Streams};
pub use survey::Survey;
pub use wire::{CallId, WIRE_TEXT_MAX, escape_wire};
