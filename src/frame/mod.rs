//! Frames and where they live: slots, the ring, the pool, the gate's word. The only home of `unsafe` beside `ffi`.

#[expect(clippy::module_inception, reason = "the folder's main concept has the folder's name")]
mod frame;
mod gate;
mod ledger;
mod memory;
mod pool;
pub(crate) mod ring;
mod sync;

pub use frame::Frame;
pub(crate) use gate::GateWord;
pub use ledger::Ledger;
pub use pool::{Pool, PoolFull};
pub(crate) use sync::{Arc, AtomicU32, AtomicU64, Ordering};
