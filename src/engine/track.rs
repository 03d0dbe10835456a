//! A leg's worker side: takes frames from the ring, sorts out repetition, and gives each its place on the call's clock.
//!
//! One thread at a time. Reordered packets find their place in the line; what is older than what was handed on is late.
//! Counts what becomes of frames before any sink is asked; the session counts the rest.

use std::collections::VecDeque;
use std::time::Duration;

use crate::audio::{Encoding, Format};
use crate::consent::{Digit, Gate, Role};
use crate::frame::ring::{Consumer, Header, SlotRef};
use crate::frame::signal::SignalReader;
use crate::frame::{Arc, Frame, Ledger};
use crate::rtp::{EventDecoder, Order, Redundant, Sequence, Timeline};
use crate::sink::{GapCause, LegDescription};
use crate::time::{CallTime, MonoTime, duration_of};

use super::config::Config;
use super::hold::Holds;
use super::leg::{self, LegReader, LegSpec, LegWriter};
use super::line::{Held, Line, Origin, Shares};
use super::shared::{CallShared, LegShared, count};
use super::ssrcs::Ssrcs;

/// How far a digit's time stamp may put it before where its packet's arrival does, and be believed: networks stall.
const STAMP_BEHIND: Duration = Duration::from_secs(10);

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
    call: Arc<CallShared>,
    consumer: Consumer,
    pub(super) signals: SignalReader,
    limits: Limits,
    open: bool,
    stream: Stream,
    pub(super) holds: Holds,
    /// Whether the line was on hold since the packet before this one: numbers missing since are not lost.
    was_held: bool,
    ssrcs: Ssrcs,
    /// How many 9s were lost before the line of signals, as far as they were told.
    lost_nines: u32,
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

/// Of the configuration what a leg needs.
#[derive(Clone, Copy)]
struct Limits {
    hold_back: Duration,
    max_packet: Duration,
    reorder: Duration,
}

impl Limits {
    /// How far a digit's time stamp may put it after where its packet's arrival does: some stamp it with the next
    /// packet's time.
    fn stamp_ahead(&self) -> Duration {
        self.max_packet + self.reorder
    }
}

/// One run of packets: an SSRC with its sequence and time stamps.
struct Stream {
    ssrc: Option<u32>,
    sequence: Sequence,
    timeline: Timeline,
    events: EventDecoder,
    /// How many frames the gate had refused when the last one was taken: numbers missing since are not lost.
    refused: u32,
    /// Where a frame without RTP belongs: after the one before it.
    next: Option<CallTime>,
}

impl Track {
    pub(super) fn open(leg: u8, spec: &LegSpec, call: &Arc<CallShared>, config: &Config) -> (Track, LegWriter) {
        let Config { hold_back, max_packet, reorder, line_frames, .. } = *config;
        let (writer, LegReader { frames, signals }) = leg::open(leg, spec, call, max_packet);
        let track = Track {
            leg,
            role: spec.role,
            formats: spec.formats.clone(),
            payload_types: spec.payload_types.clone(),
            line: Line::new(frames.slots(), line_frames),
            call: Arc::clone(call),
            consumer: frames,
            signals,
            limits: Limits { hold_back, max_packet, reorder },
            open: true,
            stream: Stream {
                ssrc: None,
                sequence: Sequence::new(),
                timeline: Timeline::new(8_000),
                events: EventDecoder::new(),
                refused: 0,
                next: None,
            },
            holds: Holds::new(),
            was_held: false,
            ssrcs: Ssrcs::new(config.ssrcs),
            lost_nines: 0,
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
        self.shared().gate.set(Gate::Shut, 0);
    }

    /// Sets the gate by what was known when its word's epoch was `epoch`.
    pub(super) fn set_gate(&self, gate: Gate, epoch: u16) {
        if self.open {
            self.shared().gate.set(gate, epoch);
        }
    }

    /// Notes that packets came which could not be taken: their sender is not silent, though nobody could listen.
    pub(super) fn notice_drops(&mut self, now: CallTime) {
        let dropped = self.dropped_at_the_door();
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

    /// Frames ever put into the ring.
    pub(super) fn taken(&self) -> u64 {
        self.consumer.taken()
    }

    /// Takes the next thing out of the ring that the session must know of, as long as fewer than `until` frames were taken
    /// out.
    pub(super) fn next(&mut self, zero: MonoTime, until: u64) -> Option<Was> {
        loop {
            if let Some(digit) = self.digits.pop_front() {
                return Some(digit);
            }
            if self.consumer.popped() >= until {
                return None;
            }
            let (header, slot) = self.consumer.pop()?;
            if let Some(held) = self.read(header, slot, zero) {
                return Some(Was::Audio(held));
            }
        }
    }

    /// Empties the ring; what was in it is wiped.
    pub(super) fn wipe_ring(&mut self) {
        for _ in 0..self.consumer.waiting() {
            if self.consumer.pop().is_some() {
                self.counts.purged += 1;
            }
        }
    }

    /// Whether the leg brought more streams than the configuration allows.
    pub(super) fn has_too_many_streams(&self) -> bool {
        self.ssrcs.are_too_many()
    }

    /// Whether 9s of the caller were lost before the line of signals since this was last asked, and the earliest onset
    /// that is known.
    pub(super) fn lost_nine(&mut self) -> Option<Option<MonoTime>> {
        let (lost, onset) = self.shared().lost_nines.read();
        (std::mem::replace(&mut self.lost_nines, lost) != lost).then_some(onset)
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
        let drops = self.drops(self.dropped_at_the_door() as u32);
        self.gap_cause(Origin { sequence: None, drops, refused: count(&self.shared().refused) as u32 }, from)
    }

    /// The account of the leg.
    pub(super) fn ledger(&self) -> Ledger {
        let (shared, counts) = (self.shared(), &self.counts);
        // Each counter is read once: the media thread goes on counting.
        let [refused, full, size, format] = [&shared.refused, &shared.full, &shared.size, &shared.format].map(count);
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

    fn shared(&self) -> &LegShared {
        &self.call.legs[usize::from(self.leg)]
    }

    /// Frames that never came into the ring, though the gate let them pass.
    fn dropped_at_the_door(&self) -> u64 {
        let shared = self.shared();
        [&shared.full, &shared.size, &shared.format].map(count).iter().sum()
    }

    /// Frames dropped before one of whom the door says this; modulo 2^32, as its header counts.
    fn drops(&self, at_the_door: u32) -> u32 {
        at_the_door.wrapping_add((self.counts.full + self.counts.format) as u32)
    }

    /// Reads one frame; gives it back placed when it is audio.
    fn read(&mut self, header: Header, slot: SlotRef, zero: MonoTime) -> Option<Held> {
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
        Held { frame, due: arrival.max(place) + self.limits.hold_back, origin, arrival, shares: Shares::default() }
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
