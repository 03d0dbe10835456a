//! Promise 7: a file that was being written when the process was killed can be played up to its last flush.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use calltap::audio::Format;
use calltap::sink::Sink;
use calltap::sink::wav::{WavEncoding, WavFolder, WavOptions};

use super::support::*;

/// Audio of the killed process in seconds, at most.
const LONGEST: i64 = 300;

#[test]
fn a_linear_file_can_be_played_up_to_its_last_flush_after_the_process_was_killed() {
    if let Some(folder) = given_folder() {
        return write_until_killed(&folder, L16, WavEncoding::Pcm);
    }
    for flushes in [1, 2, 7, 31] {
        let dir = tempfile::tempdir().expect("a folder");
        let name = "crash::a_linear_file_can_be_played_up_to_its_last_flush_after_the_process_was_killed";
        kill_after(flushes, name, dir.path());
        let path = dir.path().join(format!("{STEM}.wav"));
        let (left, right) = channels(&path);
        let samples = left.len() as i64;
        assert!(samples >= 8_000 * flushes, "{samples} samples after {flushes} flushes");
        assert_eq!((&left, &right), (&voice(CALLER, 0..samples), &voice(AGENT, 0..samples)));
        assert_eq!(played_by_sox(&path), (left, right));
        assert_eq!(counted_by_python(&path) as i64, samples);
        still_described(dir.path());
    }
}

#[test]
fn a_file_of_a_law_can_be_played_up_to_its_last_flush_after_the_process_was_killed() {
    if let Some(folder) = given_folder() {
        return write_until_killed(&folder, Format::PCMA, WavEncoding::AsItCame);
    }
    let dir = tempfile::tempdir().expect("a folder");
    let name = "crash::a_file_of_a_law_can_be_played_up_to_its_last_flush_after_the_process_was_killed";
    kill_after(3, name, dir.path());
    let path = dir.path().join(format!("{STEM}.wav"));
    let bytes = std::fs::read(&path).expect("a file");
    let told = u32::from_le_bytes(bytes[54..58].try_into().expect("four bytes")) as usize / 2;
    assert!(told >= 3 * 8_000);
    let expected = [CALLER, AGENT].map(|leg| bytes_of(&voice(leg, 0..told as i64)));
    for (at, block) in bytes[58..].chunks_exact(2).take(told).enumerate() {
        assert_eq!(block, [expected[0][at], expected[1][at]], "sample {at}");
    }
    assert_eq!(played_by_sox(&path).0.len(), told);
    still_described(dir.path());
}

/// Every flush makes a file that another program can play while this one goes on writing.
#[test]
fn a_file_that_is_being_written_can_be_played_up_to_the_last_flush() {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    assert_eq!(channels(&call.path("wav")), (vec![], vec![]));
    for second in 0..4 {
        for at in (second * 8_000..(second + 1) * 8_000).step_by(160) {
            call.linear(CALLER, at, &voice(CALLER, at..at + 160));
        }
        call.sink.flush().expect("flushed");
        // Not flushed yet, and not in the way.
        let next = (second + 1) * 8_000;
        call.linear(AGENT, next, &[1; 80]);
        assert_eq!(channels(&call.path("wav")).0, voice(CALLER, 0..next));
    }
}

#[test]
fn a_sink_that_is_dropped_without_a_close_leaves_a_file_that_can_be_played() {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    call.linear(CALLER, 0, &voice(CALLER, 0..999));
    let path = call.path("wav");
    let Call { dir, sink, .. } = call;
    drop(sink);
    assert_eq!(channels(&path).0, voice(CALLER, 0..999));
    still_described(dir.path());
}

/// Runs the test `name` as a process of its own and kills it once it reported so many flushes.
fn kill_after(flushes: i64, name: &str, folder: &Path) {
    let mut command = again(name, folder, &["sh"], ":");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let reported = lines.map_while(Result::ok).any(|line| line.ends_with(&format!("flushed {flushes}")));
    child.kill().expect("killed");
    let status = child.wait().expect("gone");
    assert!(reported && !status.success(), "it ended before it was killed: {status}");
}

fn write_until_killed(folder: &Path, format: Format, encoding: WavEncoding) {
    let folder = WavFolder::open(folder).expect("the folder is ours");
    let mut sink = folder.sink(WavOptions { encoding }, output());
    sink.open(&permit(), &description(&[format])).expect("opened");
    let pool = calltap::frame::Pool::new(1 << 20);
    for second in 0..LONGEST {
        for at in (second * 8_000..(second + 1) * 8_000).step_by(160) {
            for leg in [CALLER, AGENT] {
                let voice = voice(leg, at..at + 160);
                let frame = match encoding {
                    WavEncoding::Pcm => linear(&pool, leg, at, &voice),
                    WavEncoding::AsItCame => frame(&pool, leg, at, format, 160, &bytes_of(&voice)),
                };
                sink.frame(&frame).expect("written");
            }
        }
        sink.flush().expect("flushed");
        println!("flushed {}", second + 1);
    }
    // To be killed here at the latest; when the one who should do it is gone instead, this ends.
    let _ = std::io::stdin().read_line(&mut String::new());
    std::process::exit(0);
}

fn bytes_of(voice: &[i16]) -> Vec<u8> {
    voice.iter().map(|&sample| (sample >> 3) as u8).collect()
}

fn still_described(folder: &Path) {
    let json = std::fs::read(folder.join(format!("{STEM}.json"))).expect("a description");
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!((&json["state"], &json["offset_samples"]), (&"recording".into(), &72_000.into()));
}
