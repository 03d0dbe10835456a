//! What a media thread offers, and what it is answered.

use crate::frame::ring::Header;
use crate::time::MonoTime;

/// One frame as the host offers it. Borrowed for the call only.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The encoded audio, or the payload of a telephone-event packet.
    pub data: &'a [u8],
    /// The number of its format on this leg.
    pub format: u8,
    /// Samples of one channel; 0 for what is no audio.
    pub samples: u32,
    /// RTP sequence number, where there is one.
    pub sequence: Option<u16>,
    /// RTP time stamp and SSRC, where there are any.
    pub timestamp: Option<(u32, u32)>,
    /// When it arrived, on the host's monotonic clock.
    pub arrival: MonoTime,
    /// The RTP marker bit.
    pub marker: bool,
}

/// What is known of a frame beside its bytes, where those are not the host's to show: in a slot that was reserved, in a
/// buffer that is lent, or nowhere, in silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The number of its format on this leg.
    pub format: u8,
    /// Samples of one channel; 0 for what is no audio.
    pub samples: u32,
    /// RTP sequence number, where there is one.
    pub sequence: Option<u16>,
    /// RTP time stamp and SSRC, where there are any.
    pub timestamp: Option<(u32, u32)>,
    /// When it arrived, on the host's monotonic clock.
    pub arrival: MonoTime,
    /// The RTP marker bit.
    pub marker: bool,
}

/// What became of an offered frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Pushed {
    /// The worker will see it.
    Taken,
    /// Refused for good: the host may stop offering.
    Shut,
    /// Refused for now: keep offering.
    Wait,
    /// Could not be taken, and counted.
    Dropped(DropCause),
}

/// Why a frame could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropCause {
    /// No slot is free: the worker is behind.
    Full,
    /// Longer than a slot, or than the longest packet time; or silence of no length.
    Size,
    /// No such format on this leg, or no RTP packet.
    Format,
}

impl Incoming<'_> {
    #[inline]
    pub(super) fn facts(&self) -> Facts {
        let Incoming { format, samples, sequence, timestamp, arrival, marker, .. } = *self;
        Facts { format, samples, sequence, timestamp, arrival, marker }
    }
}

impl Facts {
    /// What the ring is told; the writer knows the rest.
    #[inline]
    pub(super) fn header(&self) -> Header {
        let (timestamp, ssrc) = self.timestamp.unwrap_or_default();
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        Header {
            samples: self.samples,
            arrival: self.arrival.0,
            timestamp,
            ssrc,
            sequence: self.sequence.unwrap_or_default(),
            format: self.format,
            flags: flag(self.timestamp.is_some(), Header::HAS_TIMESTAMP)
                | flag(self.sequence.is_some(), Header::HAS_SEQUENCE)
                | flag(self.marker, Header::MARKER),
            ..Header::default()
        }
    }
}
