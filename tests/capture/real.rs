//! The committed captures of real calls: what their README says is in them is what is found.

use std::path::{Path, PathBuf};

use calltap::capture::{Capture, Side, Streams, Survey};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/captures").join(name)
}

/// Packets of the inviter and of the callee, and the call's length from answer to end in milliseconds.
fn call_in(name: &str, call_id: Option<&str>) -> (usize, usize, u64) {
    let mut capture = Capture::open(&path(name)).expect(name);
    let survey = Survey::of(&mut capture, |_| ()).expect(name);
    assert!(survey.skipped().is_empty(), "{name}: {}", survey.skipped());
    let call = survey.select(call_id).unwrap_or_else(|error| panic!("{error}")).clone();
    let length = call.ended_at_ns.expect(name) - call.answered_at_ns.expect(name);
    let mut streams = Streams::of_call(capture, call).expect(name);
    let mut heard = (0, 0);
    while let Some(packet) = streams.next_packet().expect(name) {
        match packet.side {
            Side::Inviter => heard.0 += 1,
            Side::Callee => heard.1 += 1,
        }
    }
    (heard.0, heard.1, length / 1_000_000)
}

#[test]
fn lost_and_doubled_packets_are_counted_as_they_came() {
    let (caller, agent, _) = call_in("lossy.pcap", None);
    assert_eq!((caller, agent), (751 - 23 + 3, 751 - 21 + 4));
    let (caller, agent, _) = call_in("nine-lossy.pcap", None);
    assert_eq!((caller, agent), (651 - 19 + 3 + 11, 651 - 18 + 4), "with 11 packets of a digit");
}

#[test]
fn one_of_two_calls_is_chosen_by_its_id() {
    let (.., length) = call_in("two-calls.pcap", Some("1-449@192.0.2.10"));
    assert!((6_900..7_100).contains(&length), "{length} ms");
    let mut capture = Capture::open(&path("two-calls.pcap")).expect("a capture");
    let survey = Survey::of(&mut capture, |_| ()).expect("a survey");
    let message = survey.select(None).expect_err("two calls").to_string();
    for id in ["1-449@192.0.2.10", "1-493@192.0.2.10"] {
        assert!(message.contains(&format!("--call-id '{id}'")), "{message}");
    }
}

#[test]
fn every_link_layer_transport_and_format_gives_50_packets_a_second_of_each_side() {
    let names = ["kept.pcap", "kept.pcapng", "cooked.pcap", "cooked-v1.pcap", "rawip.pcap", "ipv6.pcap", "tcp.pcap"];
    for name in names {
        let (caller, agent, length) = call_in(name, None);
        let expected = (length / 20) as usize;
        for count in [caller, agent] {
            assert!(count.abs_diff(expected) <= 5, "{name}: {count} packets in {length} ms");
        }
    }
}
