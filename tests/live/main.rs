//! Live calls: real threads, a clock that the test moves.

mod stage;
mod stuck;
mod whole;
mod witness;
