//! Telephone-events to presses (RFC 4733): one report for each press, at its first packet. `[any]`
//!
//! Invariant: every packet of a key is the proof of a press, and no press is reported twice while it is among the last
//! sixteen. A press is known by SSRC, key and the time stamp of its start (section 2.5.1.2), which all of
//! its packets carry. Two things are joined to it: the next segment of a press longer than 0xFFFF units (section
//! 2.5.1.3), and packets to which a box on the way gave a time stamp of their own. For those the rule is: one leg
//! cannot press a key while it is pressed, and the start of a new press is marked. So a packet that is not marked, and
//! lies within a press of the same key or nearer to its end than two presses can be, belongs to that press.
//! Time stamps are compared modulo 2^32.

use std::fmt;

use crate::consent::Digit;

use super::press::{MOST_IN_A_PACKET, Press, Presses};

/// Presses that are remembered, so that their late packets are known.
const REMEMBERED: usize = 16;
/// The longest duration one segment can have.
const SEGMENT: u32 = 0xFFFF;
/// Two presses are never nearer to each other than 1/25 s: no receiver is asked to tell them apart (ITU-T Q.24).
const PAUSES_PER_SECOND: u32 = 25;
/// What comes unmarked within 1/5 s of what is known of a press may be its own: its last packet comes three times, one
/// packet time from each other (section 2.5.1.4), and some may be lost.
const REPEATS_PER_SECOND: u32 = 5;

/// Reads the telephone-events of one leg.
#[derive(Clone, Default)]
pub struct EventDecoder {
    remembered: [Option<Remembered>; REMEMBERED],
    /// Which of them is the oldest: the next to be forgotten.
    oldest: usize,
}

impl fmt::Debug for EventDecoder {
    /// Only how many presses are remembered: the keys are nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let remembered = self.remembered.iter().flatten().count();
        f.debug_struct("EventDecoder").field("remembered", &remembered).finish_non_exhaustive()
    }
}

impl EventDecoder {
    /// Before the first packet. A sender that starts its time stamps anew under the same SSRC needs a new decoder: a
    /// press is known by its time stamp.
    pub fn new() -> EventDecoder {
        EventDecoder::default()
    }

    /// Reads one payload of type `telephone-event` and answers the presses it is the first to tell of.
    ///
    /// `timestamp` and `marker` are the packet's; for a redundant block (RFC 2198), the block's own time stamp, and no
    /// marker. `clock_rate` is the payload type's. Packets may come in any order and more than once. Events that are no
    /// keys (16 and above), keys with a duration of 0, and bytes beyond the last whole event are passed over.
    pub fn read(&mut self, payload: &[u8], ssrc: u32, timestamp: u32, marker: bool, clock_rate: u32) -> Presses {
        let mut presses = Presses::default();
        let (events, _trailing) = payload.as_chunks::<4>();
        // Events in one packet follow each other without a pause; the time stamp is the first one's (section 2.5.1.5).
        let mut start = timestamp;
        for &[event, flags, high, low] in events.iter().take(MOST_IN_A_PACKET) {
            let duration = u32::from(u16::from_be_bytes([high, low]));
            let packet = Packet { ssrc, event, start, duration, ended: flags & 0x80 != 0, marker };
            start = start.wrapping_add(duration);
            let Some(digit) = Digit::from_event(event) else { continue };
            if duration == 0 {
                continue;
            }
            if self.remembered.iter_mut().flatten().any(|press| press.takes(&packet, clock_rate)) {
                continue;
            }
            self.remember(&packet);
            presses.push(Press { digit, event, onset: packet.start, duration, start_lost: !marker });
        }
        presses
    }

    fn remember(&mut self, packet: &Packet) {
        if let Some(slot) = self.remembered.get_mut(self.oldest) {
            *slot = Some(Remembered {
                ssrc: packet.ssrc,
                event: packet.event,
                onset: packet.start,
                segment: packet.start,
                duration: packet.duration,
                ended: packet.ended,
            });
        }
        self.oldest = (self.oldest + 1) % REMEMBERED;
    }
}

/// What one packet says of one press.
struct Packet {
    ssrc: u32,
    event: u8,
    start: u32,
    duration: u32,
    ended: bool,
    marker: bool,
}

/// A press that was reported.
#[derive(Clone, Copy)]
struct Remembered {
    ssrc: u32,
    event: u8,
    /// Where the press starts.
    onset: u32,
    /// Where its last segment starts, and how long that is so far.
    segment: u32,
    duration: u32,
    ended: bool,
}

impl Remembered {
    /// Whether `packet` belongs to this press. If so, the press is as long as it says.
    fn takes(&mut self, packet: &Packet, clock_rate: u32) -> bool {
        if (self.ssrc, self.event) != (packet.ssrc, packet.event) {
            return false;
        }
        let since = packet.start.wrapping_sub(self.segment);
        if since == 0 {
            self.extend(packet);
            return true;
        }
        if packet.start == self.onset {
            return true;
        }
        if packet.marker {
            return false;
        }
        let pause = clock_rate / PAUSES_PER_SECOND;
        let repeats = clock_rate / REPEATS_PER_SECOND;
        // The segment before must have been seen nearly full: a new press may start that long after an old one, too.
        // Some senders cut it a little early, at the last packet that fits.
        if !self.ended && since.abs_diff(SEGMENT) <= pause && since.saturating_sub(self.duration) <= repeats {
            self.segment = packet.start;
            self.duration = packet.duration;
            self.ended = packet.ended;
            return true;
        }
        let length = self.segment.wrapping_sub(self.onset).wrapping_add(self.duration);
        let reach = match (self.ended, packet.ended) {
            (false, false) => length.saturating_add(pause),
            (false, true) if packet.duration >= self.duration => length.saturating_add(repeats),
            (true, true) if packet.duration == self.duration => length.saturating_add(repeats),
            _ => length.saturating_sub(1),
        };
        if packet.start.wrapping_sub(self.onset) > reach {
            return false;
        }
        // A late packet of an earlier segment says nothing about the last one.
        if since < 1 << 31 {
            self.extend(packet);
        }
        true
    }

    fn extend(&mut self, packet: &Packet) {
        self.duration = self.duration.max(packet.duration);
        self.ended |= packet.ended;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SSRC: u32 = 0xA1B2_C3D4;
    const RATE: u32 = 8_000;
    const END: u8 = 0x80;

    /// A leg with its decoder: feeds packets, keeps the reports.
    #[derive(Default)]
    struct Leg {
        decoder: EventDecoder,
        reports: Vec<(u8, u32)>,
    }

    impl Leg {
        fn hears(&mut self, payload: &[u8], timestamp: u32, marker: bool) {
            let presses = self.decoder.read(payload, SSRC, timestamp, marker, RATE);
            self.reports.extend(presses.into_iter().map(|press| (press.event, press.onset)));
        }

        fn hears_event(&mut self, event: u8, timestamp: u32, duration: u16, end: bool, marker: bool) {
            self.hears(&block(event, if end { END } else { 0 }, duration), timestamp, marker);
        }

        /// A press of five packets, the last three times, as RFC 4733 has it.
        fn hears_press(&mut self, event: u8, onset: u32) {
            for packet in 1..=4 {
                self.hears_event(event, onset, packet * 160, false, packet == 1);
            }
            for _ in 0..3 {
                self.hears_event(event, onset, 800, true, false);
            }
        }
    }

    fn block(event: u8, flags: u8, duration: u16) -> [u8; 4] {
        let [high, low] = duration.to_be_bytes();
        [event, flags | 10, high, low]
    }

    #[test]
    fn a_press_is_reported_once_at_its_first_packet() {
        let mut decoder = EventDecoder::new();
        let presses = decoder.read(&block(9, 0, 160), SSRC, 5_000, true, RATE);
        assert_eq!(presses.len(), 1);
        let expected = Press { digit: Digit::NINE, event: 9, onset: 5_000, duration: 160, start_lost: false };
        assert_eq!(presses.into_iter().next(), Some(expected));
        let mut leg = Leg { decoder, ..Leg::default() };
        leg.hears_press(9, 5_000);
        assert_eq!(leg.reports, []);
    }

    #[test]
    fn any_one_packet_of_a_press_counts() {
        for (duration, end, marker) in [(160, false, true), (480, false, false), (800, true, false)] {
            let mut decoder = EventDecoder::new();
            let payload = block(9, if end { END } else { 0 }, duration);
            let press = decoder.read(&payload, SSRC, 7, marker, RATE).into_iter().next().expect("a press");
            assert_eq!((press.onset, press.start_lost), (7, !marker));
        }
    }

    #[test]
    fn late_and_repeated_packets_of_a_reported_press_are_ignored() {
        let mut leg = Leg::default();
        leg.hears_press(9, 1_000);
        leg.hears_press(5, 3_000);
        leg.hears_event(9, 1_000, 160, false, true);
        leg.hears_event(9, 1_000, 800, true, false);
        assert_eq!(leg.reports, [(9, 1_000), (5, 3_000)]);
    }

    #[test]
    fn the_same_key_twice_is_two_presses() {
        let mut leg = Leg::default();
        leg.hears_press(9, 1_000);
        leg.hears_press(9, 1_000 + 800 + 320);
        assert_eq!(leg.reports, [(9, 1_000), (9, 2_120)]);
    }

    #[test]
    fn a_press_whose_end_was_lost_does_not_swallow_the_next() {
        let mut leg = Leg::default();
        leg.hears_event(9, 1_000, 160, false, true);
        leg.hears_event(9, 2_120, 320, false, false);
        assert_eq!(leg.reports, [(9, 1_000), (9, 2_120)]);
    }

    #[test]
    fn time_stamps_wrap_within_a_press() {
        let mut leg = Leg::default();
        leg.hears_press(9, u32::MAX - 100);
        leg.hears_press(9, u32::MAX.wrapping_add(2_000));
        leg.hears_event(9, u32::MAX - 100, 800, true, false);
        assert_eq!(leg.reports, [(9, u32::MAX - 100), (9, 1_999)]);
    }

    #[test]
    fn segments_of_a_long_press_are_joined() {
        let mut leg = Leg::default();
        let onset = u32::MAX - 70_000;
        for segment in 0..3u32 {
            let start = onset.wrapping_add(segment * SEGMENT);
            for duration in [160, 30_000, 0xFFFF] {
                leg.hears_event(9, start, duration, false, segment == 0 && duration == 160);
            }
        }
        leg.hears_event(9, onset.wrapping_add(SEGMENT), 0xFFFF, false, false);
        leg.hears_event(9, onset, 160, false, true);
        let last = onset.wrapping_add(3 * SEGMENT);
        leg.hears_event(9, last, 400, true, false);
        leg.hears_event(9, last, 400, true, false);
        leg.hears_press(9, last.wrapping_add(800));
        assert_eq!(leg.reports, [(9, onset), (9, last.wrapping_add(800))]);
    }

    #[test]
    fn a_segment_cut_a_little_early_is_joined_too() {
        let mut leg = Leg::default();
        leg.hears_event(9, 0, 160, false, true);
        leg.hears_event(9, 0, 65_440, false, false);
        leg.hears_event(9, 65_440, 160, false, false);
        leg.hears_event(9, 65_440, 480, true, false);
        assert_eq!(leg.reports, [(9, 0)]);
    }

    #[test]
    fn a_press_as_long_after_another_as_a_segment_is_none_of_its_segments() {
        let mut leg = Leg::default();
        leg.hears_event(9, 0, 160, false, true);
        leg.hears_event(9, SEGMENT, 160, false, false);
        leg.hears_event(9, SEGMENT, 800, true, false);
        assert_eq!(leg.reports, [(9, 0), (9, SEGMENT)]);
    }

    #[test]
    fn a_marked_press_is_a_new_one_even_where_a_segment_could_start() {
        let mut leg = Leg::default();
        leg.hears_event(9, 0, 160, false, true);
        leg.hears_event(9, SEGMENT, 160, false, true);
        assert_eq!(leg.reports, [(9, 0), (9, SEGMENT)]);
    }

    #[test]
    fn several_events_in_a_packet_start_where_the_one_before_ends() {
        let mut leg = Leg::default();
        let both = [block(1, END, 400), block(2, END, 480), block(2, 0, 80)].concat();
        leg.hears(&both, 10_000, true);
        leg.hears_event(2, 10_880, 560, true, false);
        leg.hears(&both, 10_000, true);
        assert_eq!(leg.reports, [(1, 10_000), (2, 10_400), (2, 10_880)]);
    }

    #[test]
    fn the_end_of_a_segment_and_the_next_in_one_packet_are_one_press() {
        let mut leg = Leg::default();
        leg.hears_event(9, 100, 160, false, true);
        leg.hears(&[block(9, 0, 0xFFFF), block(9, 0, 80)].concat(), 100, false);
        assert_eq!(leg.reports, [(9, 100)]);
    }

    #[test]
    fn ends_with_new_time_stamps_are_not_counted_again() {
        for step in [160, 320, 1_200] {
            let mut leg = Leg::default();
            leg.hears_event(9, 1_000, 160, false, true);
            leg.hears_event(9, 1_000, 800, true, false);
            leg.hears_event(9, 1_000 + step, 800, true, false);
            leg.hears_event(9, 1_000 + 2 * step, 800, true, false);
            assert_eq!(leg.reports, [(9, 1_000)], "{step} units apart");
        }
    }

    #[test]
    fn a_press_in_which_every_packet_has_a_time_stamp_of_its_own_is_one() {
        let mut leg = Leg::default();
        for packet in 0..5u16 {
            leg.hears_event(9, 1_000 + 160 * u32::from(packet), 160 * (packet + 1), packet == 4, packet == 0);
        }
        leg.hears_event(9, 1_800, 800, true, false);
        leg.hears_event(9, 1_960, 800, true, false);
        leg.hears_press(9, 2_600);
        assert_eq!(leg.reports, [(9, 1_000), (9, 2_600)]);
    }

    #[test]
    fn what_is_no_key_or_has_no_duration_is_passed_over() {
        let mut leg = Leg::default();
        leg.hears_event(16, 100, 160, false, true);
        leg.hears_event(9, 300, 0, false, true);
        leg.hears(&[], 400, true);
        leg.hears(&[9, 0, 0], 400, true);
        assert_eq!(leg.reports, []);
        // An event that is no key still takes its time.
        leg.hears(&[block(32, END, 500), block(9, 0, 160)].concat(), 1_000, true);
        assert_eq!(leg.reports, [(9, 1_500)]);
    }

    #[test]
    fn the_reserved_bit_and_trailing_bytes_change_nothing() {
        let mut leg = Leg::default();
        leg.hears(&[&block(9, 0x40, 160)[..], &[1, 2, 3]].concat(), 100, true);
        leg.hears(&block(9, END | 0x40, 320), 100, false);
        assert_eq!(leg.reports, [(9, 100)]);
    }

    #[test]
    fn another_stream_is_another_press() {
        let mut decoder = EventDecoder::new();
        let mut hears = |ssrc| decoder.read(&block(9, 0, 160), ssrc, 50, true, RATE).len();
        assert_eq!([hears(1), hears(2), hears(1), hears(2)], [1, 1, 0, 0]);
    }

    #[test]
    fn a_packet_full_of_events_is_read_up_to_sixteen() {
        let mut leg = Leg::default();
        let many: Vec<u8> = (0..300u16).flat_map(|n| block((n % 16) as u8, END, 400)).collect();
        leg.hears(&many, 0, true);
        assert_eq!(leg.reports.len(), 16);
    }
}
