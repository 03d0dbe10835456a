//! What the caller wants, turned into permissions. Pure: events in, permissions out; no clock, no I/O.
//!
//! The session tells [`Consent`] what happened, each thing with its place on the call's clock, and how far the
//! caller's audio was examined. Consent answers with a gate for every leg, a verdict for every stretch of audio, and
//! the changes that followed.
//!
//! Invariant: nothing is [`Ruling::Allowed`] unless a complete notice in the caller's language ended, its window
//! closed, no refusal is known, no pause covers it, and no unsettled 9 lies before it. In doubt the answer is no.
//!
//! One call's consent belongs to the worker that owns the call. `[worker]`
//! The rules for notice, window and the 9 are the default policy's; keys have the numbers of RFC 4733, section 3.2.

mod alone;
mod decision;
mod event;
mod gate;
mod machine;
mod nine;
mod permit;
mod progress;
mod reason;
mod role;
mod spans;
mod tenure;
mod verdict;

pub use decision::Decision;
pub use event::{Change, Digit, DigitSource, Event, Ruling, Verdict, WithdrawnBy};
pub use gate::Gate;
pub use machine::{Consent, Start};
pub use nine::NineNow;
pub use permit::Permit;
pub use reason::Reason;
pub use role::Role;
pub(crate) use spans::{Spans, WhenFull};
pub use tenure::Notice;
pub use verdict::{Permission, Verdicts};

#[cfg(test)]
mod tests;
