//! What C sees: headers that compile alone, and a library that exports what they declare and nothing else.
#![cfg(feature = "capi")]

use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Every warning is an error.
const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

#[test]
fn each_header_compiles_alone_as_c99_c11_and_cpp11() {
    for header in headers() {
        for (compiler, language, standard) in [("gcc", "c", "c99"), ("gcc", "c", "c11"), ("g++", "c++", "c++11")] {
            // Twice: it guards itself.
            let source = format!("#include <{header}>\n#include <{header}>\nint not_empty;\n");
            let mut command = Command::new(compiler);
            command.args(["-fsyntax-only", &format!("-std={standard}"), "-x", language]).args(STRICT);
            command.arg("-I").arg(in_root("include")).arg("-");
            match command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn() {
                Ok(mut child) => {
                    let mut stdin = child.stdin.take().expect("a pipe was asked for");
                    stdin.write_all(source.as_bytes()).expect("the compiler reads");
                    drop(stdin);
                    let output = child.wait_with_output().expect("the compiler ends");
                    let complaint = String::from_utf8_lossy(&output.stderr);
                    assert!(output.status.success(), "{header} as {standard}:\n{complaint}");
                }
                Err(error) if compiler == "g++" && error.kind() == ErrorKind::NotFound => {
                    eprintln!("SKIPPED: {header} as {standard}, because g++ is not installed");
                }
                Err(error) => panic!("{compiler}: {error}"),
            }
        }
    }
}

#[test]
fn a_program_in_c_prints_the_version_of_the_library_it_runs_with() {
    let folder = tempfile::tempdir().expect("a folder");
    // What the program looks for when it starts is the soname.
    std::fs::copy(library(), folder.path().join("libcalltap.so.0")).expect("copied");
    let program = folder.path().join("version");
    let mut compile = Command::new("gcc");
    compile.arg("-std=c99").args(STRICT).arg("-I").arg(in_root("include"));
    run(compile.arg("-o").arg(&program).arg(in_root("tests/c/version.c")).arg(library()));
    let printed = run(Command::new(&program).env("LD_LIBRARY_PATH", folder.path()));
    assert_eq!(printed, format!("{} 1\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_library_exports_what_the_headers_declare_and_nothing_else() {
    let listed = run(Command::new("nm").args(["-D", "--defined-only"]).arg(library()));
    let exported: BTreeSet<&str> = listed.lines().filter_map(|line| line.split_whitespace().last()).collect();
    let declared: Vec<String> = headers().iter().flat_map(|header| declared_in(header)).collect();
    assert_eq!(exported, declared.iter().map(String::as_str).collect());
    assert!(declared.iter().all(|name| name.starts_with("calltap_")), "{declared:?}");
}

#[test]
fn the_library_has_its_soname_and_is_never_unloaded() {
    let dynamic = run(Command::new("readelf").args(["--dynamic", "--wide"]).arg(library()));
    assert!(dynamic.contains("Library soname: [libcalltap.so.0]"), "{dynamic}");
    assert!(dynamic.lines().any(|line| line.contains("(FLAGS_1)") && line.contains("NODELETE")), "{dynamic}");
}

/// The shared library that cargo built together with this test.
fn library() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    test.with_file_name("libcalltap.so")
}

/// The headers as a program includes them.
fn headers() -> Vec<String> {
    let parts = std::fs::read_dir(in_root("include/calltap")).expect("a folder of headers");
    let parts = parts.map(|entry| entry.expect("can be listed").file_name().into_string().expect("a plain name"));
    let mut all: Vec<String> = parts.map(|name| format!("calltap/{name}")).collect();
    all.push("calltap.h".to_owned());
    all.sort();
    assert!(all.len() > 2, "{all:?}");
    all
}

/// The names of the functions that a header declares.
fn declared_in(header: &str) -> Vec<String> {
    let text = std::fs::read_to_string(in_root("include").join(header)).expect("a header");
    let declarations = text.lines().filter_map(|line| line.strip_prefix("CALLTAP_API "));
    declarations
        .map(|line| line.split('(').next().unwrap_or(line))
        .filter_map(|before| before.rsplit([' ', '*']).next())
        .map(str::to_owned)
        .collect()
}

fn in_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a program to its good end and gives what it printed.
fn run(command: &mut Command) -> String {
    let output = command.env("LC_ALL", "C").output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{complaint}");
    String::from_utf8(output.stdout).expect("text")
}
