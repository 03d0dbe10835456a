//! `include/calltap/format.h`.

pub(in crate::ffi) const CALLER: u32 = 1;
pub(in crate::ffi) const AGENT: u32 = 2;
pub(in crate::ffi) const MIX: u32 = 3;

pub(in crate::ffi) const PCMU: u32 = 1;
pub(in crate::ffi) const PCMA: u32 = 2;
pub(in crate::ffi) const L16: u32 = 3;
pub(in crate::ffi) const TELEPHONE_EVENT: u32 = 4;
pub(in crate::ffi) const COMFORT_NOISE: u32 = 5;
pub(in crate::ffi) const REDUNDANT: u32 = 6;
pub(in crate::ffi) const OTHER: u32 = 7;

element_struct! {
    /// What the bytes of a frame mean.
    Format {
        encoding: u32,
        rate: u32,
        channels: u32,
    }
}
