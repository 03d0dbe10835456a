//! A SIP message.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::sip(bytes));
