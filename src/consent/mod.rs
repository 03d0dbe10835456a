//! What the caller wants, turned into permissions. Pure: events in, permissions out; no clock, no I/O.

mod event;
mod gate;
mod permit;
mod reason;
mod role;

pub use event::{Change, Digit, DigitSource, Event, Ruling, Verdict, WithdrawnBy};
pub use gate::Gate;
pub use permit::Permit;
pub use reason::Reason;
pub use role::Role;
