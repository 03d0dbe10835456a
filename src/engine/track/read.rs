//! How one packet is read: which stream it belongs to, whether it is new, where it lies, and what keys are in it.
//!
//! A leg's first packet lies where it arrived, the next by RTP time stamp (RFC 3550 section 5.1). Telephone-events count
//! whatever their packet's number: any one packet of a press proves it (RFC 4733).

use std::time::Duration;

use crate::audio::{Encoding, Format};
use crate::consent::Digit;
use crate::frame::ring::Header;
use crate::frame::{Frame, Ledger, SlotRef};
use crate::rtp::{EventDecoder, Order, Redundant, Sequence, Timeline};
use crate::time::{CallTime, MonoTime, duration_of};

use super::super::line::{Held, Origin, Shares};
use super::{Track, Was};

/// How far a digit's time stamp may put it before where its packet's arrival does, and be believed: networks stall.
const STAMP_BEHIND: Duration = Duration::from_secs(10);

/// One run of packets: an SSRC with its sequence and time stamps.
pub(super) struct Stream {
    ssrc: Option<u32>,
    pub(super) sequence: Sequence,
    timeline: Timeline,
    events: EventDecoder,
    /// How many frames the gate had refused when the last one was taken: numbers missing since are not lost.
    refused: u32,
    /// Where a frame without RTP belongs: after the one before it.
    next: Option<CallTime>,
}

impl Stream {
    pub(super) fn new() -> Stream {
        Stream {
            ssrc: None,
            sequence: Sequence::new(),
            timeline: Timeline::new(8_000),
            events: EventDecoder::new(),
            refused: 0,
            next: None,
        }
    }
}

impl Track {
    /// Reads one frame; gives it back placed when it is audio.
    pub(super) fn read(&mut self, header: Header, slot: SlotRef, zero: MonoTime) -> Option<Held> {
        let arrival = MonoTime(header.arrival).on_call(zero);
        self.was_held = self.last_arrival.is_some_and(|last| self.holds.touch(last, arrival));
        self.last_arrival = self.last_arrival.max(Some(arrival));
        if header.has(Header::HAS_TIMESTAMP) {
            self.ssrcs.note(header.ssrc);
        }
        let Some(format) = self.formats.get(usize::from(header.format)).copied() else {
            self.counts.format += 1;
            return None;
        };
        let length = header.length;
        if format.encoding == Encoding::TelephoneEvent && self.is_of_another_stream(&header) {
            // Some gateways send keys as a stream of their own: it must not disturb the audio's clock.
            self.read_events(&header, &slot.bytes()[..length as usize], format.rate, header.timestamp, arrival);
            self.counts.withheld += 1;
            return None;
        }
        self.follow_ssrc(&header, format, zero);
        // Before its number is looked at: any one packet of a press proves it.
        match format.encoding {
            Encoding::TelephoneEvent => {
                self.read_events(&header, &slot.bytes()[..length as usize], format.rate, header.timestamp, arrival);
            }
            Encoding::Redundant => self.read_redundant_events(&header, &slot, arrival),
            _ => {}
        }
        let sequence = match self.number(&header, arrival) {
            Ok(sequence) => sequence,
            Err(count) => {
                *count(&mut self.counts) += 1;
                return None;
            }
        };
        if header.has(Header::SILENCE) {
            let at = self.place(&header, arrival);
            let end = at + format.duration(header.samples);
            self.stream.next = Some(end);
            self.received_to = self.received_to.max(Some(end));
            self.counts.withheld += 1;
            return None;
        }
        match format.encoding {
            Encoding::TelephoneEvent => {
                self.counts.withheld += 1;
                None
            }
            Encoding::Redundant => self.read_redundant_audio(&header, slot, arrival, sequence),
            Encoding::ComfortNoise => {
                let at = self.place(&header, arrival);
                self.received_to = self.received_to.max(Some(at));
                self.counts.withheld += 1;
                None
            }
            _ if format.is_audio() => Some(self.audio(&header, slot, 0..length, format, arrival, sequence)),
            _ => {
                self.counts.format += 1;
                None
            }
        }
    }

    fn is_of_another_stream(&self, header: &Header) -> bool {
        header.has(Header::HAS_TIMESTAMP) && self.stream.ssrc.is_some_and(|ssrc| ssrc != header.ssrc)
    }

    /// A new SSRC is a new stream: its numbers and time stamps have nothing to do with the old ones (RFC 3550, 5.1).
    fn follow_ssrc(&mut self, header: &Header, format: Format, zero: MonoTime) {
        if !header.has(Header::HAS_TIMESTAMP) {
            return;
        }
        let stream = &mut self.stream;
        let first = stream.ssrc.is_none();
        if stream.ssrc != Some(header.ssrc) {
            stream.ssrc = Some(header.ssrc);
            stream.timeline = Timeline::new(format.rate);
            if !first {
                stream.sequence.start_anew();
            }
        } else if format.is_audio() && stream.timeline.rate() != format.rate {
            stream.timeline = Timeline::new(format.rate);
        }
        if first
            && let Some((timestamp, ssrc, arrival)) = self.call.legs[usize::from(self.leg)].anchor.read()
            && ssrc == header.ssrc
        {
            stream.timeline.place(timestamp, arrival.on_call(zero), CallTime::MIN);
        }
    }

    /// The frame's long sequence number, or which count it belongs to when it must not go further.
    fn number(&mut self, header: &Header, arrival: CallTime) -> Result<Option<u64>, fn(&mut Ledger) -> &mut u64> {
        if !header.has(Header::HAS_SEQUENCE) {
            return Ok(None);
        }
        let ahead = self.limits.stamp_ahead();
        let stream = &mut self.stream;
        let was_refused = std::mem::replace(&mut stream.refused, header.refused) != header.refused;
        let gone_on = was_refused || self.was_held;
        if gone_on && stream.sequence.leaves_a_gap(header.sequence) {
            // Numbers that the gate refused in between, or that a line on hold did not bring, are not lost: the gap must not be counted.
            return Ok(Some(stream.sequence.restart(header.sequence)));
        }
        let packet = stream.sequence.classify(header.sequence);
        match packet.order {
            Order::InOrder | Order::Ahead(_) | Order::Reordered => Ok(Some(packet.number)),
            Order::Duplicate => Err(|counts| &mut counts.duplicate),
            Order::Jump { repeated } => {
                // A sender that began anew says so with the marker, goes on from there, or keeps its time stamps.
                let in_time = stream
                    .timeline
                    .at(header.timestamp)
                    .is_some_and(|at| at >= self.received_to.unwrap_or(CallTime::MIN) && at <= arrival + ahead);
                if repeated || gone_on || in_time || header.has(Header::MARKER) {
                    // Time stamps may come again: a press that carries one is a new press.
                    stream.events = EventDecoder::new();
                    Ok(Some(stream.sequence.restart(header.sequence)))
                } else {
                    Err(|counts| &mut counts.late)
                }
            }
        }
    }

    /// The moment of a frame's first sample.
    fn place(&mut self, header: &Header, arrival: CallTime) -> CallTime {
        let received_to = self.received_to.unwrap_or(CallTime::MIN);
        if header.has(Header::HAS_TIMESTAMP) {
            // A new stream may begin so far after its arrival, not to overlap the old one. Two streams in turn must not
            // push each other ahead.
            let furthest = arrival + self.limits.reorder;
            return self.stream.timeline.place(header.timestamp, arrival, received_to.min(furthest)).at;
        }
        // Without time stamps: one after the other, as long as they come at that pace.
        let slack = 2 * self.limits.max_packet;
        match self.stream.next {
            Some(next) if next <= arrival + slack && arrival <= next + slack => next,
            _ => arrival.max(received_to),
        }
    }

    fn audio(
        &mut self,
        header: &Header,
        slot: SlotRef,
        range: std::ops::Range<u32>,
        format: Format,
        arrival: CallTime,
        sequence: Option<u64>,
    ) -> Held {
        let place = self.place(header, arrival);
        // What the bytes hold counts, not what the host said: a sink reads no sample that is not there.
        let width = format.bytes_per_sample().unwrap_or(1).max(1) as u32;
        let samples = (range.end - range.start) / width;
        let range = range.start..range.start + samples * width;
        let frame = Frame::in_slot(slot, range, self.leg, self.role, place, format, samples);
        let end = frame.stretch().to;
        self.stream.next = Some(end);
        self.received_to = self.received_to.max(Some(end));
        let origin = Origin { sequence, drops: self.drops(header.drops), refused: header.refused };
        let shares = Shares { tag: self.consumer.popped(), ..Shares::default() };
        Held { frame, due: arrival.max(place) + self.limits.hold_back, origin, arrival, shares }
    }

    fn read_events(&mut self, header: &Header, payload: &[u8], rate: u32, timestamp: u32, arrival: CallTime) {
        let marker = header.has(Header::MARKER);
        let presses = self.stream.events.read(payload, header.ssrc, timestamp, marker, rate);
        for press in presses {
            let arrived = arrival - duration_of(u64::from(press.duration), rate);
            let stamped = self.stamped(header, press.onset, rate, arrived);
            if let Some(digit) = Digit::from_event(press.event) {
                self.digits.push_back(Was::Digit { digit, stamped, arrived });
            }
        }
        // While a key is held there is no audio: what is known of the caller goes on with the event.
        self.received_to = self.received_to.max(Some(arrival));
    }

    /// Where a press began by its time stamp, when that is on the audio's clock and not far from its packet's arrival.
    fn stamped(&mut self, header: &Header, timestamp: u32, rate: u32, arrived: CallTime) -> Option<CallTime> {
        if self.stream.timeline.rate() != rate || self.is_of_another_stream(header) {
            return None;
        }
        match self.stream.timeline.at(timestamp) {
            Some(at) => (at <= arrived + self.limits.stamp_ahead() && at >= arrived - STAMP_BEHIND).then_some(at),
            None => Some(self.stream.timeline.place(timestamp, arrived, CallTime::MIN).at),
        }
    }

    /// RFC 2198: events count in any block.
    fn read_redundant_events(&mut self, header: &Header, slot: &SlotRef, arrival: CallTime) {
        let Ok(redundant) = Redundant::parse(&slot.bytes()[..header.length as usize]) else { return };
        for block in redundant.blocks() {
            let format = self.format_of(block.payload_type);
            if let Some(format) = format.filter(|format| format.encoding == Encoding::TelephoneEvent) {
                self.read_events(header, block.data, format.rate, block.timestamp(header.timestamp), arrival);
            }
        }
    }

    /// RFC 2198: audio counts where it is the primary block, which comes last.
    fn read_redundant_audio(
        &mut self,
        header: &Header,
        slot: SlotRef,
        arrival: CallTime,
        number: Option<u64>,
    ) -> Option<Held> {
        let Ok(redundant) = Redundant::parse(&slot.bytes()[..header.length as usize]) else {
            self.counts.format += 1;
            return None;
        };
        let primary = redundant.blocks().last()?;
        let start = header.length - primary.data.len() as u32;
        match self.format_of(primary.payload_type).filter(Format::is_audio) {
            Some(format) if self.lasts_too_long(format, primary.data.len()) => {
                // The writer saw the wrapping only.
                self.counts.size += 1;
                None
            }
            Some(format) => Some(self.audio(header, slot, start..header.length, format, arrival, number)),
            None => {
                self.counts.withheld += 1;
                None
            }
        }
    }

    fn lasts_too_long(&self, format: Format, bytes: usize) -> bool {
        let samples = bytes / format.bytes_per_sample().unwrap_or(1).max(1);
        duration_of(samples as u64, format.rate) > self.limits.max_packet
    }

    fn format_of(&self, payload_type: u8) -> Option<Format> {
        let (_, number) = self.payload_types.iter().find(|(other, _)| *other == payload_type)?;
        self.formats.get(usize::from(*number)).copied()
    }
}
