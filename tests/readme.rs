//! The README's commands do what it says: every `sh` block, line by line, with the binary of this build.
#![cfg(feature = "cli")]

use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../README.md");

/// The lines of the section for C.
const C_SECTION: [&str; 4] = [
    "./install --prefix ~/.local",
    "export PKG_CONFIG_PATH=~/.local/lib/pkgconfig LD_LIBRARY_PATH=~/.local/lib",
    "cc call.c -o call $(pkg-config --cflags --libs calltap)",
    "./call",
];

/// How the README starts the command line.
const CARGO_RUN: &str = "cargo run --release --features cli -- ";

fn lines_of_sh_blocks() -> Vec<&'static str> {
    let blocks = README.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).collect()
}

#[test]
fn every_command_of_the_readme_works() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut commands = 0;
    for line in lines_of_sh_blocks() {
        if C_SECTION.contains(&line) {
            // tests/readme_c.rs runs all of it.
            continue;
        }
        if line == "tests/run" {
            // This test runs in it.
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(line).exists());
            continue;
        }
        let arguments = line.strip_prefix(CARGO_RUN).unwrap_or_else(|| panic!("no test knows how to run: {line}"));
        let arguments = arguments.split(' ').map(|word| match word {
            "recordings" => folder.path().join(word).into_os_string(),
            word => word.into(),
        });
        let run = Command::new(env!("CARGO_BIN_EXE_calltap"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("the command starts");
        assert!(run.status.success(), "{line}: {}", String::from_utf8_lossy(&run.stderr));
        commands += 1;
    }
    assert!(commands >= 5, "the README shows its commands");
    let recordings = std::fs::read_dir(folder.path().join("recordings")).expect("the folder was made");
    let wavs = recordings.flatten().filter(|entry| entry.path().extension().is_some_and(|it| it == "wav")).count();
    assert_eq!(wavs, 1, "of the calls shown, one is kept");
}

#[test]
fn what_the_readme_prints_is_what_is_printed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let line = lines_of_sh_blocks()[0];
    let arguments = line.strip_prefix(CARGO_RUN).expect("the main command comes first");
    let run = Command::new(env!("CARGO_BIN_EXE_calltap"))
        .args(arguments.split(' ').filter(|word| *word != "recordings"))
        .arg(folder.path())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the command starts");
    let printed = plain(&String::from_utf8_lossy(&run.stdout));
    let shown =
        README.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the result is shown");
    for line in plain(shown).lines().filter(|line| !line.starts_with("recorded") && !line.is_empty()) {
        assert!(printed.contains(line), "the README shows, but it is not printed: {line}\n{printed}");
    }
}

/// The text without ids, which differ from run to run.
fn plain(text: &str) -> String {
    let word = |word: &str| if word.len() == 36 && word.matches('-').count() == 4 { "ID" } else { word }.to_owned();
    text.lines().map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}
