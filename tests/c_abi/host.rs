//! How a host builds against the library, and how its programs are run.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every warning is an error.
const STRICT: [&str; 5] = ["-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror"];

/// A program, beside the library that it finds by its soname.
pub struct Program {
    path: PathBuf,
    folder: tempfile::TempDir,
}

/// The compiler's arguments that a host needs to build against the library: the one place that knows where it is.
fn against_the_library(folder: &Path) -> Vec<PathBuf> {
    vec!["-I".into(), in_root("include"), folder.join("libcalltap.so.0")]
}

/// A folder with the shared library that cargo built together with this test, under the name that programs look for.
pub fn library_folder() -> tempfile::TempDir {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(test.with_file_name("libcalltap.so"), folder.path().join("libcalltap.so.0")).expect("it was built");
    folder
}

/// Builds `tests/c/<name>.c`.
pub fn build(name: &str) -> Program {
    let folder = library_folder();
    let path = compile(name, folder.path(), &[]);
    Program { path, folder }
}

/// Builds `tests/c/loader.c`, which knows nothing of the library, and `tests/c/<name>.c` as a module that it loads.
pub fn build_module(name: &str) -> (Program, PathBuf) {
    let folder = library_folder();
    let module = compile(name, folder.path(), &["-shared", "-fPIC"]);
    let path = folder.path().join("loader");
    let mut loader = Command::new("cc");
    loader.args(STRICT).args(["-g", "-D_GNU_SOURCE", "-rdynamic", "-o"]).arg(&path).arg(in_root("tests/c/loader.c"));
    run(loader.arg("-ldl"));
    (Program { path, folder }, module)
}

fn compile(name: &str, folder: &Path, more: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let mut compile = Command::new("cc");
    compile.args(STRICT).args(["-g", "-D_GNU_SOURCE"]).args(more).arg("-o").arg(&path);
    compile.arg(in_root(&format!("tests/c/{name}.c"))).args(against_the_library(folder));
    run(compile.args(["-ldl", "-pthread"]));
    path
}

/// Runs a program to its good end.
pub fn plainly(program: &Program, arguments: &[&OsStr]) {
    run(Command::new(&program.path).args(arguments).env("LD_LIBRARY_PATH", program.folder.path()));
}

/// Runs a program to its good end, in which valgrind sees no mistake and nothing that was lost.
pub fn under_valgrind(program: &Program, arguments: &[&OsStr]) {
    let mut valgrind = valgrind();
    valgrind.args(["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]);
    run(valgrind.arg(&program.path).args(arguments).env("LD_LIBRARY_PATH", program.folder.path()));
}

/// The same for a program that forks, in parent and child; what is lost is not looked at.
pub fn forking_under_valgrind(program: &Program) {
    run(valgrind().arg("--leak-check=no").arg(&program.path).env("LD_LIBRARY_PATH", program.folder.path()));
}

fn valgrind() -> Command {
    let there = Command::new("valgrind").arg("--version").output();
    assert!(there.is_ok_and(|output| output.status.success()), "valgrind is needed here: tests/run installs it");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--error-exitcode=99", "--fair-sched=yes"]);
    valgrind
}

fn run(command: &mut Command) {
    let output = command.env("LC_ALL", "C").output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{complaint}");
}

fn in_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
