//! From captured packets to SIP and RTP: link layers, IP, fragments, TCP.

use calltap::capture::{Capture, Skip, Streams, Survey};

use crate::scene::{People, Scene, count, request, response, sdp};
use crate::writer::{Order, UDP, WRAPS, at, ip, ipv6, pcap, udp, udp_fragments};

#[test]
fn a_call_is_found_on_every_link_layer_and_both_ip_versions() {
    for people in [People::v4(), People::v6()] {
        let mut scene = Scene::new();
        people.call(&mut scene, "one");
        for (name, link, wrap) in WRAPS {
            let packets: Vec<_> = scene.packets.iter().map(|(time, ip)| (*time, wrap(ip))).collect();
            let open = || Capture::from_bytes(name, pcap(Order::Big, false, link, &packets)).expect(name);
            let survey = Survey::of(&mut open(), |_| ()).expect(name);
            let call = survey.select(None).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(count(Streams::of_call(open(), call.clone()).expect(name)).expect(name), (3, 2), "{name}");
            assert!(survey.skipped().is_empty(), "{name}: {}", survey.skipped());
        }
    }
}

#[test]
fn an_invite_in_fragments_is_put_together() {
    for people in [People::v4(), People::v6()] {
        let mut scene = Scene::new();
        let invite = request("INVITE", "one", 1, &(sdp(people.alice_media) + &"a=x-filler:0123456789\r\n".repeat(150)));
        let mut fragments = udp_fragments(people.alice, people.bob, invite.as_bytes(), 1_480, 77);
        assert!(fragments.len() > 2);
        fragments.swap(0, 1);
        // The last one is sent twice, as some networks do.
        fragments.push(fragments.last().expect("fragments").clone());
        let answer = response(200, "INVITE", "one", 1, &sdp(people.bob_media));
        for fragment in fragments.into_iter().chain(udp_fragments(people.bob, people.alice, answer.as_bytes(), 64, 77))
        {
            scene.send(fragment);
        }
        scene.rtp(people.bob_media, people.alice_media, 8, 4);
        assert_eq!(scene.heard(None).expect("a call"), (0, 4));
        assert_eq!(scene.survey().skipped().count(Skip::Fragment), 1, "the one that came again");
    }
}

#[test]
fn ipv6_extension_headers_are_passed_over() {
    let people = People::v6();
    let mut scene = Scene::new();
    people.call(&mut scene, "one");
    for (_, packet) in &mut scene.packets {
        // Hop-by-hop options, destination options, and a fragment header of a datagram that is whole.
        let headers =
            [&[60, 0, 1, 4, 0, 0, 0, 0][..], &[44, 0, 1, 4, 0, 0, 0, 0], &[UDP, 0, 0, 0, 0, 0, 0, 9]].concat();
        let mut whole = ipv6(people.alice.ip(), people.bob.ip(), 0, &[&headers, &packet[40..]].concat());
        whole[8..40].copy_from_slice(&packet[8..40]);
        *packet = whole;
    }
    assert_eq!(scene.heard(None).expect("a call"), (3, 2));
}

#[test]
fn sip_over_tcp_is_read_however_it_is_cut() {
    let people = People::v4();
    let (invite, answer) = (request("INVITE", "one", 1, &sdp(people.alice_media)), sdp(people.bob_media));
    for size in [1, 7, 100, 5_000] {
        let mut scene = Scene::new();
        scene.sip_tcp(people.alice, people.bob, &("\r\n\r\n".to_owned() + &invite), size);
        let both = response(180, "INVITE", "one", 1, "") + &response(200, "INVITE", "one", 1, &answer);
        scene.sip_tcp(people.bob, people.alice, &both, size);
        scene.rtp(people.alice_media, people.bob_media, 8, 5);
        assert_eq!(scene.heard(None).expect("a call"), (5, 0), "in segments of {size}");
    }
}

#[test]
fn what_is_no_use_is_counted_by_kind() {
    let people = People::v4();
    let mut scene = Scene::new();
    people.call(&mut scene, "one");
    let (from, to) = (people.alice_media, people.bob_media);
    let mut cut = udp(from, to, &[0x80; 172]);
    cut.truncate(100);
    scene.send(cut);
    scene.send(ip(from.ip(), to.ip(), 1, b"ping"));
    scene.send(ip(from.ip(), to.ip(), UDP, b"short"));
    scene.send(vec![0x75; 40]);
    scene.send(Vec::new());
    scene.sip(people.alice, people.bob, "INVITE sip:bob@example.com SIP/2.0\r\n\r\n");
    scene.sip(people.alice, people.bob, &request("INVITE", "one", 1, "v=0\r\nm=audio x RTP/AVP 0\r\n"));
    let skipped = scene.survey().skipped().clone();
    for (why, expected) in [
        (Skip::Cut, 1),
        (Skip::OtherTransport, 1),
        (Skip::BadTransport, 1),
        (Skip::BadIp, 2),
        (Skip::BadSip, 1),
        (Skip::BadSdp, 1),
    ] {
        assert_eq!(skipped.count(why), expected, "{why:?} of {skipped}");
    }
    assert_eq!(skipped.iter().map(|(_, count)| count).sum::<u64>(), 7, "and nothing else: {skipped}");
}

#[test]
fn rtcp_and_other_traffic_on_the_media_ports_is_left_out() {
    let people = People::v4();
    let mut scene = Scene::new();
    people.call(&mut scene, "one");
    let bye = scene.packets.split_off(9);
    for payload in [&[0x80, 200, 0, 6, 0, 0, 0, 0][..], &[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42], b"\0", b""] {
        scene.send(udp(people.alice_media, people.bob_media, payload));
    }
    // Not this call's, whatever it is.
    scene.send(udp(at("203.0.113.9:9"), at("203.0.113.9:10"), b"x"));
    scene.packets.extend(bye);
    let call = scene.survey().select(None).expect("a call").clone();
    let mut streams = Streams::of_call(scene.capture(), call).expect("streams");
    while streams.next_packet().expect("a packet").is_some() {}
    let skipped = streams.skipped();
    assert_eq!((skipped.count(Skip::Rtcp), skipped.count(Skip::NotRtp)), (1, 3));
    assert_eq!(streams.position(), streams.size());
}
