//! Folders that cannot be used and disks that are full: exit code 1, said why, and what was flushed can be played.

use std::fs::File;
use std::process::Command;

use super::recording::{Recording, read_wav};
use super::run::{Ran, into, names};
use super::speech::{Talk, from_a_law, nearest_sample, spoken};

fn failed(ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert!(ran.stderr.starts_with("calltap: ") && ran.stderr.lines().count() == 1, "{}", ran.stderr);
}

#[test]
fn a_file_where_the_folder_should_be_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("recordings");
    std::fs::write(&file, "somebody's").expect("written");
    for out in [file.clone(), file.join("below")] {
        let ran = into("kept.pcap", &out).run();
        failed(&ran, &[out.to_str().expect("text"), "Not a directory", "nothing was recorded"]);
        assert_eq!(ran.stdout, "", "found before the call is played");
    }
    assert_eq!(std::fs::read(&file).expect("it is there"), b"somebody's");
}

#[test]
fn a_folder_that_another_process_records_to_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let lock = File::open(folder.path()).expect("it can be opened");
    lock.try_lock().expect("nobody else has it");
    failed(
        &into("kept.pcap", folder.path()).run(),
        &[folder.path().to_str().expect("text"), "another", "nothing was recorded"],
    );
    assert_eq!(names(folder.path()), [""; 0]);
    drop(lock);
    assert_eq!(into("kept.pcap", folder.path()).run().good().summary()["recorded"], true);
}

#[test]
fn two_processes_at_once_do_not_write_to_one_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let children: Vec<_> = (0..4).map(|_| into("kept.pcap", folder.path()).started().0).collect();
    let ended: Vec<_> = children.into_iter().map(|child| child.wait_with_output().expect("it ends")).collect();
    let recorded = ended.iter().filter(|output| output.status.code() == Some(0)).count();
    let refused = ended.iter().filter(|output| {
        output.status.code() == Some(1) && String::from_utf8_lossy(&output.stderr).contains("another")
    });
    assert_eq!(recorded + refused.count(), 4);
    assert!(recorded >= 1);
    // Each recording whole, each with its description.
    assert_eq!(names(folder.path()).len(), 2 * recorded);
}

#[test]
fn a_folder_that_anybody_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("it is ours");
    failed(&into("kept.pcap", folder.path()).run(), &[folder.path().to_str().expect("text"), "nothing was recorded"]);
    assert_eq!(names(folder.path()), [""; 0]);
}

/// Runs the program on a disk of its own, mounted with `options` where nobody else sees it; what is on the disk in the
/// end is copied to the folder that is given back.
fn on_disk(name: &str, options: &str) -> (Ran, tempfile::TempDir) {
    let allowed = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).output();
    assert!(
        allowed.is_ok_and(|output| output.status.success()),
        "this test mounts a small disk: it needs unshare (util-linux) and leave to use it (as root, or with user namespaces)"
    );
    let copy = tempfile::tempdir().expect("a folder");
    let disk = tempfile::tempdir().expect("a folder");
    let script = format!(
        "mount -t tmpfs -o {options} tmpfs \"$1\"; copy=$2; disk=$1; shift 2; \"$@\"; code=$?; \
         cp -a \"$disk\"/. \"$copy\"; exit $code"
    );
    let paths = [disk.path(), copy.path()].map(|path| path.to_str().expect("text").to_owned());
    let tap = into(name, disk.path());
    let ran = tap.under(&["unshare", "-rm", "sh", "-c", &script, "sh", &paths[0], &paths[1]]).run();
    (ran, copy)
}

#[test]
fn a_disk_that_cannot_be_written_to_is_found_before_the_call_is_played() {
    let (ran, copy) = on_disk("kept.pcap", "ro,mode=0700");
    failed(&ran, &["Read-only file system", "nothing was recorded"]);
    assert_eq!((ran.stdout.as_str(), names(copy.path())), ("", vec![]));
}

#[test]
fn on_a_full_disk_what_was_flushed_can_be_played_and_the_rest_is_said_to_be_missing() {
    let (ran, copy) = on_disk("kept.pcap", "size=64k,mode=0700");
    failed(&ran, &["No space left on device", ".wav", "up to the last flush"]);
    let [json, wav] = <[String; 2]>::try_from(names(copy.path())).expect("audio and its description");
    let recording = Recording::read(&copy.path().join(wav), &copy.path().join(json));
    recording.can_be_played();
    assert_eq!((&recording.told["state"], recording.offset), (&"truncated".into(), 40_000));
    // What is there is what was said, from the beginning on.
    let talk = Talk::of("kept.pcap");
    let samples = recording.channels[0].len();
    assert!((8_000..16_384).contains(&samples), "{samples}");
    for (side, channel) in [&talk.caller, &talk.agent].into_iter().zip(&recording.channels) {
        let said = spoken(side, super::recording::ms(5_000), &[], talk.bye);
        for (at, &sample) in (40_000..).zip(channel) {
            assert_eq!(sample, said.get(&at).map_or(0, |&byte| from_a_law(byte)), "sample {at}");
        }
    }
    assert_eq!(nearest_sample(recording.stretch().end) - 40_000, samples as i64);
    // The summary says what there is, and where the rest went.
    let summary = ran.summary();
    assert_eq!(summary["recorded"], true);
    assert!(!ran.events("sink_failed").is_empty(), "at the write that failed, and again when the file is closed");
    for leg in [0, 1] {
        let account = &summary["legs"][leg];
        assert!(account["dropped_by"]["sink"].as_u64() > Some(300), "{account}");
        assert_eq!(account["in_flight"], 0);
    }
}

#[test]
fn an_objection_on_a_full_disk_leaves_nothing_of_the_call() {
    let (ran, copy) = on_disk("nine-alone.pcap", "size=64k,mode=0700");
    failed(&ran, &["No space left on device"]);
    assert_eq!(names(copy.path()), [""; 0]);
    assert_eq!((ran.reason().as_str(), &ran.summary()["recorded"]), ("objected", &false.into()));
    assert_eq!(ran.event("receipt")["fate"], "erased");
}

#[test]
fn a_disk_with_no_room_at_all_is_said_to_be_full() {
    // One page is for the folder's own probe; there is none for audio.
    let (ran, copy) = on_disk("kept.pcap", "nr_inodes=2,mode=0700");
    failed(&ran, &["No space left on device"]);
    assert_eq!(names(copy.path()), [""; 0]);
    assert_eq!(ran.summary()["recorded"], false);
}

/// What a process that was killed leaves can be played: the file as it is on the disk while the call goes on.
#[test]
fn a_recording_that_is_not_closed_has_a_header_that_tells_no_lie() {
    let folder = tempfile::tempdir().expect("a folder");
    // Killed by the file size limit's signal in the middle of the call, with no word of farewell.
    let script = "ulimit -c 0 -f 96; exec \"$@\"";
    let tap = into("kept.pcap", folder.path()).under(&["bash", "-c", script, "bash"]);
    let (child, _kept) = tap.started();
    let output = child.wait_with_output().expect("it ends");
    use std::os::unix::process::ExitStatusExt as _;
    assert_eq!(output.status.signal(), Some(25), "SIGXFSZ: {}", String::from_utf8_lossy(&output.stderr));
    let left = names(folder.path());
    let wav = left.iter().find(|name| name.ends_with(".wav")).expect("audio");
    let (_, channels) = read_wav(&std::fs::read(folder.path().join(wav)).expect("audio"));
    assert!(channels[0].len() >= 2 * 8_000, "{} samples", channels[0].len());
    let talk = Talk::of("kept.pcap");
    for (side, channel) in [&talk.caller, &talk.agent].into_iter().zip(&channels) {
        let said = spoken(side, super::recording::ms(5_000), &[], talk.bye);
        for (at, &sample) in (40_000..).zip(channel) {
            assert_eq!(sample, said.get(&at).map_or(0, |&byte| from_a_law(byte)), "sample {at}");
        }
    }
    // The next run finds the folder unlocked and what is in it untouched.
    assert_eq!(into("kept.pcap", folder.path()).run().good().summary()["recorded"], true);
    assert!(names(folder.path()).iter().filter(|name| left.contains(name)).count() == left.len());
}
