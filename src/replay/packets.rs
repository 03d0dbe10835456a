//! The packets of a call with their moments on its clock: the second reading, however it is played. `[control]`: reads
//! a file.

use crate::capture::{CaptureError, Side, Streams};
use crate::time::{CallTime, MonoTime};

/// The packets up to the call's end, in the order in which they were captured.
pub(super) struct Packets {
    pub(super) streams: Streams,
    pub(super) caller: Side,
    /// The capture's clock at the call clock's zero.
    pub(super) zero: MonoTime,
    pub(super) end: CallTime,
    /// Of the packet that was read last.
    pub(super) now: CallTime,
}

/// One RTP packet. Without `Debug`: it is someone's voice.
pub(super) struct TimedPacket<'p> {
    /// When it is pushed. A capture's times may step back a little; this does not.
    pub(super) at: CallTime,
    /// When it arrived, on the capture's clock.
    pub(super) arrival: MonoTime,
    /// 0 is the caller's.
    pub(super) leg: usize,
    pub(super) bytes: &'p [u8],
}

impl Packets {
    /// The next one; `None` after the last, or after the call's end.
    pub(super) fn next_packet(&mut self) -> Result<Option<TimedPacket<'_>>, CaptureError> {
        let Some(packet) = self.streams.next_packet()? else { return Ok(None) };
        let arrival = MonoTime(packet.time_ns);
        self.now = arrival.on_call(self.zero).max(self.now);
        let leg = usize::from(packet.side != self.caller);
        Ok((self.now <= self.end).then_some(TimedPacket { at: self.now, arrival, leg, bytes: packet.payload }))
    }

    /// Bytes of the capture read so far.
    pub(super) fn position(&self) -> u64 {
        self.streams.position()
    }
}
