//! A leg whose gate stands where it shall, and everything a media thread may offer to it.

use std::ffi::c_void;

use calltap::audio::Format;
use calltap::consent::{Digit, Role};
use calltap::engine::{
    Call, CallSpec, Config, DropCause, Engine, Facts, Incoming, LegSpec, LegWriter, Pushed, Reserved,
};
use calltap::frame::Lent;
use calltap::policy::{Direction, Policy};
use calltap::time::{CallTime, MonoTime};

/// Slots of the ring, and bytes of each.
const SLOTS: usize = 32;
const SLOT_BYTES: usize = 480;

/// Where the gate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The entity is excluded.
    Shut,
    /// The call is gone; only the writer is left.
    Gone,
    /// An agent before the notice.
    Wait,
    /// A caller during the notice.
    Listen,
    /// Shortly before the window's end.
    Hold,
    /// Permitted.
    Open,
}

impl State {
    pub const ALL: [State; 6] = [State::Shut, State::Gone, State::Wait, State::Listen, State::Hold, State::Open];

    /// What a frame is answered with once the caller's 9, and more keys than are read, were pressed on this leg.
    fn after_the_keys(self) -> Pushed {
        match self {
            State::Wait => Pushed::Wait,
            _ => Pushed::Shut,
        }
    }

    /// What every frame is answered with, where the gate lets none pass.
    fn refusal(self) -> Option<Pushed> {
        match self {
            State::Shut | State::Gone => Some(Pushed::Shut),
            State::Wait => Some(Pushed::Wait),
            State::Listen | State::Hold | State::Open => None,
        }
    }
}

/// The media thread's end of a leg, and its call.
pub struct Leg {
    writer: LegWriter,
    state: State,
    _call: Option<Call>,
    /// Dropped last: what is lent lies in here.
    offers: Vec<Offer>,
}

impl Leg {
    pub fn in_state(state: State) -> Leg {
        let engine = Engine::new(Config::default(), Some(Policy::embedded())).expect("the configuration is sound");
        let entity = if state == State::Shut { "ecommerce-us" } else { "ecommerce-be" };
        let mut call = engine.start_call(CallSpec {
            id: "a call".to_owned(),
            entity: entity.to_owned(),
            service: "customer-care".to_owned(),
            direction: Direction::Inbound,
            language: "en".to_owned(),
            zero: MonoTime(0),
            started: jiff::Timestamp::from_second(1_795_000_000).expect("a moment in 2026"),
        });
        let role = if state == State::Wait { Role::Agent } else { Role::Caller };
        let formats = vec![Format::PCMA, Format::TELEPHONE_EVENT];
        let payload_types = vec![(8, 0), (101, 1)];
        let spec = LegSpec { payload_types, slots: SLOTS, slot_bytes: SLOT_BYTES, ..LegSpec::new(role, formats) };
        let writer = call.open_leg(&spec).expect("the first leg");
        if !matches!(state, State::Shut | State::Wait) {
            call.notice_started(CallTime::ZERO, "en");
        }
        if matches!(state, State::Hold | State::Open) {
            call.notice_finished(CallTime::from_millis(2_000), true);
            // The window of 3 s ends at 5 s, and one hold-back before that everything is held. A caller who was silent
            // for half a second counts as heard.
            call.step(CallTime::from_millis(if state == State::Hold { 4_900 } else { 6_000 }));
        }
        Leg { writer, state, offers: everything(), _call: (state != State::Gone).then_some(call) }
    }

    /// Offers each thing there is, then frames until the ring is full and beyond, then keys until their line is. The error is
    /// the first that was answered in another way than expected.
    pub fn offer_everything(&mut self) -> Result<(), (&'static str, Pushed)> {
        let refusal = self.state.refusal();
        for offer in &self.offers {
            let answer = offer.to(&mut self.writer);
            if answer != refusal.unwrap_or(offer.answer) {
                return Err((offer.name, answer));
            }
        }
        let Some(frame) = self.offers.first() else { return Ok(()) };
        let mut answer = Pushed::Taken;
        for _ in 0..=SLOTS {
            answer = frame.to(&mut self.writer);
        }
        let full = refusal.unwrap_or(Pushed::Dropped(DropCause::Full));
        if answer != full {
            return Err(("a frame for a full ring", answer));
        }
        for offer in self.offers.iter().filter(|offer| offer.answer == Pushed::Taken) {
            let answer = offer.to(&mut self.writer);
            if answer != full {
                return Err((offer.name, answer));
            }
        }
        self.signal_everything(full)
    }

    fn signal_everything(&mut self, full: Pushed) -> Result<(), (&'static str, Pushed)> {
        let (five, nine) = (Digit::from_char('5').expect("a key"), Digit::NINE);
        let told = [
            self.writer.hold(true, MonoTime(6_000_000_000)),
            self.writer.hold(false, MonoTime(6_010_000_000)),
            self.writer.digit(five, None),
            self.writer.digit(five, Some(MonoTime(6_010_000_000))),
            // Before the notice, by its onset: the worker is told.
            self.writer.digit(nine, Some(MonoTime(0))),
        ];
        if told != [self.state != State::Gone; 5] || self.writer.is_gone() != (self.state == State::Gone) {
            return Err(("signals", full));
        }
        let told = (0..40).filter(|_| self.writer.digit(nine, None)).count();
        if told != if self.state == State::Gone { 0 } else { 27 } || self.writer.hold(true, MonoTime(1)) {
            return Err(("a line of signals that is full", full));
        }
        match self.offers.first().map(|frame| frame.to(&mut self.writer)) {
            Some(answer) if answer != self.state.after_the_keys() => Err(("a frame after the keys", answer)),
            _ => Ok(()),
        }
    }

    /// Whether everything is answered as it is when nobody is left.
    pub fn is_refused_everything(&mut self) -> bool {
        let waits = self.state == State::Wait;
        let refused = |answer| answer == Pushed::Shut || waits && answer == Pushed::Wait;
        self.writer.is_gone()
            && !self.writer.digit(Digit::NINE, None)
            && !self.writer.hold(true, MonoTime(1))
            && self.offers.iter().all(|offer| refused(offer.to(&mut self.writer)))
    }
}

/// One thing to offer.
struct Offer {
    name: &'static str,
    bytes: Vec<u8>,
    by: By,
    /// What it is answered with while the gate lets frames pass.
    answer: Pushed,
}

/// How it is offered.
#[derive(Clone, Copy)]
enum By {
    /// `push`, with the number of a format, and with or without an RTP time stamp.
    Frame { format: u8, stamped: bool },
    /// `push_rtp`.
    Packet,
    /// `reserve`, and `commit` of so many bytes.
    Reserved,
    /// The same, forgotten and found again in between.
    Forgotten,
    /// `reserve` alone.
    GivenUp,
    /// `lend`.
    Lent,
    /// `push_silence`, as long as there are bytes.
    Silence,
}

impl Offer {
    fn to(&self, writer: &mut LegWriter) -> Pushed {
        let arrival = MonoTime(6_020_000_000);
        match self.by {
            By::Packet => writer.push_rtp(&self.bytes, arrival),
            By::Reserved => match writer.reserve() {
                Ok(slot) => self.commit(slot),
                Err(answer) => answer,
            },
            By::Forgotten => {
                if let Err(answer) = writer.reserve().map(std::mem::forget) {
                    return answer;
                }
                writer.reserved().map_or(Pushed::Wait, |slot| self.commit(slot))
            }
            By::GivenUp => writer.reserve().map_or_else(|answer| answer, |_| Pushed::Taken),
            By::Lent => {
                let (data, length) = (self.bytes.as_ptr(), self.bytes.len());
                // SAFETY: the bytes live longer than the call, see `Leg`, and `release` does nothing.
                let lent = unsafe { Lent::new(data, length, release, std::ptr::null_mut()) };
                writer.lend(&self.facts(), lent)
            }
            By::Silence => writer.push_silence(&self.facts()),
            By::Frame { format, stamped } => writer.push(&Incoming {
                data: &self.bytes,
                format,
                samples: self.bytes.len() as u32,
                sequence: stamped.then_some(7),
                timestamp: stamped.then_some((160, 9)),
                arrival,
                marker: false,
            }),
        }
    }
}

impl Offer {
    fn commit(&self, mut slot: Reserved<'_>) -> Pushed {
        let most = slot.bytes().len().min(self.bytes.len());
        slot.bytes()[..most].copy_from_slice(&self.bytes[..most]);
        slot.commit(self.bytes.len(), &self.facts())
    }

    fn facts(&self) -> Facts {
        Facts { samples: self.bytes.len() as u32, arrival: MonoTime(6_020_000_000), ..Facts::default() }
    }
}

/// Nothing is to be done: the buffer is the offer's.
unsafe extern "C" fn release(_: *mut c_void) {}

/// The first one has a time stamp: from then on the leg is placed, and a shut gate looks at nothing any more.
fn everything() -> Vec<Offer> {
    let frame = |name, bytes, format, stamped, answer| Offer {
        name,
        bytes: vec![0x55; bytes],
        by: By::Frame { format, stamped },
        answer,
    };
    let packet = |name, bytes, answer| Offer { name, bytes, by: By::Packet, answer };
    let of = |name, by, bytes, answer| Offer { name, bytes: vec![0x55; bytes], by, answer };
    let (size, format) = (Pushed::Dropped(DropCause::Size), Pushed::Dropped(DropCause::Format));
    vec![
        frame("a frame", 160, 0, true, Pushed::Taken),
        frame("a frame without time stamp", 160, 0, false, Pushed::Taken),
        frame("an empty frame", 0, 0, true, Pushed::Taken),
        frame("a frame as long as a slot", SLOT_BYTES, 0, true, Pushed::Taken),
        frame("a frame longer than a slot", SLOT_BYTES + 1, 0, true, size),
        frame("a format nobody registered", 160, 2, true, format),
        of("a slot written to", By::Reserved, 160, Pushed::Taken),
        of("a slot written to later", By::Forgotten, 160, Pushed::Taken),
        of("a slot given up", By::GivenUp, 0, Pushed::Taken),
        of("more than a slot has", By::Reserved, SLOT_BYTES + 1, size),
        of("a lent buffer", By::Lent, 160, Pushed::Taken),
        of("a lent buffer that lasts too long", By::Lent, 481, size),
        of("a lent buffer longer than any packet", By::Lent, 65_536, size),
        of("silence", By::Silence, 160, Pushed::Taken),
        of("silence of no length", By::Silence, 0, size),
        of("silence that lasts too long", By::Silence, 481, size),
        packet("an RTP packet", rtp(0x80, 8, &[0x55; 160]), Pushed::Taken),
        packet("a telephone-event", rtp(0x80, 101, &[5, 10, 0, 160]), Pushed::Taken),
        packet("RTP with a CSRC and an extension", rtp(0x91, 8, &decorated()), Pushed::Taken),
        packet("RTP with padding", rtp(0xa0, 8, &[0x55, 0x55, 0, 2]), Pushed::Taken),
        packet("RTP longer than a slot", rtp(0x80, 8, &[0x55; SLOT_BYTES + 1]), size),
        packet("a payload type nobody registered", rtp(0x80, 96, &[0x55; 160]), format),
        packet("nothing", Vec::new(), format),
        packet("half of an RTP header", vec![0x80; 6], format),
        packet("another version", rtp(0x40, 8, &[0x55; 160]), format),
        packet("an extension beyond the end", rtp(0x90, 8, &[0xbe, 0xde, 0xff, 0xff]), format),
        packet("more padding than there is", rtp(0xa0, 8, &[0x55, 0x55, 0x55, 200]), format),
    ]
}

/// An RTP packet (RFC 3550 section 5.1) with a first byte, a payload type, and what follows the fixed header.
fn rtp(first: u8, payload_type: u8, rest: &[u8]) -> Vec<u8> {
    let mut packet = vec![first, payload_type, 0, 7, 0, 0, 0, 160, 0, 0, 0, 9];
    packet.extend_from_slice(rest);
    packet
}

/// One CSRC, an extension of one word, a payload.
fn decorated() -> Vec<u8> {
    let mut rest = vec![0, 0, 0, 3, 0xbe, 0xde, 0, 1, 0x10, 1, 0, 0];
    rest.extend_from_slice(&[0x55; 160]);
    rest
}
