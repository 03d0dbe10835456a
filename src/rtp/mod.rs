//! RTP packets to audio in its place, and telephone-events to digits.
//!
//! The pieces are taken in this order: [`is_rtcp`] sorts out what is not RTP, [`Packet`] reads the header,
//! [`PayloadTypes`] says what the payload is, [`Sequence`] tells news from repetition, [`Redundant`] unwraps,
//! [`Timeline`] gives the place on the call's clock, and [`EventDecoder`] turns telephone-events into presses.
//!
//! All of it is pure and told the time. After construction nothing here allocates, locks, makes a system call or
//! panics, whatever the bytes: it may run on the media thread. One object serves one stream and one thread at a time.
//! Standards: RFC 3550, 3551, 2198, 4733, 5761.

mod error;
mod event;
mod packet;
mod payload_types;
mod press;
mod redundancy;
mod sequence;
mod timeline;

pub use error::RtpError;
pub use event::EventDecoder;
pub use packet::{Packet, is_rtcp};
pub use payload_types::{PayloadTypes, from_rtpmap};
pub use press::{Press, Presses};
pub use redundancy::{Block, Redundant};
pub use sequence::{Arrival, Order, Sequence};
pub use timeline::{Placed, Timeline};
