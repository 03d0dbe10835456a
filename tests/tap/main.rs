//! The program `calltap tap` on captures of real calls, from the file to what is left on the disk.
//!
//! Recordings are compared with a second reading of the captures that shares no code with the library, and with the
//! voices that were sent.

#![cfg(feature = "cli")]

mod recording;
mod run;
mod speech;
mod told;
mod wire;

mod dialed;
mod digits;
mod disk;
mod info;
mod kept;
mod lines;
mod mistakes;
mod never;
mod nine;
mod pause;
mod realtime;
