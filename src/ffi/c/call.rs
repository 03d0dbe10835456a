//! `include/calltap/call.h`.

use std::ffi::c_char;

use super::{Format, OutputId};

pub(in crate::ffi) const INBOUND: u32 = 1;
pub(in crate::ffi) const OUTBOUND: u32 = 2;
pub(in crate::ffi) const INTERNAL: u32 = 3;

sized_struct! {
    /// With what a call is started.
    CallSpec since 56 {
        direction: u32,
        id: *const c_char,
        entity: *const c_char,
        service: *const c_char,
        language: *const c_char,
        zero_ns: u64,
        started_ns: i64,
    }
}

element_struct! {
    /// An RTP payload type of a leg.
    PayloadType {
        payload_type: u8,
        format: u8,
    }
}

sized_struct! {
    /// With what a leg is opened.
    LegSpec since 40 {
        role: u32,
        formats: *const Format,
        payload_types: *const PayloadType,
        format_count: u32,
        payload_type_count: u32,
        slots: u32,
        slot_bytes: u32,
    }
}

sized_struct! {
    /// Which outputs were still inside a call of their sink.
    Inside since 24 {
        room: u32,
        outputs: *mut OutputId,
        count: u32,
        unused: u32,
    }
}
