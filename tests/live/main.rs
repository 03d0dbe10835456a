//! Live calls: real threads, a clock that the test moves.

mod stage;
mod whole;
