//! Other lines: lost and late packets, IPv6, µ-law, SIP over TCP, other link layers, pcapng, several calls, no SIP.

use std::ops::Range;

use super::recording::{Coding, ms};
use super::run::{Ran, bare, tap, written};
use super::speech::{Rtp, SAMPLE, Talk, voice};
use super::wire::{Wire, capture};

/// The whole call is in its recording, from the first permitted instant on.
fn whole(ran: Ran, talk: &Talk) -> Ran {
    let ran = ran.good();
    let recording = ran.recording();
    recording.holds(talk, ms(5_000), &[]);
    ran
}

#[test]
fn a_call_is_recorded_whole_whatever_carries_it() {
    for name in ["ipv6.pcap", "tcp.pcap", "cooked.pcap", "cooked-v1.pcap", "rawip.pcap", "kept.pcapng"] {
        let talk = Talk::of(name);
        whole(tap(name).run(), &talk);
    }
}

#[test]
fn a_call_in_mu_law_is_recorded_whole_linear_and_untouched() {
    let talk = Talk::of("mulaw.pcap");
    let ran = whole(tap("mulaw.pcap").run(), &talk);
    ran.recording().can_be_played();
    let ran = whole(tap("mulaw.pcap").args(["--encoding", "as-it-came"]).run(), &talk);
    let recording = ran.recording();
    assert_eq!((recording.coding, &recording.told["encoding"]), (Coding::MuLaw, &"pcmu".into()));
    recording.can_be_played();
    // Against the voices themselves, too. The agent's begins 92 ms late.
    for (channel, (side, name)) in
        [(&talk.caller, "caller-mulaw.wav"), (&talk.agent, "agent-mulaw.wav")].into_iter().enumerate()
    {
        let skipped = ((ms(6_000) - side[0].place) / SAMPLE) as usize;
        let heard = &recording.channels[channel][8_000..16_000];
        let near: Vec<i16> = voice(name)[skipped - 1..].iter().map(|&byte| i16::from(byte)).collect();
        assert!((0..3).any(|shift| near[shift..].starts_with(heard)), "{name}");
    }
}

/// What was lost of a side in a stretch: runs of samples that no packet brought.
fn missing(side: &[Rtp], stretch: Range<i64>) -> Vec<Range<i64>> {
    let mut places: Vec<i64> = side.iter().map(|packet| packet.place).collect();
    places.sort_unstable();
    places.dedup();
    let holes = places.windows(2).map(|two| two[0] + ms(20)..two[1]).filter(|hole| !hole.is_empty());
    holes.filter(|hole| hole.start >= stretch.start && hole.end <= stretch.end).collect()
}

#[test]
fn every_packet_that_survives_a_bad_line_lies_in_its_place_and_what_is_lost_is_told() {
    let talk = Talk::of("lossy.pcap");
    let ran = whole(tap("lossy.pcap").run(), &talk);
    let recording = ran.recording();
    recording.can_be_played();
    let mut all = 0;
    for (leg, side) in [(0, &talk.caller), (1, &talk.agent)] {
        let expected = missing(side, ms(5_000)..talk.bye);
        all += expected.len();
        let told = recording.gaps(leg);
        assert_eq!(told.len(), expected.len(), "leg {leg}: {told:?}, {expected:?}");
        for ((gap, cause), hole) in told.iter().zip(&expected) {
            assert_eq!(cause, "lost");
            let off = (gap.start - hole.start).abs().max((gap.end - hole.end).abs());
            assert!(off <= SAMPLE, "leg {leg}: {gap:?}, not {hole:?}");
        }
    }
    assert!(all > 20, "the line is bad enough: {all}");
}

#[test]
fn lost_and_doubled_packets_are_counted() {
    let talk = Talk::of("lossy.pcap");
    let ran = tap("lossy.pcap").run().good();
    // A leg is listened to from the notice on, or from one hold-back before the window's end.
    for (leg, side, heard_from) in [(0, &talk.caller, 0), (1, &talk.agent, ms(4_760))] {
        let heard: Vec<&Rtp> = side.iter().filter(|packet| (heard_from..=talk.bye).contains(&packet.at)).collect();
        let mut numbers: Vec<u16> = heard.iter().map(|packet| packet.sequence).collect();
        numbers.sort_unstable();
        let span = usize::from(numbers[numbers.len() - 1] - numbers[0]) + 1;
        numbers.dedup();
        let account = &ran.summary()["legs"][leg];
        assert_eq!(account["lost"], span - numbers.len(), "leg {leg}");
        assert_eq!(account["dropped_by"]["duplicate"], heard.len() - numbers.len(), "leg {leg}");
        assert_eq!(account["dropped"], account["dropped_by"]["duplicate"], "nothing else is dropped");
        assert_eq!(account["pushed"], side.iter().filter(|packet| packet.at <= talk.bye).count());
    }
    assert_eq!(ran.summary()["legs"][0]["lost"], 23, "as the line's program says");
    assert_eq!(ran.summary()["legs"][0]["dropped_by"]["duplicate"], 3);
}

#[test]
fn several_calls_in_a_capture_are_listed_and_none_is_taken_by_chance() {
    let ran = tap("two-calls.pcap").run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    for id in ["1-449@192.0.2.10", "1-493@192.0.2.10"] {
        assert!(ran.stderr.contains(id), "{}", ran.stderr);
    }
    assert!(ran.stderr.contains("--call-id") && ran.stderr.contains("two-calls.pcap"), "{}", ran.stderr);
    assert!(!ran.folder.path().join("recordings").exists());
}

#[test]
fn the_call_that_is_asked_for_is_recorded_though_another_uses_the_same_ssrc() {
    let wire = Wire::of("two-calls.pcap");
    for (id, media, sip) in [("1-449@192.0.2.10", 6_000, 5_060), ("1-493@192.0.2.10", 6_100, 5_062)] {
        let talk = Talk::between(&wire, media..media + 1, sip);
        let tap = bare(&capture("two-calls.pcap")).args(["--entity", "ecommerce-nl", "--notice", "0s..1s"]);
        let ran = tap.args(["--call-id", id]).run().good();
        let recording = ran.recording();
        recording.holds(&talk, ms(4_000), &[]);
        assert_eq!(recording.told["call"], id);
        assert_eq!(recording.told["delete_after_zone"], "Europe/Amsterdam");
    }
}

#[test]
fn a_call_id_that_is_not_in_the_capture_is_an_error_that_says_which_are() {
    let ran = tap("two-calls.pcap").args(["--call-id", "1-450@192.0.2.10"]).run();
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("1-450@192.0.2.10") && ran.stderr.contains("1-493@192.0.2.10"), "{}", ran.stderr);
}

#[test]
fn without_sip_the_streams_are_known_by_their_source_addresses() {
    for (name, caller, agent) in [
        ("kept.pcap", "192.0.2.10:10018", "192.0.2.20:10020"),
        ("ipv6.pcap", "[2001:db8::10]:10048", "[2001:db8::20]:10082"),
    ] {
        let wire = Wire::of(name);
        let (_folder, file) = written(&wire.without(|_, packet| packet.is_sip()));
        let talk = Talk::of(name).until(i64::MAX);
        let tap = bare(&file).args(["--entity", "ecommerce-be", "--notice", "0s..2s"]);
        let ran = whole(tap.args(["--caller", caller, "--agent", agent]).run(), &talk);
        assert_eq!(ran.recording().told["call"], "changed.pcap");
    }
}

#[test]
fn without_sip_a_nine_still_counts() {
    let wire = Wire::of("nine-alone.pcap");
    let (_folder, file) = written(&wire.without(|_, packet| packet.is_sip()));
    let tap = bare(&file).args(["--entity", "ecommerce-be", "--notice", "0s..2s"]);
    let ran = tap.args(["--caller", "192.0.2.10:10066", "--agent", "192.0.2.20:10042"]).run().good();
    ran.nothing_left();
    assert_eq!(ran.reason(), "objected");
}

#[test]
fn without_sip_and_without_addresses_there_is_no_call() {
    let wire = Wire::of("kept.pcap");
    let (_folder, file) = written(&wire.without(|_, packet| packet.is_sip()));
    let ran = bare(&file).args(["--entity", "ecommerce-be", "--notice", "0s..2s"]).run();
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--caller") && ran.stderr.contains("changed.pcap"), "{}", ran.stderr);
}
