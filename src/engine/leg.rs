//! A leg: one stream of audio with a role, and the writer through which the host's media thread offers its frames.

use std::time::Duration;

use crate::audio::Format;
use crate::consent::{Digit, Gate, Role};
use crate::frame::ring::{self, Consumer, Header, Producer};
use crate::frame::signal::{self, Signal, SignalReader, SignalWriter, What};
use crate::frame::{Arc, Kin, Lent, Means, Press};
use crate::rtp::Packet;
use crate::time::MonoTime;

use super::MAX_LEGS;
use super::offer::{DropCause, Facts, Incoming, Pushed};
use super::reserved::Reserved;
use super::shared::{CallShared, LegShared, bump, count};

/// Marks a payload type that no format was registered for.
const UNREGISTERED: u8 = u8::MAX;

/// Formats a leg has at the most.
const MAX_FORMATS: usize = 64;

/// The longest slot: no packet is longer.
const MAX_SLOT_BYTES: usize = 65_535;

/// What a leg is opened with. `[control]`
#[derive(Clone, Debug)]
pub struct LegSpec {
    /// Whose voice.
    pub role: Role,
    /// The formats its frames may have; a frame names one by its number here. At most 64.
    pub formats: Vec<Format>,
    /// RTP payload types and the numbers of their formats, for [`LegWriter::push_rtp`].
    pub payload_types: Vec<(u8, u8)>,
    /// Slots of its ring: 1 to 256. More let the host run further ahead of the worker.
    pub slots: usize,
    /// Bytes of audio a slot holds: the longest frame that is taken.
    pub slot_bytes: usize,
}

impl LegSpec {
    /// A leg with the default ring, 32 slots of 480 bytes: 640 ms of 20 ms packets, 18 KiB.
    pub fn new(role: Role, formats: Vec<Format>) -> LegSpec {
        LegSpec { role, formats, payload_types: Vec::new(), slots: 32, slot_bytes: 480 }
    }

    /// What cannot be opened, as the end of a sentence.
    pub(super) fn mistake(&self) -> Option<&'static str> {
        let broken = |format: &Format| format.rate == 0 || format.channels == 0;
        match self {
            _ if self.formats.len() > MAX_FORMATS => Some("has more than 64 formats"),
            _ if self.formats.iter().any(broken) => Some("has a format without a rate or without a channel"),
            _ if self.slot_bytes > MAX_SLOT_BYTES => Some("has slots of more than 65,535 bytes, which no packet fills"),
            _ => None,
        }
    }
}

/// Makes both ends of a leg: number `leg` of `call`.
pub(super) fn open(leg: u8, spec: &LegSpec, call: &Arc<CallShared>, max_packet: Duration) -> (LegWriter, LegReader) {
    let (producer, frames) = ring::ring(spec.slots, spec.slot_bytes);
    let (signal_writer, signals) = signal::signals();
    let mut payload_types = [UNREGISTERED; 128];
    for &(payload_type, format) in &spec.payload_types {
        if let Some(entry) = payload_types.get_mut(usize::from(payload_type)) {
            *entry = format;
        }
    }
    let writer = LegWriter {
        call: Arc::clone(call),
        leg: usize::from(leg).min(MAX_LEGS - 1),
        producer,
        signals: signal_writer,
        is_caller: spec.role == Role::Caller,
        formats: spec.formats.iter().map(|format| Known::new(*format, max_packet)).collect(),
        payload_types: Box::new(payload_types),
        anchored: false,
        drops: 0,
    };
    (writer, LegReader { frames, signals })
}

/// The worker's ends.
pub(super) struct LegReader {
    pub(super) frames: Consumer,
    pub(super) signals: SignalReader,
}

/// The media thread's end of a leg. One caller at a time, on any thread.
///
/// Every method is `[media]`: no allocation, lock, system call, log or call-back. It may outlive its call and engine:
/// it then answers [`Pushed::Shut`], and so it does in a forked child. Dropping it is `[control]`, and closes the leg: the
/// call goes on as after [`Call::close_leg`](super::Call::close_leg).
pub struct LegWriter {
    call: Arc<CallShared>,
    /// Which leg of the call.
    leg: usize,
    producer: Producer,
    signals: SignalWriter,
    is_caller: bool,
    formats: Box<[Known]>,
    payload_types: Box<[u8; 128]>,
    /// Whether the first time stamp was noted; spares the media thread the atomic.
    anchored: bool,
    /// How many frames were dropped so far: a frame tells the worker, who else could not say where they are missing.
    drops: u32,
}

impl Drop for LegWriter {
    fn drop(&mut self) {
        self.shared().writer_goes();
    }
}

/// A registered format, and the longest frame of it.
struct Known {
    format: Format,
    samples: u32,
    bytes: usize,
}

impl LegWriter {
    /// A leg of a call that is never tapped: everything is refused for good. `[control]`
    pub(super) fn shut(kin: &std::sync::Arc<Kin>) -> LegWriter {
        let call = CallShared::new(std::sync::Arc::clone(kin));
        call.press(Press::Shut);
        let spec = LegSpec { slots: 1, slot_bytes: 0, ..LegSpec::new(Role::Mix, Vec::new()) };
        open(0, &spec, &Arc::new(call), Duration::ZERO).0
    }

    /// Offers one frame; copies it once when the gate is not shut. `[media]`
    ///
    /// A refused frame costs one atomic load and one counter store.
    #[inline]
    pub fn push(&mut self, frame: &Incoming<'_>) -> Pushed {
        self.note_first(frame.timestamp, frame.arrival);
        match self.refuse() {
            Some(refused) => refused,
            None => self.take(frame),
        }
    }

    /// Offers a whole RTP packet (RFC 3550): its payload becomes the frame, its payload type names the format. `[media]`
    ///
    /// Bytes that are no RTP packet, and payload types nobody registered, are counted as [`DropCause::Format`].
    pub fn push_rtp(&mut self, packet: &[u8], arrival: MonoTime) -> Pushed {
        if !self.anchored
            && let Ok(first) = Packet::parse(packet)
        {
            self.note_first(Some((first.timestamp, first.ssrc)), arrival);
        }
        if let Some(refused) = self.refuse() {
            // Not worth a look.
            return refused;
        }
        let Ok(packet) = Packet::parse(packet) else { return self.drop_as(DropCause::Format) };
        let number = self.payload_types[usize::from(packet.payload_type & 0x7f)];
        let Some(Known { format, .. }) = self.formats.get(usize::from(number)) else {
            return self.drop_as(DropCause::Format);
        };
        let samples = format.bytes_per_sample().map_or(0, |width| packet.payload.len() / width.max(1));
        // The gate was asked already.
        self.take(&Incoming {
            data: packet.payload,
            format: number,
            samples: samples as u32,
            sequence: Some(packet.sequence),
            timestamp: Some((packet.timestamp, packet.ssrc)),
            arrival,
            marker: packet.marker,
        })
    }

    /// Puts a slot aside for the host to write a frame to, which spares the copy. The error is what a push would have been
    /// answered, and it was counted as one. `[media]`
    ///
    /// One slot at a time: what was reserved before and not committed is had again.
    pub fn reserve(&mut self) -> Result<Reserved<'_>, Pushed> {
        if let Some(refused) = self.refuse() {
            return Err(refused);
        }
        match self.producer.reserve() {
            true => Ok(Reserved::of(self)),
            false => Err(self.drop_as(DropCause::Full)),
        }
    }

    /// The slot that is put aside; `None` when there is none. `[media]`
    pub fn reserved(&mut self) -> Option<Reserved<'_>> {
        self.producer.has_reserved().then(|| Reserved::of(self))
    }

    /// Offers a frame in a buffer of the host's, which spares the copy. `[media]`
    ///
    /// [`Pushed::Taken`]: the buffer is lent until its release is called, once, on a library thread: when every sink has let
    /// go of it, or it was dropped, wiped from the queues, or the call ended or failed. If the call's handle and all frames
    /// are gone before this writer is, it is called where the writer is dropped. Any other answer: the buffer stays the
    /// host's, and nothing is called. It may be longer than a slot, but no packet is longer than 65,535 bytes.
    pub fn lend(&mut self, facts: &Facts, lent: Lent) -> Pushed {
        self.note_first(facts.timestamp, facts.arrival);
        if let Some(refused) = self.refuse() {
            return refused;
        }
        if lent.length() > MAX_SLOT_BYTES {
            return self.drop_as(DropCause::Size);
        }
        if let Some(answer) = self.mistake(facts, lent.length()) {
            return answer;
        }
        let header = self.header(facts);
        if self.producer.lend(header, lent) { Pushed::Taken } else { self.drop_as(DropCause::Full) }
    }

    /// Offers a frame in which nothing was said: samples without bytes, as some hosts have them for a packet that their
    /// jitter buffer did not get. Sinks see a gap. `[media]`
    pub fn push_silence(&mut self, facts: &Facts) -> Pushed {
        self.note_first(facts.timestamp, facts.arrival);
        if let Some(refused) = self.refuse() {
            return refused;
        }
        if facts.samples == 0 {
            return self.drop_as(DropCause::Size);
        }
        match self.mistake(facts, 0) {
            Some(answer) => answer,
            None => {
                let header = self.header(facts);
                self.put(Header { flags: header.flags | Header::SILENCE, ..header }, &[])
            }
        }
    }

    /// A key was pressed on this leg: `onset` is when, on the host's clock; without it the press counts as late, from when
    /// the worker reads it. `[media]`
    ///
    /// A caller's 9 closes the gates of all legs of the call before this returns: for good where every 9 refuses, until it
    /// is settled where it must stand alone. Where a 9 means nothing, and of other keys and legs, the worker is told only.
    ///
    /// False when the worker will not see it: nobody is left, or it has not read the last 32 signals. A caller's 9 shuts
    /// the gates for good then, and does refuse.
    pub fn digit(&mut self, digit: Digit, onset: Option<MonoTime>) -> bool {
        if self.is_gone() {
            return false;
        }
        let may_refuse = self.is_caller && digit == Digit::NINE;
        let (press, before) = if may_refuse { self.effect(onset) } else { (None, u64::MAX) };
        let what = What::Key { event: digit.event(), shut: press == Some(Press::Shut) };
        // Before the gates: whoever sees them pressed sees the key.
        let told = self.signals.put(Signal { what, at: onset.map(|onset| onset.0), before });
        if !told && may_refuse {
            self.shared().lost_nines.add(onset);
            self.call.press(Press::Shut);
        } else if let Some(press) = press {
            self.call.press(press);
        }
        told
    }

    /// The line is on hold from `at` on (the host's clock), or no longer. What is missing meanwhile is a gap with the cause
    /// [`Hold`](crate::sink::GapCause::Hold). `[media]`
    ///
    /// False when the worker will not see it: nobody is left, or it has not read the last 32 signals.
    pub fn hold(&mut self, on: bool, at: MonoTime) -> bool {
        !self.is_gone() && self.signals.put(Signal { what: What::Hold { on }, at: Some(at.0), before: u64::MAX })
    }

    /// Something broke on this thread: the gates of the call shut, and its worker ends it as failed. `[media]`
    #[cfg(any(feature = "capi", test))]
    pub(crate) fn break_off(&self) {
        self.call.break_off();
    }

    /// Whether nobody is left to take anything: the call's handle or its engine is gone, or this is a forked child of the
    /// process that has them. `[media]`
    pub fn is_gone(&self) -> bool {
        self.shared().gate.is_gone() || self.call.kin.is_child()
    }

    pub(super) fn reserved_bytes(&mut self) -> &mut [u8] {
        self.producer.reserved()
    }

    pub(super) fn give_up_reserved(&mut self) {
        self.producer.give_up();
    }

    /// Offers what was written to the slot that is aside. When it is not taken, the slot stays aside.
    pub(super) fn commit_reserved(&mut self, length: usize, facts: &Facts) -> Pushed {
        self.note_first(facts.timestamp, facts.arrival);
        if let Some(refused) = self.refuse() {
            return refused;
        }
        if length > self.producer.slot_bytes() {
            return self.drop_as(DropCause::Size);
        }
        if let Some(answer) = self.mistake(facts, length) {
            return answer;
        }
        self.producer.commit(self.header(facts), length);
        Pushed::Taken
    }

    /// What a caller's 9 does to the gates, and before when it was pressed at the latest.
    fn effect(&self, onset: Option<MonoTime>) -> (Option<Press>, u64) {
        match self.call.nine.read() {
            Means::Nothing => (None, u64::MAX),
            Means::AtOnce { from, until } if onset.is_none_or(|onset| (from..until).contains(&onset.0)) => {
                (Some(Press::Shut), until)
            }
            Means::AtOnce { .. } | Means::Alone | Means::Unsure => (Some(Press::Hold), u64::MAX),
        }
    }

    #[inline]
    fn shared(&self) -> &LegShared {
        &self.call.legs[self.leg]
    }

    /// Refuses a frame when the gate says so: one atomic load, one counter store.
    #[inline]
    fn refuse(&self) -> Option<Pushed> {
        let shared = self.shared();
        let refused = match shared.gate.read() {
            Gate::Shut => Pushed::Shut,
            Gate::Wait => Pushed::Wait,
            // Nobody would read it.
            Gate::Listen | Gate::Hold | Gate::Open(_) if self.call.kin.is_child() => Pushed::Shut,
            Gate::Listen | Gate::Hold | Gate::Open(_) => return None,
        };
        bump(&shared.refused);
        Some(refused)
    }

    #[inline]
    fn take(&mut self, frame: &Incoming<'_>) -> Pushed {
        let facts = frame.facts();
        if frame.data.len() > self.producer.slot_bytes() {
            return self.drop_as(DropCause::Size);
        }
        match self.mistake(&facts, frame.data.len()) {
            Some(answer) => answer,
            None => self.put(self.header(&facts), frame.data),
        }
    }

    #[inline]
    fn put(&mut self, header: Header, bytes: &[u8]) -> Pushed {
        if self.producer.push(header, bytes) { Pushed::Taken } else { self.drop_as(DropCause::Full) }
    }

    /// Refuses what no sink could use: another format than those registered, or a packet longer than the hold-back is
    /// made for.
    #[inline]
    fn mistake(&mut self, facts: &Facts, bytes: usize) -> Option<Pushed> {
        match self.formats.get(usize::from(facts.format)) {
            None => Some(self.drop_as(DropCause::Format)),
            Some(known) if facts.samples > known.samples || bytes > known.bytes => Some(self.drop_as(DropCause::Size)),
            Some(_) => None,
        }
    }

    #[inline]
    fn header(&self, facts: &Facts) -> Header {
        Header { drops: self.drops, refused: count(&self.shared().refused) as u32, ..facts.header() }
    }

    #[cold]
    fn drop_as(&mut self, cause: DropCause) -> Pushed {
        self.drops = self.drops.wrapping_add(1);
        let shared = self.shared();
        bump(match cause {
            DropCause::Full => &shared.full,
            DropCause::Size => &shared.size,
            DropCause::Format => &shared.format,
        });
        Pushed::Dropped(cause)
    }

    /// Notes where the leg's time stamps begin, also when the gate refuses the frame: a leg is placed by its first packet.
    #[inline]
    fn note_first(&mut self, stamp: Option<(u32, u32)>, arrival: MonoTime) {
        if !self.anchored
            && let Some((timestamp, ssrc)) = stamp
        {
            self.shared().anchor.set(timestamp, ssrc, arrival);
            self.anchored = true;
        }
    }
}

impl Known {
    fn new(format: Format, max_packet: Duration) -> Known {
        let samples = max_packet.as_nanos() * u128::from(format.rate) / 1_000_000_000;
        let samples = u32::try_from(samples).unwrap_or(u32::MAX);
        // What is no audio lasts no time: its samples are not counted.
        match format.bytes_per_sample() {
            Some(width) => Known { format, samples, bytes: samples as usize * width },
            None => Known { format, samples: u32::MAX, bytes: usize::MAX },
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::engine::{CallEvent, CallSpec, Config, Engine};
    use crate::policy::{Direction, Policy};
    use crate::time::CallTime;

    #[test]
    fn what_breaks_on_a_media_thread_shuts_its_call_at_once_and_fails_it_with_the_next_step() {
        let engine = Engine::new(Config::default(), Some(Policy::embedded())).expect("an engine");
        let mut call = engine.start_call(CallSpec {
            id: "a call".to_owned(),
            entity: "ecommerce-be".to_owned(),
            service: "customer-care".to_owned(),
            direction: Direction::Inbound,
            language: "en".to_owned(),
            zero: MonoTime(1),
            started: jiff::Timestamp::UNIX_EPOCH,
        });
        let [one, two] = [Role::Caller, Role::Agent]
            .map(|role| call.open_leg(&LegSpec::new(role, vec![Format::PCMA])).expect("a leg"));
        call.step(CallTime::ZERO);
        one.break_off();
        assert!([&one, &two].iter().all(|leg| leg.shared().gate.read() == Gate::Shut));
        call.step(CallTime::ZERO);
        assert!(call.events().iter().any(|event| matches!(event, CallEvent::CallFailed { .. })));
    }
}
