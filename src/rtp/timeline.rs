//! RTP time stamps to moments on the call's clock. `[any]`
//!
//! Invariant: between two anchors, a place depends on the time stamp alone, exact to the sample: it is counted from
//! the anchor each time, so nothing adds up. Arrival decides only where an anchor is set, and when.
//! Time stamps wrap at 2^32 (RFC 3550 section 5.1); each is taken as the nearest to the last one placed.

use std::time::Duration;

use crate::time::CallTime;

/// How far after its own arrival a packet may be placed, before the time stamps are taken to have jumped.
const MAX_AHEAD: Duration = Duration::from_secs(1);
/// How far before its own arrival.
const MAX_BEHIND: Duration = Duration::from_secs(10);

/// The time stamps of one stream (one SSRC and clock rate).
#[derive(Clone, Debug)]
pub struct Timeline {
    rate: u32,
    anchor: Option<Anchor>,
}

/// A time stamp whose moment is known.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    at: CallTime,
    /// The last time stamp placed, and how many units after the anchor's it is.
    last: u32,
    last_since: i64,
}

/// Where a packet belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The moment of its first sample.
    pub at: CallTime,
    /// Whether a new anchor was set here: the first packet, or a break in the time stamps.
    pub rebased: bool,
}

impl Timeline {
    /// A timeline whose time stamps count `rate` units a second. A rate of 0 is taken as 1.
    pub fn new(rate: u32) -> Timeline {
        Timeline { rate: rate.max(1), anchor: None }
    }

    /// Units a second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// The place of a packet that came at `arrival`.
    ///
    /// The first one lies where it arrived, the next ones by their distance from it. Where that is more than 1 s after
    /// their own arrival, or more than 10 s before it, the time stamps have jumped, and the packet becomes the new
    /// anchor: at its arrival, but never before `placed_until`, the end of what was placed already (`CallTime::MIN`
    /// when nothing was).
    pub fn place(&mut self, timestamp: u32, arrival: CallTime, placed_until: CallTime) -> Placed {
        if let Some(anchor) = &mut self.anchor {
            let since = anchor.since(timestamp);
            let at = anchor.moment(since, self.rate);
            if at <= arrival + MAX_AHEAD && at >= arrival - MAX_BEHIND {
                anchor.last = timestamp;
                anchor.last_since = since;
                return Placed { at, rebased: false };
            }
        }
        let at = arrival.max(placed_until);
        self.anchor = Some(Anchor { at, last: timestamp, last_since: 0 });
        Placed { at, rebased: true }
    }

    /// The moment of a time stamp, without moving anything; `None` before the first packet. For the onset of a press.
    pub fn at(&self, timestamp: u32) -> Option<CallTime> {
        self.anchor.map(|anchor| anchor.moment(anchor.since(timestamp), self.rate))
    }
}

impl Anchor {
    /// Units from the anchor to `timestamp`; negative before it.
    fn since(&self, timestamp: u32) -> i64 {
        let step = timestamp.wrapping_sub(self.last) as i32;
        self.last_since.saturating_add(i64::from(step))
    }

    fn moment(&self, since: i64, rate: u32) -> CallTime {
        let offset = CallTime::of_sample(since, rate).nanos();
        CallTime::from_nanos(self.at.nanos().saturating_add(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: CallTime = CallTime::MIN;

    fn at(millis: i64) -> Placed {
        Placed { at: CallTime::from_millis(millis), rebased: false }
    }

    fn anchored(millis: i64) -> Placed {
        Placed { at: CallTime::from_millis(millis), rebased: true }
    }

    #[test]
    fn jitter_moves_no_packet_but_the_first() {
        let mut timeline = Timeline::new(8_000);
        assert_eq!(timeline.place(1_000, CallTime::from_millis(7), NOTHING), anchored(7));
        assert_eq!(timeline.place(1_160, CallTime::from_millis(60), NOTHING), at(27));
        assert_eq!(timeline.place(1_320, CallTime::from_millis(31), NOTHING), at(47));
    }

    #[test]
    fn time_stamps_wrap_in_both_directions() {
        let mut timeline = Timeline::new(8_000);
        timeline.place(u32::MAX - 79, CallTime::from_millis(0), NOTHING);
        assert_eq!(timeline.place(240, CallTime::from_millis(40), NOTHING), at(40));
        assert_eq!(timeline.place(80, CallTime::from_millis(41), NOTHING), at(20), "reordered, after the wrap");
        assert_eq!(timeline.place(u32::MAX - 239, CallTime::from_millis(42), NOTHING), at(-20), "before the first");
        assert_eq!(timeline.at(400), Some(CallTime::from_millis(60)));
    }

    #[test]
    fn hours_at_an_odd_rate_are_exact_to_the_nanosecond() {
        let mut timeline = Timeline::new(44_100);
        timeline.place(0, CallTime::ZERO, NOTHING);
        let mut samples: i64 = 0;
        // 30 hours: past one wrap of the 32 bits.
        while samples < 30 * 3600 * 44_100 {
            samples += 44_100 * 9 + 1;
            let due = CallTime::of_sample(samples, 44_100);
            assert_eq!(timeline.place(samples as u32, due, NOTHING), Placed { at: due, rebased: false });
        }
    }

    #[test]
    fn a_second_ahead_is_the_limit() {
        for (units, placed) in [(9_600, at(1_200)), (9_601, anchored(200))] {
            let mut timeline = Timeline::new(8_000);
            timeline.place(0, CallTime::ZERO, NOTHING);
            assert_eq!(timeline.place(units, CallTime::from_millis(200), NOTHING), placed);
        }
    }

    #[test]
    fn ten_seconds_behind_is_the_limit() {
        let mut timeline = Timeline::new(8_000);
        timeline.place(0, CallTime::ZERO, NOTHING);
        assert_eq!(timeline.place(160, CallTime::from_millis(10_020), NOTHING), at(20));
        assert_eq!(timeline.place(320, CallTime::from_millis(10_041), NOTHING), anchored(10_041));
        assert_eq!(
            timeline.place(480, CallTime::from_millis(10_050), NOTHING),
            at(10_061),
            "counted from the new anchor"
        );
    }

    #[test]
    fn a_new_anchor_never_lies_within_what_was_placed_already() {
        let mut timeline = Timeline::new(8_000);
        timeline.place(0, CallTime::ZERO, NOTHING);
        timeline.place(160, CallTime::from_millis(1), NOTHING);
        let placed_until = CallTime::from_millis(40);
        assert_eq!(timeline.place(1_000_000, CallTime::from_millis(21), placed_until), anchored(40));
        let mut timeline = Timeline::new(8_000);
        assert_eq!(timeline.at(0), None);
        assert_eq!(timeline.place(77, CallTime::from_millis(90), CallTime::from_millis(60)), anchored(90));
    }

    #[test]
    fn no_time_stamp_and_no_arrival_overflows() {
        let mut timeline = Timeline::new(0);
        for arrival in [CallTime::MIN, CallTime::MAX, CallTime::ZERO] {
            for timestamp in [0, u32::MAX, 1 << 31, (1 << 31) - 1] {
                timeline.place(timestamp, arrival, CallTime::MAX);
                timeline.place(timestamp, arrival, CallTime::MIN);
            }
        }
        assert_eq!(timeline.rate(), 1);
    }
}
