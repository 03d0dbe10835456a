//! The library's threads: a good guest's.
//!
//! A signal that reaches the process is the host's business: every thread of the library blocks every signal, from its
//! birth on, so that the kernel never picks one of them for a handler of the host's. A new thread inherits the mask of
//! the one that makes it; so that one blocks all signals around the making and puts its own mask back. `[control]`
//!
//! By `nix`: the standard library has no signal mask, and rustix keeps its own for runtimes that replace libc.

use std::cell::Cell;
use std::io;
use std::thread::{Builder, JoinHandle};

use nix::sys::signal::{SigSet, SigmaskHow};

/// What the kernel keeps of a thread's name, in bytes (`prctl(2)`, `PR_SET_NAME`).
const NAME: usize = 15;

/// Starts a thread that blocks every signal and is called `name`, of which 15 bytes are kept.
///
/// An error is the system's: no thread was made, and the caller's signal mask is as it was.
pub(crate) fn spawn<R: Send + 'static>(
    name: &str,
    act: impl FnOnce() -> R + Send + 'static,
) -> io::Result<JoinHandle<R>> {
    let blocked = Blocked::all()?;
    let ours = move || {
        OURS.set(true);
        act()
    };
    let thread = Builder::new().name(kept(name)).spawn(ours);
    drop(blocked);
    thread
}

thread_local! {
    static OURS: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is one of the library's: a call-back runs on it, and must not wait for the library. `[any]`
pub(crate) fn is_ours() -> bool {
    OURS.get()
}

/// All signals are blocked while this lives.
struct Blocked {
    before: SigSet,
}

impl Blocked {
    fn all() -> io::Result<Blocked> {
        let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        Ok(Blocked { before })
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // It was this thread's mask before: the kernel has no reason to refuse it.
        let _ = self.before.thread_set_mask();
    }
}

/// As much of a name as the kernel keeps, and nothing that would end it early.
fn kept(name: &str) -> String {
    let mut kept = String::new();
    for letter in name.chars().filter(|letter| *letter != '\0') {
        if kept.len() + letter.len_utf8() > NAME {
            break;
        }
        kept.push(letter);
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::fs::read_to_string;

    use super::*;

    /// Signals that `/proc` shows as blocked for a thread, as hexadecimal bits; SIGKILL and SIGSTOP never are.
    fn blocked() -> u64 {
        let status = read_to_string("/proc/thread-self/status").expect("this is Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).expect("a mask");
        u64::from_str_radix(line.trim(), 16).expect("hexadecimal")
    }

    #[test]
    fn a_thread_is_born_with_every_signal_blocked_and_its_maker_keeps_its_own_mask() {
        let before = blocked();
        let thread = spawn("calltap-test-0", || (blocked(), read_to_string("/proc/thread-self/comm"))).expect("made");
        let (mask, name) = thread.join().expect("it ends");
        assert_eq!(blocked(), before);
        for signal in nix::sys::signal::Signal::iterator() {
            let bit = 1 << (signal as i32 - 1);
            let never = matches!(signal, nix::sys::signal::SIGKILL | nix::sys::signal::SIGSTOP);
            assert_eq!(mask & bit == 0, never, "{signal}");
        }
        assert_eq!(name.expect("a name").trim_end(), "calltap-test-0");
    }

    #[test]
    fn a_name_that_is_too_long_is_cut_at_a_letter() {
        assert_eq!(kept("calltap-write-12"), "calltap-write-1");
        assert_eq!(kept("calltap-write-é"), "calltap-write-");
        assert_eq!(kept("call\0tap"), "calltap");
    }
}
