//! The RTP packets of one stream.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::rtp(bytes));
