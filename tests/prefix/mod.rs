//! The library installed as its users install it, into a folder of the test's own, and programs in C built from there.
//!
//! `./install` builds in release, in the target folder of this test: once, however many tests ask for it.

#![allow(dead_code, reason = "not every test that installs needs all of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The prefix under the folder that stands for `/`.
pub const PREFIX: &str = "/opt/calltap";

/// An installed library. Deleted when this goes.
pub struct Installed {
    /// What stands for `/`.
    pub root: TempDir,
}

/// One that all tests of a binary share, and none changes.
pub fn shared() -> &'static Installed {
    static SHARED: OnceLock<Installed> = OnceLock::new();
    SHARED.get_or_init(Installed::new)
}

impl Installed {
    /// A fresh one.
    pub fn new() -> Installed {
        let root = tempfile::tempdir().expect("a folder");
        good(install().args(["--prefix", PREFIX]).env("DESTDIR", root.path()));
        Installed { root }
    }

    /// A file or folder of the prefix.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(&PREFIX[1..]).join(path)
    }

    /// Runs a line of shell in which pkg-config finds this library, and nothing tells the compiler of it but the line.
    pub fn shell(&self, folder: &Path, line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-euc", line]).current_dir(folder);
        shell.env("PKG_CONFIG_PATH", self.path("lib/pkgconfig")).env("PKG_CONFIG_SYSROOT_DIR", self.root.path());
        shell.env("LD_LIBRARY_PATH", self.path("lib"));
        shell
    }

    /// Compiles a program as a user would, against the shared library, and gives its path.
    pub fn compile(&self, source: &Path, folder: &Path) -> PathBuf {
        let program = folder.join(source.file_stem().expect("a name"));
        let (from, to) = (source.display(), program.display());
        good(&mut self.shell(
            folder,
            &format!("cc -Wall -Wextra -Werror '{from}' -o '{to}' $(pkg-config --cflags --libs calltap)"),
        ));
        program
    }
}

/// `./install`, to be given arguments.
pub fn install() -> Command {
    let mut command = Command::new(in_root("install"));
    command.env("CARGO_TARGET_DIR", target()).env_remove("DESTDIR");
    command
}

/// Where cargo built this test: what it built for another is there too.
pub fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    test.ancestors().nth(3).expect("target/debug/deps/test").to_owned()
}

/// A path of the repository.
pub fn in_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a program, whatever its end.
pub fn run(command: &mut Command) -> Output {
    command.env("LC_ALL", "C").output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Runs a program to its good end and gives what it printed.
pub fn good(command: &mut Command) -> String {
    let output = run(command);
    let (printed, complaint) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{printed}\n{complaint}", output.status);
    printed
}

/// Runs a program to its bad end and gives its complaint.
pub fn bad(command: &mut Command) -> String {
    let output = run(command);
    assert!(!output.status.success(), "{command:?}\n{}", text(&output.stdout));
    text(&output.stderr)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
