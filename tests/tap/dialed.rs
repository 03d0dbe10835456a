//! Who was called is known by the dialled number, where the policy has numbers.

use std::path::PathBuf;

use super::recording::ms;
use super::run::{Ran, bare};
use super::speech::Talk;
use super::wire::capture;

/// A call to a number of the tests' own policy, whose companies do not exist.
fn dialed(number: &str, more: &[&str]) -> Ran {
    let policy = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/policies/fiction.toml");
    let tap = bare(&capture("kept.pcap")).args(["--dialed", number, "--notice", "0s..2s"]);
    tap.args(["--policy"]).args([policy]).args(more).run().good()
}

#[test]
fn the_number_says_which_entity_was_called_and_which_service() {
    let ran = dialed("+442079460123", &[]);
    let talk = Talk::of("kept.pcap");
    let recording = ran.recording();
    // This policy's window is 5 s.
    recording.holds(&talk, ms(7_000), &[]);
    let told = &recording.told;
    assert_eq!((&told["entity"], &told["service"]), (&"north".into(), &"customer-care".into()));
    assert_eq!(told["controller"], "North Payments Ltd");
    // 90 days, across no change of the clocks in London.
    assert_eq!(told["delete_after"], "2027-02-22T12:52:08+00:00");
}

#[test]
fn the_longest_prefix_decides() {
    let ran = dialed("+44 20 7946 0150", &[]);
    ran.nothing_left();
    assert_eq!((ran.reason().as_str(), &ran.event("call")["service"]), ("service not covered", &"sales".into()));
}

#[test]
fn a_number_of_an_excluded_entity_is_never_recorded() {
    let ran = dialed("+12025550123", &[]);
    ran.nothing_left();
    assert_eq!((ran.reason().as_str(), &ran.event("call")["entity"]), ("entity excluded", &"overseas".into()));
}

#[test]
fn a_number_that_nobody_has_and_text_that_is_no_number_are_unknown() {
    for number in ["+442079460999", "+15550199", "02079460123", "sip:+442079460123@example.com", "none"] {
        let ran = dialed(number, &[]);
        ran.nothing_left();
        assert_eq!(ran.reason(), "entity unknown", "{number}");
    }
}

#[test]
fn only_what_the_policy_allows_of_an_entity_is_in_the_description() {
    let ran = dialed("+33 1 99 00 12 34", &[]);
    assert_eq!(ran.recording().told["purposes"], serde_json::json!(["evidence"]));
    // East may be monitored, never recorded.
    let ran = dialed("+49 30 23125 512", &[]);
    ran.nothing_left();
    assert_eq!(ran.reason(), "entity excluded");
    assert!(!ran.folder.path().join("recordings").exists(), "not even a folder is made");
}

#[test]
fn a_service_named_on_the_command_line_goes_before_the_numbers() {
    let ran = dialed("+442079460123", &["--service", "sales"]);
    ran.nothing_left();
    assert_eq!(ran.reason(), "service not covered");
}
