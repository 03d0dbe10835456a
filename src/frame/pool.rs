//! Blocks for audio that must be kept longer than its ring can spare.
//!
//! The pool bounds bytes, not blocks: a block is as long as the frame it keeps. A block is wiped when its last
//! reference goes. Used on workers and by sinks, never on a media thread (it allocates).

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

/// No room left in the pool.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the pool of held audio is full ({limit} bytes): the frame was dropped and counted")]
pub struct PoolFull {
    limit: usize,
}

impl Pool {
    /// A pool that never holds more than `limit` bytes.
    pub fn new(limit: usize) -> Arc<Pool> {
        Arc::new(Pool { limit, used: AtomicUsize::new(0) })
    }

    /// Bytes held now.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Copies `bytes` into a block.
    pub(crate) fn keep(self: &Arc<Pool>, bytes: &[u8]) -> Result<Block, PoolFull> {
        let fits = |used: usize| used.checked_add(bytes.len()).filter(|&sum| sum <= self.limit);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits)
            .map_err(|_| PoolFull { limit: self.limit })?;
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
        self.pool.used.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}
