//! What a caller's 9 means now: written by the worker, read by the media thread at a key. A sequence lock of atomics.
//!
//! Invariant: what is read is what was written in one go, or [`Means::Unsure`].

use super::sync::{AtomicU32, AtomicU64, Ordering, fence};

/// What a 9 of the caller means, on the host's clock in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// Nothing: no notice was given, or the host has said that no 9 counts.
    Nothing,
    /// It refuses at once when it is pressed from `from` on and before `until`.
    AtOnce { from: u64, until: u64 },
    /// It refuses when it stands alone, which the worker settles.
    Alone,
    /// It changes just now: the worker settles it.
    Unsure,
}

/// The word. One writer at a time, any number of readers.
pub(crate) struct NineWord {
    /// Odd while it is written.
    generation: AtomicU32,
    kind: AtomicU32,
    from: AtomicU64,
    until: AtomicU64,
}

const NOTHING: u32 = 0;
const AT_ONCE: u32 = 1;
const ALONE: u32 = 2;

impl NineWord {
    pub(crate) fn new() -> NineWord {
        NineWord {
            generation: AtomicU32::new(0),
            kind: AtomicU32::new(NOTHING),
            from: AtomicU64::new(0),
            until: AtomicU64::new(0),
        }
    }

    /// Says what it means from now on. `[worker]`
    pub(crate) fn write(&self, means: Means) {
        let (kind, from, until) = match means {
            Means::Nothing => (NOTHING, 0, 0),
            Means::AtOnce { from, until } => (AT_ONCE, from, until),
            Means::Alone | Means::Unsure => (ALONE, 0, 0),
        };
        let generation = self.generation.load(Ordering::Relaxed);
        self.generation.store(generation.wrapping_add(1), Ordering::Relaxed);
        // Release: whoever sees a part of what follows sees the odd generation.
        fence(Ordering::Release);
        self.kind.store(kind, Ordering::Relaxed);
        self.from.store(from, Ordering::Relaxed);
        self.until.store(until, Ordering::Relaxed);
        // Release: whoever sees the even generation sees all of it.
        self.generation.store(generation.wrapping_add(2), Ordering::Release);
    }

    /// What it means. Does not wait for a writer. `[media]`
    pub(crate) fn read(&self) -> Means {
        let before = self.generation.load(Ordering::Acquire);
        let kind = self.kind.load(Ordering::Relaxed);
        let (from, until) = (self.from.load(Ordering::Relaxed), self.until.load(Ordering::Relaxed));
        // Acquire: if any of it was written later, the generation that is read next says so.
        fence(Ordering::Acquire);
        let after = self.generation.load(Ordering::Relaxed);
        if before != after || before % 2 == 1 {
            return Means::Unsure;
        }
        match kind {
            AT_ONCE => Means::AtOnce { from, until },
            ALONE => Means::Alone,
            _ => Means::Nothing,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let word = NineWord::new();
        assert_eq!(word.read(), Means::Nothing);
        for means in [Means::AtOnce { from: 3, until: u64::MAX }, Means::Alone, Means::Nothing] {
            word.write(means);
            assert_eq!(word.read(), means);
        }
    }
}

/// Models: every interleaving of its few atomics. Run with `--cfg loom`.
#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::frame::Arc;

    #[test]
    fn loom_a_nine_is_never_read_in_halves() {
        loom::model(|| {
            let word = Arc::new(NineWord::new());
            let writer = {
                let word = Arc::clone(&word);
                loom::thread::spawn(move || {
                    word.write(Means::AtOnce { from: 1, until: 1 });
                    word.write(Means::AtOnce { from: 2, until: 2 });
                })
            };
            match word.read() {
                Means::AtOnce { from, until } => assert!(from == until && from > 0),
                means => assert_ne!(means, Means::Alone),
            }
            writer.join().unwrap();
            assert_eq!(word.read(), Means::AtOnce { from: 2, until: 2 });
        });
    }
}
