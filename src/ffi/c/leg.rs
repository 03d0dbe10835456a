//! `include/calltap/leg.h`.

use std::ffi::c_void;

pub(in crate::ffi) const HAS_RTP_TIMESTAMP: u32 = 1;
pub(in crate::ffi) const HAS_SEQUENCE: u32 = 2;
pub(in crate::ffi) const HAS_ARRIVAL: u32 = 4;
pub(in crate::ffi) const MARKER: u32 = 8;
pub(in crate::ffi) const SILENCE: u32 = 16;

pub(in crate::ffi) const HAS_ONSET: u32 = 1;

sized_struct! {
    /// One frame.
    Frame since 48 {
        flags: u32,
        data: *const c_void,
        length: u32,
        samples: u32,
        format: u32,
        sequence: u32,
        rtp_timestamp: u32,
        ssrc: u32,
        arrival_ns: u64,
    }
}

/// Gives a lent buffer back.
pub(in crate::ffi) type LegRelease = unsafe extern "C" fn(context: *mut c_void);
