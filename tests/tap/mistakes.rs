//! Input that is wrong: a clear message and exit code, never a panic, and nothing partial left behind.

use std::path::Path;

use super::recording::ms;
use super::run::{Ran, bare, tap, written};
use super::speech::{Rtp, Talk};
use super::wire::{Wire, capture};

/// A call on this capture, else as it should be.
fn on(file: &Path) -> Ran {
    bare(file).args(["--entity", "ecommerce-be", "--notice", "0s..2s", "--language", "en"]).run()
}

/// A call on a capture with these bytes.
fn on_bytes(bytes: &[u8]) -> Ran {
    let (_folder, file) = written(bytes);
    on(&file)
}

/// It failed: with this code, and a message on one line that names all of `words`. Nothing is left, nothing was told.
fn failed(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert!(ran.stderr.starts_with("calltap: "), "{}", ran.stderr);
    assert_eq!(ran.left(), [""; 0]);
}

#[test]
fn a_capture_that_is_cut_off_says_where() {
    let whole = std::fs::read(capture("kept.pcap")).expect("a capture");
    for (length, words) in [
        (10, ["cut off", "header"]),
        (30, ["cut off", "packet 1"]),
        (200_000, ["packet 864", "byte 199801"]),
        (whole.len() - 1, ["cut off", "packet 2019"]),
    ] {
        let ran = on_bytes(&whole[..length]);
        failed(&ran, 2, &["changed.pcap"]);
        failed(&ran, 2, &words);
        assert_eq!(ran.stdout, "");
    }
    let pcapng = std::fs::read(capture("kept.pcapng")).expect("a capture");
    for length in [20, 60, 100_001] {
        failed(&on_bytes(&pcapng[..length]), 2, &["changed.pcap", "cut off"]);
    }
}

#[test]
fn what_is_no_capture_says_what_was_expected() {
    let random: Vec<u8> = (0..100_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    failed(&on_bytes(&random), 2, &["changed.pcap is not a packet capture", "pcapng"]);
    failed(&on_bytes(&[]), 2, &["changed.pcap", "it is empty"]);
    failed(&on_bytes(b"{\"event\":\"summary\"}\n"), 2, &["changed.pcap is not a packet capture"]);
    let folder = tempfile::tempdir().expect("a folder");
    failed(&on(folder.path()), 2, &["is a folder"]);
    failed(&on(&folder.path().join("nobody.pcap")), 2, &["nobody.pcap", "No such file"]);
    failed(&on(Path::new("/dev/null")), 2, &["/dev/null", "regular file"]);
}

#[test]
fn random_bytes_behind_a_good_beginning_are_damage() {
    let good = std::fs::read(capture("kept.pcap")).expect("a capture");
    let random = (0..5_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8);
    for kept in [24, 100_000] {
        let bytes: Vec<u8> = good[..kept].iter().copied().chain(random.clone()).collect();
        let ran = on_bytes(&bytes);
        assert_eq!(ran.code, 2, "{}", ran.stdout);
        assert!(ran.stderr.contains("changed.pcap") && ran.stderr.contains("byte"), "{}", ran.stderr);
        assert_eq!(ran.left(), [""; 0]);
    }
}

#[test]
fn a_capture_without_a_packet_has_no_call() {
    let header = &std::fs::read(capture("kept.pcap")).expect("a capture")[..24];
    failed(&on_bytes(header), 2, &["no SIP call", "changed.pcap", "--caller"]);
}

/// Changes the wire bytes of the packets numbered `from..` of a side, one of a kind each, and gives back the capture.
fn with_lies(talk: &Talk, wire: &mut Wire, from: usize, lies: &[fn(&mut [u8])]) -> Vec<Rtp> {
    let mut packets = talk.caller[from..].iter().step_by(7);
    let mut changed = Vec::new();
    for lie in lies {
        let packet = packets.next().expect("the call is long enough");
        lie(&mut wire.file[packet.in_file.clone()]);
        changed.push(packet.clone());
    }
    changed
}

/// The same call without some of the caller's packets.
fn without(talk: Talk, gone: &[Rtp]) -> Talk {
    let kept = |packet: &Rtp| gone.iter().all(|other| other.in_file != packet.in_file);
    Talk { caller: talk.caller.iter().filter(|packet| kept(packet)).cloned().collect(), ..talk }
}

#[test]
fn rtp_packets_with_lying_lengths_cost_their_own_audio_and_nothing_else() {
    let mut wire = Wire::of("kept.pcap");
    let talk = Talk::of("kept.pcap");
    let lies: [fn(&mut [u8]); 6] = [
        // An extension that would reach beyond the packet.
        |rtp| {
            rtp[0] |= 0x10;
            rtp[14..16].copy_from_slice(&[0xff, 0xff]);
        },
        // More padding than there are bytes.
        |rtp| {
            rtp[0] |= 0x20;
            *rtp.last_mut().expect("bytes") = 0xff;
        },
        // Padding of no byte at all, though it counts itself.
        |rtp| {
            rtp[0] |= 0x20;
            *rtp.last_mut().expect("bytes") = 0;
        },
        // All of it padding and sources.
        |rtp| {
            rtp[0] |= 0x2f;
            *rtp.last_mut().expect("bytes") = 160;
        },
        // Another version of RTP.
        |rtp| rtp[0] = 0x40,
        // A payload type that nobody explained.
        |rtp| rtp[1] = 0x80 | 77,
    ];
    let changed = with_lies(&talk, &mut wire, 400, &lies);
    let ran = on_bytes(&wire.file).good();
    let recording = ran.recording();
    recording.holds(&without(talk, &changed), ms(5_000), &[]);
    assert_eq!(recording.gaps(0).len(), changed.len(), "each is told: {:?}", recording.gaps(0));
    let account = &ran.summary()["legs"][0];
    let told = account["dropped"].as_u64().zip(account["lost"].as_u64()).map(|(dropped, lost)| dropped + lost);
    assert_eq!(told, Some(changed.len() as u64), "{account}");
}

#[test]
fn udp_and_ip_headers_with_lying_lengths_cost_their_own_packet_and_nothing_else() {
    let lies: [fn(&mut Wire, usize, usize); 6] = [
        // UDP: longer than the packet, shorter than its own header.
        |wire, _, udp| wire.file[udp + 4..udp + 6].copy_from_slice(&0xffffu16.to_be_bytes()),
        |wire, _, udp| wire.file[udp + 4..udp + 6].copy_from_slice(&3u16.to_be_bytes()),
        // IP: longer than the frame, too short for a UDP header.
        |wire, ip, _| wire.file[ip + 2..ip + 4].copy_from_slice(&0xffffu16.to_be_bytes()),
        |wire, ip, _| wire.file[ip + 2..ip + 4].copy_from_slice(&25u16.to_be_bytes()),
        // IP: a header of no length, one of another version.
        |wire, ip, _| wire.file[ip] = 0x40,
        |wire, ip, _| wire.file[ip] = 0xf5,
    ];
    let mut wire = Wire::of("kept.pcap");
    let talk = Talk::of("kept.pcap");
    let mut changed = Vec::new();
    for (rtp, lie) in talk.caller[400..].iter().step_by(7).zip(lies) {
        let packet = wire.packets.iter().find(|packet| packet.payload == rtp.in_file).expect("it is there").clone();
        lie(&mut wire, packet.network, packet.transport);
        changed.push(rtp.clone());
    }
    let ran = on_bytes(&wire.file).good();
    let recording = ran.recording();
    recording.holds(&without(talk, &changed), ms(5_000), &[]);
    let gaps = recording.gaps(0);
    assert!(gaps.len() == changed.len() && gaps.iter().all(|(_, cause)| cause == "lost"), "{gaps:?}");
    assert_eq!(ran.summary()["legs"][0]["lost"], changed.len());
}

#[test]
fn signalling_that_names_no_media_is_an_error() {
    for (old, new) in [("m=audio", "m=image"), ("m=audio", "x=audio")] {
        let mut wire = Wire::of("kept.pcap");
        wire.replace_in_sip(old, new);
        let ran = on_bytes(&wire.file);
        failed(&ran, 2, &["changed.pcap"]);
        assert!(ran.stderr.contains("--caller") || ran.stderr.contains("SDP"), "{new}: {}", ran.stderr);
    }
}

#[test]
fn signalling_that_names_other_places_leaves_a_call_without_audio() {
    for changes in [
        [("m=audio 10018", "m=audio 20018"), ("m=audio 10020", "m=audio 20020")],
        [("c=IN IP4 192.0.2.10", "c=IN IP4 192.0.2.11"), ("c=IN IP4 192.0.2.20", "c=IN IP4 192.0.2.21")],
    ] {
        let mut wire = Wire::of("kept.pcap");
        changes.iter().for_each(|(old, new)| wire.replace_in_sip(old, new));
        failed(&on_bytes(&wire.file), 2, &["changed.pcap", "RTP"]);
    }
}

/// A capture of G.722 on both sides: the payload type is changed, in the packets and in what SIP says.
fn in_g_722() -> Vec<u8> {
    let mut wire = Wire::of("kept.pcap");
    let talk = Talk::of("kept.pcap");
    for packet in talk.caller.iter().chain(&talk.agent) {
        let byte = &mut wire.file[packet.in_file.start + 1];
        *byte = *byte & 0x80 | 9;
    }
    wire.replace_in_sip("RTP/AVP 8 101", "RTP/AVP 9 101");
    wire.replace_in_sip("a=rtpmap:8 PCMA/8000", "a=rtpmap:9 G722/8000");
    wire.file
}

#[test]
fn a_codec_that_cannot_be_decoded_is_named_and_nothing_is_recorded() {
    let ran = on_bytes(&in_g_722());
    failed(&ran, 1, &["caller", "G722/8000", "payload type 9", "PCMA"]);
    assert_eq!(ran.summary()["recorded"], false);
    assert!(ran.events("opened").is_empty(), "audio that cannot be examined never counts as examined");
}

#[test]
fn a_call_that_may_never_be_recorded_needs_no_codec() {
    let (_folder, file) = written(&in_g_722());
    let ran = bare(&file).args(["--entity", "ecommerce-us", "--notice", "0s..2s"]).run().good();
    assert_eq!(ran.reason(), "entity excluded");
}

#[test]
fn a_policy_that_cannot_be_read_stops_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let embedded = include_str!("../../src/policy/default.toml");
    let in_india = embedded.replacen("country = \"BE\"", "country = \"IN\"", 1);
    for (path, words) in [
        (folder.path().to_owned(), ["directory", ""]),
        (folder.path().join("nowhere.toml"), ["nowhere.toml", "No such file"]),
        (file("cut.toml", b"format = 1\n[[entity]"), ["cut.toml:2:", ""]),
        (file("bytes.toml", &[0xff, 0xfe, 0, 1]), ["bytes.toml:1:1", "UTF-8"]),
        (file("empty.toml", b""), ["empty.toml", "format"]),
        (file("key.toml", format!("speed = 9\n{embedded}").as_bytes()), ["key.toml:1:1", "speed"]),
        (file("india.toml", in_india.as_bytes()), ["india.toml:", "IN"]),
    ] {
        let ran = tap("kept.pcap").args(["--policy"]).args([&path]).run();
        failed(&ran, 2, &words);
        assert_eq!(ran.stdout, "");
        assert!(!ran.folder.path().join("recordings").exists());
        // The same mistake is found by `policy check`.
        let check = std::process::Command::new(super::run::CALLTAP).args(["policy", "check"]).arg(&path).output();
        let check = check.expect("it starts");
        assert_eq!((check.status.code(), String::from_utf8_lossy(&check.stderr)), (Some(2), ran.stderr.into()));
    }
}

#[test]
fn wrong_arguments_are_refused_with_what_was_expected() {
    let wrong: [(&[&str], &str); 14] = [
        (&["--notice", "0s..2s"], "--entity"),
        (&["--entity", "a", "--dialed", "+15550100"], "--dialed"),
        (&["--entity", "a", "--notice", "3s..1s"], "TO after FROM"),
        (&["--entity", "a", "--notice", "3s"], "FROM..TO"),
        (&["--entity", "a", "--notice", "1..2"], "'1'"),
        (&["--entity", "a", "--notice-broken-off"], "--notice"),
        (&["--entity", "a", "--stop-at", "soon"], "'soon'"),
        (&["--entity", "a", "--withdraw-at=-1s"], "zero"),
        (&["--entity", "a", "--pause", "1s..1s"], "TO after FROM"),
        (&["--entity", "a", "--caller", "192.0.2.10:10018"], "--agent"),
        (&["--entity", "a", "--caller", "192.0.2.10", "--agent", "192.0.2.20:1"], "--caller"),
        (&["--entity", "a", "--encoding", "opus"], "as-it-came"),
        (&["--entity", "a", "--rtpmap", "200=PCMA/8000"], "TYPE=NAME/RATE"),
        (&["--entity", "a", "--record-everything"], "--record-everything"),
    ];
    for (args, word) in wrong {
        let ran = bare(&capture("kept.pcap")).args(args).run();
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(ran.stderr.contains(word), "{args:?}: {}", ran.stderr);
        assert!(!ran.folder.path().join("recordings").exists());
    }
}

#[test]
fn addresses_that_nothing_comes_from_are_told_with_those_that_something_does() {
    let run = |caller: &str, agent: &str| {
        let tap = tap("kept.pcap").args(["--caller", caller, "--agent", agent]);
        tap.run()
    };
    failed(&run("192.0.2.10:1", "192.0.2.20:10020"), 2, &["192.0.2.10:1 ", "from 192.0.2.10:10018"]);
    failed(&run("192.0.2.10:10018", "192.0.2.10:10018"), 2, &["both sides"]);
}
