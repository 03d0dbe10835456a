//! Calls that may never be recorded: no file is made, the program succeeds, and says why.

use super::recording::ms;
use super::run::{Ran, bare, tap};
use super::speech::Talk;
use super::wire::capture;

/// What may not be recorded leaves nothing, not even a folder.
fn refused(ran: Ran, reason: &str) -> Ran {
    let ran = ran.good();
    ran.nothing_left();
    assert_eq!(ran.reason(), reason);
    assert_eq!(ran.summary()["permitted"], serde_json::json!([]));
    for leg in ran.summary()["legs"].as_array().expect("two legs") {
        assert_eq!(leg["pushed"], leg["withheld"], "{leg}");
    }
    assert!(ran.events("output_opened").is_empty());
    ran
}

/// A call to this entity, else as it should be.
fn to(entity: &str) -> Ran {
    bare(&capture("kept.pcap")).args(["--entity", entity, "--notice", "0s..2s", "--language", "en"]).run()
}

/// A policy like the one that is built in, but with outbound calls of customer care.
pub fn with_outbound_calls() -> (tempfile::TempDir, std::path::PathBuf) {
    let embedded = include_str!("../../src/policy/default.toml");
    let covered = embedded.replace("directions = [\"inbound\"]", "directions = [\"inbound\", \"outbound\"]");
    assert_ne!(embedded, covered);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("policy.toml");
    std::fs::write(&path, covered).expect("written");
    (folder, path)
}

#[test]
fn an_entity_in_a_country_that_never_allows_it_is_never_recorded() {
    for entity in ["ecommerce-us", "ebilling-in"] {
        let ran = refused(to(entity), "entity excluded");
        assert_eq!(ran.event("closed")["reason"], "entity excluded");
        assert!(!ran.folder.path().join("recordings").exists(), "not even a folder is made");
    }
}

#[test]
fn an_entity_that_nobody_configured_is_never_recorded() {
    for entity in ["ecommerce-xx", "ECOMMERCE-BE", "", "ecommerce-be "] {
        refused(to(entity), "entity unknown");
    }
}

#[test]
fn a_number_that_belongs_to_nobody_is_never_recorded() {
    // The built-in policy has no numbers.
    let ran = bare(&capture("kept.pcap")).args(["--dialed", "+15550199", "--notice", "0s..2s"]).run();
    let ran = refused(ran, "entity unknown");
    assert!(!ran.stdout.contains("5550199"), "{}", ran.stdout);
}

#[test]
fn without_a_notice_nothing_is_recorded() {
    let ran = bare(&capture("kept.pcap")).args(["--entity", "ecommerce-be", "--language", "en"]).run();
    refused(ran, "notice not given");
}

#[test]
fn a_notice_that_was_broken_off_was_not_given() {
    let ran = refused(tap("kept.pcap").args(["--notice-broken-off"]).run(), "notice not given");
    assert_eq!(ran.events("notice_not_given").len(), 1);
}

#[test]
fn a_notice_in_another_language_than_the_caller_chose_was_not_given() {
    for language in ["fr", "nl", "xx", "en-GB"] {
        refused(tap("kept.pcap").args(["--notice-language", language]).run(), "notice not given");
    }
}

#[test]
fn a_notice_that_ends_too_late_for_its_window_leaves_nothing() {
    let late = ["--entity", "ecommerce-be", "--notice", "15s..18s"];
    refused(bare(&capture("kept.pcap")).args(late).run(), "window open");
    let never_ended = ["--entity", "ecommerce-be", "--notice", "15s..25s"];
    refused(bare(&capture("kept.pcap")).args(never_ended).run(), "notice not given");
}

#[test]
fn a_service_that_the_policy_does_not_list_is_never_recorded() {
    for service in ["sales", "human-resources", ""] {
        refused(tap("kept.pcap").args(["--service", service]).run(), "service not covered");
    }
}

#[test]
fn outbound_calls_are_not_covered_by_the_built_in_policy() {
    refused(tap("kept.pcap").args(["--caller-is", "callee"]).run(), "service not covered");
}

#[test]
fn a_policy_that_covers_outbound_calls_has_the_called_person_as_the_caller() {
    let (_folder, policy) = with_outbound_calls();
    let ran = tap("kept.pcap").args(["--caller-is", "callee", "--policy"]).args([&policy]).run().good();
    // The clock's zero is the outside party's first packet, and theirs is the left channel.
    let talk = Talk::of("kept.pcap").outbound();
    ran.recording().holds(&talk, ms(5_000), &[]);
}

#[test]
fn a_nine_counts_on_the_side_of_the_called_person_of_an_outbound_call() {
    let (_folder, policy) = with_outbound_calls();
    let run = |name| tap(name).args(["--caller-is", "callee", "--policy"]).args([&policy]).run().good();
    let ran = run("nine-by-agent.pcap");
    ran.nothing_left();
    assert_eq!(ran.reason(), "objected");
    assert_eq!(run("nine-alone.pcap").summary()["recorded"], true, "there it is the agent's");
}

#[test]
fn for_people_it_is_said_in_words_why_nothing_was_recorded() {
    for (entity, words) in [
        ("ecommerce-us", "nothing recorded: entity excluded (the policy never allows it for this entity)"),
        ("nobody", "nothing recorded: entity unknown"),
    ] {
        let ran =
            bare(&capture("kept.pcap")).args(["--entity", entity, "--notice", "0s..2s"]).for_people().run().good();
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
        assert_eq!(ran.left(), [""; 0]);
    }
}
