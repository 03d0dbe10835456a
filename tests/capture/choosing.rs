//! Which call is meant, and what is said when that cannot be told.

use calltap::capture::{CaptureError, Streams};

use crate::scene::{People, Scene, count, request, response, sdp};
use crate::writer::{at, udp};

/// What selecting says when it fails.
fn refused(scene: &Scene, call_id: Option<&str>) -> String {
    scene.survey().select(call_id).expect_err("no call").to_string()
}

#[test]
fn several_calls_are_listed_and_one_is_chosen_by_its_id() {
    let mut scene = Scene::new();
    People::v4().call(&mut scene, "one@192.0.2.1");
    People::v6().call(&mut scene, "two\u{1b}[31m");
    let message = refused(&scene, None);
    assert!(message.starts_with("scene.pcap holds 2 calls; choose one by --call-id:"), "{message}");
    let line =
        "\n  --call-id 'one@192.0.2.1'  at 2023-11-14T22:13:20.000Z  from 192.0.2.1:5060 to 198.51.100.2:5070  5 RTP";
    assert!(message.contains(line), "{message}");
    assert!(message.contains("--call-id 'two\\x1b[31m'  at 2023-11-14T22:13:20.110Z"), "{message}");
    for id in ["one@192.0.2.1", "two\u{1b}[31m", "two\\x1b[31m"] {
        assert_eq!(scene.heard(Some(id)).expect("a call"), (3, 2), "{id}");
    }
    let unknown = refused(&scene, Some("three\n"));
    assert!(unknown.contains("no call with the Call-ID three\\x0a; it holds:") && unknown.contains(line), "{unknown}");
}

#[test]
fn a_call_id_of_any_length_is_kept_short_and_finds_its_call() {
    let people = People::v4();
    let mut scene = Scene::new();
    let id = "x".repeat(5_000);
    people.call(&mut scene, &id);
    let call = scene.survey().select(Some(&id)).expect("a call").clone();
    assert_eq!(call.id.to_string().len(), 256);
}

#[test]
fn no_more_than_a_thousand_calls_are_kept_and_it_is_said() {
    let people = People::v4();
    let mut scene = Scene::new();
    for n in 0..1_005 {
        scene.sip(people.alice, people.bob, &request("INVITE", &format!("id{n}"), 1, ""));
    }
    assert_eq!(scene.survey().calls().len(), 1_000);
    let message = refused(&scene, Some("id1004"));
    assert!(message.contains("and 950 more"), "{message}");
    assert!(message.ends_with("only the first 1000 calls of a capture are kept"), "{message}");
}

#[test]
fn without_signalling_the_streams_are_named_by_their_sources() {
    let people = People::v4();
    let mut scene = Scene::new();
    scene.rtp(people.alice_media, people.bob_media, 0, 3);
    scene.rtp(people.bob_media, people.alice_media, 0, 9);
    let message = refused(&scene, None);
    assert!(message.starts_with("no SIP call found in scene.pcap (12 packets; passed over: none)"), "{message}");
    assert!(message.contains("--caller IP:PORT and --agent IP:PORT"), "{message}");
    assert!(message.contains("\n  from 198.51.100.2:6000 to 192.0.2.1:4000  9 RTP packets\n"), "{message}");
    let survey = scene.survey();
    let sources = survey.sources(people.alice_media, people.bob_media).expect("sources");
    assert_eq!(count(Streams::of_sources(scene.capture(), sources).expect("streams")).expect("packets"), (3, 9));
    let sources = survey.sources(people.bob_media, people.alice_media).expect("sources");
    assert_eq!(count(Streams::of_sources(scene.capture(), sources).expect("streams")).expect("packets"), (9, 3));

    let unknown = survey.sources(people.alice_media, at("192.0.2.1:1")).expect_err("nothing comes from there");
    assert!(unknown.to_string().contains("no RTP packet from 192.0.2.1:1 in scene.pcap"), "{unknown}");
    let same = survey.sources(people.alice_media, people.alice_media).expect_err("one source for both");
    assert!(matches!(same, CaptureError::SameSource { .. }));
}

#[test]
fn an_empty_capture_says_that_there_is_nothing() {
    let message = refused(&Scene::new(), None);
    assert!(message.contains("(0 packets; passed over: none)"), "{message}");
    assert!(message.ends_with("; no RTP stream was seen in it"), "{message}");
}

#[test]
fn sdp_that_names_no_audio_is_said_to_be_the_reason() {
    let people = People::v4();
    for (body, why) in [
        ("v=0\r\ns=-\r\n".to_owned(), "it has no m= line"),
        ("v=0\r\nm=video 4000 RTP/AVP 31\r\n".to_owned(), "it has media, but no audio"),
        ("v=0\r\nm=audio 0 RTP/AVP 0\r\n".to_owned(), "its audio is refused by port 0"),
        ("v=0\r\nm=audio 70000 RTP/AVP 0\r\n".to_owned(), "a line of it cannot be read"),
        ("v=0\r\nc=IN IP4 pbx.example.com\r\nm=audio 4000 RTP/AVP 0\r\n".to_owned(), "it gives no IP address"),
        (String::new(), "none was seen"),
    ] {
        let mut scene = Scene::new();
        scene.sip(people.alice, people.bob, &request("INVITE", "one", 1, &body));
        scene.rtp(people.alice_media, people.bob_media, 8, 1);
        let message = refused(&scene, None);
        assert!(message.starts_with(&format!("the SDP of call one in scene.pcap names no audio ({why}")), "{message}");
        assert!(message.contains("from 192.0.2.1:4000 to 198.51.100.2:6000"), "{message}");
    }
}

#[test]
fn a_call_without_its_audio_says_where_it_should_be() {
    let people = People::v4();
    let mut scene = Scene::new();
    scene.sip(people.alice, people.bob, &request("INVITE", "one", 1, &sdp(people.alice_media)));
    scene.sip(people.bob, people.alice, &response(200, "INVITE", "one", 1, &sdp(people.bob_media)));
    scene.send(udp(people.alice_media, people.bob_media, &[0; 172]));
    let message = refused(&scene, None);
    assert!(message.contains("no RTP packet of call one is in scene.pcap"), "{message}");
    assert!(message.contains("its SDP names 192.0.2.1:4000, 198.51.100.2:6000;"), "{message}");
}

#[test]
fn encrypted_audio_is_refused() {
    let people = People::v4();
    let mut scene = Scene::new();
    let secure = |address| sdp(address).replace("RTP/AVP", "RTP/SAVP");
    scene.sip(people.alice, people.bob, &request("INVITE", "one", 1, &secure(people.alice_media)));
    scene.sip(people.bob, people.alice, &response(200, "INVITE", "one", 1, &secure(people.bob_media)));
    scene.rtp(people.alice_media, people.bob_media, 8, 3);
    assert!(refused(&scene, None).contains("is encrypted (SRTP)"));
}
