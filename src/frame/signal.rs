//! The line of one leg's signals: keys and holds, from the media thread to the worker.
//!
//! Allocated when the leg opens, with room for [`ROOM`]. One writer, one reader, no lock and no `unsafe`: every entry is
//! three atomics. When it is full the new signal is not taken: the writer is told, and does what is safe.
//!
//! Invariant: an entry is written before `tail` passes it, and read before `head` does.

use super::sync::{Arc, AtomicU32, AtomicU64, Ordering};

/// Signals that wait at the most. A person presses one key in 100 ms; the worker reads every 10.
pub(crate) const ROOM: u32 = 32;

/// One signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal {
    pub(crate) what: What,
    /// When, on the host's clock in nanoseconds; `None`: when it is read.
    pub(crate) at: Option<u64>,
    /// Of a key that shut the gates without saying when it was pressed: it was before this.
    pub(crate) before: u64,
}

/// What is signalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A key, by its number in RFC 4733, and whether it shut the gates.
    Key { event: u8, shut: bool },
    /// The line is on hold, or no longer.
    Hold { on: bool },
}

/// Makes both ends. Allocates.
pub(crate) fn signals() -> (SignalWriter, SignalReader) {
    let line = Arc::new(Line {
        head: AtomicU32::new(0),
        tail: AtomicU32::new(0),
        entries: std::array::from_fn(|_| Entry::default()),
    });
    (SignalWriter { line: Arc::clone(&line), tail: 0 }, SignalReader { line, head: 0 })
}

/// The media thread's end. `[media]`: no allocation, lock, system call or loop.
pub(crate) struct SignalWriter {
    line: Arc<Line>,
    tail: u32,
}

impl SignalWriter {
    /// Puts a signal in line. False, and nothing happened, when there is no room.
    pub(crate) fn put(&mut self, signal: Signal) -> bool {
        // Acquire: the entry was read before it is written again.
        if self.tail.wrapping_sub(self.line.head.load(Ordering::Acquire)) >= ROOM {
            return false;
        }
        let entry = self.line.entry(self.tail);
        entry.word.store(signal.word(), Ordering::Relaxed);
        entry.at.store(signal.at.unwrap_or(0), Ordering::Relaxed);
        entry.before.store(signal.before, Ordering::Relaxed);
        self.tail = self.tail.wrapping_add(1);
        // Release: whoever sees the tail sees the entry.
        self.line.tail.store(self.tail, Ordering::Release);
        true
    }
}

/// The worker's end. `[worker]`
pub(crate) struct SignalReader {
    line: Arc<Line>,
    head: u32,
}

impl SignalReader {
    /// The next signal in line.
    pub(crate) fn next(&mut self) -> Option<Signal> {
        if self.head == self.line.tail.load(Ordering::Acquire) {
            return None;
        }
        let entry = self.line.entry(self.head);
        let (word, at) = (entry.word.load(Ordering::Relaxed), entry.at.load(Ordering::Relaxed));
        let signal = Signal::of(word, at, entry.before.load(Ordering::Relaxed));
        self.head = self.head.wrapping_add(1);
        // Release: the entry was read before the writer may write it again.
        self.line.head.store(self.head, Ordering::Release);
        Some(signal)
    }
}

#[repr(align(64))]
struct Line {
    /// Signals ever read.
    head: AtomicU32,
    /// Signals ever put in line.
    tail: AtomicU32,
    entries: [Entry; ROOM as usize],
}

impl Line {
    fn entry(&self, number: u32) -> &Entry {
        &self.entries[(number % ROOM) as usize]
    }
}

#[derive(Default)]
struct Entry {
    word: AtomicU32,
    at: AtomicU64,
    before: AtomicU64,
}

const IS_HOLD: u32 = 1 << 8;
/// The key shut the gates, or the hold began.
const IS_ON: u32 = 1 << 9;
const HAS_TIME: u32 = 1 << 10;

impl Signal {
    fn word(&self) -> u32 {
        let (what, on) = match self.what {
            What::Key { event, shut } => (u32::from(event), shut),
            What::Hold { on } => (IS_HOLD, on),
        };
        what | if on { IS_ON } else { 0 } | if self.at.is_some() { HAS_TIME } else { 0 }
    }

    fn of(word: u32, at: u64, before: u64) -> Signal {
        let on = word & IS_ON != 0;
        let what = match word & IS_HOLD {
            0 => What::Key { event: word as u8, shut: on },
            _ => What::Hold { on },
        };
        Signal { what, at: (word & HAS_TIME != 0).then_some(at), before }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn key(event: u8) -> Signal {
        Signal { what: What::Key { event, shut: event == 9 }, at: (event > 4).then_some(u64::from(event)), before: 7 }
    }

    #[test]
    fn signals_come_out_as_they_went_in() {
        let (mut writer, mut reader) = signals();
        for round in 0..100 {
            for event in 0..16 {
                assert!(writer.put(key(event)), "round {round}");
            }
            let hold = Signal { what: What::Hold { on: round % 2 == 0 }, at: Some(u64::MAX), before: 0 };
            assert!(writer.put(hold));
            for event in 0..16 {
                assert_eq!(reader.next(), Some(key(event)));
            }
            assert_eq!((reader.next(), reader.next()), (Some(hold), None));
        }
    }

    #[test]
    fn a_full_line_says_so_and_keeps_what_it_has() {
        let (mut writer, mut reader) = signals();
        let taken = (0..100).filter(|_| writer.put(key(1))).count();
        assert_eq!(taken, ROOM as usize);
        assert_eq!(reader.next(), Some(key(1)));
        assert!(writer.put(key(9)) && !writer.put(key(9)));
        assert_eq!(std::iter::from_fn(|| reader.next()).last(), Some(key(9)));
    }
}

/// Models: every interleaving of the line's few atomics. Run with `--cfg loom`.
#[cfg(all(test, loom))]
mod models {
    use super::*;

    fn key(event: u8) -> Signal {
        Signal { what: What::Key { event, shut: false }, at: Some(u64::from(event)), before: u64::from(event) }
    }

    #[test]
    fn loom_signals_are_read_whole_and_in_order() {
        loom::model(|| {
            let (mut writer, mut reader) = signals();
            // So that an entry that was read is written again.
            for _ in 0..ROOM {
                assert!(writer.put(key(1)));
            }
            let media = loom::thread::spawn(move || u32::from(writer.put(key(2))) + u32::from(writer.put(key(3))));
            let mut read: Vec<Signal> = (0..2).map_while(|_| reader.next()).collect();
            assert_eq!(read, [key(1), key(1)]);
            let put = media.join().unwrap();
            read.extend(std::iter::from_fn(|| reader.next()));
            assert_eq!(read.len() as u32, ROOM + put);
            let late: Vec<Signal> = read.split_off(ROOM as usize);
            assert!(read.iter().all(|signal| *signal == key(1)));
            assert!(late.iter().all(|signal| [key(2), key(3)].contains(signal)));
        });
    }
}
