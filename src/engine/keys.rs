//! How keys reach consent: those in the audio's stream, those the host reported on a media thread, and those it told the
//! call.
//!
//! Everything that was keyed is told before the gates are set. A 9 that has shut the gates already is an objection, also
//! where consent, which knows more by now, would not take it for one: what was shut in doubt stays shut.

use std::time::Duration;

use crate::consent::{Digit, DigitSource, Event, NineNow, Role};
use crate::frame::Means;
use crate::frame::signal::{ROOM, What};
use crate::time::{CallTime, MonoTime};

use super::session::Session;
use super::track::Track;

/// How far a digit's time stamp and its packet's arrival may be apart without a doubt about either.
const STAMP_SLACK: Duration = Duration::from_millis(300);

/// A key that was pressed on a leg.
pub(super) struct Key {
    role: Role,
    digit: Digit,
    source: DigitSource,
    onset: CallTime,
    /// Whether it has shut the gates.
    shut: bool,
}

impl Session {
    /// The host saw a digit on a leg.
    pub(super) fn digit(&mut self, at: CallTime, leg: u8, digit: Digit, onset: CallTime) {
        if let Some(role) = self.tracks.get(usize::from(leg)).map(Track::role) {
            // Nothing is reported before it was pressed.
            self.tell(at, Event::Digit { role, digit, source: DigitSource::Host, onset: onset.min(at) });
        }
    }

    /// Notes a key that lay in a leg's stream: when by its time stamp, if that can be believed, and by its arrival.
    pub(super) fn note_key(&mut self, role: Role, digit: Digit, stamped: Option<CallTime>, arrived: CallTime) {
        let onset = self.onset(stamped, arrived);
        self.early.push(Key { role, digit, source: DigitSource::TelephoneEvent, onset, shut: false });
    }

    /// Reads what the host signalled on a leg's media thread.
    pub(super) fn read_signals(&mut self, now: CallTime, index: usize) {
        let role = self.tracks[index].role();
        for _ in 0..ROOM {
            let Some(signal) = self.tracks[index].signals.next() else { break };
            let at = signal.at.map(|at| MonoTime(at).on_call(self.facts.zero));
            match signal.what {
                What::Key { event, shut } => {
                    let Some(digit) = Digit::from_event(event) else { continue };
                    let onset = match at {
                        // One that is said to be pressed long after now was not.
                        Some(onset) if onset <= now + self.shared.config.max_packet => onset,
                        Some(_) => now,
                        None if shut => now.min(MonoTime(signal.before.saturating_sub(1)).on_call(self.facts.zero)),
                        None => now,
                    };
                    self.early.push(Key { role, digit, source: DigitSource::Host, onset, shut });
                }
                What::Hold { on } => self.tracks[index].holds.set(on, at.unwrap_or(now)),
            }
        }
        if let Some(onset) = self.tracks[index].lost_nine() {
            let onset = onset.map_or(now, |onset| onset.on_call(self.facts.zero).min(now));
            self.early.push(Key { role, digit: Digit::NINE, source: DigitSource::Host, onset, shut: true });
        }
    }

    /// Tells consent the keys pressed by `until`. Some telephones stamp a press with the time of the packet that follows:
    /// it waits for its moment, so that a pause or "digits are data" that begins before it is known.
    pub(super) fn tell_keys(&mut self, now: CallTime, until: CallTime) {
        for Key { role, digit, source, onset, shut } in self.early.extract_if(.., |key| key.onset <= until) {
            self.consent.tell(now, Event::Digit { role, digit, source, onset });
            if shut {
                self.consent.tell(now, Event::ShutByPress { onset });
            }
        }
    }

    /// When a key was pressed. Its time stamp is believed, unless it moves a press out of a notice or its window that
    /// the packet's arrival puts into it: there every 9 counts.
    fn onset(&self, stamped: Option<CallTime>, arrived: CallTime) -> CallTime {
        let Some(stamped) = stamped else { return arrived };
        let apart = arrived.since(stamped).max(stamped.since(arrived));
        let moved_out = self.consent.counts_at_once(arrived) && !self.consent.counts_at_once(stamped);
        if moved_out && apart > STAMP_SLACK { arrived } else { stamped }
    }

    /// Notes how often each gate was pressed; whose keys are read after this.
    pub(super) fn note_epochs(&mut self) {
        self.epochs = std::array::from_fn(|leg| self.call.legs[leg].gate.epoch());
    }

    /// Says to the media threads what a 9 means now, then sets the gates: none that was pressed unnoticed is opened.
    pub(super) fn set_gates(&mut self) {
        let zero = self.facts.zero;
        let means = match self.consent.nine_now() {
            NineNow::Nothing => Means::Nothing,
            NineNow::AtOnce { from, until } => Means::AtOnce { from: on_host(from, zero), until: on_host(until, zero) },
            NineNow::Alone => Means::Alone,
        };
        if std::mem::replace(&mut self.means, means) != means {
            self.call.nine.write(means);
        }
        for (track, epoch) in self.tracks.iter().zip(self.epochs) {
            track.set_gate(self.consent.gate(track.role()), epoch);
        }
    }
}

/// A moment of the call's clock on the host's, in nanoseconds; the ends of both clocks are one.
fn on_host(at: CallTime, zero: MonoTime) -> u64 {
    match at {
        CallTime::MAX => u64::MAX,
        at => (i128::from(zero.0) + i128::from(at.nanos())).clamp(0, i128::from(u64::MAX)) as u64,
    }
}
