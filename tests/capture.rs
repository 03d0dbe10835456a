//! Calls in captures: captures are written here byte by byte, then read as a stranger's.
#![cfg(feature = "capture")]

#[path = "capture/calls.rs"]
mod calls;
#[path = "capture/choosing.rs"]
mod choosing;
#[path = "capture/files.rs"]
mod files;
#[path = "capture/hostile.rs"]
mod hostile;
#[path = "capture/keys.rs"]
mod keys;
#[path = "capture/packets.rs"]
mod packets;
#[path = "capture/real.rs"]
mod real;
#[path = "capture/scene.rs"]
mod scene;
#[path = "capture/writer.rs"]
mod writer;
