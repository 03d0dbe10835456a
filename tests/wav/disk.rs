//! Disks that are full or cannot be written to. Each test runs itself again where such a disk is mounted.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use calltap::sink::wav::{WavEncoding, WavFolder, WavOptions};
use calltap::sink::{Fate, Outcome, Sink};

use super::support::*;

/// Runs the test `name` again with a file system of its own in the folder it is given.
fn with_disk(name: &str, options: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let mount = format!("mount -t tmpfs -o {options} tmpfs \"$1\"");
    let printed = run(&mut again(name, dir.path(), &["unshare", "-rm", "sh"], &mount));
    assert!(String::from_utf8_lossy(&printed).contains("1 passed"), "the test ran");
}

/// Whether this machine lets a test mount something of its own.
fn may_mount() -> bool {
    Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/tmp"])
        .output()
        .is_ok_and(|output| output.status.success())
}

#[test]
fn on_a_full_disk_the_recording_stays_up_to_its_last_flush_and_says_so() {
    const NAME: &str = "disk::on_a_full_disk_the_recording_stays_up_to_its_last_flush_and_says_so";
    if let Some(folder) = given_folder() {
        return fill_the_disk(&folder);
    }
    if may_mount() {
        with_disk(NAME, "size=64k,mode=0700");
    } else {
        // Without a small disk, a limit on the length of files; a shell that ignores the signal hands that on.
        let dir = tempfile::tempdir().expect("a folder");
        run(&mut again(NAME, dir.path(), &["bash"], "trap '' XFSZ; ulimit -f 48"));
        assert_eq!(names(dir.path()).len(), 2, "the test ran");
    }
}

fn fill_the_disk(folder: &Path) {
    let recordings = WavFolder::open(folder).expect("ours");
    let mut sink = recordings.sink(WavOptions { encoding: WavEncoding::Pcm }, output());
    sink.open(&permit(), &description(&[L16])).expect("opened");
    let pool = calltap::frame::Pool::new(1 << 20);
    let mut flushed = 0;
    let refused = (0..100).find_map(|tenth| {
        let at = tenth * 800;
        let frame = linear(&pool, CALLER, at, &voice(CALLER, at..at + 800));
        let result = sink.frame(&frame).and_then(|_| sink.flush());
        flushed = if result.is_ok() { at + 800 } else { flushed };
        result.err()
    });
    let refused = refused.expect("no room for ten seconds").to_string();
    assert!(flushed >= 8_000, "{flushed}");
    assert!(refused.contains(&format!("{STEM}.wav")), "{refused}");
    assert!(refused.contains("No space left on device") || refused.contains("File too large"), "{refused}");
    assert!(refused.contains(&format!("its first {:.3} s, up to the last flush, stay", flushed as f64 / 8_000.0)));
    // Playable before the close, and after.
    let path = folder.join(format!("{STEM}.wav"));
    assert_eq!(channels(&path).0, voice(CALLER, 0..flushed));
    let again = sink.close(&closing(Outcome::Truncated)).expect_err("the last audio is not on the disk").to_string();
    assert!(again.contains("up to the last flush, stay"), "{again}");
    assert_eq!(channels(&path).0, voice(CALLER, 0..flushed));
    assert_eq!(fs::metadata(&path).expect("it is there").len(), 44 + 4 * flushed as u64);
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join(format!("{STEM}.json"))).expect("a description")).expect("JSON");
    assert_eq!((&json["state"], &json["samples"]), (&"truncated".into(), &flushed.into()));
}

#[test]
fn with_not_a_byte_left_the_description_is_still_brought_to_its_end() {
    const NAME: &str = "disk::with_not_a_byte_left_the_description_is_still_brought_to_its_end";
    if let Some(folder) = given_folder() {
        let recordings = WavFolder::open(&folder).expect("ours");
        let mut sink = recordings.sink(WavOptions::default(), output());
        sink.open(&permit(), &description(&[L16])).expect("opened");
        let pool = calltap::frame::Pool::new(1 << 20);
        sink.frame(&linear(&pool, CALLER, 0, &[9; 160])).expect("written");
        sink.flush().expect("flushed");
        let mut filler = fs::File::create(folder.join("filler")).expect("made");
        while filler.write_all(&[1; 512]).is_ok() {}
        sink.close(&closing(Outcome::Complete)).expect("closed");
        let text = fs::read(folder.join(format!("{STEM}.json"))).expect("a description");
        let json: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        assert_eq!((&json["state"], &json["samples"]), (&"complete".into(), &160.into()));
        // Erasing needs no room either.
        assert_eq!(sink.erase(&erasure()).fate, Fate::Erased);
        assert_eq!(names(&folder), ["filler"]);
        return;
    }
    if may_mount() {
        with_disk(NAME, "size=64k,mode=0700");
    } else {
        println!("not tested: this machine lets nobody mount a small disk");
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_is_refused_before_any_call() {
    const NAME: &str = "disk::a_folder_that_cannot_be_written_to_is_refused_before_any_call";
    if let Some(folder) = given_folder() {
        let told = WavFolder::open(&folder).expect_err("refused").to_string();
        assert!(told.contains("cannot be written to: Read-only file system"), "{told}");
        assert!(told.contains("on a file system that can be written to; nothing was recorded"), "{told}");
        let told = WavFolder::open(folder.join("new")).expect_err("refused").to_string();
        assert!(told.contains("cannot be made: Read-only file system"), "{told}");
        return;
    }
    if may_mount() {
        with_disk(NAME, "ro");
    } else {
        println!("not tested: this machine lets nobody mount a disk that cannot be written to");
    }
}
