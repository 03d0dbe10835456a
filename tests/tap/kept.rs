//! A call that is recorded: both voices, whole, in their places, and a true description beside them.

use std::process::Command;

use super::recording::{Coding, Recording, ms};
use super::run::{Ran, tap};
use super::speech::{SAMPLE, Talk, correlation, from_a_law, nearest_sample, voice};

/// The first permitted instant: the notice's end, and the window of 3 s.
const OPEN: i64 = ms(5_000);

fn kept(encoding: &str) -> (Ran, Recording, Talk) {
    let ran = tap("kept.pcap").args(["--encoding", encoding]).run().good();
    let recording = ran.recording();
    (ran, recording, Talk::of("kept.pcap"))
}

/// The sample of its voice that a side sent first after the permission began, and where it lies in the recording.
fn first_heard(side: &[super::speech::Rtp]) -> (usize, usize) {
    let begins = side[0].place;
    let sample = (OPEN - begins + SAMPLE - 1).div_euclid(SAMPLE);
    (sample as usize, (nearest_sample(begins + sample * SAMPLE) - OPEN / SAMPLE) as usize)
}

#[test]
fn both_voices_are_recorded_from_the_first_permitted_instant_to_the_last_sample_sent() {
    let (_ran, recording, talk) = kept("pcm");
    assert_eq!(recording.coding, Coding::Pcm16);
    assert_eq!((recording.offset, recording.told["rate"].as_i64()), (5 * 8_000, Some(8_000)));
    recording.holds(&talk, OPEN, &[]);
    recording.can_be_played();
}

#[test]
fn each_channel_is_its_own_voice_sample_for_sample_and_nothing_of_the_other() {
    let (_ran, recording, talk) = kept("pcm");
    let voices = ["caller.wav", "agent.wav"].map(|name| voice(name).into_iter().map(from_a_law).collect::<Vec<_>>());
    for (channel, side) in [&talk.caller, &talk.agent].into_iter().enumerate() {
        let (sample, at) = first_heard(side);
        assert!(at <= 1, "it starts where the permission does");
        let sent = side.iter().filter(|packet| packet.at <= talk.bye).count() * 160;
        let own = &voices[channel][sample..sent];
        let heard = &recording.channels[channel][at..at + own.len()];
        assert!(heard == own, "channel {channel} is not what was said");
        assert!(recording.channels[channel][at + own.len()..].iter().all(|&rest| rest == 0), "nothing comes after it");
        assert!(correlation(heard, own) > 0.99);
        let other = &voices[1 - channel][sample..sent];
        assert!(correlation(heard, other).abs() < 0.1, "channel {channel} holds the other's voice");
    }
}

#[test]
fn g_711_can_be_kept_untouched() {
    let (_ran, recording, talk) = kept("as-it-came");
    assert_eq!((recording.coding, &recording.told["encoding"]), (Coding::ALaw, &"pcma".into()));
    recording.holds(&talk, OPEN, &[]);
    for (channel, (side, name)) in [(&talk.caller, "caller.wav"), (&talk.agent, "agent.wav")].into_iter().enumerate() {
        let (sample, at) = first_heard(side);
        let bytes: Vec<u8> = recording.channels[channel].iter().map(|&byte| byte as u8).collect();
        assert!(bytes[at..at + 8_000] == voice(name)[sample..sample + 8_000]);
    }
    recording.can_be_played();
}

#[test]
fn the_description_says_what_was_recorded_for_whom_and_why() {
    let (ran, recording, _) = kept("pcm");
    let told = &recording.told;
    let hash = ran.event("call")["policy"].clone();
    for (key, value) in [
        ("schema", serde_json::json!(1)),
        ("state", "complete".into()),
        ("call", "bd53fe1dea97b842".into()),
        ("entity", "ecommerce-be".into()),
        ("controller", "Ingenico e-Commerce Solutions BV/SRL".into()),
        ("country", "BE".into()),
        ("service", "customer-care".into()),
        ("language", "en".into()),
        ("tap", "record".into()),
        ("purposes", serde_json::json!(["quality", "evidence"])),
        ("policy_hash", hash),
        ("notice", serde_json::json!({ "language": "en", "from": 0.0, "to": 2.0, "window_end": 5.0 })),
        ("reasons", serde_json::json!({ "permitted": "allowed", "ended": "ended" })),
        ("started", "2026-11-24T12:52:01.078127Z".into()),
        ("channels", 2.into()),
        ("encoding", "pcm16".into()),
        ("offset_samples", 40_000.into()),
        ("rate", 8_000.into()),
        ("gaps", serde_json::json!([])),
        ("marks", serde_json::json!([])),
    ] {
        assert_eq!(told[key], value, "{key}");
    }
    assert_eq!(told["policy_hash"].as_str().map(str::len), Some(64), "SHA-256");
    let legs = |key: &str| [0, 1].map(|leg: usize| told["legs"][leg][key].clone());
    assert_eq!(legs("role"), ["caller", "agent"]);
    assert_eq!(legs("channel"), ["left", "right"]);
    assert_eq!(legs("frames"), [750, 750]);
    assert!(legs("formats").iter().all(|formats| *formats == serde_json::json!(["PCMA/8000"])));
}

#[test]
fn it_is_to_be_deleted_one_calendar_month_later_by_the_clock_of_the_entity() {
    let (_ran, recording, talk) = kept("pcm");
    let begins = jiff::Timestamp::from_nanosecond(i128::from(talk.zero + OPEN)).expect("a moment");
    let there = begins.in_tz("Europe/Brussels").expect("a time zone");
    let month_later = there.checked_add(jiff::Span::new().months(1)).expect("a date");
    let told: jiff::Timestamp = recording.told["delete_after"].as_str().expect("a date").parse().expect("RFC 3339");
    // Written to the second.
    assert_eq!(told, month_later.timestamp().round(jiff::Unit::Second).expect("a second"));
    assert_eq!(recording.told["delete_after"], "2026-12-24T13:52:06+01:00", "13:52 in winter Brussels");
    assert_eq!(recording.told["delete_after_zone"], "Europe/Brussels");
}

#[test]
fn the_times_of_the_description_agree_with_the_audio() {
    let (ran, recording, talk) = kept("pcm");
    let told = &recording.told;
    let started: jiff::Timestamp = told["started"].as_str().expect("a moment").parse().expect("RFC 3339");
    assert_eq!(started.as_nanosecond(), i128::from(talk.zero), "the caller's first packet");
    let ended: jiff::Timestamp = told["ended"].as_str().expect("a moment").parse().expect("RFC 3339");
    let [permitted] = told["permitted"].as_array().expect("a list").as_slice() else { panic!("one stretch") };
    let until = super::recording::nanos(&permitted["to"]);
    assert_eq!(permitted["from"], 5.0);
    assert_eq!(i128::from(until + talk.zero), ended.as_nanosecond());
    assert!((talk.bye..talk.bye + ms(60)).contains(&until), "the BYE, and the packet that was being sent");
    assert_eq!(recording.stretch().end, until, "the audio ends with the permission");
    assert_eq!(ran.summary()["permitted"][0]["to"], permitted["to"]);
}

#[test]
fn files_are_named_by_date_and_output_and_are_nobody_elses() {
    use std::os::unix::fs::PermissionsExt as _;

    let (ran, recording, _) = kept("pcm");
    let output = recording.told["output"].as_str().expect("an id");
    assert_eq!(recording.told["file"], format!("20261124T125206Z_{output}.wav"));
    assert_eq!(ran.event("output_opened")["output"], output);
    let id: uuid::Uuid = output.parse().expect("a UUID");
    assert_eq!(id.get_version_num(), 7);
    let folder = recording.wav.parent().expect("a folder");
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o7777;
    assert_eq!(mode(folder), 0o700);
    for entry in std::fs::read_dir(folder).expect("a folder") {
        assert_eq!(mode(&entry.expect("readable").path()), 0o600);
    }
}

#[test]
fn every_packet_is_accounted_for_in_the_summary_and_beside_the_recording() {
    let (ran, recording, talk) = kept("pcm");
    let summary = ran.summary();
    for (leg, side) in [&talk.caller, &talk.agent].into_iter().enumerate() {
        let captured = side.iter().filter(|packet| packet.at <= talk.bye).count();
        let permitted =
            side.iter().filter(|packet| packet.at <= talk.bye && packet.place + 160 * SAMPLE > OPEN).count();
        for account in [&summary["legs"][leg], &recording.told["ledger"][leg]] {
            assert_eq!(account["pushed"], captured);
            assert_eq!(account["delivered"], permitted);
            assert_eq!(account["withheld"], captured - permitted);
            assert_eq!((&account["in_flight"], &account["lost"]), (&0.into(), &0.into()));
        }
    }
}

#[test]
fn two_runs_differ_in_nothing_but_the_ids_of_their_outputs() {
    let run = || {
        let (ran, recording, _) = kept("pcm");
        let output = recording.told["output"].as_str().expect("an id").to_owned();
        let folder = recording.wav.parent().expect("a folder").to_string_lossy().into_owned();
        let same = |text: &str| text.replace(&output, "OUTPUT").replace(&folder, "FOLDER");
        let audio = std::fs::read(&recording.wav).expect("audio");
        (audio, same(&ran.stdout), same(&recording.told_text))
    };
    let (first, second) = (run(), run());
    assert!(first.0 == second.0, "the same audio, byte for byte");
    assert_eq!(first.1, second.1, "the same lines");
    assert_eq!(first.2, second.2, "the same description");
}

#[test]
fn for_people_the_result_is_said_in_words() {
    let ran = tap("kept.pcap").for_people().run().good();
    for line in [
        "entity   ecommerce-be: Ingenico e-Commerce Solutions BV/SRL (BE); service customer-care; the caller chose en",
        "    2.000 s  the notice was given in full at 2.000 s; the caller may refuse until 5.000 s",
        "caller    1000 packets = 750 delivered + 250 withheld",
    ] {
        assert!(ran.stdout.lines().any(|other| other == line), "{line}\n{}", ran.stdout);
    }
    let recorded: Vec<&str> = ran.stdout.lines().filter_map(|line| line.strip_prefix("recorded  ")).collect();
    assert_eq!(recorded.len(), 2, "{}", ran.stdout);
    assert!(recorded.iter().all(|path| std::path::Path::new(path).exists()));
    assert!(ran.stdout.contains("is complete: ended"));
}

#[test]
fn help_shows_how_a_call_is_tapped() {
    let output = Command::new(super::run::CALLTAP).args(["tap", "--help"]).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success());
    for option in ["--entity", "--notice", "--withdraw-at", "--digits-are-data", "--stop-at", "--json", "Examples:"] {
        assert!(text.contains(option), "{option}");
    }
}
