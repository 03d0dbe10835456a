//! The example in C and its twin in Rust do on threads, at a capture's own pace, what `calltap tap` does in virtual time:
//! the same audio, byte for byte, the same decisions, the same account.
#![cfg(all(feature = "capi", feature = "cli"))]

mod prefix;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use prefix::{good, in_root, run, shared, target};

/// A call, and what is said of it.
#[derive(Clone, Copy)]
struct Told {
    capture: &'static str,
    /// Where caller and agent send from.
    senders: [&'static str; 2],
    entity: &'static str,
    /// More arguments for the examples.
    more: &'static [&'static str],
}

const KEPT: Told =
    Told { capture: "kept.pcap", senders: ["192.0.2.10:10018", "192.0.2.20:10020"], entity: "ecommerce-be", more: &[] };

#[test]
fn the_example_in_c_records_what_the_replay_records() {
    let (by_c, by_tap) = (Made::by(c_example(), KEPT), Made::by_tap(KEPT));
    assert!(by_c.wav().len() > 480_000, "15 s of two voices");
    assert!(by_c.wav() == by_tap.wav(), "the same audio, byte for byte");
    assert_eq!(by_c.description(), by_tap.description());
    by_c.tells_what_tap_tells(&by_tap);
    for event in [
        "    2.000 s  the notice was given in full",
        "    5.000 s  may be tapped from here on",
        "    5.000 s  a recording begins",
        "   20.020 s  nothing more will be tapped: ended",
        "   20.020 s  a recording is complete",
    ] {
        assert!(by_c.printed.lines().any(|line| line == event), "{event}\n{}", by_c.printed);
    }
}

#[test]
fn its_twin_in_rust_records_the_same_and_tells_the_same() {
    let (by_rust, by_tap) = (Made::by(rust_example(), KEPT), Made::by_tap(KEPT));
    assert!(by_rust.wav() == by_tap.wav(), "the same audio, byte for byte");
    assert_eq!(by_rust.description(), by_tap.description());
    by_rust.tells_what_tap_tells(&by_tap);
}

#[test]
fn a_nine_in_the_packets_refuses_in_both_and_leaves_nothing() {
    let told = Told { capture: "nine-in-window.pcap", senders: ["192.0.2.10:10068", "192.0.2.20:10080"], ..KEPT };
    let by_tap = Made::by_tap(told);
    assert_eq!(by_tap.summary()["reason"], "objected");
    std::thread::scope(|scope| {
        for program in [c_example(), rust_example()] {
            scope.spawn(move || Made::by(program, told).refused());
        }
    });
}

#[test]
fn a_nine_that_the_host_saw_refuses_in_both_and_leaves_nothing() {
    let told = Told { more: &["--digit", "9@2.5s"], ..KEPT };
    std::thread::scope(|scope| {
        for program in [c_example(), rust_example()] {
            scope.spawn(move || Made::by(program, told).refused());
        }
    });
}

#[test]
fn of_an_excluded_entity_not_even_a_folder_is_made() {
    for program in [c_example(), rust_example()] {
        let made = Made::by(program, Told { entity: "ecommerce-us", ..KEPT });
        assert_eq!(made.printed, "recording: entity excluded\n");
        assert!(!made.out.exists());
    }
}

#[test]
fn the_example_in_c_says_what_it_cannot_do() {
    let capture = in_root("examples/captures/kept.pcap");
    let [caller, agent] = KEPT.senders;
    for (arguments, complaint) in [
        (vec![], "usage"),
        (vec!["nowhere.pcap", "--caller", caller, "--agent", agent], "nowhere.pcap: No such file"),
        (vec!["x", "--caller", "caller", "--agent", agent], "--caller: not an IPv4 address and port"),
        (vec!["Cargo.toml", "--caller", caller, "--agent", agent], "no pcap file of Ethernet frames"),
        (vec![capture.to_str().expect("text"), "--caller", caller, "--agent", "192.0.2.20:9"], "no RTP comes from"),
        (vec!["x", "--notice", "soon", "--caller", caller, "--agent", agent], "soon: not a time"),
        (vec!["x", "--nonsense", "1"], "there is no such option"),
    ] {
        let ran = run(shared().shell(&in_root(""), "exec \"$0\" \"$@\"").arg(c_example()).args(&arguments));
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(complaint), "{arguments:?}: {said}");
    }
}

/// `examples/c/record.c`, compiled with one line from the installed library.
fn c_example() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, program) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let program = shared().compile(&in_root("examples/c/record.c"), folder.path());
        (folder, program)
    });
    program
}

/// `examples/live.rs`. Built already when all tests are.
fn rust_example() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--all-features", "--example", "live", "--target-dir"]).arg(target());
        good(cargo.current_dir(in_root("")));
        target().join("debug/examples/live")
    })
}

/// What a run printed and made.
struct Made {
    printed: String,
    out: PathBuf,
    _folder: TempDir,
}

impl Made {
    /// By one of the examples.
    fn by(program: &Path, told: Told) -> Made {
        // By sh, which finds the library.
        let mut command = shared().shell(&in_root(""), "exec \"$0\" \"$@\"");
        command.arg(program);
        Made::from(command, told, told.more)
    }

    /// By the command line, in virtual time.
    fn by_tap(told: Told) -> Made {
        let mut command = Command::new(env!("CARGO_BIN_EXE_calltap"));
        command.arg("tap");
        Made::from(command, told, &["--json"])
    }

    fn from(mut command: Command, told: Told, more: &[&str]) -> Made {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("recordings");
        command.arg(in_root("examples/captures").join(told.capture)).args(["--entity", told.entity]);
        command.args(["--caller", told.senders[0], "--agent", told.senders[1], "--notice", "0s..2s"]);
        command.args(["--language", "en", "--out"]).arg(&out).args(more);
        Made { printed: good(&mut command), out, _folder: folder }
    }

    /// The last line of `calltap tap`.
    fn summary(&self) -> Value {
        serde_json::from_str(self.printed.lines().last().expect("it printed something")).expect("JSON")
    }

    fn wav(&self) -> Vec<u8> {
        fs::read(self.only("wav")).expect("audio")
    }

    /// What lies beside the recording, without what differs by nature: ids, and formats that no packet used.
    fn description(&self) -> Value {
        let text = fs::read_to_string(self.only("json")).expect("a description");
        let mut told: Value = serde_json::from_str(&text).expect("JSON");
        for name in ["output", "file"] {
            told[name].take();
        }
        told["legs"].as_array_mut().expect("legs").iter_mut().for_each(|leg| drop(leg["formats"].take()));
        told
    }

    fn only(&self, extension: &str) -> PathBuf {
        let entries = fs::read_dir(&self.out).expect("a folder").map(|entry| entry.expect("listed").path());
        let found: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|it| it == extension)).collect();
        let [only] = <[PathBuf; 1]>::try_from(found).expect("one recording");
        only
    }

    /// The decision, what was permitted, and the account of each leg are those of `calltap tap`.
    fn tells_what_tap_tells(&self, by_tap: &Made) {
        let summary = by_tap.summary();
        let permitted = &summary["permitted"][0];
        let seconds = |second: &Value| second.as_f64().expect("seconds");
        let mut lines = vec![format!(
            "permitted {:.3}..{:.3} s: {}",
            seconds(&permitted["from"]),
            seconds(&permitted["to"]),
            permitted["ended"].as_str().expect("a reason")
        )];
        for leg in summary["legs"].as_array().expect("legs") {
            let of = |name: &str| leg[name].as_u64().expect("a count");
            lines.push(format!(
                "{:9} {} packets = {} delivered + {} masked + {} withheld + {} dropped + {} purged; {} lost",
                leg["role"].as_str().expect("a role"),
                of("pushed"),
                of("delivered"),
                of("masked"),
                of("withheld"),
                of("dropped"),
                of("purged"),
                of("lost")
            ));
        }
        let account: Vec<&str> = self.printed.lines().skip_while(|line| *line != "decision  ended").collect();
        assert_eq!(&account[1..4], lines, "{}", self.printed);
    }

    fn refused(&self) {
        assert!(self.printed.lines().any(|line| line == "decision  objected"), "{}", self.printed);
        assert!(!self.printed.lines().any(|line| line.starts_with("permitted")), "{}", self.printed);
        let left: Vec<_> = fs::read_dir(&self.out).expect("a folder").collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
