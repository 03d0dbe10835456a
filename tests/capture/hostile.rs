//! Captures made to do harm: whatever is in them, reading ends in calls or in an error, never in a panic.

use calltap::capture::{Capture, CaptureError, Streams, Survey};
use proptest::prelude::*;

use crate::scene::{People, Scene, info, request, sdp};
use crate::writer::{Order, PcapNg, pcap, tcp, udp_fragments};

/// Reads all there is: the survey, each call's streams, and each call's words.
fn read_all(file: &[u8]) -> Result<usize, CaptureError> {
    let open = || Capture::from_bytes("hostile", file.to_vec());
    let survey = Survey::of(&mut open()?, |_| ())?;
    let _ = survey.select(None).map_err(|error| error.to_string());
    let mut packets = 0;
    for call in survey.calls() {
        let mut streams = Streams::of_call(open()?, call.clone())?;
        while let Some(packet) = streams.next_packet()? {
            packets += 1;
            let _ = call.payload_type(packet.side, packet.payload[1] & 0x7f, packet.time_ns);
        }
    }
    if let [first, .., last] = &survey.streams().0[..]
        && let Ok(sources) = survey.sources(first.from, last.from)
    {
        let mut streams = Streams::of_sources(open()?, sources)?;
        while streams.next_packet()?.is_some() {}
    }
    Ok(packets)
}

/// A small call with everything in it: fragments, TCP, RTP, and a key.
fn small() -> Scene {
    let people = People::v4();
    let mut scene = Scene::new();
    people.call(&mut scene, "one");
    scene.sip(people.alice, people.bob, &info("one", 2, "application/dtmf-relay", "Signal=9\r\nDuration=160\r\n"));
    let update = request("UPDATE", "one", 3, &sdp(people.alice_media));
    udp_fragments(people.alice, people.bob, update.as_bytes(), 256, 1).into_iter().for_each(|part| scene.send(part));
    scene.send(tcp(people.alice, people.bob, 1, 16, request("INVITE", "two", 1, &sdp(people.bob_media)).as_bytes()));
    scene
}

fn small_pcapng() -> Vec<u8> {
    let mut file = PcapNg::new(Order::Little);
    file.interface(101, 0, &[(9, &[9])]);
    small().packets.iter().for_each(|(time, bytes)| file.enhanced(0, *time, bytes));
    file.simple(4, b"last");
    file.file
}

#[test]
fn a_capture_cut_at_any_byte_is_read_or_refused() {
    for (name, file) in [("pcap", small().file()), ("pcapng", small_pcapng())] {
        assert!(read_all(&file).is_ok(), "{name}");
        let mut whole = 0;
        for length in 0..file.len() {
            match read_all(&file[..length]) {
                Ok(_) => whole += 1,
                Err(CaptureError::Truncated { offset, .. }) => assert!(offset <= length as u64),
                Err(CaptureError::NotACapture { .. }) => assert!(length < 4, "{name} of {length} bytes"),
                Err(error) => panic!("{name} cut to {length} bytes: {error}"),
            }
        }
        assert!(whole < 40, "only between two packets: {whole} times");
    }
}

#[test]
fn a_number_that_lies_does_no_harm() {
    for file in [small().file(), small_pcapng()] {
        for lie in [0, 0x7f, 0xff] {
            for at in (0..file.len()).step_by(7) {
                let mut file = file.clone();
                let end = file.len().min(at + 4);
                file[at..end].fill(lie);
                let _ = read_all(&file);
            }
        }
    }
}

#[test]
fn a_packet_cut_at_any_byte_is_passed_over() {
    let scene = small();
    for (n, (_, packet)) in scene.packets.iter().enumerate() {
        for length in 0..packet.len() {
            let mut packets = scene.packets.clone();
            packets[n].1.truncate(length);
            read_all(&pcap(Order::Big, true, 101, &packets)).expect("a capture that is whole");
        }
    }
}

#[test]
fn every_packet_of_a_strange_link_type_is_passed_over() {
    for link in (0..300).chain([u16::MAX]) {
        read_all(&pcap(Order::Big, true, link, &small().packets)).expect("a capture that is whole");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read_all(&bytes);
        for (link, head) in [(1, &b"\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\x45"[..]), (101, b"\x45"), (101, b"\x60"), (113, b"")] {
            let packets = [(1, [head, &bytes].concat()), (2, bytes.clone())];
            prop_assert!(read_all(&pcap(Order::Little, false, link, &packets)).is_ok());
        }
    }

    #[test]
    fn random_words_in_the_signalling_are_read_or_passed_over(
        words in prop::collection::vec(
            prop_oneof![
                Just("\r\n".to_owned()), Just("\r\n\r\n".to_owned()), Just(" ".to_owned()), Just(";tag=".to_owned()),
                Just("Call-ID: x".to_owned()), Just("CSeq: 1 INVITE".to_owned()), Just("Content-Length: 99999".to_owned()),
                Just("From: \"<".to_owned()), Just("m=audio 4 RTP/AVP 0".to_owned()), Just("c=IN IP6 ::1/9".to_owned()),
                Just("a=rtpmap:0 x/1/999".to_owned()), Just("c: multipart/x;boundary=\"".to_owned()), Just("--".to_owned()),
                "\\PC{0,9}"
            ],
            0..30,
        )
    ) {
        let people = People::v4();
        let text = format!("INVITE sip:x SIP/2.0\r\n{}", words.concat());
        let mut scene = Scene::new();
        scene.sip(people.alice, people.bob, &text);
        scene.sip_tcp(people.alice, people.bob, &text, 50);
        prop_assert!(read_all(&scene.file()).is_ok());
    }
}
