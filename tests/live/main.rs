//! Live calls: real threads, a clock that the test moves.

mod account;
mod alone;
mod budget;
mod events;
mod faults;
mod fork;
mod inside;
mod limits;
mod order;
mod shutdown;
mod stage;
mod stress;
mod stuck;
mod thousand;
mod whole;
mod witness;
