//! Taps, purposes, reasons and decisions, between C and Rust. The header is `include/calltap/decision.h`.

use std::ffi::{CStr, c_char};

use crate::consent::{self, Permission, Reason};
use crate::policy::{Pairs, Purpose, Tap};

use super::boundary::quiet;
use super::c;
use super::failure::Failure;
use super::pointer::Struct;

/// A reason in words. Static. `[any]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_reason_text(reason: u32) -> *const c_char {
    quiet(c"unknown", || text(reason)).as_ptr()
}

fn text(reason: u32) -> &'static CStr {
    match reason {
        c::REASON_NONE => c"no reason",
        c::REASON_ALLOWED => c"allowed",
        c::REASON_ENTITY_EXCLUDED => c"entity excluded",
        c::REASON_ENTITY_UNKNOWN => c"entity unknown",
        c::REASON_SERVICE_NOT_COVERED => c"service not covered",
        c::REASON_POLICY_UNREADABLE => c"policy unreadable",
        c::REASON_NOTICE_NOT_GIVEN => c"notice not given",
        c::REASON_WINDOW_OPEN => c"window open",
        c::REASON_OBJECTED => c"objected",
        c::REASON_WITHDRAWN => c"withdrawn",
        c::REASON_PAUSED => c"paused",
        c::REASON_UNDECIDED => c"undecided",
        c::REASON_LIMIT_REACHED => c"limit reached",
        c::REASON_ENDED => c"ended",
        c::REASON_FAILED => c"failed",
        _ => c"a reason that this library does not know",
    }
}

/// A reason's number.
pub(super) fn reason(reason: Reason) -> u32 {
    match reason {
        Reason::Allowed => c::REASON_ALLOWED,
        Reason::EntityExcluded => c::REASON_ENTITY_EXCLUDED,
        Reason::EntityUnknown => c::REASON_ENTITY_UNKNOWN,
        Reason::ServiceNotCovered => c::REASON_SERVICE_NOT_COVERED,
        Reason::PolicyUnreadable => c::REASON_POLICY_UNREADABLE,
        Reason::NoticeNotGiven => c::REASON_NOTICE_NOT_GIVEN,
        Reason::WindowOpen => c::REASON_WINDOW_OPEN,
        Reason::Objected => c::REASON_OBJECTED,
        Reason::Withdrawn => c::REASON_WITHDRAWN,
        Reason::Paused => c::REASON_PAUSED,
        Reason::Undecided => c::REASON_UNDECIDED,
        Reason::LimitReached => c::REASON_LIMIT_REACHED,
        Reason::Ended => c::REASON_ENDED,
        Reason::Failed => c::REASON_FAILED,
    }
}

/// A tap's number.
pub(super) fn tap(tap: Tap) -> u32 {
    match tap {
        Tap::Monitor => c::MONITOR,
        Tap::Record => c::RECORD,
    }
}

/// The tap that C means; `what` says where it stands.
pub(super) fn tap_of(number: u32, what: &str) -> Result<Tap, Failure> {
    match number {
        c::MONITOR => Ok(Tap::Monitor),
        c::RECORD => Ok(Tap::Record),
        _ => Err(Failure::argument(format!("{what}: {number} is none; CALLTAP_MONITOR or CALLTAP_RECORD"))),
    }
}

/// The purposes of one tap as bits.
pub(super) fn purposes(pairs: Pairs, tap: Tap) -> u32 {
    let bit = |purpose| if pairs.covers(Pairs::one(tap, purpose)) { bit_of(purpose) } else { 0 };
    Purpose::ALL.into_iter().map(bit).sum()
}

/// The pairs that C means by purposes of one tap; none are all.
pub(super) fn pairs_of(tap: Tap, purposes: u32) -> Result<Pairs, Failure> {
    let all = c::QUALITY | c::EVIDENCE;
    if purposes & !all != 0 {
        return Err(Failure::argument(format!(
            "purposes: {purposes} has unknown bits; CALLTAP_QUALITY, CALLTAP_EVIDENCE or both"
        )));
    }
    let wanted = if purposes == 0 { all } else { purposes };
    Ok(Purpose::ALL
        .into_iter()
        .filter(|purpose| wanted & bit_of(*purpose) != 0)
        .map(|purpose| (tap, purpose))
        .collect())
}

fn bit_of(purpose: Purpose) -> u32 {
    match purpose {
        Purpose::Quality => c::QUALITY,
        Purpose::Evidence => c::EVIDENCE,
    }
}

impl From<consent::Decision> for c::Decision {
    fn from(decision: consent::Decision) -> c::Decision {
        c::Decision {
            tap: tap(decision.tap),
            purposes: purposes(decision.pairs, decision.tap),
            reason: reason(decision.reason),
            hook_needed: u32::from(decision.hook_needed),
            ..c::Decision::sized()
        }
    }
}

impl From<Permission> for c::Stretch {
    fn from(permission: Permission) -> c::Stretch {
        c::Stretch {
            from_ns: permission.stretch.from.nanos(),
            to_ns: permission.stretch.to.nanos(),
            ended: reason(permission.ended),
            unused: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_and_pairs_are_the_same_in_both_directions() {
        for tap in Tap::ALL {
            for bits in 1..4 {
                let pairs = pairs_of(tap, bits).expect("known bits");
                assert_eq!(purposes(pairs, tap), bits);
                assert_eq!(pairs.of(tap), pairs, "of this tap alone");
            }
            assert_eq!(purposes(pairs_of(tap, 0).expect("all"), tap), 3);
            assert!(pairs_of(tap, 4).is_err());
        }
    }

    #[test]
    fn a_reason_says_in_c_what_it_says_in_rust() {
        for each in [Reason::Allowed, Reason::NoticeNotGiven, Reason::ServiceNotCovered, Reason::Failed] {
            assert_eq!(text(reason(each)).to_str(), Ok(each.to_string().as_str()));
        }
    }
}
