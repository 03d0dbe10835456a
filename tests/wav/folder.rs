//! Folders and files: whose they are, who may read them, what they are called.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use calltap::sink::wav::{WavEncoding, WavFolder, WavOptions};
use calltap::sink::{Outcome, Sink, SinkError};

use super::support::*;

fn refusal(path: &Path) -> String {
    WavFolder::open(path).expect_err("refused").to_string()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it exists").permissions().mode() & 0o7777
}

#[test]
fn files_are_private_whatever_the_umask() {
    const NAME: &str = "folder::files_are_private_whatever_the_umask";
    if let Some(folder) = given_folder() {
        let new = folder.join("new");
        let recordings = WavFolder::open(&new).expect("made");
        let mut sink = recordings.sink(WavOptions::default(), output());
        sink.open(&permit(), &description(&[L16])).expect("opened");
        let at_first = sink.files().existing();
        assert_eq!(at_first.len(), 2);
        assert!(at_first.iter().all(|path| mode(path) == 0o600));
        sink.close(&closing(Outcome::Complete)).expect("closed");
        assert_eq!(sink.files().existing(), at_first);
        assert!(at_first.iter().all(|path| mode(path) == 0o600));
        assert_eq!(mode(&new), 0o700);
        return;
    }
    for umask in ["umask 000", "umask 022", "umask 277"] {
        let dir = tempfile::tempdir().expect("a folder");
        run(&mut again(NAME, dir.path(), &["sh"], umask));
        assert_eq!(names(&dir.path().join("new")).len(), 2, "{umask}: it did what it should");
    }
}

#[test]
fn a_second_opener_is_told_that_the_folder_is_in_use() {
    let call = Call::of(L16, WavEncoding::Pcm);
    let told = refusal(call.dir.path());
    assert!(told.contains("in use by another engine or process"), "{told}");
    // The sink alone keeps it, and so do the paths somebody asks for.
    let Call { dir, folder, sink, .. } = call;
    let files = sink.files();
    drop(folder);
    refusal(dir.path());
    drop(sink);
    refusal(dir.path());
    drop(files);
    WavFolder::open(dir.path()).expect("free again");
}

#[test]
fn another_process_is_told_that_the_folder_is_in_use_until_this_one_is_gone() {
    const NAME: &str = "folder::another_process_is_told_that_the_folder_is_in_use_until_this_one_is_gone";
    if let Some(folder) = given_folder() {
        println!("{}", WavFolder::open(&folder).map_or_else(|why| why.to_string(), |_| "it is ours".into()));
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let other = || String::from_utf8_lossy(&run(&mut again(NAME, dir.path(), &["sh"], ":"))).into_owned();
    let ours = WavFolder::open(dir.path()).expect("ours");
    assert!(other().contains("in use by another engine or process"));
    drop(ours);
    assert!(other().contains("it is ours"));
    WavFolder::open(dir.path()).expect("the other process took its lock with it");
}

#[test]
fn what_is_no_folder_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("a file");
    fs::write(&file, "text").expect("written");
    let told = refusal(&file);
    assert!(told.contains("a file") && told.contains("cannot be opened as a folder: Not a directory"), "{told}");
    let told = refusal(&file.join("below"));
    assert!(told.contains("cannot be made: Not a directory"), "{told}");
    assert_eq!(fs::read(&file).expect("still there"), b"text");
}

#[test]
fn a_folder_that_every_user_can_write_to_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).expect("set");
    let told = refusal(dir.path());
    assert!(told.contains("can be written to by every user (mode 0777)"), "{told}");
    // As in /tmp, nobody can move what is not theirs.
    fs::set_permissions(dir.path(), Permissions::from_mode(0o1777)).expect("set");
    WavFolder::open(dir.path()).expect("ours");
}

#[test]
fn a_link_planted_under_a_files_name_is_not_followed() {
    for ending in ["wav", "json"] {
        let mut call = Call::unopened(WavEncoding::Pcm);
        let victim = tempfile::NamedTempFile::new().expect("a file");
        for target in [victim.path(), Path::new("/nowhere/at/all")] {
            symlink(target, call.path(ending)).expect("planted");
            let refused = call.sink.open(&permit(), &description(&[L16])).expect_err("refused");
            assert!(refused.to_string().contains("something has that name already"), "{refused}");
            assert_eq!(names(call.dir.path()), [format!("{STEM}.{ending}")], "nothing is left of the attempt");
            fs::remove_file(call.path(ending)).expect("removed");
        }
        assert_eq!(fs::metadata(victim.path()).expect("the victim").len(), 0);
        assert!(call.sink.files().existing().is_empty());
    }
}

#[test]
fn a_link_planted_where_the_description_is_made_anew_is_not_followed() {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    let victim = tempfile::NamedTempFile::new().expect("a file");
    symlink(victim.path(), call.dir.path().join(format!(".{STEM}.json.new"))).expect("planted");
    call.close();
    assert_eq!(call.json()["state"], "complete");
    assert_eq!(fs::metadata(victim.path()).expect("the victim").len(), 0);
    assert_eq!(names(call.dir.path()).len(), 2);
}

#[test]
fn a_file_is_named_by_date_and_output_alone() {
    let mut call = Call::unopened(WavEncoding::Pcm);
    let mut description = description(&[L16]);
    description.call = "../../etc/passwd".into();
    call.sink.open(&permit(), &description).expect("opened");
    assert_eq!(names(call.dir.path()), [format!("{STEM}.json"), format!("{STEM}.wav")]);
    assert_eq!(call.sink.path(), Some(call.path("wav")));
}

#[test]
fn a_description_half_written_by_a_killed_process_is_removed_when_the_folder_is_taken() {
    let dir = tempfile::tempdir().expect("a folder");
    let theirs = [".notes.json.new", "notes.json", ".20260131T093009Z_short.json.new"];
    for name in theirs.into_iter().chain([&*format!(".{STEM}.json.new")]) {
        fs::write(dir.path().join(name), "{").expect("written");
    }
    WavFolder::open(dir.path()).expect("ours");
    let mut expected = theirs.map(String::from);
    expected.sort();
    assert_eq!(names(dir.path()), expected);
}

#[test]
fn no_descriptor_is_handed_to_another_program() {
    const CLOSE_ON_EXEC: u32 = 0o2000000;
    let call = Call::of(L16, WavEncoding::Pcm);
    let mut seen = 0;
    for entry in fs::read_dir("/proc/self/fd").expect("descriptors").flatten() {
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        if target.starts_with(call.dir.path()) {
            let number = entry.file_name().into_string().expect("a number");
            let about = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).expect("about it");
            let flags = about.lines().find_map(|line| line.strip_prefix("flags:")).expect("flags").trim();
            let flags = u32::from_str_radix(flags, 8).expect("octal");
            assert!(flags & CLOSE_ON_EXEC != 0, "{target:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, 2, "the folder, the audio");
}

#[test]
fn a_folder_that_vanishes_is_told_at_the_next_flush() {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    call.linear(CALLER, 0, &[1; 160]);
    fs::remove_dir_all(call.dir.path()).expect("removed");
    let told = |result: Result<(), SinkError>| result.expect_err("an error").to_string();
    let why = told(call.sink.flush());
    assert!(why.contains("was removed by somebody else"), "{why}");
    let why = told(call.sink.close(&closing(Outcome::Truncated)));
    assert!(why.contains("was removed by somebody else"), "{why}");
    assert!(call.sink.files().existing().is_empty());
    // The next call has no folder either.
    let mut next = call.folder.sink(WavOptions::default(), output());
    let why = told(next.open(&permit(), &description(&[L16])));
    assert!(why.contains("its folder is gone"), "{why}");
}

#[test]
fn a_folder_that_is_renamed_keeps_its_recordings() {
    let mut call = Call::of(L16, WavEncoding::Pcm);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let moved = elsewhere.path().join("moved");
    fs::rename(call.dir.path(), &moved).expect("renamed");
    call.linear(CALLER, 0, &[1; 160]);
    call.sink.close(&closing(Outcome::Complete)).expect("closed");
    assert_eq!(channels(&moved.join(format!("{STEM}.wav"))).0, [1; 160]);
    assert_eq!(names(&moved).len(), 2);
}
