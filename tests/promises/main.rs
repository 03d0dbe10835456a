//! What is promised about a call's audio, tested from outside: RTP packets in, sinks that check what they get.
//!
//! Promise 1: no frame outside of its permission. 2: the three verbs. 3: nothing from a 9 on. 5: every frame is
//! accounted for. A fault stays in its call, and keeps nothing from being erased. No telephone, network or host that
//! lies gets more out of it than an honest one.

mod keypad;
mod scene;
mod witness;

mod accounts;
mod bounds;
mod faults;
mod keys;
mod late;
mod legs;
mod lying;
mod panics;
mod permission;
mod transfer;
mod verbs;
