//! A short fuzz run over every reader of strangers' bytes: the same broken inputs every time. `fuzz/` runs longer.
#![cfg(feature = "capture")]

use std::panic::{AssertUnwindSafe, catch_unwind};

#[path = "fuzz_short/entries.rs"]
mod entries;
#[path = "fuzz_short/mutate.rs"]
mod mutate;
#[path = "capture/scene.rs"]
#[allow(dead_code, reason = "shared with tests/capture.rs, which uses all of it")]
mod scene;
#[path = "capture/writer.rs"]
#[allow(dead_code, reason = "shared with tests/capture.rs, which uses all of it")]
mod writer;

use mutate::{Random, mutate};
use scene::{People, Scene, info, request, response, sdp};
use writer::{Order, PcapNg, WRAPS, pcap, tcp, udp_fragments};

/// Breaks the seeds `rounds` times and reads each. A panic tells the round and the bytes.
fn fuzz(rounds: u64, seeds: &[Vec<u8>], read: fn(&[u8])) {
    for seed in seeds {
        read(seed);
    }
    for round in 0..rounds {
        let mut random = Random::new(round);
        let mut bytes = seeds[random.below(seeds.len())].clone();
        mutate(&mut bytes, &seeds[random.below(seeds.len())], &mut random);
        if catch_unwind(AssertUnwindSafe(|| read(&bytes))).is_err() {
            panic!("round {round} cannot be read: b\"{}\"", bytes.escape_ascii());
        }
    }
}

#[test]
fn no_broken_capture_makes_its_reader_panic() {
    fuzz(4_000, &capture_seeds(), entries::capture);
}

#[test]
fn no_broken_sip_message_makes_its_reader_panic() {
    fuzz(10_000, &sip_seeds(), entries::sip);
}

#[test]
fn no_broken_session_description_makes_its_reader_panic() {
    fuzz(10_000, &sdp_seeds(), entries::sdp);
}

#[test]
fn no_broken_rtp_packet_makes_its_reader_panic() {
    fuzz(40_000, &rtp_seeds(), entries::rtp);
}

#[test]
fn no_broken_policy_makes_its_reader_panic() {
    fuzz(400, &policy_seeds(), entries::policy);
}

#[test]
#[ignore = "writes the first corpus of cargo-fuzz into fuzz/corpus, see fuzz/README.md"]
fn the_seeds_are_written_for_cargo_fuzz() {
    let seeds = [
        ("capture", capture_seeds()),
        ("sip", sip_seeds()),
        ("sdp", sdp_seeds()),
        ("rtp", rtp_seeds()),
        ("policy", policy_seeds()),
    ];
    for (target, seeds) in seeds {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        std::fs::create_dir_all(&folder).expect("a folder for the corpus");
        for (n, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{n}")), seed).expect("a file in it");
        }
    }
}

fn capture_seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for people in [People::v4(), People::v6()] {
        let mut scene = Scene::new();
        scene.sip(people.alice, people.bob, &request("INVITE", "one", 1, &sdp(people.alice_media)));
        let answer = response(200, "INVITE", "one", 1, &sdp(people.bob_media));
        udp_fragments(people.bob, people.alice, answer.as_bytes(), 256, 7)
            .into_iter()
            .for_each(|part| scene.send(part));
        scene.rtp(people.alice_media, people.bob_media, 8, 1);
        scene.rtp(people.bob_media, people.alice_media, 8, 1);
        let other = request("INVITE", "two", 1, &sdp(people.bob_media));
        scene.send(tcp(people.alice, people.bob, 0, 2, b""));
        scene.send(tcp(people.alice, people.bob, 201, 16, &other.as_bytes()[200..]));
        scene.send(tcp(people.alice, people.bob, 1, 17, &other.as_bytes()[..200]));
        for (_, link, wrap) in WRAPS {
            let packets: Vec<_> = scene.packets.iter().map(|(time, ip)| (*time, wrap(ip))).collect();
            seeds.push(pcap(Order::Big, link == 1, link, &packets));
        }
        let mut file = PcapNg::new(Order::Little);
        file.interface(101, 0, &[(9, &[9]), (14, &[0; 8])]);
        scene.packets.iter().for_each(|(time, bytes)| file.enhanced(0, *time, bytes));
        file.simple(4, b"last");
        file.obsolete(0, 1, &scene.packets[0].1);
        seeds.push(file.file);
    }
    seeds
}

fn sip_seeds() -> Vec<Vec<u8>> {
    let people = People::v4();
    let body = sdp(people.alice_media);
    let multipart = format!(
        "INVITE sip:x SIP/2.0\nf: \"A <\" <sip:a>\n ;tag=1\nt: b\ni: one\nCSeq: 1\n INVITE\n\
         c: multipart/mixed;boundary=\"b\"\n\n--b\nc: application/sdp\n\n{body}\n--b--"
    );
    let key = info("one", 2, "application/dtmf-relay", "Signal=9\r\nDuration=160\r\n");
    [request("INVITE", "one", 1, &body), response(200, "INVITE", "one", 1, &body), multipart, key]
        .map(String::into_bytes)
        .into()
}

fn sdp_seeds() -> Vec<Vec<u8>> {
    let keyed =
        "v=0\r\nm=audio 4000/2 RTP/SAVP 0 8 96\r\nc=IN IP4 224.2.1.1/127/3\r\na=crypto:1 x inline:y\r\na=inactive\r\n";
    vec![sdp(People::v4().alice_media).into(), sdp(People::v6().alice_media).into(), keyed.into()]
}

/// Packets with CSRCs, an extension, padding, telephone-events and redundancy, each after its length.
fn rtp_seeds() -> Vec<Vec<u8>> {
    let packets: [&[u8]; 5] = [
        &[0x80, 8, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, 0xd5, 0xd5, 0xd5, 0xd5],
        &[0x92, 0x88, 0, 2, 0, 0, 1, 64, 1, 2, 3, 4, 9, 9, 9, 9, 8, 8, 8, 8, 0xbe, 0xde, 0, 1, 0x10, 7, 0, 0, 0xd5],
        &[0xa0, 8, 0, 3, 0, 0, 1, 224, 1, 2, 3, 4, 0xd5, 0, 0, 3],
        &[0x80, 0xe5, 0xff, 0xff, 0, 0, 2, 128, 1, 2, 3, 4, 9, 0x0a, 0, 160, 9, 0x8a, 6, 64],
        &[0x80, 100, 0, 0, 0, 0, 2, 128, 1, 2, 3, 4, 0xe5, 0x02, 0x80, 0x04, 0x08, 9, 0x0a, 0, 160, 0xd5, 0xd5],
    ];
    let framed = |packet: &&[u8]| [&[packet.len() as u8][..], packet].concat();
    vec![packets.iter().flat_map(framed).collect(), packets.iter().rev().flat_map(framed).collect()]
}

fn policy_seeds() -> Vec<Vec<u8>> {
    vec![include_bytes!("../src/policy/default.toml").to_vec()]
}
