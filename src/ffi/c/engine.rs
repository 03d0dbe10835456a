//! `include/calltap/engine.h`.

use std::ffi::c_void;

use super::{EventCallback, LogCallback};

pub(in crate::ffi) const NO_WAIT: u32 = 0xffff_ffff;

sized_struct! {
    /// With what an engine is made.
    EngineConfig since 128 {
        hold_back_ms: u32,
        max_packet_ms: u32,
        reorder_ms: u32,
        tick_ms: u32,
        deadline_ms: u32,
        workers: u32,
        writers: u32,
        max_writers: u32,
        stuck_after_ms: u32,
        direct_budget_us: u32,
        calls: u32,
        legs: u32,
        outputs: u32,
        line_frames: u32,
        ssrcs: u32,
        events: u32,
        policy_bytes: u32,
        queue_frames: u32,
        slot_quota: u32,
        held_bytes: u64,
        queue_bytes: u64,
        on_event: Option<EventCallback>,
        event_context: *mut c_void,
        on_log: Option<LogCallback>,
        log_context: *mut c_void,
    }
}

sized_struct! {
    /// What an engine does now and did so far.
    EngineCounters since 72 {
        unused: u32,
        calls: u64,
        turned_away: u64,
        outputs: u64,
        held_bytes: u64,
        queue_bytes: u64,
        events_waiting: u64,
        events_lost: u64,
        workers_replaced: u64,
    }
}
