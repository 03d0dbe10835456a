//! A leg: one stream of audio with a role, and the writer through which the host's media thread offers its frames.

use crate::audio::Format;
use crate::consent::{Gate, Role};
use crate::frame::ring::{self, Consumer, Header, Producer};
use crate::frame::{Arc, AtomicU32, AtomicU64, GateWord, Ordering};
use crate::rtp::Packet;
use crate::time::MonoTime;

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

/// What became of an offered frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Pushed {
    /// Copied; the worker will see it.
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
    /// Longer than a slot.
    Size,
    /// No such format on this leg, or no RTP packet.
    Format,
}

/// Makes both ends of a leg.
pub(super) fn open(spec: &LegSpec) -> (LegWriter, Consumer, Arc<LegShared>) {
    let (producer, consumer) = ring::ring(spec.slots, spec.slot_bytes);
    let shared = Arc::new(LegShared {
        gate: GateWord::new(Gate::Wait),
        refused: AtomicU64::new(0),
        full: AtomicU64::new(0),
        size: AtomicU64::new(0),
        format: AtomicU64::new(0),
        anchor: Anchor::default(),
    });
    let mut payload_types = [UNREGISTERED; 128];
    for &(payload_type, format) in &spec.payload_types {
        if let Some(entry) = payload_types.get_mut(usize::from(payload_type)) {
            *entry = format;
        }
    }
    let writer = LegWriter {
        shared: Arc::clone(&shared),
        producer,
        formats: spec.formats.clone().into_boxed_slice(),
        payload_types: Box::new(payload_types),
        anchored: false,
        drops: 0,
    };
    (writer, consumer, shared)
}

/// The media thread's end of a leg. One caller at a time, on any thread.
///
/// Every method is `[media]`: no allocation, lock, system call, log or call-back. It may outlive its call and engine:
/// it then answers [`Pushed::Shut`].
pub struct LegWriter {
    shared: Arc<LegShared>,
    producer: Producer,
    formats: Box<[Format]>,
    payload_types: Box<[u8; 128]>,
    /// Whether the first time stamp was noted; spares the media thread the atomic.
    anchored: bool,
    /// How many frames were dropped so far: a frame tells the worker, who else could not say where they are missing.
    drops: u32,
}

impl LegWriter {
    /// Offers one frame; copies it once when the gate is not shut. `[media]`
    ///
    /// A refused frame costs one atomic load and one counter store.
    #[inline]
    pub fn push(&mut self, frame: &Incoming<'_>) -> Pushed {
        if !self.anchored
            && let Some((timestamp, ssrc)) = frame.timestamp
        {
            self.note_first(timestamp, ssrc, frame.arrival);
        }
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
            self.note_first(first.timestamp, first.ssrc, arrival);
        }
        if let Some(refused) = self.refuse() {
            // Not worth a look.
            return refused;
        }
        let Ok(packet) = Packet::parse(packet) else { return self.drop_as(DropCause::Format) };
        let number = self.payload_types[usize::from(packet.payload_type & 0x7f)];
        let Some(format) = self.formats.get(usize::from(number)) else { return self.drop_as(DropCause::Format) };
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

    /// Refuses a frame when the gate says so: one atomic load, one counter store.
    #[inline]
    fn refuse(&self) -> Option<Pushed> {
        let refused = match self.shared.gate.read() {
            Gate::Shut => Pushed::Shut,
            Gate::Wait => Pushed::Wait,
            Gate::Listen | Gate::Hold | Gate::Open(_) => return None,
        };
        bump(&self.shared.refused);
        Some(refused)
    }

    #[inline]
    fn take(&mut self, frame: &Incoming<'_>) -> Pushed {
        if usize::from(frame.format) >= self.formats.len() {
            return self.drop_as(DropCause::Format);
        }
        if frame.data.len() > self.producer.slot_bytes() {
            return self.drop_as(DropCause::Size);
        }
        let header = Header { drops: self.drops, ..header(frame) };
        if self.producer.push(header, frame.data) { Pushed::Taken } else { self.drop_as(DropCause::Full) }
    }

    #[cold]
    fn drop_as(&mut self, cause: DropCause) -> Pushed {
        self.drops = self.drops.wrapping_add(1);
        bump(match cause {
            DropCause::Full => &self.shared.full,
            DropCause::Size => &self.shared.size,
            DropCause::Format => &self.shared.format,
        });
        Pushed::Dropped(cause)
    }

    /// Notes where the leg's time stamps begin, also when the gate refuses the frame: a leg is placed by its first packet.
    #[cold]
    fn note_first(&mut self, timestamp: u32, ssrc: u32, arrival: MonoTime) {
        self.shared.anchor.set(timestamp, ssrc, arrival);
        self.anchored = true;
    }
}

fn header(frame: &Incoming<'_>) -> Header {
    let (timestamp, ssrc) = frame.timestamp.unwrap_or_default();
    let flags = [
        (frame.timestamp.is_some(), Header::HAS_TIMESTAMP),
        (frame.sequence.is_some(), Header::HAS_SEQUENCE),
        (frame.marker, Header::MARKER),
    ];
    Header {
        length: 0,
        drops: 0,
        samples: frame.samples,
        arrival: frame.arrival.0,
        timestamp,
        ssrc,
        sequence: frame.sequence.unwrap_or_default(),
        format: frame.format,
        flags: flags.iter().filter(|(set, _)| *set).fold(0, |all, (_, flag)| all | flag),
    }
}

/// Adds one to a counter that only the media thread writes: no read-modify-write on its way.
#[inline]
fn bump(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// What both ends of a leg see beside the ring. On a cache line of its own.
#[repr(align(64))]
pub(super) struct LegShared {
    /// Written by the worker, read by the media thread.
    pub(super) gate: GateWord,
    refused: AtomicU64,
    full: AtomicU64,
    size: AtomicU64,
    format: AtomicU64,
    /// Where the leg's time stamps begin.
    pub(super) anchor: Anchor,
}

impl LegShared {
    /// Frames the gate refused.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Frames dropped because no slot was free.
    pub(super) fn full(&self) -> u64 {
        self.full.load(Ordering::Relaxed)
    }

    /// Frames dropped because they were too long.
    pub(super) fn size(&self) -> u64 {
        self.size.load(Ordering::Relaxed)
    }

    /// Frames dropped because their format is not registered.
    pub(super) fn format(&self) -> u64 {
        self.format.load(Ordering::Relaxed)
    }
}

/// The first time stamp of a leg and when it came. Set once, by the media thread.
#[derive(Default)]
pub(super) struct Anchor {
    set: AtomicU32,
    timestamp: AtomicU32,
    ssrc: AtomicU32,
    arrival: AtomicU64,
}

impl Anchor {
    fn set(&self, timestamp: u32, ssrc: u32, arrival: MonoTime) {
        self.timestamp.store(timestamp, Ordering::Relaxed);
        self.ssrc.store(ssrc, Ordering::Relaxed);
        self.arrival.store(arrival.0, Ordering::Relaxed);
        // Release: whoever sees the flag sees the three values.
        self.set.store(1, Ordering::Release);
    }

    /// Time stamp, SSRC and arrival of the leg's first packet.
    pub(super) fn read(&self) -> Option<(u32, u32, MonoTime)> {
        (self.set.load(Ordering::Acquire) == 1).then(|| {
            let arrival = MonoTime(self.arrival.load(Ordering::Relaxed));
            (self.timestamp.load(Ordering::Relaxed), self.ssrc.load(Ordering::Relaxed), arrival)
        })
    }
}
