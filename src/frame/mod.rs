//! Frames and where they live: slots, the ring, the pool, the gate's word. The only home of `unsafe` beside `ffi`.

#[expect(clippy::module_inception, reason = "the folder's main concept has the folder's name")]
mod frame;
mod gate;
mod kin;
mod ledger;
mod lent;
mod memory;
mod nine;
mod pool;
pub(crate) mod ring;
pub(crate) mod signal;
mod slot;
mod sync;

pub use frame::Frame;
pub(crate) use gate::{GateWord, Press};
pub(crate) use kin::Kin;
pub use ledger::Ledger;
pub use lent::{Lent, Release};
pub(crate) use nine::{Means, NineWord};
pub use pool::{Pool, PoolFull};
pub(crate) use slot::SlotRef;
pub(crate) use sync::{Arc, AtomicU32, AtomicU64, Ordering};
