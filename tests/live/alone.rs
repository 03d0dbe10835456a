//! Tests that need a process of their own: what they count is the whole process's.

use std::fs;
use std::process::Command;

/// Set in a process that was made for one test.
const ALONE: &str = "CALLTAP_TEST_ALONE";

/// Does the work of the test with this name in a process of its own, that must end well.
pub fn alone(test: &str, work: impl FnOnce()) {
    if std::env::var(ALONE).is_ok_and(|wanted| wanted == test) {
        return work();
    }
    let program = std::env::current_exe().expect("a test's program");
    let run =
        Command::new(program).args(["--exact", test, "--nocapture", "--test-threads=1"]).env(ALONE, test).output();
    let run = run.expect("the same program again");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(out.contains("1 passed"), "{out}\n{err}");
}

/// Bytes of memory that the process has.
pub fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1024
}

/// The names of the library's threads, and the signals they block, as bits.
pub fn threads() -> Vec<(String, u64)> {
    let mut threads = Vec::new();
    for task in fs::read_dir("/proc/self/task").expect("this is Linux").flatten() {
        // One that ends meanwhile is not there.
        let Ok(name) = fs::read_to_string(task.path().join("comm")) else { continue };
        let Ok(status) = fs::read_to_string(task.path().join("status")) else { continue };
        let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).expect("a mask");
        if name.starts_with("calltap-") {
            let blocked = u64::from_str_radix(blocked.trim(), 16).expect("hexadecimal");
            threads.push((name.trim_end().to_owned(), blocked));
        }
    }
    threads.sort();
    threads
}

/// Open descriptors and their flags.
pub fn descriptors() -> Vec<(u32, u32)> {
    let open = fs::read_dir("/proc/self/fd").expect("this is Linux").flatten();
    let numbers = open.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
    let flags = |number: u32| {
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).ok()?;
        let line = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
        Some((number, u32::from_str_radix(line.trim(), 8).ok()?))
    };
    numbers.filter_map(flags).collect()
}
