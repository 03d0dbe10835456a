//! The caller's 9, where it refuses: in the notice, in the window, alone in the middle. And a withdrawal.

use super::recording::{Recording, ms, nanos};
use super::run::{Ran, bare, tap};
use super::speech::{EVENT, Rtp, Talk};
use super::wire::capture;

/// The captures in which a 9 is keyed after the window.
const IN_THE_MIDDLE: [&str; 2] = ["nine-alone.pcap", "nine-lossy.pcap"];

/// The place of the first digit a side keys.
fn first_digit(side: &[Rtp]) -> i64 {
    side.iter().find(|packet| packet.payload_type == EVENT).expect("a digit").place
}

/// The caller refused: nothing is left, and it is said from when.
fn objected(ran: &Ran, onset: i64) {
    ran.nothing_left();
    assert_eq!(ran.reason(), "objected");
    let objected = ran.event("objected");
    assert!((nanos(&objected["onset"]) - onset).abs() < 1_000, "{objected}, not {onset}");
    for leg in ran.summary()["legs"].as_array().expect("two legs") {
        assert_eq!(leg["in_flight"], 0);
        assert_eq!(leg["erased"], leg["delivered"], "what went out is erased: {leg}");
    }
}

#[test]
fn a_nine_in_the_notice_or_its_window_is_an_objection_before_anything_is_made() {
    for (name, onset) in [("nine-in-notice.pcap", ms(1_000)), ("nine-in-window.pcap", ms(3_520))] {
        let ran = tap(name).run().good();
        objected(&ran, onset);
        assert!(ran.events("output_opened").is_empty() && ran.events("opened").is_empty(), "{}", ran.stdout);
        assert!(ran.events("receipt").is_empty(), "there is nothing to erase");
        assert_eq!(ran.summary()["legs"][0]["delivered"], 0);
        // It takes effect as soon as it is known: its first packet comes before its own place.
        let told = nanos(&ran.event("objected")["at"]);
        assert!(told < onset + ms(20), "{told}");
    }
}

#[test]
fn no_recording_is_ever_opened_for_a_nine_in_the_notice_or_its_window() {
    for name in ["nine-in-notice.pcap", "nine-in-window.pcap"] {
        let trace = tempfile::NamedTempFile::new().expect("a file");
        let path = trace.path().to_str().expect("a path").to_owned();
        let traced = ["strace", "-f", "-qq", "-e", "trace=open,openat,openat2,creat", "-o", path.as_str()];
        let ran = with_strace(tap(name).under(&traced));
        objected(&ran, first_digit(&Talk::of(name).caller));
        let calls = std::fs::read_to_string(&path).expect("a trace");
        assert!(calls.contains(name), "strace saw the capture being opened:\n{calls}");
        assert!(!calls.contains(".wav") && !calls.contains(".json"), "{calls}");
        let for_writing = calls
            .lines()
            .filter(|call| ["O_WRONLY", "O_RDWR", "O_CREAT", "creat("].iter().any(|how| call.contains(how)));
        for call in for_writing {
            // It is tried whether the folder can be written to.
            assert!(call.contains("\".calltap.probe\""), "{call}");
        }
    }
}

/// The same watch sees a recording where there is one: the test above can fail.
#[test]
fn a_recording_that_is_opened_is_seen_by_strace() {
    let trace = tempfile::NamedTempFile::new().expect("a file");
    let path = trace.path().to_str().expect("a path").to_owned();
    let traced = ["strace", "-f", "-qq", "-e", "trace=open,openat,openat2,creat", "-o", path.as_str()];
    with_strace(tap("nine-alone.pcap").under(&traced)).nothing_left();
    let calls = std::fs::read_to_string(&path).expect("a trace");
    assert!(calls.contains(".wav\", O_RDWR|O_CREAT"), "{calls}");
}

fn with_strace(tap: super::run::Tap) -> Ran {
    let there = std::process::Command::new("strace").arg("-V").output().is_ok();
    assert!(there, "this test needs the Debian package strace (apt-get install strace)");
    tap.run().good()
}

#[test]
fn a_run_stopped_before_the_press_leaves_a_recording_that_can_be_played() {
    for name in IN_THE_MIDDLE {
        let talk = Talk::of(name);
        // Half a second before the press.
        let stop = (first_digit(&talk.caller) - ms(500)) / ms(1);
        let ran = tap(name).args(["--stop-at", &format!("{stop}ms")]).run().good();
        let recording: Recording = ran.recording();
        assert!(recording.stretch().end < first_digit(&talk.caller));
        recording.holds(&talk.until(ms(stop)), ms(5_000), &[]);
        recording.can_be_played();
        assert_eq!(recording.told["state"], "complete");
    }
}

#[test]
fn a_nine_that_stands_alone_in_the_middle_leaves_only_what_was_decided() {
    for name in IN_THE_MIDDLE {
        let talk = Talk::of(name);
        let onset = first_digit(&talk.caller);
        let ran = tap(name).run().good();
        objected(&ran, onset);
        // It was recorded until the press, then held, then refused 3 s later, as soon as that was examined.
        let output = ran.event("output_opened")["output"].clone();
        assert!((nanos(&ran.event("held")["onset"]) - onset).abs() < 1_000);
        let refused = nanos(&ran.event("objected")["at"]);
        assert!((onset + ms(3_000)..onset + ms(3_250)).contains(&refused), "{refused}");
        let receipt = ran.event("receipt");
        assert_eq!((&receipt["output"], &receipt["fate"]), (&output, &"erased".into()));
        let delivered: u64 =
            (0..2).map(|leg| ran.summary()["legs"][leg]["delivered"].as_u64().expect("a number")).sum();
        assert!(delivered > 100 && receipt["frames"] == delivered, "{receipt}, {delivered}");
        assert!(receipt["bytes"].as_u64() > Some(2 * 8_000), "{receipt}");
        assert!(ran.events("output_closed").is_empty(), "nothing is complete");
        let permitted = &ran.summary()["permitted"][0];
        assert_eq!(permitted["ended"], "objected");
        assert!((nanos(&permitted["to"]) - onset).abs() < 1_000, "{permitted}");
    }
}

#[test]
fn nothing_from_the_nine_on_is_handed_on() {
    let talk = Talk::of("nine-alone.pcap");
    let onset = first_digit(&talk.caller);
    let ran = tap("nine-alone.pcap").run().good();
    for (leg, side) in [&talk.caller, &talk.agent].into_iter().enumerate() {
        let audio = side.iter().filter(|packet| packet.payload_type != EVENT);
        let before = audio.filter(|packet| packet.place + ms(20) > ms(5_000) && packet.place < onset).count();
        assert_eq!(ran.summary()["legs"][leg]["delivered"], before, "leg {leg}");
    }
}

#[test]
fn a_nine_still_waiting_when_the_call_ends_is_an_objection() {
    let onset = first_digit(&Talk::of("nine-alone.pcap").caller);
    let ran = tap("nine-alone.pcap").args(["--stop-at", "11500ms"]).run().good();
    objected(&ran, onset);
    assert_eq!(ran.event("receipt")["fate"], "erased");
}

#[test]
fn a_nine_in_a_pause_or_while_digits_are_data_is_no_objection() {
    for said in [["--pause", "9s..12s"], ["--digits-are-data", "9s..12s"]] {
        let ran = tap("nine-alone.pcap").args(said).run().good();
        assert_eq!((ran.reason().as_str(), &ran.summary()["recorded"]), ("allowed", &true.into()), "{said:?}");
        assert!(ran.events("held").is_empty());
    }
}

#[test]
fn a_nine_before_the_notice_belongs_to_the_menu() {
    // The caller keys 9 at 1 s.
    let late = ["--entity", "ecommerce-be", "--notice", "3s..5s"];
    let ran = bare(&capture("nine-in-notice.pcap")).args(late).run().good();
    let talk = Talk::of("nine-in-notice.pcap");
    ran.recording().holds(&talk, ms(8_000), &[]);
}

#[test]
fn a_withdrawal_told_to_the_agent_erases_what_was_recorded() {
    let ran = tap("kept.pcap").args(["--withdraw-at", "12s"]).run().good();
    ran.nothing_left();
    assert_eq!(ran.reason(), "withdrawn");
    assert_eq!(ran.event("withdrawn")["at"], 12.0);
    assert_eq!(ran.event("receipt")["fate"], "erased");
    let permitted = &ran.summary()["permitted"];
    assert_eq!(*permitted, serde_json::json!([{ "from": 5.0, "to": 12.0, "ended": "withdrawn" }]));
    let talk = Talk::of("kept.pcap");
    for (leg, side) in [&talk.caller, &talk.agent].into_iter().enumerate() {
        let account = &ran.summary()["legs"][leg];
        // What was held back at that moment went to nobody.
        let due = side.iter().filter(|packet| packet.place + ms(20) > ms(5_000) && packet.at + ms(240) <= ms(12_000));
        let delivered = account["delivered"].as_u64().expect("a number");
        assert!(delivered.abs_diff(due.count() as u64) <= 1, "{account}");
        assert!(account["purged"].as_u64() >= Some(11), "{account}");
        assert_eq!(account["erased"], delivered);
    }
}

#[test]
fn a_withdrawal_before_the_window_closes_leaves_nothing_to_erase() {
    for at in ["0s", "1s", "4900ms"] {
        let ran = tap("kept.pcap").args(["--withdraw-at", at]).run().good();
        ran.nothing_left();
        assert_eq!(ran.reason(), "withdrawn");
        assert!(ran.events("output_opened").is_empty() && ran.events("receipt").is_empty());
    }
}

#[test]
fn for_people_an_objection_is_said_in_words() {
    let ran = tap("nine-alone.pcap").for_people().run().good();
    for words in [
        "a 9 was pressed at 10.020 s: all audio from there on is held until it is settled",
        "the caller refused with the 9 at 10.020 s: shut for good",
        "is erased (",
        "nothing recorded: objected (the caller pressed 9)",
    ] {
        assert!(ran.stdout.contains(words), "{words}\n{}", ran.stdout);
    }
}
