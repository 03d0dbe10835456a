//! `include/calltap/sink.h`.

use std::ffi::{c_char, c_void};

use super::{Format, Ledger, OutputId, Stretch};

pub(in crate::ffi) const RUN_QUEUED: u32 = 0;
pub(in crate::ffi) const RUN_DIRECT: u32 = 1;
pub(in crate::ffi) const RUN_FILE: u32 = 2;

pub(in crate::ffi) const GAP_LOST: u32 = 1;
pub(in crate::ffi) const GAP_SILENT: u32 = 2;
pub(in crate::ffi) const GAP_DROPPED: u32 = 3;
pub(in crate::ffi) const GAP_PAUSED: u32 = 4;
pub(in crate::ffi) const GAP_WITHHELD: u32 = 5;
pub(in crate::ffi) const GAP_HELD: u32 = 6;
pub(in crate::ffi) const GAP_HOLD: u32 = 7;

pub(in crate::ffi) const MARK_PAUSE: u32 = 1;
pub(in crate::ffi) const MARK_RESUME: u32 = 2;

pub(in crate::ffi) const COMPLETE: u32 = 1;
pub(in crate::ffi) const TRUNCATED: u32 = 2;
pub(in crate::ffi) const FAILED: u32 = 3;

pub(in crate::ffi) const ERASED: u32 = 1;
pub(in crate::ffi) const KEPT: u32 = 2;
pub(in crate::ffi) const GONE: u32 = 3;
pub(in crate::ffi) const ERASE_PENDING: u32 = 4;

sized_struct! {
    /// What was permitted when an output opened.
    Permit since 24 {
        tap: u32,
        purposes: u32,
        unused: u32,
        from_ns: i64,
    }
}

element_struct! {
    /// A leg as outputs are told of it.
    LegDescription {
        leg: u32,
        role: u32,
        formats: *const Format,
        format_count: u32,
        unused: u32,
    }
}

sized_struct! {
    /// The call as outputs are told of it.
    Description since 144 {
        leg_count: u32,
        legs: *const LegDescription,
        output: OutputId,
        call: *const c_char,
        entity: *const c_char,
        controller: *const c_char,
        country: *const c_char,
        service: *const c_char,
        language: *const c_char,
        policy_hash: *const c_char,
        legal_basis: *const c_char,
        delete_after: *const c_char,
        notice_language: *const c_char,
        notice_from_ns: i64,
        notice_to_ns: i64,
        window_end_ns: i64,
        started_ns: i64,
    }
}

sized_struct! {
    /// One frame, or the permitted part of one.
    Audio since 56 {
        leg: u32,
        role: u32,
        samples: u32,
        data: *const u8,
        length: u32,
        format: Format,
        from_ns: i64,
        to_ns: i64,
    }
}

element_struct! {
    /// The account of one leg.
    LegLedger {
        leg: u32,
        unused: u32,
        ledger: Ledger,
    }
}

sized_struct! {
    /// How an output ends.
    Closing since 48 {
        outcome: u32,
        reason: u32,
        permitted_count: u32,
        permitted: *const Stretch,
        ledgers: *const LegLedger,
        ledger_count: u32,
        unused: u32,
        at_ns: i64,
    }
}

sized_struct! {
    /// An order to erase.
    Erasure since 32 {
        reason: u32,
        output: OutputId,
        at_ns: i64,
    }
}

sized_struct! {
    /// The answer to an erasure.
    Receipt since 280 {
        fate: u32,
        frames: u64,
        bytes: u64,
        text: [u8; 256],
    }
}

type Context = *mut c_void;
type State = *mut c_void;

sized_struct! {
    /// The table of a sink of the host's own.
    Sink since 80 {
        flags: u32,
        context: Context,
        open: Option<unsafe extern "C" fn(Context, *mut State, *const Permit, *const Description) -> i32>,
        frame: Option<unsafe extern "C" fn(Context, State, *const Audio) -> i32>,
        gap: Option<unsafe extern "C" fn(Context, State, u32, u32, i64, i64) -> i32>,
        mark: Option<unsafe extern "C" fn(Context, State, u32, i64) -> i32>,
        flush: Option<unsafe extern "C" fn(Context, State) -> i32>,
        close: Option<unsafe extern "C" fn(Context, State, *const Closing) -> i32>,
        erase: Option<unsafe extern "C" fn(Context, State, *const Erasure, *mut Receipt) -> i32>,
        release: Option<unsafe extern "C" fn(Context)>,
    }
}

sized_struct! {
    /// For what a sink is added.
    SinkSpec since 20 {
        tap: u32,
        purposes: u32,
        live: u32,
        run: u32,
    }
}
