//! What a forked child is answered.

use std::io;

/// Whether `work` says yes in a forked child. The child has one thread and inherits whatever locks others held: `work` must
/// need none.
pub fn child_says(work: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child calls nothing but `work`, whose point is to need nothing, and ends without returning.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "fork: {}", io::Error::last_os_error());
    if child == 0 {
        let code = if work() { 0 } else { 1 };
        // SAFETY: ends the process.
        unsafe { libc::_exit(code) };
    }
    let mut status = 0;
    // SAFETY: `status` is ours and may be written to.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(waited, child, "waitpid: {}", io::Error::last_os_error());
    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}
