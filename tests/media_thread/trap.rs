//! A process of its own that dies at its first system call.

use std::io;

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
    Otherwise(i32),
}

/// Exit codes of the child.
const WELL: i32 = 0;
const BADLY: i32 = 1;
const NO_FILTER: i32 = 2;

/// Does the work in a forked child in which every system call but the exit is deadly.
///
/// The child has one thread and inherits whatever locks others held: what allocates may hang in it, or be trapped.
pub fn without_system_calls(work: impl FnOnce() -> bool) -> Ended {
    // SAFETY: the child calls nothing but `work`, whose point is to need nothing, and ends without returning.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "fork: {}", io::Error::last_os_error());
    if child == 0 {
        let code = match forbid_system_calls() {
            false => NO_FILTER,
            true if work() => WELL,
            true => BADLY,
        };
        // SAFETY: ends the process; the one call that the filter lets pass.
        unsafe { libc::_exit(code) };
    }
    let mut status = 0;
    // SAFETY: `status` is ours and may be written to.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(waited, child, "waitpid: {}", io::Error::last_os_error());
    if libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGSYS {
        return Ended::Trapped;
    }
    match libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)) {
        Some(WELL) => Ended::Well,
        Some(BADLY) => Ended::Badly,
        Some(NO_FILTER) => panic!("this kernel takes no seccomp filter: the test cannot be made here"),
        _ => Ended::Otherwise(status),
    }
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
