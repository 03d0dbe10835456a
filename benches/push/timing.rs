//! The stopwatch: times what the media thread does, not what must be done in between.
#![expect(clippy::disallowed_methods, reason = "a bench is what reads the clock")]

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// One way for a media thread to hand a frame over.
pub trait Way {
    /// How many frames fit before somebody must take them out.
    fn room(&self) -> u64;

    /// Hands over `frames` frames, each leg in turn. This is timed.
    fn push(&mut self, frames: u64);

    /// Takes everything out on the other side. Not timed.
    fn empty(&mut self);
}

/// How long `frames` frames took in batches as large as there is room for.
pub fn time(way: &mut dyn Way, frames: u64) -> Duration {
    let mut spent = Duration::ZERO;
    let mut left = frames;
    while left > 0 {
        let batch = left.min(way.room());
        let begun = Instant::now();
        way.push(batch);
        spent += begun.elapsed().saturating_sub(clock());
        way.empty();
        left -= batch;
    }
    spent
}

/// What reading the clock twice takes: the median, found once.
fn clock() -> Duration {
    static COST: OnceLock<Duration> = OnceLock::new();
    *COST.get_or_init(|| {
        let mut all: Vec<Duration> = (0..1_001).map(|_| Instant::now().elapsed()).collect();
        all.sort();
        all[all.len() / 2]
    })
}
