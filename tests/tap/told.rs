//! What is printed: one JSON object a line, whose accounts balance, and nothing of what was keyed or who called.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use super::run::{Ran, tap};
use super::wire::Wire;

/// Every capture that holds one call.
const CAPTURES: [&str; 15] = [
    "kept.pcap",
    "nine-in-notice.pcap",
    "nine-in-window.pcap",
    "nine-alone.pcap",
    "card-number.pcap",
    "nine-by-agent.pcap",
    "lossy.pcap",
    "nine-lossy.pcap",
    "ipv6.pcap",
    "mulaw.pcap",
    "tcp.pcap",
    "cooked.pcap",
    "cooked-v1.pcap",
    "rawip.pcap",
    "kept.pcapng",
];

/// `pushed = delivered + masked + withheld + dropped + purged + in_flight`, and `dropped` is the sum of its causes.
fn balances(account: &Value) {
    let count = |key: &str| account[key].as_u64().expect("a number");
    let terms = ["delivered", "masked", "withheld", "dropped", "purged", "in_flight"];
    assert_eq!(count("pushed"), terms.iter().map(|term| count(term)).sum::<u64>(), "{account}");
    let causes = account["dropped_by"].as_object().expect("causes").values();
    assert_eq!(count("dropped"), causes.map(|cause| cause.as_u64().expect("a number")).sum::<u64>(), "{account}");
    assert_eq!(count("in_flight"), 0, "the call is over: {account}");
    assert!(count("erased") <= count("delivered") + count("masked"), "{account}");
}

#[test]
fn every_line_is_json_and_the_last_is_a_summary_that_balances() {
    for name in CAPTURES {
        let ran = tap(name).run().good();
        let lines = ran.lines();
        assert_eq!(lines.first().expect("lines")["event"], "call", "{name}");
        assert_eq!(lines.iter().filter(|line| line["event"] == "summary").count(), 1);
        let summary = ran.summary();
        let keys: BTreeSet<&str> = summary.as_object().expect("an object").keys().map(String::as_str).collect();
        for key in ["recorded", "monitored", "reason", "files", "legs", "permitted", "entity", "policy"] {
            assert!(keys.contains(key), "{name}: {key}");
        }
        let legs = summary["legs"].as_array().expect("two legs");
        assert_eq!([&legs[0]["role"], &legs[1]["role"]], ["caller", "agent"]);
        legs.iter().for_each(balances);
        // What happened is told in the order in which it did.
        let times: Vec<f64> = lines.iter().filter_map(|line| line["at"].as_f64()).collect();
        assert!(times.is_sorted(), "{name}: {times:?}");
        assert_eq!(summary["files"].as_array().expect("a list").len(), ran.left().len());
    }
}

#[test]
fn a_reader_that_goes_away_after_one_line_is_no_fault() {
    for (json, lines) in [(true, 1), (false, 1), (true, 0)] {
        let mut tap = tap("kept.pcap");
        if !json {
            tap = tap.for_people();
        }
        let (mut child, _folder) = tap.started();
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        for _ in 0..lines {
            let mut line = String::new();
            stdout.read_line(&mut line).expect("a line");
            assert!(!line.is_empty());
        }
        drop(stdout);
        let mut stderr = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("text");
        let status = child.wait().expect("it ends");
        assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn a_standard_output_that_is_full_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
    let folder = tempfile::tempdir().expect("a folder");
    let output = std::process::Command::new(super::run::CALLTAP)
        .arg("tap")
        .arg(super::wire::capture("kept.pcap"))
        .args(["--entity", "ecommerce-be", "--notice", "0s..2s", "--json", "--out"])
        .arg(folder.path())
        .stdout(full)
        .output()
        .expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("standard output") && !stderr.contains("panicked"), "{stderr}");
}

/// Numbers and names of the people in a capture: what stands before the @ of SIP addresses, and display names.
fn people(sip: &str) -> BTreeSet<String> {
    let addresses = sip.split("sip:").skip(1);
    let users = addresses.filter_map(|rest| rest.split_once('@').map(|(user, _)| user));
    let users = users.filter(|user| !user.is_empty() && !user.contains([' ', '\r', '\n', '>', ';']));
    users.flat_map(|user| [user.to_owned(), user.trim_start_matches('+').to_owned()]).collect()
}

/// Everything that a run tells the world.
fn told(ran: &Ran) -> String {
    let mut told = format!("{}\n{}\n", ran.stdout, ran.stderr);
    for name in ran.left() {
        told += &name;
        if name.ends_with(".json") {
            let path = ran.folder.path().join("recordings").join(&name);
            told += &std::fs::read_to_string(path).expect("a description");
        }
    }
    told
}

#[test]
fn no_number_and_no_name_from_the_capture_is_told() {
    for name in CAPTURES {
        let people = people(&Wire::of(name).sip_text());
        assert!(people.contains("15550199"), "{name}: {people:?}");
        let mut told = told(&tap(name).run().good());
        told += &self::told(&tap(name).for_people().run().good());
        for secret in people.iter().map(String::as_str).chain(["5550100", "5550199", "sip:"]) {
            assert!(!told.contains(secret), "{name} tells {secret}");
        }
    }
}

#[test]
fn no_keyed_digit_is_told() {
    let number = "9943012945906799";
    for args in [&[][..], &["--digits-are-data", "7s..14s"]] {
        let told = told(&tap("card-number.pcap").args(args).run().good());
        // No four digits of it in a row, but where a hash, an id or a time has them.
        let words: Vec<&str> = told.split(|char: char| !char.is_ascii_alphanumeric()).collect();
        for at in 0..=number.len() - 4 {
            let part = &number[at..at + 4];
            assert!(!words.contains(&part), "{part}: {told}");
        }
        assert!(!told.contains(&number[..8]));
        assert!(!told.contains("digit\""), "no event names a digit");
    }
}

#[test]
fn the_number_that_was_dialled_is_not_repeated() {
    let policy = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/policies/fiction.toml");
    let run = || {
        let tap = super::run::bare(&super::wire::capture("kept.pcap"));
        tap.args(["--dialed", "+442079460123", "--notice", "0s..2s", "--policy"]).args([&policy])
    };
    for ran in [run().run().good(), run().for_people().run().good()] {
        assert!(!told(&ran).contains("2079460123"), "{}", told(&ran));
    }
}

#[test]
fn text_from_the_wire_cannot_move_the_cursor_or_forge_a_line() {
    let mut wire = Wire::of("kept.pcap");
    // The same length, so that the packets stay whole; CR and LF would end the header.
    wire.replace_in_sip("Call-ID: bd53fe1dea97b842", "Call-ID: \u{1b}[2J\u{7}\"},{\"a\":100");
    let (_folder, file) = super::run::written(&wire.file);
    let run = || super::run::bare(&file).args(["--entity", "ecommerce-be", "--notice", "0s..2s"]);
    for ran in [run().run().good(), run().for_people().run().good()] {
        let told = told(&ran);
        let control = |char: char| char.is_control() && char != '\n';
        assert!(!told.contains(control), "{told:?}");
    }
    let call = run().run().good().recording().told["call"].as_str().expect("an id").to_owned();
    assert!(call.contains("[2J") && !call.contains('\u{1b}'), "{call:?}");
}
