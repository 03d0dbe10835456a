//! A leg's worker side: takes frames from the ring, sorts out repetition, and gives each its place on the call's clock.
//!
//! One thread at a time. Reordered packets find their place in the line; what is older than what was handed on is late.
//! Counts what becomes of frames before any sink is asked; the session counts the rest.

use std::collections::VecDeque;
use std::time::Duration;

use crate::audio::{Encoding, Format};
use crate::consent::{Digit, Gate, Role};
use crate::frame::ring::{Consumer, Header, SlotRef};
use crate::frame::{Arc, Frame, Ledger};
use crate::rtp::{EventDecoder, Order, Redundant, Sequence, Timeline};
use crate::sink::{GapCause, LegDescription};
use crate::time::{CallTime, MonoTime, duration_of};

use super::config::{MAX_PACKET, REORDER};
use super::leg::{self, LegShared, LegSpec, LegWriter};
use super::line::{Held, Line, Origin, Shares};

/// How far a digit's time stamp may put it after, or before, where its packet's arrival does, and be believed: some stamp
/// it with the next packet's time, and networks stall.
const STAMP_AHEAD: Duration = MAX_PACKET.saturating_add(REORDER);
const STAMP_BEHIND: Duration = Duration::from_secs(10);

/// How far after its arrival a new stream may begin, so as not to overlap the old one. Two streams in turn must not push
/// each other ahead.
const AFTER_ARRIVAL: Duration = REORDER;

/// What was taken from a ring.
pub(super) enum Was {
    /// A key was pressed: when by its time stamp, if that can be believed at all, and when by its packet's arrival.
    Digit { digit: Digit, stamped: Option<CallTime>, arrived: CallTime },
    /// Audio, placed.
    Audio(Held),
}

/// One leg, worker side.
pub(super) struct Track {
    leg: u8,
    role: Role,
    formats: Vec<Format>,
    payload_types: Vec<(u8, u8)>,
    shared: Arc<LegShared>,
    consumer: Consumer,
    hold_back: Duration,
    open: bool,
    stream: Stream,
    /// Digits seen and not told yet.
    digits: VecDeque<Was>,
    pub(super) line: Line,
    pub(super) counts: Ledger,
    last_arrival: Option<CallTime>,
    /// How many frames were dropped before the ring when it was last read.
    dropped: u64,
    /// The end of the newest audio or event received.
    received_to: Option<CallTime>,
    /// Up to where the leg was handed on, or found not to go.
    settled_to: CallTime,
    /// Of the frame that was handed on last.
    last: Option<Origin>,
    /// The end of the latest frame that came through the gate and was not permitted when it came.
    withheld_to: CallTime,
}

/// One run of packets: an SSRC with its sequence and time stamps.
struct Stream {
    ssrc: Option<u32>,
    sequence: Sequence,
    timeline: Timeline,
    events: EventDecoder,
    /// How many frames the gate had refused when the last one was taken: numbers missing since are not lost.
    refused: u64,
    /// Where a frame without RTP belongs: after the one before it.
    next: Option<CallTime>,
}

impl Track {
    pub(super) fn open(leg: u8, spec: &LegSpec, hold_back: Duration) -> (Track, LegWriter) {
        let (writer, consumer, shared) = leg::open(spec);
        let track = Track {
            leg,
            role: spec.role,
            formats: spec.formats.clone(),
            payload_types: spec.payload_types.clone(),
            line: Line::new(consumer.slots()),
            shared,
            consumer,
            hold_back,
            open: true,
            stream: Stream {
                ssrc: None,
                sequence: Sequence::new(),
                timeline: Timeline::new(8_000),
                events: EventDecoder::new(),
                refused: 0,
                next: None,
            },
            digits: VecDeque::new(),
            counts: Ledger::default(),
            last_arrival: None,
            dropped: 0,
            received_to: None,
            settled_to: CallTime::MIN,
            last: None,
            withheld_to: CallTime::MIN,
        };
        (track, writer)
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// The stream is over: its gate shuts for good.
    pub(super) fn close(&mut self) {
        self.open = false;
        self.shared.gate.set(Gate::Shut);
    }

    pub(super) fn set_gate(&self, gate: Gate) {
        if self.open {
            self.shared.gate.set(gate);
        }
    }

    /// Notes that packets came which could not be taken: their sender is not silent, though nobody could listen.
    pub(super) fn notice_drops(&mut self, now: CallTime) {
        let dropped = self.shared.full() + self.shared.size() + self.shared.format();
        if std::mem::replace(&mut self.dropped, dropped) != dropped {
            self.last_arrival = self.last_arrival.max(Some(now));
        }
    }

    /// When the last packet arrived.
    pub(super) fn last_arrival(&self) -> Option<CallTime> {
        self.last_arrival
    }

    /// The end of the newest audio or event received.
    pub(super) fn received_to(&self) -> Option<CallTime> {
        self.received_to
    }

    /// Up to where the leg was handed on, or found not to go.
    pub(super) fn settled_to(&self) -> CallTime {
        self.settled_to
    }

    pub(super) fn settle_to(&mut self, to: CallTime) {
        self.settled_to = self.settled_to.max(to);
    }

    pub(super) fn description(&self) -> LegDescription {
        LegDescription { leg: self.leg, role: self.role, formats: self.formats.clone() }
    }

    /// Takes the next thing out of the ring that the session must know of.
    pub(super) fn next(&mut self, zero: MonoTime) -> Option<Was> {
        loop {
            if let Some(digit) = self.digits.pop_front() {
                return Some(digit);
            }
            let (header, slot) = self.consumer.pop()?;
            if let Some(held) = self.read(header, slot, zero) {
                return Some(Was::Audio(held));
            }
        }
    }

    /// Empties the ring; what was in it is wiped.
    pub(super) fn wipe_ring(&mut self) {
        while self.consumer.pop().is_some() {
            self.counts.purged += 1;
        }
    }

    /// Counts a frame that found no room in the pool.
    pub(super) fn count_full(&mut self) {
        self.counts.full += 1;
    }

    /// Notes which frame was handed on last.
    pub(super) fn remember(&mut self, origin: Origin) {
        self.last = Some(origin);
    }

    /// Notes that a frame was not permitted when it came: its place may be, by now.
    pub(super) fn withhold(&mut self, to: CallTime) {
        self.withheld_to = self.withheld_to.max(to);
    }

    /// Why nothing was there between the frame handed on last and this one, in a gap that begins at `from`.
    pub(super) fn gap_cause(&self, next: Origin, from: CallTime) -> GapCause {
        if self.withheld_to > from {
            return GapCause::Withheld;
        }
        let last = self.last.unwrap_or(Origin::BEFORE_ALL);
        if next.drops != last.drops {
            return GapCause::Dropped;
        }
        if next.refused != last.refused {
            return GapCause::Withheld;
        }
        match (last.sequence, next.sequence) {
            (Some(from), Some(to)) if self.stream.sequence.missing_between(from, to) > 0 => GapCause::Lost,
            _ => GapCause::Silent,
        }
    }

    /// Why nothing came after the frame handed on last, in a gap that begins at `from`.
    pub(super) fn last_gap_cause(&self, from: CallTime) -> GapCause {
        let shared = &*self.shared;
        let at_the_door = shared.full() + shared.size() + shared.format();
        let drops = at_the_door + self.counts.full + self.counts.format;
        self.gap_cause(Origin { sequence: None, drops, refused: shared.refused() }, from)
    }

    /// The account of the leg.
    pub(super) fn ledger(&self) -> Ledger {
        let (shared, counts) = (&*self.shared, &self.counts);
        // Each counter is read once: the media thread goes on counting.
        let (refused, full, size, format) = (shared.refused(), shared.full(), shared.size(), shared.format());
        let waiting = self.consumer.waiting();
        Ledger {
            pushed: self.consumer.popped() + waiting + refused + full + size + format,
            withheld: counts.withheld + refused,
            full: counts.full + full,
            size: counts.size + size,
            format: counts.format + format,
            in_flight: waiting + self.line.len() as u64,
            // What was dropped before the ring left a hole in the numbers too.
            lost: self.stream.sequence.lost().saturating_sub(full + size + format),
            ..*counts
        }
    }

    /// Reads one frame; gives it back placed when it is audio.
    fn read(&mut self, header: Header, slot: SlotRef, zero: MonoTime) -> Option<Held> {
        let arrival = MonoTime(header.arrival).on_call(zero);
        self.last_arrival = self.last_arrival.max(Some(arrival));
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
            && let Some((timestamp, ssrc, arrival)) = self.shared.anchor.read()
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
        let refused = self.shared.refused();
        let stream = &mut self.stream;
        let gone_on = std::mem::replace(&mut stream.refused, refused) != refused;
        if gone_on && stream.sequence.leaves_a_gap(header.sequence) {
            // Numbers that the gate refused in between are not lost: the gap must not be counted.
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
                    .is_some_and(|at| at >= self.received_to.unwrap_or(CallTime::MIN) && at <= arrival + STAMP_AHEAD);
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
            return self.stream.timeline.place(header.timestamp, arrival, received_to.min(arrival + AFTER_ARRIVAL)).at;
        }
        // Without time stamps: one after the other, as long as they come at that pace.
        let slack = 2 * MAX_PACKET;
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
        let drops = u64::from(header.drops) + self.counts.full + self.counts.format;
        let origin = Origin { sequence, drops, refused: self.shared.refused() };
        Held { frame, due: arrival.max(place) + self.hold_back, origin, arrival, shares: Shares::default() }
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
            Some(at) => (at <= arrived + STAMP_AHEAD && at >= arrived - STAMP_BEHIND).then_some(at),
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
            Some(format) => Some(self.audio(header, slot, start..header.length, format, arrival, number)),
            None => {
                self.counts.withheld += 1;
                None
            }
        }
    }

    fn format_of(&self, payload_type: u8) -> Option<Format> {
        let (_, number) = self.payload_types.iter().find(|(other, _)| *other == payload_type)?;
        self.formats.get(usize::from(*number)).copied()
    }
}

impl Drop for Track {
    /// A writer may outlive its call: it finds the gate shut.
    fn drop(&mut self) {
        self.shared.gate.set(Gate::Shut);
    }
}
