//! Frames to a Rust program, over a bounded channel.
