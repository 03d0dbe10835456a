//! The packets of a call with their moments on its clock: the second reading, however it is played. `[control]`: reads
//! a file.

use crate::capture::{CaptureError, Side, Streams};
use crate::time::{CallTime, MonoTime};

/// The packets up to the call's end, in the order in which they were captured.
pub(super) struct Packets {
    streams: Streams,
    caller: Side,
    /// The capture's clock at the call clock's zero.
    zero: MonoTime,
    end: CallTime,
    /// Of the packet that was read last.
    now: CallTime,
    /// Arrival and leg of the first packet, when it was read ahead and is not given on yet.
    ahead: Option<(MonoTime, usize)>,
    /// Its bytes.
    first: Vec<u8>,
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
    pub(super) fn new(streams: Streams, caller: Side, zero: MonoTime, end: CallTime) -> Packets {
        Packets { streams, caller, zero, end, now: CallTime::MIN, ahead: None, first: Vec::new() }
    }

    /// The same up to another end.
    pub(super) fn until(self, end: CallTime) -> Packets {
        Packets { end, ..self }
    }

    /// Reads on to the first packet: it may lie behind gigabytes of other traffic.
    pub(super) fn read_ahead(&mut self) -> Result<(), CaptureError> {
        if let Some(packet) = self.streams.next_packet()? {
            self.ahead = Some((MonoTime(packet.time_ns), usize::from(packet.side != self.caller)));
            self.first.extend_from_slice(packet.payload);
        }
        Ok(())
    }

    /// The next one; `None` after the last, or after the call's end.
    pub(super) fn next_packet(&mut self) -> Result<Option<TimedPacket<'_>>, CaptureError> {
        let (arrival, leg, bytes) = match self.ahead.take() {
            Some((arrival, leg)) => (arrival, leg, &*self.first),
            None => match self.streams.next_packet()? {
                Some(packet) => (MonoTime(packet.time_ns), usize::from(packet.side != self.caller), packet.payload),
                None => return Ok(None),
            },
        };
        self.now = arrival.on_call(self.zero).max(self.now);
        Ok((self.now <= self.end).then_some(TimedPacket { at: self.now, arrival, leg, bytes }))
    }

    /// Bytes of the capture read so far.
    pub(super) fn position(&self) -> u64 {
        self.streams.position()
    }
}
