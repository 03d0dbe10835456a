//! Digits that are no objection: the agent's 9, a card number, a 9 among data. The recording is whole.

use super::recording::ms;
use super::run::{Ran, tap};
use super::speech::{EVENT, Talk};

/// The call was recorded as if nobody had keyed anything: both channels whole, to the last sample.
fn whole(ran: Ran, talk: &Talk) -> Ran {
    let ran = ran.good();
    let recording = ran.recording();
    recording.holds(talk, ms(5_000), &[]);
    assert_eq!((ran.reason().as_str(), &recording.told["state"]), ("allowed", &"complete".into()));
    assert!(ran.events("objected").is_empty() && ran.events("receipt").is_empty());
    for account in ran.summary()["legs"].as_array().expect("two legs") {
        assert_eq!((&account["purged"], &account["dropped"], &account["in_flight"]), (&0.into(), &0.into(), &0.into()));
    }
    ran
}

/// How many key presses a side sends.
fn presses(side: &[super::speech::Rtp]) -> usize {
    side.iter().filter(|packet| packet.payload_type == EVENT && packet.marker).count()
}

#[test]
fn a_nine_from_the_agent_changes_nothing() {
    let talk = Talk::of("nine-by-agent.pcap");
    assert_eq!((presses(&talk.agent), presses(&talk.caller)), (1, 0));
    let ran = whole(tap("nine-by-agent.pcap").run(), &talk);
    assert!(ran.events("held").is_empty(), "not even held");
    let recording = ran.recording();
    assert_eq!([recording.gaps(0), recording.gaps(1)], [vec![], vec![]]);
}

#[test]
fn a_card_number_keyed_as_data_changes_nothing() {
    let talk = Talk::of("card-number.pcap");
    assert_eq!(presses(&talk.caller), 16);
    let ran = whole(tap("card-number.pcap").args(["--digits-are-data", "7s..14s"]).run(), &talk);
    assert!(ran.events("held").is_empty(), "not even held");
}

#[test]
fn a_card_number_that_nobody_said_was_data_changes_nothing_in_the_end() {
    let talk = Talk::of("card-number.pcap");
    let ran = whole(tap("card-number.pcap").run(), &talk);
    // It begins with two 9s, which are held until the third digit shows that they are not alone.
    let onsets = |name| ran.events(name).iter().map(|line| line["onset"].clone()).collect::<Vec<_>>();
    assert_eq!(onsets("held"), [8.020, 8.280]);
    assert_eq!(onsets("released"), [8.020, 8.280]);
    let recording = ran.recording();
    assert_eq!([recording.gaps(0), recording.gaps(1)], [vec![], vec![]]);
}

#[test]
fn a_card_number_that_is_cut_off_after_its_first_digit_is_an_objection() {
    let ran = tap("card-number.pcap").args(["--stop-at", "8500ms"]).run().good();
    ran.nothing_left();
    assert_eq!(ran.reason(), "objected");
    assert_eq!(ran.event("objected")["onset"], 8.020);
}

#[test]
fn data_that_ends_before_the_last_digit_is_judged_by_its_neighbours_again() {
    let talk = Talk::of("card-number.pcap");
    // The last digit is a 9 beside a 7 that was data: digits that are data are neighbours still.
    let ran = whole(tap("card-number.pcap").args(["--digits-are-data", "7s..12900ms"]).run(), &talk);
    assert!(ran.events("held").is_empty());
}
