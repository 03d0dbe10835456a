//! What the signalling of a call says about its sides, its times and its audio.

use calltap::capture::{Side, Skip};

use crate::scene::{
    BEGIN, People, STEP, Scene, request, request_again, request_of_bob, response, response_to_bob, sdp,
};
use crate::writer::at;

#[test]
fn a_call_tells_its_sides_and_times() {
    let people = People::v4();
    let mut scene = Scene::new();
    people.call(&mut scene, "one@192.0.2.1");
    let call = scene.survey().select(None).expect("a call").clone();
    assert!(call.id.is("one@192.0.2.1"));
    assert_eq!((call.from, call.to), (people.alice, people.bob));
    assert_eq!(call.invited_at_ns, BEGIN);
    assert_eq!(call.answered_at_ns, Some(BEGIN + 2 * STEP));
    assert_eq!(call.ended_at_ns, Some(BEGIN + 9 * STEP));
    assert_eq!(call.inviter.addresses(), [(people.alice_media, BEGIN)]);
    assert_eq!(call.callee.addresses(), [(people.bob_media, BEGIN + 2 * STEP)]);
    assert_eq!(call.rtp_packets, 5);
    let event = call.payload_type(Side::Inviter, 96, scene.now()).expect("a payload type");
    assert_eq!((event.name.as_str(), event.rate, event.channels), ("telephone-event", 8_000, 1));
}

#[test]
fn early_media_belongs_to_the_call() {
    let people = People::v4();
    let mut scene = Scene::new();
    scene.sip(people.alice, people.bob, &request("INVITE", "one", 1, &sdp(people.alice_media)));
    scene.rtp(people.alice_media, people.bob_media, 8, 1);
    scene.sip(people.bob, people.alice, &response(183, "INVITE", "one", 1, &sdp(people.bob_media)));
    scene.rtp(people.bob_media, people.alice_media, 8, 6);
    scene.rtp(people.alice_media, people.bob_media, 8, 2);
    assert_eq!(scene.heard(None).expect("a call"), (2, 6), "but what came before its address was named");
    assert_eq!(scene.survey().calls()[0].answered_at_ns, None);
}

#[test]
fn a_delayed_offer_is_answered_in_the_ack_or_prack() {
    let people = People::v4();
    for (answering, status) in [("ACK", 200), ("PRACK", 183)] {
        let mut scene = Scene::new();
        scene.sip(people.alice, people.bob, &request("INVITE", "one", 1, ""));
        scene.sip(people.bob, people.alice, &response(status, "INVITE", "one", 1, &sdp(people.bob_media)));
        scene.sip(people.alice, people.bob, &request(answering, "one", 2, &sdp(people.alice_media)));
        scene.rtp(people.alice_media, people.bob_media, 8, 3);
        scene.rtp(people.bob_media, people.alice_media, 8, 2);
        assert_eq!(scene.heard(None).expect("a call"), (3, 2), "{answering}");
        let call = scene.survey().calls()[0].clone();
        assert_eq!(call.inviter.addresses(), [(people.alice_media, BEGIN + 2 * STEP)], "{answering}");
    }
}

#[test]
fn a_stream_that_moves_is_followed_whoever_moves_it() {
    let people = People::v4();
    let (alice_new, bob_new, bob_newer) = (at("192.0.2.1:4444"), at("198.51.100.77:6666"), at("198.51.100.2:6868"));
    let mut scene = Scene::new();
    people.call(&mut scene, "one");
    scene.packets.truncate(9);
    // Bob moves by INVITE, Alice answers from a new port; then Bob moves by UPDATE.
    scene.sip(people.bob, people.alice, &request_of_bob("INVITE", "one", 7, &sdp(bob_new)));
    scene.sip(people.alice, people.bob, &response_to_bob(200, "INVITE", "one", 7, &sdp(alice_new)));
    scene.rtp(people.alice_media, people.bob_media, 8, 1);
    scene.rtp(alice_new, bob_new, 8, 10);
    scene.rtp(bob_new, alice_new, 8, 20);
    scene.sip(people.bob, people.alice, &request_of_bob("UPDATE", "one", 8, &sdp(bob_newer)));
    scene.sip(people.alice, people.bob, &response_to_bob(200, "UPDATE", "one", 8, &sdp(alice_new)));
    scene.rtp(alice_new, bob_newer, 8, 100);
    // A refused offer of Alice's changes nothing.
    scene.sip(people.alice, people.bob, &request_again("INVITE", "one", 9, &sdp(alice_new)));
    scene.sip(people.bob, people.alice, &response(488, "INVITE", "one", 9, ""));
    scene.rtp(bob_newer, alice_new, 8, 200);
    assert_eq!(scene.heard(None).expect("a call"), (3 + 1 + 10 + 100, 2 + 20 + 200));
    let call = scene.survey().calls()[0].clone();
    assert_eq!(call.ended_at_ns, None);
    assert_eq!(call.answered_at_ns, Some(BEGIN + 2 * STEP));
}

#[test]
fn an_inviter_that_tries_again_under_another_tag_is_the_inviter_still() {
    let people = People::v4();
    let mut scene = Scene::new();
    let renamed = |message: String| message.replace("tag=alice", "tag=alice-again");
    scene.sip(people.alice, people.bob, &request("INVITE", "one", 1, &sdp(people.alice_media)));
    scene.sip(people.bob, people.alice, &response(407, "INVITE", "one", 1, ""));
    scene.sip(people.alice, people.bob, &renamed(request("INVITE", "one", 2, &sdp(people.alice_media))));
    scene.sip(people.bob, people.alice, &renamed(response(200, "INVITE", "one", 2, &sdp(people.bob_media))));
    let call = scene.survey().calls()[0].clone();
    assert_eq!(call.inviter.addresses(), [(people.alice_media, BEGIN)]);
    assert_eq!(call.callee.addresses(), [(people.bob_media, BEGIN + 3 * STEP)]);
    assert_eq!(call.answered_at_ns, Some(BEGIN + 3 * STEP));
}

#[test]
fn a_call_through_proxies_is_one_call_with_the_right_sides() {
    let people = People::v4();
    let (proxy_in, proxy_out) = (at("203.0.113.5:5060"), at("203.0.113.5:5061"));
    let mut scene = Scene::new();
    for (from, to) in [(people.alice, proxy_in), (proxy_out, people.bob)] {
        scene.sip(from, to, &request("INVITE", "one", 1, &sdp(people.alice_media)));
    }
    for (from, to) in [(people.bob, proxy_out), (proxy_in, people.alice)] {
        scene.sip(from, to, &response(200, "INVITE", "one", 1, &sdp(people.bob_media)));
    }
    scene.rtp(people.alice_media, people.bob_media, 8, 3);
    for (from, to) in [(people.bob, proxy_out), (proxy_in, people.alice)] {
        scene.sip(from, to, &request_of_bob("INVITE", "one", 5, &sdp(at("198.51.100.2:7000"))));
    }
    scene.rtp(people.alice_media, at("198.51.100.2:7000"), 8, 10);
    scene.rtp(people.bob_media, people.alice_media, 8, 2);
    assert_eq!(scene.heard(None).expect("one call"), (13, 2));
    assert_eq!(scene.survey().calls()[0].from, people.alice);
}

#[test]
fn compact_folded_and_multipart_messages_are_understood() {
    let people = People::v4();
    let mut scene = Scene::new();
    let part = sdp(people.alice_media);
    let body = format!("--b\r\nContent-Type: text/x\r\n\r\nx\r\n--b\r\nc: application/sdp\r\n\r\n{part}\r\n--b--\r\n");
    let invite = format!(
        "INVITE sip:bob@example.com SIP/2.0\nv: SIP/2.0/UDP x\nf: \"A;tag=x <y>\"\n <sip:a@example.com>\n ;tag=alice\n\
         t: <sip:bob@example.com>\ni:one\nCseq:\t1\n\tINVITE\nc: multipart/mixed\n ;boundary=b\nl: {}\n\n{body}",
        body.len()
    );
    scene.sip(people.alice, people.bob, &invite);
    let answer = response(200, "INVITE", "one", 1, &sdp(people.bob_media)).replace("Content-Length", "X-Length");
    scene.sip(people.bob, people.alice, &answer);
    scene.rtp(people.alice_media, people.bob_media, 8, 3);
    scene.rtp(people.bob_media, people.alice_media, 8, 2);
    assert_eq!(scene.heard(None).expect("a call"), (3, 2));
}

#[test]
fn both_sides_may_be_on_one_host() {
    let mut people = People::v4();
    people.bob = at("192.0.2.1:5070");
    people.bob_media = at("192.0.2.1:4002");
    let mut scene = Scene::new();
    people.call(&mut scene, "one");
    assert_eq!(scene.heard(None).expect("a call"), (3, 2));
}

#[test]
fn one_relay_address_for_both_sides_is_told_by_the_source() {
    let people = People::v4();
    let relay = at("203.0.113.5:9000");
    let mut scene = Scene::new();
    // Each hop's description is seen: what the sides wrote, and what the relay made of it.
    for address in [people.alice_media, relay] {
        scene.sip(people.alice, people.bob, &request("INVITE", "one", 1, &sdp(address)));
    }
    for address in [people.bob_media, relay] {
        scene.sip(people.bob, people.alice, &response(200, "INVITE", "one", 1, &sdp(address)));
    }
    scene.rtp(people.alice_media, relay, 8, 3);
    scene.rtp(people.bob_media, relay, 8, 2);
    scene.rtp(at("203.0.113.99:1"), relay, 8, 7);
    assert_eq!(scene.heard(None).expect("a call"), (3, 2));
    assert_eq!(scene.survey().skipped().count(Skip::Ambiguous), 7, "nobody guesses");
}

#[test]
fn a_side_behind_address_translation_is_known_by_its_peers_source() {
    let people = People::v4();
    let translated = at("203.0.113.77:31000");
    let mut scene = Scene::new();
    scene.sip(people.alice, people.bob, &request("INVITE", "one", 1, &sdp(at("10.0.0.1:4000"))));
    scene.sip(people.bob, people.alice, &response(200, "INVITE", "one", 1, &sdp(people.bob_media)));
    scene.rtp(translated, people.bob_media, 8, 3);
    scene.rtp(people.bob_media, translated, 8, 2);
    assert_eq!(scene.heard(None).expect("a call"), (3, 2));
}

#[test]
fn a_copy_of_a_stream_to_an_address_nobody_named_is_left_out() {
    let people = People::v4();
    let mut scene = Scene::new();
    people.call(&mut scene, "one");
    let bye = scene.packets.split_off(9);
    scene.rtp(people.bob_media, at("203.0.113.77:31000"), 8, 50);
    scene.packets.extend(bye);
    assert_eq!(scene.heard(None).expect("a call"), (3, 2));
}

#[test]
fn the_end_of_a_call_is_what_ended_it() {
    let people = People::v4();
    let end = |tell: &dyn Fn(&mut Scene)| {
        let mut scene = Scene::new();
        scene.sip(people.alice, people.bob, &request("INVITE", "one", 1, &sdp(people.alice_media)));
        tell(&mut scene);
        let call = scene.survey().calls()[0].clone();
        let step = |at_ns: Option<u64>| at_ns.map(|at_ns| (at_ns - BEGIN) / STEP);
        (step(call.answered_at_ns), step(call.ended_at_ns))
    };
    let answer = |status, cseq| response(status, "INVITE", "one", cseq, "");
    let busy = end(&|scene| scene.sip(people.bob, people.alice, &answer(486, 1)));
    assert_eq!(busy, (None, Some(1)));
    let trying_again = end(&|scene| {
        scene.sip(people.bob, people.alice, &answer(407, 1));
        scene.sip(people.alice, people.bob, &request("INVITE", "one", 2, &sdp(people.alice_media)));
        scene.sip(people.bob, people.alice, &answer(407, 1));
    });
    assert_eq!(trying_again, (None, None), "the first attempt's answer came once more");
    let cancelled = end(&|scene| {
        scene.sip(people.alice, people.bob, &request("CANCEL", "one", 1, ""));
        scene.sip(people.bob, people.alice, &answer(487, 1));
    });
    assert_eq!(cancelled, (None, Some(1)));
    let crossed = end(&|scene| {
        scene.sip(people.alice, people.bob, &request("CANCEL", "one", 1, ""));
        scene.sip(people.bob, people.alice, &answer(200, 1));
    });
    assert_eq!(crossed, (Some(2), None));
    let authenticated = end(&|scene| {
        scene.sip(people.bob, people.alice, &answer(407, 1));
        scene.sip(people.alice, people.bob, &request("INVITE", "one", 2, &sdp(people.alice_media)));
        scene.sip(people.bob, people.alice, &answer(407, 1));
        scene.sip(people.bob, people.alice, &answer(200, 2));
        scene.sip(people.alice, people.bob, &request("BYE", "one", 3, ""));
        scene.sip(people.bob, people.alice, &response(407, "BYE", "one", 3, ""));
        scene.sip(people.alice, people.bob, &request("BYE", "one", 4, ""));
        scene.sip(people.alice, people.bob, &request("BYE", "one", 4, ""));
    });
    assert_eq!(authenticated, (Some(4), Some(7)));
}

#[test]
fn ports_used_again_by_the_next_call_are_the_next_calls() {
    let people = People::v4();
    let mut scene = Scene::new();
    people.call(&mut scene, "first");
    // Two seconds pass.
    let quiet = People::v6();
    for _ in 0..200 {
        scene.sip(quiet.alice, quiet.bob, "OPTIONS sip:x SIP/2.0\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\n\r\n");
    }
    people.call(&mut scene, "second");
    scene.rtp(people.bob_media, people.alice_media, 8, 30);
    assert_eq!(scene.heard(Some("first")).expect("a call"), (3, 2));
    assert_eq!(scene.heard(Some("second")).expect("a call"), (3, 32), "and what was on its way");
}
