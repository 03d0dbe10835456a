//! `include/calltap/event.h`.

use std::ffi::{c_char, c_void};

use super::OutputId;

pub(in crate::ffi) const EVENT_NOTICE_GIVEN: u32 = 1;
pub(in crate::ffi) const EVENT_NOTICE_NOT_GIVEN: u32 = 2;
pub(in crate::ffi) const EVENT_OPENED: u32 = 3;
pub(in crate::ffi) const EVENT_HELD: u32 = 4;
pub(in crate::ffi) const EVENT_RELEASED: u32 = 5;
pub(in crate::ffi) const EVENT_OBJECTED: u32 = 6;
pub(in crate::ffi) const EVENT_WITHDRAWN: u32 = 7;
pub(in crate::ffi) const EVENT_PAUSED: u32 = 8;
pub(in crate::ffi) const EVENT_RESUMED: u32 = 9;
pub(in crate::ffi) const EVENT_CONTROLLER_CHANGED: u32 = 10;
pub(in crate::ffi) const EVENT_CLOSED: u32 = 11;
pub(in crate::ffi) const EVENT_OUTPUT_OPENED: u32 = 12;
pub(in crate::ffi) const EVENT_OUTPUT_CLOSED: u32 = 13;
pub(in crate::ffi) const EVENT_SINK_FAILED: u32 = 14;
pub(in crate::ffi) const EVENT_SINK_LATE: u32 = 15;
pub(in crate::ffi) const EVENT_RECEIPT: u32 = 16;
pub(in crate::ffi) const EVENT_CALL_FAILED: u32 = 17;

sized_struct! {
    /// One event.
    Event since 480 {
        kind: u32,
        call: u64,
        lost: u64,
        output: OutputId,
        at_ns: i64,
        until_ns: i64,
        tap: u32,
        reason: u32,
        monitor: u32,
        record: u32,
        outcome: u32,
        fate: u32,
        frames: u64,
        bytes: u64,
        text: [u8; 384],
    }
}

/// Called with one event.
pub(in crate::ffi) type EventCallback = unsafe extern "C" fn(context: *mut c_void, event: *const Event);

pub(in crate::ffi) const LOG_ERROR: u32 = 1;
pub(in crate::ffi) const LOG_WARNING: u32 = 2;
pub(in crate::ffi) const LOG_INFO: u32 = 3;

/// Called with one line for the operator.
pub(in crate::ffi) type LogCallback =
    unsafe extern "C" fn(context: *mut c_void, level: u32, target: *const c_char, text: *const c_char);
