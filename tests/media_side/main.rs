//! What a media thread can do beside pushing: report a key, which acts at once; say that the line is on hold; write into a
//! slot itself; lend a buffer; say that nothing was said. And what happens to one that offers too much.
#![allow(unsafe_code, reason = "a buffer that is lent is promised to stay")]

#[path = "../stage/mod.rs"]
mod stage;

mod frames;
mod keys;
mod lending;
mod limits;
mod racing;
