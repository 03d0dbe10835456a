//! Runs the real program, and reads what it printed and what it left.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::wire::capture;

/// The program that is tested.
pub const CALLTAP: &str = env!("CARGO_BIN_EXE_calltap");

/// A command that is being put together.
pub struct Tap {
    command: Command,
    folder: TempDir,
    out: PathBuf,
    json: bool,
}

/// `calltap tap` on a committed capture: a call to the Belgian entity, notice from 0 to 2 s.
pub fn tap(name: &str) -> Tap {
    usual(bare(&capture(name)))
}

/// The same, into a folder of the test's own.
pub fn into(name: &str, out: &Path) -> Tap {
    usual(Tap::new(&capture(name), tempfile::tempdir().expect("a folder"), out.to_owned()))
}

/// `calltap tap` on any file, with an output folder and `--json`, and nothing said about the call.
pub fn bare(file: &Path) -> Tap {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("recordings");
    Tap::new(file, folder, out)
}

fn usual(tap: Tap) -> Tap {
    tap.args(["--entity", "ecommerce-be", "--notice", "0s..2s", "--language", "en"])
}

impl Tap {
    fn new(file: &Path, folder: TempDir, out: PathBuf) -> Tap {
        let mut command = Command::new(CALLTAP);
        command.arg("tap").arg(file).arg("--out").arg(&out);
        Tap { command, folder, out, json: true }
    }

    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Tap {
        self.command.args(args);
        self
    }

    /// Prints for people.
    pub fn for_people(mut self) -> Tap {
        self.json = false;
        self
    }

    /// Runs it under another program: `program... calltap tap...`.
    pub fn under<S: AsRef<OsStr>>(mut self, program: &[S]) -> Tap {
        let mut command = Command::new(&program[0]);
        command.args(&program[1..]).arg(self.command.get_program()).args(self.command.get_args());
        self.command = command;
        self
    }

    /// Its command, to be started by the test itself.
    pub fn started(mut self) -> (std::process::Child, TempDir) {
        self.command.args(self.json.then_some("--json"));
        let child = self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        (child.expect("it starts"), self.folder)
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Ran {
        self.command.args(self.json.then_some("--json"));
        let output = self.command.stdin(Stdio::null()).output();
        let output = output.unwrap_or_else(|error| panic!("{:?} cannot be run: {error}", self.command.get_program()));
        Ran::new(output, self.folder, self.out)
    }
}

/// What came of it.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// Deleted when this goes.
    pub folder: TempDir,
    out: PathBuf,
}

impl Ran {
    fn new(output: Output, folder: TempDir, out: PathBuf) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        let code = output.status.code().unwrap_or_else(|| panic!("ended by a signal: {:?}\n{stderr}", output.status));
        assert!(!stderr.contains("panicked"), "{stderr}");
        Ran { code, stdout, stderr, folder, out }
    }

    /// It did what it was asked.
    pub fn good(self) -> Ran {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self
    }

    /// Every line that it printed.
    pub fn lines(&self) -> Vec<Value> {
        let parsed = self.stdout.lines().map(|line| serde_json::from_str(line).expect("each line is JSON"));
        parsed.collect()
    }

    /// The lines about an event.
    pub fn events(&self, name: &str) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["event"] == name).collect()
    }

    /// The only line about an event.
    pub fn event(&self, name: &str) -> Value {
        let [only] = <[Value; 1]>::try_from(self.events(name))
            .unwrap_or_else(|all| panic!("{} lines about {name}, expected one:\n{}", all.len(), self.stdout));
        only
    }

    /// The last line.
    pub fn summary(&self) -> Value {
        let last = self.lines().pop().expect("it printed something");
        assert_eq!(last["event"], "summary", "{}", self.stderr);
        last
    }

    /// The reason in the last line.
    pub fn reason(&self) -> String {
        self.summary()["reason"].as_str().expect("a reason").to_owned()
    }

    /// What lies in the folder for recordings; nothing when there is no folder.
    pub fn left(&self) -> Vec<String> {
        names(&self.out)
    }

    /// No trace of the call is left, and the summary says so.
    pub fn nothing_left(&self) {
        assert_eq!(self.left(), [""; 0]);
        let summary = self.summary();
        assert_eq!((&summary["recorded"], &summary["monitored"]), (&false.into(), &false.into()));
        assert_eq!(summary["files"], serde_json::json!([]));
    }

    /// The one recording that it says it made, and that lies in the folder.
    pub fn recording(&self) -> super::recording::Recording {
        let summary = self.summary();
        assert_eq!(summary["recorded"], true, "{}", self.stdout);
        let mut said: Vec<PathBuf> = serde_json::from_value(summary["files"].clone()).expect("paths");
        said.sort();
        let found: Vec<PathBuf> = self.left().iter().map(|name| self.out.join(name)).collect();
        assert_eq!(said, found, "the summary names what is there");
        let [json, wav] = <[PathBuf; 2]>::try_from(found).expect("audio and its description");
        super::recording::Recording::read(&wav, &json)
    }
}

/// What lies in a folder, in order.
pub fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let all = entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = all.collect();
    names.sort();
    names
}

/// Writes a capture into a folder that lasts as long as what is given back.
pub fn written(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("changed.pcap");
    std::fs::write(&path, bytes).expect("written");
    (folder, path)
}
