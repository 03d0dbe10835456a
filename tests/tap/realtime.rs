//! `--realtime` against the same run without it: at its own pace, from threads, a call comes to the same.
//!
//! What must be equal: every byte of the recording, its description but for the output's id, what was decided and why,
//! and the account. The program keeps the order of what the host does and what arrives, so no thread's being late by
//! some tens of milliseconds shows in any of this (nothing here is told less than that before a key that hangs on it).
//! Two things hang on when a worker ticks, and do not matter: while a call is being refused, a frame that was not handed
//! on is `purged` behind the gate or `withheld` at it; and at a withdrawal the frames that became due in that tick are
//! `delivered` (and erased) or `purged`.
//!
//! A machine that does not run the program's threads for a tenth of a second is no exchange's machine: the program says
//! so in a note, and the run is repeated.

use calltap::engine::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::info::{caller, capture_with};
use super::recording::nanos;
use super::run::{Ran, Tap, bare, tap, written};
use super::wire::capture;

/// How often a run may find the machine too busy.
const ATTEMPTS: usize = 5;

/// The same command without and with `--realtime`. The two run at once.
fn both(tap: impl Fn() -> Tap + Sync) -> [Ran; 2] {
    std::thread::scope(|scope| {
        let stepped = scope.spawn(|| tap().run().good());
        let live = at_its_own_pace(&tap);
        [stepped.join().expect("the run without --realtime"), live]
    })
}

fn at_its_own_pace(tap: impl Fn() -> Tap) -> Ran {
    for _ in 0..ATTEMPTS {
        let ran = tap().args(["--realtime"]).run().good();
        let notes = ran.summary()["notes"].to_string();
        if !notes.contains("too busy to keep pace") {
            return ran;
        }
    }
    panic!("this machine did not keep the pace of a call {ATTEMPTS} times");
}

/// Runs all of these at once, each without and with `--realtime`, and compares.
fn all_at_once<C: Sync>(cases: &[C], run: impl Fn(&C) -> Tap + Sync, compare: impl Fn(&C, [Ran; 2]) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| compare(case, both(|| run(case))));
        }
    });
}

/// The files' bytes and all that is told of them are equal, and so is the account.
fn kept_the_same([stepped, live]: [Ran; 2], case: &str) {
    let [mut one, mut other] = [&stepped, &live].map(Ran::recording);
    let audio = [&one, &other].map(|recording| std::fs::read(&recording.wav).expect("audio"));
    assert!(audio[0] == audio[1], "{case}: {} and {} bytes", audio[0].len(), audio[1].len());
    for recording in [&mut one, &mut other] {
        let told = recording.told.as_object_mut().expect("an object");
        told.remove("output").expect("an id of its own");
        told.remove("file").expect("a name with that id");
        // Listed as they are found: of two legs whose frames fall due in one tick or in two.
        let gaps = told["gaps"].as_array_mut().expect("a list");
        gaps.sort_by_key(|gap| (gap["leg"].as_u64(), nanos(&gap["from"])));
    }
    assert_eq!(one.told, other.told, "{case}");
    assert_eq!(decided(&stepped), decided(&live), "{case}");
    let legs = |ran: &Ran| ran.summary()["legs"].clone();
    assert_eq!(legs(&stepped), legs(&live), "{case}");
}

/// What is decided: the events in their order, and the end of it; without times of finding out, texts and ids.
fn decided(ran: &Ran) -> Vec<Value> {
    // That a disk is slow is no decision; of an erasure behind a queue it is said first that it was ordered.
    let decides = |line: &Value| line["event"] != "sink_late" && line["fate"] != "pending";
    let mut lines: Vec<Value> = ran.lines().into_iter().filter(decides).collect();
    for line in lines.iter_mut().filter_map(Value::as_object_mut) {
        let own: &[&str] = match line["event"].as_str() {
            Some("summary") => &["files", "legs"],
            // How much of it there was to erase: see the account.
            Some("receipt") => &["at", "text", "output", "frames", "bytes"],
            _ => &["at", "text", "output"],
        };
        own.iter().for_each(|key| drop(line.remove(*key)));
    }
    lines
}

#[test]
fn what_is_kept_is_the_same_sample_for_sample_with_the_same_decisions_and_account() {
    let pauses = &["--pause", "6003ms..6017ms", "--pause", "7s..7001ms", "--pause", "9s..10s", "--stop-at", "12123ms"];
    let data = &["--digits-are-data", "7s..11s", "--encoding", "as-it-came"];
    let cases: [(&str, &[&str]); 7] = [
        ("kept.pcap", &[]),
        ("kept.pcap", &["--encoding", "as-it-came", "--pause", "8s..11s"]),
        ("kept.pcap", pauses),
        // Sixteen keys, 9s among them: each is held until the next key releases it.
        ("card-number.pcap", &[]),
        ("card-number.pcap", data),
        // Lost, late and doubled packets, both ways.
        ("lossy.pcap", &[]),
        ("mulaw.pcap", &["--pause", "4s..7s"]),
    ];
    all_at_once(
        &cases,
        |(name, args)| tap(name).args(*args),
        |(name, args), ran| {
            kept_the_same(ran, &format!("{name} {args:?}"));
        },
    );
}

#[test]
fn keys_by_sip_info_are_told_at_their_moments() {
    // A 9 between two other keys is no objection; one that stands alone when the call ends is.
    let beside = [caller(6_000, 1, "4"), caller(6_400, 2, "9"), caller(7_000, 3, "2")];
    let alone = [caller(6_400, 1, "9")];
    let cases = [(&beside[..], true), (&alone[..], false)].map(|(infos, kept)| {
        let (folder, file) = written(&capture_with(infos, |_| false));
        (folder, file, kept)
    });
    let run = |(_, file, _): &(_, std::path::PathBuf, bool)| {
        bare(file).args(["--entity", "ecommerce-be", "--notice", "0s..2s", "--stop-at", "8s"])
    };
    all_at_once(&cases, run, |(_, _, kept), ran| match kept {
        true => kept_the_same(ran, "beside other keys"),
        false => refused_the_same(ran, "alone"),
    });
}

/// Nothing is left by either, for the same reason, and both accounts come to the same.
fn refused_the_same([stepped, live]: [Ran; 2], case: &str) {
    [&stepped, &live].into_iter().for_each(Ran::nothing_left);
    assert_eq!(decided(&stepped), decided(&live), "{case}");
    let legs = [&stepped, &live].map(|ran| ran.summary()["legs"].as_array().expect("two legs").clone());
    for (one, other) in legs[0].iter().zip(&legs[1]) {
        for key in ["role", "pushed", "masked", "dropped_by", "lost", "in_flight"] {
            assert_eq!(one[key], other[key], "{case}: {key}");
        }
        let count = |leg: &Value, key: &str| leg[key].as_u64().expect("a number");
        let rest = ["delivered", "purged", "withheld"];
        let [stepped, live] = [one, other].map(|leg| rest.iter().map(|key| count(leg, key)).sum::<u64>());
        assert_eq!(stepped, live, "{case}: {one} and {other}");
        assert_eq!((count(other, "erased"), count(other, "in_flight")), (count(other, "delivered"), 0), "{case}");
    }
}

#[test]
fn a_call_that_is_refused_leaves_nothing_for_the_same_reason() {
    let cases: [(&str, &[&str]); 6] = [
        ("nine-in-notice.pcap", &[]),
        ("nine-in-window.pcap", &[]),
        // Each is settled three seconds later; all that was written by then is erased.
        ("nine-alone.pcap", &[]),
        ("nine-lossy.pcap", &[]),
        ("cooked.pcap", &["--withdraw-at", "6s"]),
        // After the call: the recording was complete.
        ("cooked.pcap", &["--withdraw-at", "8s"]),
    ];
    all_at_once(
        &cases,
        |(name, args)| tap(name).args(*args),
        |(name, args), ran| {
            refused_the_same(ran, &format!("{name} {args:?}"));
        },
    );
}

#[test]
fn a_withdrawal_has_its_moment_and_a_receipt_of_what_was_erased() {
    let ran = at_its_own_pace(|| tap("cooked.pcap").args(["--withdraw-at", "6s"]));
    ran.nothing_left();
    assert_eq!(ran.summary()["permitted"], json!([{ "from": 5.0, "to": 6.0, "ended": "withdrawn" }]));
    let receipts = ran.events("receipt");
    assert_eq!(receipts.last().expect("one at least")["fate"], "erased", "{}", ran.stdout);
    let delivered: u64 =
        [0, 1].iter().map(|leg| ran.summary()["legs"][leg]["delivered"].as_u64().expect("a count")).sum();
    assert!(delivered > 0, "something was there to be erased");
    assert_eq!(receipts.last().expect("one at least")["frames"], delivered);
}

#[test]
fn a_call_that_may_never_be_tapped_is_not_tapped_and_takes_as_long_as_it_does() {
    let began = SystemClock.now();
    let run = || bare(&capture("rawip.pcap")).args(["--entity", "ecommerce-us", "--notice", "0s..2s"]);
    let [stepped, live] = both(run);
    let took = SystemClock.now().0 - began.0;
    assert!(took >= nanos(&live.lines()[0]["ends_at"]) as u64, "{took} ns");
    [&stepped, &live].into_iter().for_each(Ran::nothing_left);
    assert!(!live.folder.path().join("recordings").exists(), "not even a folder is made");
    assert_eq!(decided(&stepped), decided(&live));
    assert_eq!(stepped.summary()["legs"], live.summary()["legs"]);
    assert_eq!(live.reason(), "entity excluded");
}

#[test]
fn people_are_told_the_same_in_words() {
    let ran = tap("kept.pcapng").for_people().args(["--realtime"]).run().good();
    for words in ["the notice was given in full at 2.0", "allowed from 5.000 s on", "is complete: ended", "recorded  "]
    {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    assert_eq!(ran.left().len(), 2);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_said_at_once() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let ran = super::run::into("kept.pcap", file.path()).args(["--realtime"]).run();
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(ran.stderr, super::run::into("kept.pcap", file.path()).run().stderr);
}
