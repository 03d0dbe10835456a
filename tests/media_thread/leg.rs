//! A leg whose gate stands where it shall, and everything a media thread may offer to it.

use calltap::audio::Format;
use calltap::consent::Role;
use calltap::engine::{Call, CallSpec, Config, DropCause, Engine, Incoming, LegSpec, LegWriter, Pushed};
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
    offers: Vec<Offer>,
    _call: Option<Call>,
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

    /// Offers each thing there is, then frames until the ring is full and beyond. The error is the first that was
    /// answered in another way than expected.
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
        if answer != refusal.unwrap_or(Pushed::Dropped(DropCause::Full)) {
            return Err(("a frame for a full ring", answer));
        }
        Ok(())
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
}

impl Offer {
    fn to(&self, writer: &mut LegWriter) -> Pushed {
        let arrival = MonoTime(6_020_000_000);
        match self.by {
            By::Packet => writer.push_rtp(&self.bytes, arrival),
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

/// The first one has a time stamp: from then on the leg is placed, and a shut gate looks at nothing any more.
fn everything() -> Vec<Offer> {
    let frame = |name, bytes, format, stamped, answer| Offer {
        name,
        bytes: vec![0x55; bytes],
        by: By::Frame { format, stamped },
        answer,
    };
    let packet = |name, bytes, answer| Offer { name, bytes, by: By::Packet, answer };
    let (size, format) = (Pushed::Dropped(DropCause::Size), Pushed::Dropped(DropCause::Format));
    vec![
        frame("a frame", 160, 0, true, Pushed::Taken),
        frame("a frame without time stamp", 160, 0, false, Pushed::Taken),
        frame("an empty frame", 0, 0, true, Pushed::Taken),
        frame("a frame as long as a slot", SLOT_BYTES, 0, true, Pushed::Taken),
        frame("a frame longer than a slot", SLOT_BYTES + 1, 0, true, size),
        frame("a format nobody registered", 160, 2, true, format),
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
