//! A process of its own that dies at its first system call.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

/// How such a process ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// The work was done and said yes.
    Well,
    /// The work was done and said no.
    Badly,
    /// It made a system call.
    Trapped,
    /// Something else.
    Otherwise(String),
}

/// Exit codes of it; none that a test program has of itself.
const WELL: i32 = 40;
const BADLY: i32 = 41;
const NO_FILTER: i32 = 42;

/// The name under which a process of its own is told its case.
const CASE: &str = "CALLTAP_TRAP_CASE";

/// Runs `test` of this program, which is ignored otherwise, in a process of its own, with a case.
pub fn in_a_process(test: &str, case: &str) -> Ended {
    let program = std::env::current_exe().expect("this program");
    let arguments = ["--exact", test, "--ignored", "--test-threads=1"];
    let output = Command::new(program).args(arguments).env(CASE, case).output().expect("the program starts");
    let status = output.status;
    match (status.signal(), status.code()) {
        (Some(libc::SIGSYS), _) => Ended::Trapped,
        (_, Some(WELL)) => Ended::Well,
        (_, Some(BADLY)) => Ended::Badly,
        (_, Some(NO_FILTER)) => panic!("this kernel takes no seccomp filter: the test cannot be made here"),
        _ => Ended::Otherwise(format!("{status}: {}", String::from_utf8_lossy(&output.stdout))),
    }
}

/// What this process is to do, if it is one of those.
pub fn case() -> Option<String> {
    std::env::var(CASE).ok()
}

/// Does the work on this thread, to which every system call but the exit is deadly from then on; and exits.
pub fn without_system_calls(work: impl FnOnce() -> bool) -> ! {
    let code = match forbid_system_calls() {
        false => NO_FILTER,
        true if work() => WELL,
        true => BADLY,
    };
    // SAFETY: ends the process; the one call that the filter lets pass.
    unsafe { libc::_exit(code) }
}

/// From here on any system call of this thread but `exit_group` kills the process with SIGSYS (seccomp(2)).
fn forbid_system_calls() -> bool {
    let (load, jump_if, answer) = (
        (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16,
        (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16,
        (libc::BPF_RET | libc::BPF_K) as u16,
    );
    let mut filter = [
        // The number of the call lies first in `struct seccomp_data`.
        libc::sock_filter { code: load, jt: 0, jf: 0, k: 0 },
        libc::sock_filter { code: jump_if, jt: 1, jf: 0, k: libc::SYS_exit_group as u32 },
        libc::sock_filter { code: answer, jt: 0, jf: 0, k: libc::SECCOMP_RET_KILL_PROCESS },
        libc::sock_filter { code: answer, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW },
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // No core is left behind, and no privilege may be gained: without root the kernel takes filters only then.
    // SAFETY: takes plain numbers.
    let quiet = unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
    // SAFETY: takes plain numbers.
    let bound = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: `program` and the filter it points to live beyond the call, which copies them.
    let set = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program, 0, 0) };
    quiet == 0 && bound == 0 && set == 0
}
