//! Replays one call of a capture: its packets go through the real [`LegWriter`]s, rings, gates, session and sinks, in
//! virtual time or in real time.
//!
//! [`Prepared`] is the first reading of the call's packets: where its clock begins, which formats occur, when it ends.
//! [`Prepared::play`] is the second: packets are pushed at their capture times, the worker ticks every 10 ms of the
//! call's clock, and what the host did (notice, pause, withdrawal...) happens as a [`Script`] says. Keys that were sent
//! by SIP INFO are told as the host of a live call would tell them. Nothing waits for real time, and nothing but the
//! capture and the script decides what happens: every run gives the same result.
//!
//! [`Prepared::play_live`] is the same at the capture's own pace, through a live engine: two media threads push, its
//! workers deliver, the calling thread tells what the host did. On a machine that keeps pace the result is the same too.

mod error;
mod formats;
mod outputs;
mod packets;
mod realtime;
mod script;
mod stepped;
mod turns;

use std::time::Duration;

pub use error::ReplayError;
pub use formats::LegFormats;
pub use realtime::{Played, Readings, Stage};
pub use script::{Action, Script};

use crate::capture::{Capture, Side, Sources, Streams};
use crate::consent::Role;
use crate::engine::{Call, CallError, CallEvent, LegWriter, Stuck};
use crate::time::{CallTime, MonoTime};

use packets::Packets;

/// The longest time without a packet of either side. A capture that leaps further has a broken clock.
const LONGEST_SILENCE: Duration = Duration::from_secs(3600);

/// The longest call.
const LONGEST_CALL: Duration = Duration::from_secs(24 * 3600);

/// Which packets of a capture are the call's.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// Those of a call that [`crate::capture::Survey::select`] found.
    Call(Box<crate::capture::Call>),
    /// What comes from two addresses; the `inviter` is the one whose leg is asked for by that side.
    Sources(Sources),
}

/// A call of a capture, read once and ready to be played.
#[derive(Debug)]
pub struct Prepared {
    chosen: Chosen,
    caller: Side,
    zero: MonoTime,
    /// Of the first packet of either side.
    first: MonoTime,
    last: MonoTime,
    packets: u64,
    formats: [LegFormats; 2],
}

impl Prepared {
    /// Reads the call's packets. `caller` says which side is the outside party.
    ///
    /// `payload_types` are (number, rtpmap) pairs that hold for both sides beside what the signalling says.
    pub fn read(
        capture: Capture,
        chosen: Chosen,
        caller: Side,
        payload_types: &[(u8, String)],
        mut progress: impl FnMut(u64),
    ) -> Result<(Prepared, Capture), ReplayError> {
        let name = capture.name().to_owned();
        let mut streams = open(capture, &chosen)?;
        let mut formats = [caller, caller.other()].map(|side| LegFormats::of(&chosen, side, payload_types));
        let (mut zero, mut first, mut last, mut packets) = (None, None, MonoTime(0), 0);
        while let Some(packet) = streams.next_packet()? {
            let at = MonoTime(packet.time_ns);
            // Refused here, before anything is written.
            let begun = first.unwrap_or(at);
            let leaps = packets > 0 && at.on_call(last).since(CallTime::ZERO) > LONGEST_SILENCE;
            let steps_back = packets > 0 && last.on_call(at).since(CallTime::ZERO) > LONGEST_SILENCE;
            if leaps || steps_back || at.on_call(begun).since(CallTime::ZERO) > LONGEST_CALL {
                let [from, to] = [last, at].map(|moment| moment.on_call(begun));
                return Err(ReplayError::ClockLeaps { file: name, from, to });
            }
            let leg = usize::from(packet.side != caller);
            if leg == 0 {
                zero.get_or_insert(at);
            }
            first.get_or_insert(at);
            last = last.max(at);
            packets += 1;
            formats[leg].see(packet.payload);
            progress(streams.position());
        }
        // Without a packet of the caller there is still a call; its clock begins with the other side.
        let first = first.ok_or(ReplayError::NoPackets { file: name })?;
        let zero = zero.unwrap_or(first);
        Ok((Prepared { chosen, caller, zero, first, last, packets, formats }, streams.into_capture()))
    }

    /// The capture's clock at the call clock's zero: the caller's first RTP packet.
    pub fn zero(&self) -> MonoTime {
        self.zero
    }

    /// UTC at the call clock's zero.
    pub fn started(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(i128::from(self.zero.0)).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// How many RTP packets the call has.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// What the caller's and the agent's leg carry.
    pub fn formats(&self) -> [&LegFormats; 2] {
        [&self.formats[0], &self.formats[1]]
    }

    /// When the call ends: with its BYE, else with its last packet or key.
    pub fn ends_at(&self) -> CallTime {
        let hung_up = match &self.chosen {
            Chosen::Call(call) => call.ended_at_ns.map(MonoTime),
            Chosen::Sources(_) => None,
        };
        let last = self.last.on_call(self.zero);
        let keyed = self.digits().map(|(at, _)| at).filter(|at| at.since(last) <= LONGEST_SILENCE);
        let end = hung_up.map_or_else(|| keyed.fold(last, CallTime::max), |at| at.on_call(self.zero));
        // A hang-up long after the last packet is a clock that leapt.
        end.min(last + LONGEST_SILENCE)
    }

    /// The keys that were sent by SIP INFO, as the host hears of them. Of streams without a call none are known.
    fn digits(&self) -> impl Iterator<Item = (CallTime, Action)> + '_ {
        let keyed = match &self.chosen {
            Chosen::Call(call) => call.digits.as_slice(),
            Chosen::Sources(_) => &[],
        };
        keyed.iter().map(|keyed| {
            let leg = u8::from(keyed.side != self.caller);
            (MonoTime(keyed.at_ns).on_call(self.zero), Action::Digit { leg, digit: keyed.digit })
        })
    }

    /// Whether keyed digits can be seen at all: the signalling names telephone-events, or there is no signalling.
    pub fn names_telephone_events(&self) -> bool {
        match &self.chosen {
            Chosen::Call(call) => call.names_telephone_events(),
            Chosen::Sources(_) => true,
        }
    }

    /// Opens the two legs on a call, the caller's first.
    pub fn open_legs(&self, call: &mut Call) -> Result<[LegWriter; 2], CallError> {
        Ok([call.open_leg(&self.formats[0].leg(Role::Caller))?, call.open_leg(&self.formats[1].leg(Role::Agent))?])
    }

    /// What the host does, with the keys that were sent by SIP INFO, and when the call ends.
    fn plan(&self, script: &Script, stop_at: Option<CallTime>) -> (Script, CallTime) {
        let mut script = script.clone();
        self.digits().for_each(|(at, digit)| script.at(at, digit));
        (script, stop_at.unwrap_or(self.ends_at()).min(self.ends_at()))
    }

    /// The call's packets once more, up to `end`.
    fn second_reading(&self, capture: Capture, end: CallTime) -> Result<Packets, ReplayError> {
        let streams = open(capture, &self.chosen)?;
        Ok(Packets::new(streams, self.caller, self.zero, end))
    }
}

/// What one who watches a replay is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Seen {
    /// Something followed in the call, at this moment of its clock.
    Event(CallTime, CallEvent),
    /// How many bytes of the capture were read: of a play in virtual time.
    Position(u64),
    /// How far the call has come: of a play in real time.
    Moment(CallTime),
    /// What the host told was not done at its deadline: of a play in real time. The worker does it as soon as it can.
    Pending {
        /// When that was.
        at: CallTime,
        /// What was told, as in `the pause`.
        what: &'static str,
        /// The sinks that were inside of a call; they get nothing more.
        inside: Vec<Stuck>,
    },
}

fn open(capture: Capture, chosen: &Chosen) -> Result<Streams, ReplayError> {
    Ok(match chosen {
        Chosen::Call(call) => Streams::of_call(capture, (**call).clone())?,
        Chosen::Sources(sources) => Streams::of_sources(capture, *sources)?,
    })
}
