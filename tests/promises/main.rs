//! What is promised about a call's audio, tested from outside: RTP packets in, sinks that check what they get.
//!
//! Promise 1: no frame outside of its permission. 2: the three verbs. 3: nothing from a 9 on. 5: every frame is
//! accounted for. And a fault stays in its call.

mod scene;
mod witness;

mod accounts;
mod faults;
mod keys;
mod permission;
mod transfer;
mod verbs;
