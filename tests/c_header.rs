//! What C sees: headers that compile alone, and a library that exports what they declare and nothing else.
#![cfg(feature = "capi")]

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[path = "c_header/rust.rs"]
mod rust;

use rust::{callbacks, exports, numbers};

/// Every warning is an error.
const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

#[test]
fn each_header_compiles_alone_as_c99_c11_and_cpp11() {
    for header in headers() {
        for (compiler, language, standard) in [("gcc", "c", "c99"), ("gcc", "c", "c11"), ("g++", "c++", "c++11")] {
            // Twice: it guards itself.
            let source = format!("#include <{header}>\n#include <{header}>\nint not_empty;\n");
            let complaint = complaint_of(compiler, language, standard, &source);
            assert!(complaint.is_empty(), "{header} as {standard}:\n{complaint}");
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
fn a_function_takes_in_rust_what_its_header_says() {
    let mut source = "#include <calltap.h>\n".to_owned();
    let mut names = BTreeSet::new();
    for export in exports() {
        source.push_str(&export.declaration());
        names.insert(export.name);
    }
    let declared: BTreeSet<String> = headers().iter().flat_map(|header| declared_in(header)).collect();
    assert_eq!(names, declared);
    // A second declaration of another type is an error.
    let complaint = complaint_of("gcc", "c", "c11", &source);
    assert!(complaint.is_empty(), "{complaint}\n{source}");
}

#[test]
fn a_callback_takes_in_rust_what_its_header_says() {
    let mut source = "#include <calltap.h>\n".to_owned();
    let mut count = 0;
    for (name, callback) in callbacks() {
        // Of another type, an assignment is a warning, and every warning an error.
        source.push_str(&callback.assignment(&name));
        count += 1;
    }
    assert!(count >= 12, "{source}");
    let complaint = complaint_of("gcc", "c", "c11", &source);
    assert!(complaint.is_empty(), "{complaint}\n{source}");
}

#[test]
fn a_wrong_signature_is_noticed() {
    let wrong = "#include <calltap.h>\nint32_t calltap_leg_push(calltap_leg *leg, const calltap_error *frame);\n";
    assert!(complaint_of("gcc", "c", "c11", wrong).contains("conflicting types"));
}

#[test]
fn a_number_is_in_rust_what_its_header_says() {
    let mut source = "#include <calltap.h>\n#include <stdio.h>\nint main(void)\n{\n".to_owned();
    let mut expected = String::new();
    let mut known = BTreeSet::new();
    for (name, value) in numbers() {
        source.push_str(&format!("printf(\"%lld\\n\", (long long)CALLTAP_{name});\n"));
        expected.push_str(&format!("{value}\n"));
        known.insert(format!("CALLTAP_{name}"));
    }
    source.push_str("return 0;\n}\n");
    let folder = tempfile::tempdir().expect("a folder");
    let (text, program) = (folder.path().join("numbers.c"), folder.path().join("numbers"));
    std::fs::write(&text, source).expect("written");
    run(Command::new("gcc").args(STRICT).arg("-I").arg(in_root("include")).arg("-o").arg(&program).arg(&text));
    assert_eq!(run(&mut Command::new(&program)), expected);

    let defined = headers().into_iter().flat_map(|header| {
        let text = std::fs::read_to_string(in_root("include").join(header)).expect("a header");
        let names = text.lines().filter_map(|line| line.strip_prefix("#define ")?.split_once(' '));
        names.map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    });
    let defined: BTreeSet<String> =
        defined.filter(|name| !["CALLTAP_API", "CALLTAP_ABI_VERSION"].contains(&name.as_str())).collect();
    assert_eq!(known, defined);
}

#[test]
fn the_library_has_its_soname_and_is_never_unloaded() {
    let dynamic = run(Command::new("readelf").args(["--dynamic", "--wide"]).arg(library()));
    assert!(dynamic.contains("Library soname: [libcalltap.so.0]"), "{dynamic}");
    assert!(dynamic.lines().any(|line| line.contains("(FLAGS_1)") && line.contains("NODELETE")), "{dynamic}");
}

/// What a compiler has against a source; nothing when it takes it.
fn complaint_of(compiler: &str, language: &str, standard: &str, source: &str) -> String {
    let mut command = Command::new(compiler);
    command.args(["-fsyntax-only", &format!("-std={standard}"), "-x", language]).args(STRICT);
    command.arg("-I").arg(in_root("include")).arg("-").env("LC_ALL", "C");
    let spawned = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.unwrap_or_else(|error| panic!("{compiler}: {error}: tests/run installs it"));
    let mut stdin = child.stdin.take().expect("a pipe was asked for");
    stdin.write_all(source.as_bytes()).expect("the compiler reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the compiler ends");
    assert_eq!(output.status.success(), output.stderr.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
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
