//! What a media thread calls, and destroying a leg. The headers are `include/calltap/leg.h` and `call.h`.
//!
//! Every function of `leg.h` is `[media]`: nothing here allocates, locks or makes a system call, not even when something broke but for what the panic itself does.

use std::ffi::{c_char, c_void};
use std::ptr::null_mut;

use crate::engine::{Facts, Incoming, LegWriter, Pushed};
use crate::frame::Lent;
use crate::time::MonoTime;

use super::boundary::{media, quiet};
use super::c;
use super::call::{digit_of, truth};
use super::failure::Failure;
use super::pointer::{Bytes, Const, Exclusive, In, OutValue, Slot};

/// What `calltap_leg` is.
pub struct Leg {
    writer: LegWriter,
    number: u32,
}

impl Leg {
    pub(super) fn new(writer: LegWriter, number: u32) -> Leg {
        Leg { writer, number }
    }

    /// What the host is answered about a frame.
    fn answer(&self, pushed: Pushed) -> i32 {
        match pushed {
            Pushed::Taken => c::OK,
            Pushed::Wait => c::WAIT,
            Pushed::Dropped(_) => c::DROPPED,
            Pushed::Shut if self.writer.is_gone() => c::E_STATE,
            Pushed::Shut => c::SHUT,
        }
    }

    /// What the host is answered about a key or a hold.
    fn told(&self, told: bool) -> i32 {
        match told {
            true => c::OK,
            false if self.writer.is_gone() => c::E_STATE,
            false => c::DROPPED,
        }
    }
}

/// Runs an export of a leg. When it breaks, its call is ended as failed.
fn on_leg(leg: &mut Exclusive<Leg>, act: impl FnOnce(&mut Leg) -> Result<i32, Failure>) -> i32 {
    on_leg_into(leg, || Ok(()), |leg, ()| act(leg))
}

/// The same for an export that first makes empty what it is to fill, also when there is no leg.
fn on_leg_into<P>(
    leg: &mut Exclusive<Leg>,
    empty: impl FnOnce() -> Result<P, Failure>,
    act: impl FnOnce(&mut Leg, P) -> Result<i32, Failure>,
) -> i32 {
    let status = media(|| {
        let places = empty()?;
        act(leg.get("leg")?, places)
    });
    if status == c::E_PANIC {
        broken(leg);
    }
    status
}

#[cold]
fn broken(leg: &mut Exclusive<Leg>) {
    quiet((), || {
        if let Ok(leg) = leg.get("leg") {
            leg.writer.break_off();
        }
    });
}

/// Offers one frame. `[media]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_leg_push(mut leg: Exclusive<Leg>, frame: In<c::Frame>) -> i32 {
    on_leg(&mut leg, |leg| {
        let frame = frame.read("frame")?;
        let facts = facts(&frame)?;
        if frame.flags & c::SILENCE != 0 {
            let pushed = leg.writer.push_silence(&facts);
            return Ok(leg.answer(pushed));
        }
        let bytes = Bytes::at(frame.data);
        let Facts { format, samples, sequence, timestamp, arrival, marker } = facts;
        let data = bytes.read(frame.length as usize, "frame.data")?;
        let pushed = leg.writer.push(&Incoming { data, format, samples, sequence, timestamp, arrival, marker });
        Ok(leg.answer(pushed))
    })
}

/// Offers a whole RTP packet. `[media]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_leg_push_rtp(
    mut leg: Exclusive<Leg>,
    packet: Bytes<c_void>,
    length: usize,
    arrival_ns: u64,
) -> i32 {
    on_leg(&mut leg, |leg| {
        if packet.is_null() {
            return Err(Failure::null("packet"));
        }
        if arrival_ns == 0 {
            return Err(Failure::argument("arrival_ns"));
        }
        let packet = packet.read(length, "packet")?;
        let pushed = leg.writer.push_rtp(packet, MonoTime(arrival_ns));
        Ok(leg.answer(pushed))
    })
}

/// Puts a slot aside for the host to write into. `[media]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_leg_reserve(
    mut leg: Exclusive<Leg>,
    data_out: OutValue<*mut c_void>,
    room_out: OutValue<u32>,
) -> i32 {
    let empty = || Ok((data_out.required(null_mut(), "data_out")?, room_out.required(0, "room_out")?));
    on_leg_into(&mut leg, empty, |leg, (data_out, room_out)| {
        let refused = match leg.writer.reserve() {
            Ok(mut reserved) => {
                let bytes = reserved.bytes();
                data_out.put(bytes.as_mut_ptr().cast());
                room_out.put(bytes.len() as u32);
                // It stays aside until `commit` asks for it again.
                std::mem::forget(reserved);
                return Ok(c::OK);
            }
            Err(refused) => refused,
        };
        Ok(leg.answer(refused))
    })
}

/// Offers the frame that was written into the slot. `[media]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_leg_commit(mut leg: Exclusive<Leg>, frame: In<c::Frame>) -> i32 {
    on_leg(&mut leg, |leg| {
        let frame = frame.read("frame")?;
        let facts = with_bytes(&frame)?;
        let Some(mut reserved) = leg.writer.reserved() else { return Ok(c::E_STATE) };
        if frame.length as usize > reserved.bytes().len() {
            // Still aside.
            std::mem::forget(reserved);
            return Err(Failure::argument("frame.length"));
        }
        let pushed = reserved.commit(frame.length as usize, &facts);
        Ok(leg.answer(pushed))
    })
}

/// Offers a buffer of the host's, which gets it back by `release`. `[media]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_leg_lend(
    mut leg: Exclusive<Leg>,
    frame: In<c::Frame>,
    release: Option<c::LegRelease>,
    context: *mut c_void,
) -> i32 {
    on_leg(&mut leg, |leg| {
        let frame = frame.read("frame")?;
        let release = release.ok_or_else(|| Failure::null("release"))?;
        let facts = with_bytes(&frame)?;
        // For its checks; what it points to is read later.
        let length = Bytes::at(frame.data).read(frame.length as usize, "frame.data")?.len();
        // SAFETY: the host says in leg.h that the bytes are there, and do not change, until it was called with `context`
        // once, on any thread.
        let lent = unsafe { Lent::new(frame.data.cast(), length, release, context) };
        let pushed = leg.writer.lend(&facts, lent);
        Ok(leg.answer(pushed))
    })
}

/// A key went down. `[media]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_leg_digit(mut leg: Exclusive<Leg>, digit: c_char, flags: u32, onset_ns: u64) -> i32 {
    on_leg(&mut leg, |leg| {
        let digit = digit_of(digit)?;
        let onset = match flags {
            0 => None,
            c::HAS_ONSET => Some(MonoTime(onset_ns)),
            _ => return Err(Failure::argument("flags")),
        };
        let told = leg.writer.digit(digit, onset);
        Ok(leg.told(told))
    })
}

/// The line was put on hold, or taken off. `[media]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_leg_hold(mut leg: Exclusive<Leg>, on: u32, at_ns: u64) -> i32 {
    on_leg(&mut leg, |leg| {
        let told = leg.writer.hold(truth(on, "on")?, MonoTime(at_ns));
        Ok(leg.told(told))
    })
}

/// All flags of a frame.
const FLAGS: u32 = c::HAS_RTP_TIMESTAMP | c::HAS_SEQUENCE | c::HAS_ARRIVAL | c::MARKER | c::SILENCE;

/// What is known of a frame beside its bytes.
fn facts(frame: &c::Frame) -> Result<Facts, Failure> {
    let has = |flag| frame.flags & flag != 0;
    if frame.flags & !FLAGS != 0 || !has(c::HAS_ARRIVAL) {
        return Err(Failure::argument("frame.flags"));
    }
    if has(c::SILENCE) && frame.length != 0 {
        return Err(Failure::argument("frame.length"));
    }
    let sequence = u16::try_from(frame.sequence).map_err(|_| Failure::argument("frame.sequence"))?;
    Ok(Facts {
        // No leg has so many: it is counted as a format that nobody registered.
        format: u8::try_from(frame.format).unwrap_or(u8::MAX),
        samples: frame.samples,
        sequence: has(c::HAS_SEQUENCE).then_some(sequence),
        timestamp: has(c::HAS_RTP_TIMESTAMP).then_some((frame.rtp_timestamp, frame.ssrc)),
        arrival: MonoTime(frame.arrival_ns),
        marker: has(c::MARKER),
    })
}

/// The same for a frame that must have bytes.
fn with_bytes(frame: &c::Frame) -> Result<Facts, Failure> {
    match frame.flags & c::SILENCE {
        0 => facts(frame),
        _ => Err(Failure::argument("frame.flags")),
    }
}

/// Its number in its call. `[any]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_leg_number(leg: Const<Leg>) -> u32 {
    quiet(0, || leg.optional().map_or(0, |leg| leg.number))
}

/// Destroys a leg. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_leg_destroy(leg: Slot<Leg>) {
    quiet((), || drop(leg.take()));
}
