//! Keys that the sides of a call send by SIP INFO.

use calltap::capture::{Call, KeyedDigit, Side, Skip, Survey};
use calltap::consent::Digit;
use proptest::prelude::*;

use crate::scene::{
    BEGIN, People, STEP, Scene, info, info_of_bob, request, request_again, response, response_to_bob, sdp,
};
use crate::writer::at;

const RELAY: &str = "application/dtmf-relay";
const BARE: &str = "application/dtmf";

/// A call of Alice's to Bob that was answered, in two packets.
fn answered() -> (People, Scene) {
    let people = People::v4();
    let mut scene = Scene::new();
    scene.sip(people.alice, people.bob, &request("INVITE", "one", 1, &sdp(people.alice_media)));
    scene.sip(people.bob, people.alice, &response(200, "INVITE", "one", 1, &sdp(people.bob_media)));
    (people, scene)
}

fn call(scene: &Scene) -> Call {
    let survey = scene.survey();
    let [call] = survey.calls() else { panic!("one call") };
    call.clone()
}

/// The key printed as `printed`, told by packet `packet` of the scene, numbered from 0.
fn keyed(packet: u64, side: Side, printed: char) -> KeyedDigit {
    KeyedDigit { at_ns: BEGIN + packet * STEP, side, digit: Digit::from_char(printed).expect("a key") }
}

#[test]
fn keys_of_both_sides_are_told_over_udp_and_tcp() {
    let (people, mut scene) = answered();
    scene.sip(people.alice, people.bob, &info("one", 2, RELAY, "Signal=9\r\nDuration=160\r\n"));
    scene.sip(people.bob, people.alice, &response(200, "INFO", "one", 2, ""));
    scene.sip(people.bob, people.alice, &info_of_bob("one", 2, BARE, "4"));
    scene.sip(people.alice, people.bob, &response_to_bob(200, "INFO", "one", 2, ""));
    let over_tcp = info("one", 3, RELAY, "Signal= *\r\nDuration= 250\r\n");
    scene.sip_tcp(people.alice, people.bob, &over_tcp, 50);
    // It is known when its last segment is.
    let last = 5 + over_tcp.len().div_ceil(50) as u64;
    let expected = [keyed(2, Side::Inviter, '9'), keyed(4, Side::Callee, '4'), keyed(last, Side::Inviter, '*')];
    assert_eq!(call(&scene).digits, expected);
    assert!(scene.survey().skipped().is_empty());
}

#[test]
fn a_key_that_is_told_again_is_the_same_press() {
    let (people, mut scene) = answered();
    let proxy = at("203.0.113.5:5060");
    let nine = info("one", 2, RELAY, "Signal=9\r\nDuration=160\r\n");
    // Sent three times, and once more by a proxy with another Via.
    for _ in 0..3 {
        scene.sip(people.alice, proxy, &nine);
    }
    scene.sip(proxy, people.bob, &nine.replace("SIP/2.0/UDP 192.0.2.1", "SIP/2.0/UDP 203.0.113.5"));
    // The next press, the other side's request of that number, and the first again.
    scene.sip(people.alice, people.bob, &info("one", 3, RELAY, "Signal=9\r\nDuration=160\r\n"));
    scene.sip(people.bob, people.alice, &info_of_bob("one", 2, RELAY, "Signal=9\r\nDuration=160\r\n"));
    scene.sip(people.alice, people.bob, &nine);
    let expected = [keyed(2, Side::Inviter, '9'), keyed(6, Side::Inviter, '9'), keyed(7, Side::Callee, '9')];
    assert_eq!(call(&scene).digits, expected);
}

#[test]
fn another_key_is_another_press_though_its_number_was_used_before() {
    let (people, mut scene) = answered();
    for key in ["4", "9", "4"] {
        scene.sip(people.alice, people.bob, &info("one", 2, BARE, key));
    }
    assert_eq!(call(&scene).digits, [keyed(2, Side::Inviter, '4'), keyed(3, Side::Inviter, '9')]);
}

#[test]
fn only_an_info_of_a_call_tells_a_key() {
    let people = People::v4();
    let mut early = Scene::new();
    early.sip(people.alice, people.bob, &info("one", 1, BARE, "9"));
    early.sip(people.alice, people.bob, &request("INVITE", "one", 2, &sdp(people.alice_media)));
    assert_eq!(call(&early).digits, [], "before the call");

    let (people, mut scene) = answered();
    scene.sip(people.alice, people.bob, &info("two", 2, BARE, "9"));
    for method in ["MESSAGE", "NOTIFY", "UPDATE", "Info"] {
        scene.sip(people.alice, people.bob, &request_again(method, "one", 2, "9").replace("application/sdp", BARE));
    }
    scene.sip(people.bob, people.alice, &response(200, "INFO", "one", 3, "9").replace("application/sdp", BARE));
    for (kind, body) in [("text/plain", "9"), ("application/sdp", "9"), (BARE, ""), (BARE, "99"), (RELAY, "Signal=")] {
        scene.sip(people.alice, people.bob, &info("one", 4, kind, body));
    }
    assert_eq!(call(&scene).digits, []);
}

#[test]
fn no_more_than_a_thousand_keys_are_kept_and_a_nine_is_kept_before_others() {
    let (people, mut scene) = answered();
    let key = |cseq: u32, printed: &str| info("one", cseq, BARE, printed);
    for cseq in 2..1_202 {
        scene.sip(people.alice, people.bob, &key(cseq, "4"));
    }
    let full = call(&scene);
    assert_eq!((full.digits.len(), full.digits[999]), (1_000, keyed(1_001, Side::Inviter, '4')));
    assert_eq!(scene.survey().skipped().count(Skip::OverLimit), 200);
    scene.sip(people.alice, people.bob, &key(1_300, "9"));
    scene.sip(people.alice, people.bob, &key(1_300, "9"));
    let nine = call(&scene);
    assert_eq!((nine.digits.len(), nine.digits[999]), (1_000, keyed(1_202, Side::Inviter, '9')));
    assert_eq!(nine.digits[..999], full.digits[..999]);
    assert_eq!(scene.survey().skipped().count(Skip::OverLimit), 201);
    for cseq in 2_000..3_100 {
        scene.sip(people.alice, people.bob, &key(cseq, "9"));
    }
    let nines = call(&scene);
    assert_eq!(nines.digits.len(), 1_000);
    assert!(nines.digits.iter().all(|keyed| keyed.digit == Digit::NINE));
    assert_eq!(nines.digits[0], nine.digits[999], "the earliest is kept");
}

#[test]
fn what_is_shown_of_a_call_tells_no_key() {
    let shown = |key: &str| {
        let (people, mut scene) = answered();
        scene.sip(people.alice, people.bob, &info("one", 2, BARE, key));
        format!("{:?}", call(&scene))
    };
    assert_eq!(shown("9"), shown("4"));
    assert!(shown("9").contains("redacted"));
}

#[test]
fn a_call_says_whether_telephone_events_were_named() {
    let people = People::v4();
    let without = |text: String| text.replace("telephone-event", "x-unknown-thing");
    let offer = request("INVITE", "one", 1, &sdp(people.alice_media));
    let answer = response(200, "INVITE", "one", 1, &sdp(people.bob_media));
    for (offer, answer, named) in [
        (offer.clone(), answer.clone(), true),
        (offer.clone(), without(answer.clone()), true),
        (without(offer.clone()), answer.clone(), true),
        (without(offer), without(answer), false),
    ] {
        let mut scene = Scene::new();
        scene.sip(people.alice, people.bob, &offer);
        scene.sip(people.bob, people.alice, &answer);
        assert_eq!(call(&scene).names_telephone_events(), named, "{offer}{answer}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bodies_tell_a_key_or_none(
        words in prop::collection::vec(
            prop_oneof![
                Just("Signal".to_owned()), Just("=".to_owned()), Just("9".to_owned()), Just("\r\n".to_owned()),
                Just("Duration=160".to_owned()), Just(" ".to_owned()), Just("--b".to_owned()),
                Just("Content-Type: application/dtmf\r\n\r\n".to_owned()), "\\PC{0,5}"
            ],
            0..20,
        )
    ) {
        let (people, mut scene) = answered();
        for (cseq, kind) in (2..).zip([RELAY, BARE, "multipart/mixed;boundary=b"]) {
            scene.sip(people.alice, people.bob, &info("one", cseq, kind, &words.concat()));
        }
        let survey = Survey::of(&mut scene.capture(), |_| ()).expect("a survey");
        prop_assert!(survey.calls()[0].digits.len() <= 3);
    }
}
