//! How far the caller was listened to.

use std::time::Duration;

use crate::time::CallTime;

/// This long without a packet from the caller, and what never came need not be waited for.
pub(super) const SILENCE: Duration = Duration::from_millis(500);

/// What the session said last about time and the caller's audio.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// The latest moment the session was at. Never goes back.
    pub(super) now: CallTime,
    /// All caller audio before it was examined for digits.
    pub(super) examined: CallTime,
    /// When the caller's last packet arrived; `None` when none did.
    pub(super) heard: Option<CallTime>,
}

impl Progress {
    /// Before anything was said.
    pub(super) const NONE: Progress = Progress { now: CallTime::MIN, examined: CallTime::MIN, heard: None };

    /// Time passed. `examined` and `heard` are taken as they come: a caller leg that joins may set them back.
    pub(super) fn advance(&mut self, now: CallTime, examined: CallTime, heard: Option<CallTime>) {
        *self = Progress { now: self.now.max(now), examined, heard };
    }

    /// Whether every digit with its onset before `moment` is known, as far as it ever will be.
    pub(super) fn reached(&self, moment: CallTime) -> bool {
        self.examined >= moment || self.is_silent_since(moment)
    }

    /// The same with a digit at `moment` itself.
    pub(super) fn passed(&self, moment: CallTime) -> bool {
        self.examined > moment || self.is_silent_since(moment)
    }

    fn is_silent_since(&self, moment: CallTime) -> bool {
        self.now >= moment + SILENCE && self.heard.is_none_or(|heard| self.now.since(heard) >= SILENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> CallTime {
        CallTime::from_millis(millis)
    }

    fn progress(now: i64, examined: i64, heard: Option<i64>) -> Progress {
        let mut progress = Progress::NONE;
        progress.advance(at(now), at(examined), heard.map(at));
        progress
    }

    #[test]
    fn a_moment_is_reached_when_all_before_it_was_examined_and_passed_when_it_was_too() {
        let progress = progress(9100, 9000, Some(9090));
        assert!(progress.reached(at(9000)) && !progress.passed(at(9000)));
        assert!(progress.passed(at(8999)) && !progress.reached(at(9001)));
    }

    #[test]
    fn half_a_second_of_silence_stands_for_examined_audio() {
        assert!(progress(9500, 0, Some(9000)).reached(at(9000)));
        assert!(progress(9500, 0, None).passed(at(9000)));
        assert!(!progress(9499, 0, Some(8000)).reached(at(9000)), "half a second after the moment has not passed");
        assert!(!progress(9500, 0, Some(9001)).reached(at(9000)), "a packet came less than half a second ago");
        assert!(!progress(9500, 0, Some(9900)).reached(at(9000)), "a packet from the future is not silence");
    }

    #[test]
    fn nothing_was_reached_before_anything_was_said() {
        assert!(!Progress::NONE.reached(at(-1_000_000)) && !Progress::NONE.passed(CallTime::MIN));
    }
}
