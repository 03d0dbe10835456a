//! The mark by which a process knows that it is a forked child: a page that the kernel wipes in the child.
//!
//! A child has the parent's memory and none of its threads: nobody would read what it pushes. Asking costs one load, no
//! system call and no handler (madvise(2), `MADV_WIPEONFORK`, Linux 4.14).

#![allow(unsafe_code, reason = "the page is mapped by hand; each block names the fact it relies on")]

use std::io;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

/// At least what the kernel wipes: it rounds up to whole pages.
const BYTES: usize = size_of::<AtomicU32>();

/// What the page says where it was made.
const HOME: u32 = 1;

/// The mark. One an engine. `[any]`
pub(crate) struct Kin(NonNull<AtomicU32>);

impl Kin {
    /// Marks this process. `[control]`
    pub(crate) fn new() -> io::Result<Kin> {
        let (access, kind) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
        // SAFETY: a new mapping wherever the kernel has room: nothing lies there yet.
        let page = unsafe { mmap_anonymous(null_mut(), BYTES, access, kind) }?;
        let page = NonNull::new(page.cast::<AtomicU32>()).ok_or(io::ErrorKind::OutOfMemory)?;
        let kin = Kin(page);
        // SAFETY: the page is ours alone, and what the kernel does to it in a child is what this is for.
        unsafe { madvise(page.as_ptr().cast(), BYTES, Advice::LinuxWipeOnFork) }?;
        kin.word().store(HOME, Ordering::Relaxed);
        Ok(kin)
    }

    /// Whether this process is a child of the one that made the mark.
    #[inline]
    pub(crate) fn is_child(&self) -> bool {
        self.word().load(Ordering::Relaxed) != HOME
    }

    #[inline]
    fn word(&self) -> &AtomicU32 {
        // SAFETY: the page is mapped, zeroed and aligned until `drop`; an atomic may be shared, and zero is a value of it.
        unsafe { self.0.as_ref() }
    }
}

// SAFETY: it is an atomic at an address that any thread may reach.
unsafe impl Send for Kin {}
// SAFETY: as above.
unsafe impl Sync for Kin {}

impl Drop for Kin {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no reference to it is left.
        let unmapped = unsafe { munmap(self.0.as_ptr().cast(), BYTES) };
        debug_assert!(unmapped.is_ok(), "what was mapped can be unmapped");
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn who_made_the_mark_is_no_child() {
        let (one, other) = (Kin::new().expect("a page"), Kin::new().expect("a page"));
        assert!(!one.is_child());
        drop(one);
        assert!(!other.is_child());
    }
}
