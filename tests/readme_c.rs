//! The README's section for C does what it says: its program, by its own lines of shell, in a home folder of the test's.
#![cfg(feature = "capi")]

mod prefix;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use prefix::{good, in_root, target};

const README: &str = include_str!("../README.md");

#[test]
fn the_program_in_c_is_built_and_run_by_the_lines_beside_it() {
    let section = README.split("## Use from C\n").nth(1).expect("a section").split("\n## ").next().expect("its text");
    let block = |language: &str| {
        let begins = format!("```{language}\n");
        let mut blocks = section.split(&begins).skip(1);
        let block = blocks.next().and_then(|rest| rest.split("```").next()).expect("a block");
        assert!(blocks.next().is_none(), "one block of {language}");
        block
    };
    let home = tempfile::tempdir().expect("a folder");
    fs::write(home.path().join("call.c"), block("c")).expect("written");
    // Stands for the one of the repository, which the reader is in.
    let install = home.path().join("install");
    fs::write(&install, format!("#!/bin/sh\nexec '{}' \"$@\"\n", in_root("install").display())).expect("written");
    fs::set_permissions(&install, fs::Permissions::from_mode(0o755)).expect("may be run");

    let lines = block("sh").replace("~/", &format!("{}/", home.path().display()));
    let mut shell = Command::new("sh");
    shell.args(["-eux", "-c", &lines]).current_dir(home.path()).env("CARGO_TARGET_DIR", target());
    let printed = good(&mut shell);
    assert!(printed.ends_with("\nobjected\n"), "{printed}");
    let said = section.matches("/* objected */").count();
    assert_eq!(said, 1, "the README says what is printed");
}
