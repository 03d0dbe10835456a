//! What one call's media threads and its worker both see: each leg's gate and counters, and what a 9 means.
//!
//! Reached through a count of references, so that a key pressed on one leg reaches the gates of all, and a writer may
//! outlive its call. Each leg has cache lines of its own.

use crate::consent::Gate;
use crate::frame::{AtomicU32, AtomicU64, GateWord, Kin, NineWord, Ordering, Press};
use crate::time::MonoTime;

use super::MAX_LEGS;

/// The call, as all threads see it.
pub(super) struct CallShared {
    /// By number, opened or not: a key pressed now also shuts the leg that is opened next.
    pub(super) legs: [LegShared; MAX_LEGS],
    /// What a caller's 9 means now; written by the worker.
    pub(super) nine: NineWord,
    /// Not 0 once something broke on a media thread: the worker ends the call as failed.
    broken: AtomicU32,
    /// Whether this process is a forked child.
    pub(super) kin: std::sync::Arc<Kin>,
}

impl CallShared {
    pub(super) fn new(kin: std::sync::Arc<Kin>) -> CallShared {
        let legs = std::array::from_fn(|_| LegShared::default());
        CallShared { legs, nine: NineWord::new(), broken: AtomicU32::new(0), kin }
    }

    /// Something broke: the gates shut, and the worker ends the call as failed. `[media]`
    #[cfg(any(feature = "capi", test))]
    pub(super) fn break_off(&self) {
        self.press(Press::Shut);
        self.broken.store(1, Ordering::Release);
    }

    /// Whether something broke on a media thread. `[worker]`
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire) != 0
    }

    /// Closes the gates of all legs, at once. `[media]`
    pub(super) fn press(&self, press: Press) {
        self.legs.iter().for_each(|leg| leg.gate.press(press));
    }

    /// Nobody is left behind the gates. `[any]`
    pub(super) fn leave(&self) {
        self.legs.iter().for_each(|leg| leg.gate.leave());
    }
}

/// What both ends of a leg see beside its ring and its signals. In this order: a refused push touches the first cache line
/// only.
#[repr(C, align(64))]
pub(super) struct LegShared {
    /// Written by the worker and by keys, read by the media thread.
    pub(super) gate: GateWord,
    /// Frames the gate refused. These counters are written by the leg's media thread alone.
    pub(super) refused: AtomicU64,
    /// Frames dropped because no slot was free.
    pub(super) full: AtomicU64,
    /// Frames dropped because they were too long.
    pub(super) size: AtomicU64,
    /// Frames dropped because their format is not registered.
    pub(super) format: AtomicU64,
    /// Where the leg's time stamps begin.
    pub(super) anchor: Anchor,
    /// 9s that found the line of signals full.
    pub(super) lost_nines: LostNines,
    /// Not 0 once the leg's writer is gone: nothing more comes.
    writer_gone: AtomicU32,
}

impl LegShared {
    /// The writer goes. `[control]`
    pub(super) fn writer_goes(&self) {
        // Release: whoever sees it sees all that was pushed.
        self.writer_gone.store(1, Ordering::Release);
    }

    /// Whether the writer is gone. `[worker]`
    pub(super) fn is_writer_gone(&self) -> bool {
        self.writer_gone.load(Ordering::Acquire) != 0
    }
}

impl Default for LegShared {
    fn default() -> LegShared {
        let zero = || AtomicU64::new(0);
        LegShared {
            gate: GateWord::new(Gate::Wait),
            refused: zero(),
            full: zero(),
            size: zero(),
            format: zero(),
            anchor: Anchor::default(),
            lost_nines: LostNines::default(),
            writer_gone: AtomicU32::new(0),
        }
    }
}

/// Adds one to a counter that only one thread writes: no read-modify-write on its way.
#[inline]
pub(super) fn bump(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// What a counter says.
#[inline]
pub(super) fn count(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// The first time stamp of a leg and when it came. Set once, by the media thread.
#[derive(Default)]
pub(super) struct Anchor {
    set: AtomicU32,
    timestamp: AtomicU32,
    ssrc: AtomicU32,
    arrival: AtomicU64,
}

impl Anchor {
    pub(super) fn set(&self, timestamp: u32, ssrc: u32, arrival: MonoTime) {
        self.timestamp.store(timestamp, Ordering::Relaxed);
        self.ssrc.store(ssrc, Ordering::Relaxed);
        self.arrival.store(arrival.0, Ordering::Relaxed);
        // Release: whoever sees the flag sees the three values.
        self.set.store(1, Ordering::Release);
    }

    /// Time stamp, SSRC and arrival of the leg's first packet.
    pub(super) fn read(&self) -> Option<(u32, u32, MonoTime)> {
        (self.set.load(Ordering::Acquire) == 1).then(|| {
            let arrival = MonoTime(self.arrival.load(Ordering::Relaxed));
            (self.timestamp.load(Ordering::Relaxed), self.ssrc.load(Ordering::Relaxed), arrival)
        })
    }
}

/// The caller's 9s that found the line of signals full: they shut the gates, and the worker is told the earliest onset.
pub(super) struct LostNines {
    count: AtomicU32,
    /// The earliest onset; the largest value while none is known.
    onset: AtomicU64,
}

impl LostNines {
    /// One more. `[media]`
    pub(super) fn add(&self, onset: Option<MonoTime>) {
        let earliest = self.onset.load(Ordering::Relaxed).min(onset.map_or(u64::MAX, |onset| onset.0));
        self.onset.store(earliest, Ordering::Relaxed);
        // Release: whoever sees the count sees the onset.
        self.count.store(self.count.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }

    /// How many there were, and the earliest onset that is known. `[worker]`
    pub(super) fn read(&self) -> (u32, Option<MonoTime>) {
        let count = self.count.load(Ordering::Acquire);
        let onset = self.onset.load(Ordering::Relaxed);
        (count, (onset != u64::MAX).then_some(MonoTime(onset)))
    }
}

impl Default for LostNines {
    fn default() -> LostNines {
        LostNines { count: AtomicU32::new(0), onset: AtomicU64::new(u64::MAX) }
    }
}
