//! What is said about a recording, beside it.

use std::fs;

use calltap::sink::wav::WavEncoding;
use calltap::sink::{GapCause, Mark, Outcome, Sink};
use calltap::time::{CallTime, Interval};
use serde_json::json;

use super::support::*;

#[test]
fn everything_that_is_known_stands_in_the_description() {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    call.linear(CALLER, 0, &[7; 160]);
    call.linear(AGENT, 0, &[7; 80]);
    let at = |millis| CallTime::from_millis(millis);
    let stretch = |from, to| Interval { from: at(from), to: at(to) };
    // What is before the permission is nobody's business; what goes on is one gap.
    call.sink.gap(CALLER, GapCause::Lost, stretch(8_000, 9_040)).expect("noted");
    call.sink.gap(AGENT, GapCause::Silent, stretch(9_020, 9_040)).expect("noted");
    call.sink.gap(CALLER, GapCause::Lost, stretch(9_040, 9_060)).expect("noted");
    call.sink.gap(CALLER, GapCause::Lost, stretch(8_000, 9_000)).expect("nothing of it");
    call.sink.mark(Mark::Pause, at(10_000)).expect("noted");
    call.sink.mark(Mark::Resume, at(15_250)).expect("noted");

    let begun = call.json();
    assert_eq!(begun["state"], "recording");
    assert_eq!(begun["permitted"], json!([{"from": 9.0, "to": null}]));
    assert_eq!((&begun["ended"], &begun["reasons"]), (&json!(null), &json!({"permitted": "allowed", "ended": null})));

    call.close();
    let ledger = |leg| {
        json!({
            "leg": leg, "pushed": 12, "delivered": 7, "masked": 0, "withheld": 2, "purged": 0, "in_flight": 0,
            "lost": 3, "erased": 0,
            "dropped": {"full": 1, "size": 0, "format": 0, "duplicate": 0, "late": 2, "queue": 0, "sink": 0, "sum": 3},
        })
    };
    let expected = json!({
        "schema": 1,
        "state": "complete",
        "output": "01944f2c-5c00-7000-8000-0000000000aa",
        "file": format!("{STEM}.wav"),
        "call": "a84b4c76e66710@pbx.example",
        "entity": "ecommerce-be",
        "controller": "Ingenico e-Commerce Solutions BV/SRL",
        "country": "BE",
        "service": "customer-care",
        "language": "fr",
        "tap": "record",
        "purposes": ["quality", "evidence"],
        "policy_hash": "ab".repeat(32),
        "legal_basis": ["Regulation (EU) 2016/679, article 6(1)(f)"],
        "notice": {"language": "fr", "from": 0.0, "to": 6.0, "window_end": 9.0},
        "reasons": {"permitted": "allowed", "ended": "ended"},
        "started": "2026-01-31T09:30:00Z",
        "ended": "2026-01-31T09:30:20.5Z",
        "permitted": [{"from": 9.0, "to": 20.5}],
        "delete_after": "2026-02-28T10:30:00+01:00",
        "delete_after_zone": "Europe/Brussels",
        "rate": 8_000,
        "channels": 2,
        "encoding": "pcm16",
        "encoding_wanted": "pcm16",
        "encoding_why": null,
        "offset_samples": 72_000,
        "samples": 160,
        "legs": [
            {"leg": 0, "role": "caller", "channel": "left", "formats": ["L16/8000"], "frames": 1, "samples": 160,
             "late_frames": 0, "doubled_samples": 0},
            {"leg": 1, "role": "agent", "channel": "right", "formats": ["L16/8000"], "frames": 1, "samples": 80,
             "late_frames": 0, "doubled_samples": 0},
        ],
        "gaps": [
            {"leg": 0, "cause": "lost", "from": 9.0, "to": 9.06},
            {"leg": 1, "cause": "silent", "from": 9.02, "to": 9.04},
        ],
        "gaps_unlisted": 0,
        "marks": [{"mark": "pause", "at": 10.0}, {"mark": "resume", "at": 15.25}],
        "marks_unlisted": 0,
        "ledger": [ledger(0), ledger(1)],
    });
    assert_eq!(call.json(), expected);
}

#[test]
fn text_from_the_wire_is_cut_and_never_raw() {
    let mut call = Call::unopened(WavEncoding::Pcm);
    let mut description = description(&[L16]);
    let wire = "\u{1b}]0;\u{7}\r\n\0\"\\</script>\u{7f}\u{85}\u{9b}\u{202e}\u{2028}\u{feff}é☎";
    description.call = wire.into();
    description.entity = "é".repeat(5_000);
    call.sink.open(&permit(), &description).expect("opened");
    let text = fs::read_to_string(call.path("json")).expect("UTF-8");
    let raw = |char: char| char != '\n' && char.is_control() || "\u{202e}\u{2028}\u{feff}".contains(char);
    assert!(!text.contains(raw), "{text:?}");
    assert_eq!(call.json()["call"], wire, "nothing of it is lost");
    assert_eq!(call.json()["entity"], "é".repeat(256));

    let mut call = Call::unopened(WavEncoding::Pcm);
    description.call = "☎".repeat(1_000_000);
    call.sink.open(&permit(), &description).expect("opened");
    assert_eq!(call.json()["call"], "☎".repeat(128));
}

#[test]
fn how_it_ended_stands_in_the_description() {
    for (outcome, state) in
        [(Outcome::Complete, "complete"), (Outcome::Truncated, "truncated"), (Outcome::Failed, "failed")]
    {
        let mut call = Call::of(L16, WavEncoding::Pcm);
        call.sink.close(&closing(outcome)).expect("closed");
        assert_eq!(call.json()["state"], state);
        assert_eq!(call.json()["samples"], 0);
        assert_eq!(channels(&call.path("wav")), (vec![], vec![]));
    }
}

#[test]
fn the_lists_of_a_description_end_somewhere() {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    for second in 0..5_000 {
        let from = CallTime::from_millis(10_000 + second * 1_000);
        let to = CallTime::from_millis(10_500 + second * 1_000);
        call.sink.gap(CALLER, GapCause::Lost, Interval { from, to }).expect("noted");
        call.sink.mark(Mark::Pause, from).expect("noted");
    }
    call.close();
    let json = call.json();
    let length = |key: &str| json[key].as_array().expect("a list").len();
    assert_eq!((length("gaps"), &json["gaps_unlisted"]), (4_096, &json!(904)));
    assert_eq!((length("marks"), &json["marks_unlisted"]), (1_024, &json!(3_976)));
}

#[test]
fn debug_says_nothing_about_the_call() {
    let call = Call::of(L16, WavEncoding::Pcm);
    let shown = format!("{:?}", call.sink);
    assert!(shown.contains("open") && !shown.contains("a84b4c76e66710"), "{shown}");
}
