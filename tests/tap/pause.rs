//! A pause: silence of the right length in the recording, told as such, and the audio around it in its place.

use super::recording::{between, ms, nanos};
use super::run::{bare, tap};
use super::speech::{Rtp, Talk};
use super::wire::capture;

#[test]
fn a_pause_is_silence_of_its_length_on_both_channels() {
    let ran = tap("kept.pcap").args(["--pause", "8s..11s"]).run().good();
    let talk = Talk::of("kept.pcap");
    let recording = ran.recording();
    recording.holds(&talk, ms(5_000), &[between(8_000, 11_000)]);
    recording.can_be_played();
    for leg in [0, 1] {
        let gaps = recording.gaps(leg);
        let (gap, cause) = &gaps[0];
        assert_eq!(cause, "paused");
        assert!(near(gap.start, ms(8_000)) && near(gap.end, ms(11_000)), "{gap:?}");
        // The packet that was on its way when the pause ended came too early to be kept.
        assert!(gaps[1..].iter().all(|(gap, cause)| cause == "withheld" && gap.end - gap.start <= ms(20)), "{gaps:?}");
        assert!(gaps.len() <= 2);
    }
    let marks = serde_json::json!([{ "mark": "pause", "at": 8.0 }, { "mark": "resume", "at": 11.0 }]);
    assert_eq!(recording.told["marks"], marks);
    let permitted = recording.told["permitted"].as_array().expect("a list");
    assert_eq!((nanos(&permitted[0]["to"]), nanos(&permitted[1]["from"])), (ms(8_000), ms(11_000)));
    assert_eq!((&ran.event("paused")["at"], &ran.event("resumed")["at"]), (&8.0.into(), &11.0.into()));
}

#[test]
fn with_the_bytes_untouched_a_pause_is_the_silence_of_the_law() {
    let ran = tap("kept.pcap").args(["--pause", "8s..11s", "--encoding", "as-it-came"]).run().good();
    let talk = Talk::of("kept.pcap");
    let recording = ran.recording();
    recording.holds(&talk, ms(5_000), &[between(8_000, 11_000)]);
    recording.can_be_played();
}

#[test]
fn pauses_that_follow_each_other_and_off_the_packets_borders_are_cut_to_the_sample() {
    let args = ["--pause", "6003ms..6017ms", "--pause", "7s..7001ms", "--pause", "9s..10s", "--pause", "10s..12123ms"];
    let ran = tap("kept.pcap").args(args).run().good();
    let talk = Talk::of("kept.pcap");
    let pauses = [between(6_003, 6_017), between(7_000, 7_001), between(9_000, 12_123)];
    ran.recording().holds(&talk, ms(5_000), &pauses);
}

#[test]
fn pauses_that_overlap_are_one_in_whatever_order_they_are_given() {
    let talk = Talk::of("kept.pcap");
    for args in [["--pause", "8s..12s", "--pause", "9s..10s"], ["--pause", "10s..12s", "--pause", "8s..10s"]] {
        let ran = tap("kept.pcap").args(args).run().good();
        ran.recording().holds(&talk, ms(5_000), &[between(8_000, 12_000)]);
        assert_eq!(ran.event("resumed")["at"], 12.0);
    }
}

#[test]
fn a_pause_over_the_windows_end_moves_the_beginning_of_the_recording() {
    let ran = tap("kept.pcap").args(["--pause", "4s..7s"]).run().good();
    let talk = Talk::of("kept.pcap");
    let recording = ran.recording();
    recording.holds(&talk, ms(7_000), &[between(4_000, 7_000)]);
    assert_eq!(ran.event("opened")["from"], 7.0);
    for leg in [0, 1] {
        let gaps = recording.gaps(leg);
        assert!(gaps.iter().all(|(gap, cause)| cause == "withheld" && near(gap.start, ms(7_000))), "{gaps:?}");
    }
}

#[test]
fn a_pause_to_the_calls_end_leaves_what_came_before() {
    let ran = tap("kept.pcap").args(["--pause", "8s..60s"]).run().good();
    let talk = Talk::of("kept.pcap");
    let recording = ran.recording();
    recording.holds(&talk, ms(5_000), &[between(8_000, 60_000)]);
    assert_eq!((ran.reason().as_str(), &ran.summary()["recorded"]), ("paused", &true.into()));
}

#[test]
fn a_pause_from_before_the_window_to_the_calls_end_leaves_nothing() {
    let ran = tap("kept.pcap").args(["--pause", "1s..60s"]).run().good();
    ran.nothing_left();
    assert_eq!(ran.reason(), "paused");
}

#[test]
fn a_pause_before_a_notice_that_comes_too_late_is_not_why_nothing_was_recorded() {
    let args = ["--entity", "ecommerce-be", "--notice", "15s..18s", "--pause", "1s..2s"];
    let ran = bare(&capture("kept.pcap")).args(args).run().good();
    ran.nothing_left();
    assert_eq!(ran.reason(), "window open");
}

#[test]
fn every_packet_of_a_call_with_a_pause_is_accounted_for() {
    let ran = tap("kept.pcap").args(["--pause", "8s..11s"]).run().good();
    let talk = Talk::of("kept.pcap");
    let pause = between(8_000, 11_000);
    let heard = |packet: &&Rtp| {
        let (from, to) = (packet.place, packet.place + ms(20));
        to > ms(5_000) && !pause.contains(&packet.at) && (from < pause.start || to > pause.end)
    };
    for (leg, side) in [&talk.caller, &talk.agent].into_iter().enumerate() {
        let account = &ran.summary()["legs"][leg];
        let captured: Vec<Rtp> = side.iter().filter(|packet| packet.at <= talk.bye).cloned().collect();
        assert_eq!(account["pushed"], captured.len());
        assert_eq!(account["delivered"], captured.iter().filter(heard).count());
        assert_eq!(account["lost"], 0, "what was refused in the pause is not lost");
    }
}

/// To the sample.
fn near(one: i64, other: i64) -> bool {
    (one - other).abs() <= super::speech::SAMPLE
}
