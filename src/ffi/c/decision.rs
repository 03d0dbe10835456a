//! `include/calltap/decision.h`.

pub(in crate::ffi) const MONITOR: u32 = 1;
pub(in crate::ffi) const RECORD: u32 = 2;

pub(in crate::ffi) const QUALITY: u32 = 1;
pub(in crate::ffi) const EVIDENCE: u32 = 2;

pub(in crate::ffi) const REASON_NONE: u32 = 0;
pub(in crate::ffi) const REASON_ALLOWED: u32 = 1;
pub(in crate::ffi) const REASON_ENTITY_EXCLUDED: u32 = 2;
pub(in crate::ffi) const REASON_ENTITY_UNKNOWN: u32 = 3;
pub(in crate::ffi) const REASON_SERVICE_NOT_COVERED: u32 = 4;
pub(in crate::ffi) const REASON_POLICY_UNREADABLE: u32 = 5;
pub(in crate::ffi) const REASON_NOTICE_NOT_GIVEN: u32 = 6;
pub(in crate::ffi) const REASON_WINDOW_OPEN: u32 = 7;
pub(in crate::ffi) const REASON_OBJECTED: u32 = 8;
pub(in crate::ffi) const REASON_WITHDRAWN: u32 = 9;
pub(in crate::ffi) const REASON_PAUSED: u32 = 10;
pub(in crate::ffi) const REASON_UNDECIDED: u32 = 11;
pub(in crate::ffi) const REASON_LIMIT_REACHED: u32 = 12;
pub(in crate::ffi) const REASON_ENDED: u32 = 13;
pub(in crate::ffi) const REASON_FAILED: u32 = 14;

sized_struct! {
    /// What is decided about one kind of use.
    Decision since 20 {
        tap: u32,
        purposes: u32,
        reason: u32,
        hook_needed: u32,
    }
}

element_struct! {
    /// A stretch of the call's clock in which something was permitted.
    Stretch {
        from_ns: i64,
        to_ns: i64,
        ended: u32,
        unused: u32,
    }
}
