//! Blocks for audio that must be kept longer than its ring can spare.
//!
//! The pool bounds bytes: a block is as long as the frame it keeps, and is charged with what it costs beside. It is wiped
//! when its last reference goes. Used on workers and by sinks, never on a media thread (it allocates).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zeroize::Zeroize;

/// An engine's bounded store of blocks. `[worker]`
#[derive(Debug)]
pub struct Pool {
    /// Bytes that may be out at once.
    limit: usize,
    /// Bytes that are out now.
    used: AtomicUsize,
}

/// What a block costs beside its audio: counts, lengths, and its place in a line.
const OVERHEAD: usize = 192;

/// No room left for held audio.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no room for held audio (the limit is {limit} {unit}): the frame was dropped and counted")]
pub struct PoolFull {
    limit: usize,
    unit: &'static str,
}

impl PoolFull {
    /// One leg holds `limit` frames already.
    pub(crate) fn of_line(limit: usize) -> PoolFull {
        PoolFull { limit, unit: "frames of one leg" }
    }
}

impl Pool {
    /// A pool that never holds more than `limit` bytes.
    pub fn new(limit: usize) -> Arc<Pool> {
        Arc::new(Pool { limit, used: AtomicUsize::new(0) })
    }

    /// Bytes held now, overhead included.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Copies `bytes` into a block.
    pub(crate) fn keep(self: &Arc<Pool>, bytes: &[u8]) -> Result<Block, PoolFull> {
        let cost = bytes.len().saturating_add(OVERHEAD);
        let fits = |used: usize| used.checked_add(cost).filter(|&sum| sum <= self.limit);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits)
            .map_err(|_| PoolFull { limit: self.limit, unit: "bytes of all calls" })?;
        Ok(Block(Arc::new(Body { bytes: bytes.into(), pool: Arc::clone(self) })))
    }
}

/// A reference to a block.
#[derive(Clone)]
pub(crate) struct Block(Arc<Body>);

struct Body {
    bytes: Box<[u8]>,
    pool: Arc<Pool>,
}

impl Block {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.bytes.zeroize();
        self.pool.used.fetch_sub(self.bytes.len() + OVERHEAD, Ordering::Relaxed);
    }
}
