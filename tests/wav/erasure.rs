//! What an objection leaves behind: nothing.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use calltap::sink::wav::WavEncoding;
use calltap::sink::{Fate, Outcome, Receipt, Sink};

use super::support::*;

fn recorded() -> Call {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    for at in (0..40_000).step_by(160) {
        call.linear(CALLER, at, &voice(CALLER, at..at + 160));
    }
    call.sink.flush().expect("flushed");
    call.linear(AGENT, 40_000, &voice(AGENT, 40_000..40_160));
    call
}

/// Every byte of the file, through a descriptor that outlives its name.
fn bytes(file: &File) -> Vec<u8> {
    let mut bytes = vec![1; file.metadata().expect("metadata").len() as usize];
    file.read_exact_at(&mut bytes, 0).expect("readable");
    bytes
}

const ALL: Receipt = Receipt {
    output: calltap::sink::OutputId(uuid::uuid!("01944f2c-5c00-7000-8000-0000000000aa")),
    fate: Fate::Erased,
    frames: 251,
    bytes: 251 * 320,
};

#[test]
fn an_erased_recording_is_overwritten_and_gone_before_and_after_its_close() {
    for closed in [false, true] {
        let mut call = recorded();
        if closed {
            call.close();
        }
        let file = File::open(call.path("wav")).expect("there");
        let before = bytes(&file);
        assert!(before.iter().filter(|&&byte| byte != 0).count() > 70_000);
        assert_eq!(call.sink.erase(&erasure()), ALL);
        let after = bytes(&file);
        assert_eq!(after.len(), before.len(), "not cut off: overwritten");
        assert!(after.iter().all(|&byte| byte == 0));
        assert!(names(call.dir.path()).is_empty());
        assert!(call.sink.files().existing().is_empty());
        // A second time there is nothing left, and a close or more audio changes that no more.
        let nothing = Receipt { frames: 0, bytes: 0, ..ALL };
        assert_eq!(call.sink.erase(&erasure()), nothing);
        let frame = linear(&call.pool, CALLER, 50_000, &[1; 160]);
        let refused = call.sink.frame(&frame).expect_err("refused").to_string();
        assert!(refused.contains("was erased"), "{refused}");
        call.sink.flush().expect_err("refused");
        call.sink.close(&closing(Outcome::Complete)).expect("nothing to do");
        let dir = call.dir;
        drop(call.sink);
        assert!(names(dir.path()).is_empty());
    }
}

#[test]
fn a_recording_that_never_began_is_erased_already() {
    let mut call = Call::unopened(WavEncoding::Pcm);
    assert_eq!(call.sink.erase(&erasure()), Receipt { frames: 0, bytes: 0, ..ALL });
    assert!(names(call.dir.path()).is_empty());
    call.sink.open(&permit(), &description(&[L16])).expect_err("an erased output does not begin");
}

#[test]
fn a_recording_that_was_moved_is_overwritten_where_it_is() {
    let mut call = recorded();
    call.close();
    let elsewhere = call.dir.path().join("elsewhere.wav");
    fs::rename(call.path("wav"), &elsewhere).expect("moved");
    assert_eq!(call.sink.erase(&erasure()), ALL);
    assert!(fs::read(&elsewhere).expect("there").iter().all(|&byte| byte == 0));
}

#[test]
fn an_erasure_that_cannot_be_done_is_pending_until_it_can() {
    let mut call = recorded();
    // A folder in the file's place cannot be deleted as a file.
    fs::rename(call.path("wav"), call.dir.path().join("aside")).expect("moved");
    fs::create_dir(call.path("wav")).expect("in the way");
    let pending = call.sink.erase(&erasure());
    let Fate::Pending(why) = &pending.fate else { panic!("{pending:?}") };
    assert!(why.contains("could not be deleted, its audio is overwritten"), "{why}");
    assert_eq!((pending.frames, pending.bytes), (ALL.frames, ALL.bytes));
    // Meanwhile nothing is written any more.
    call.sink.frame(&linear(&call.pool, CALLER, 50_000, &[1; 160])).expect_err("refused");
    call.sink.close(&closing(Outcome::Complete)).expect("nothing to do");
    assert!(fs::read(call.dir.path().join("aside")).expect("there").iter().all(|&byte| byte == 0));
    fs::remove_dir(call.path("wav")).expect("out of the way");
    assert_eq!(call.sink.erase(&erasure()), ALL);
    assert_eq!(names(call.dir.path()), ["aside"]);
}

#[test]
fn a_failed_close_leaves_nothing_that_an_erasure_would_miss() {
    let mut call = recorded();
    // A folder where the description is made anew.
    fs::create_dir(call.dir.path().join(format!(".{STEM}.json.new"))).expect("in the way");
    let failed = call.sink.close(&closing(Outcome::Complete)).expect_err("in the way").to_string();
    assert!(failed.contains("the audio beside it is there"), "{failed}");
    assert_eq!(channels(&call.path("wav")).0.len(), 40_160);
    assert_eq!(call.json()["state"], "recording");
    fs::remove_dir(call.dir.path().join(format!(".{STEM}.json.new"))).expect("out of the way");
    assert_eq!(call.sink.erase(&erasure()), ALL);
    assert!(names(call.dir.path()).is_empty());
}
