//! Frames and where they live: slots, the ring, the pool, the gate's word. The only home of `unsafe` beside `ffi`.

#[expect(clippy::module_inception, reason = "the folder's main concept has the folder's name")]
mod frame;
mod ledger;
mod pool;

pub use frame::Frame;
pub use ledger::Ledger;
pub use pool::{Pool, PoolFull};
