//! What a call is told: notice, digits, the end of a pause, a transfer.

use crate::consent::Digit;

use super::super::c;
use super::super::failure::Failure;
use super::super::pointer::{Out, Shared, Text};
use super::{Call, answer, moment, on_call};

/// The announcement begins to play. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_notice_started(
    call: Shared<Call>,
    language: Text<'_>,
    at_ns: u64,
    error_out: Out<c::Error>,
) -> i32 {
    on_call(&call, error_out, |call| {
        let language = language.required("language")?;
        answer(call.live.notice_started(language, moment(at_ns)))
    })
}

/// The announcement stopped. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_notice_finished(
    call: Shared<Call>,
    complete: u32,
    at_ns: u64,
    error_out: Out<c::Error>,
) -> i32 {
    on_call(&call, error_out, |call| answer(call.live.notice_finished(truth(complete, "complete")?, moment(at_ns))))
}

/// A digit was seen otherwise than by the media thread. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_digit(
    call: Shared<Call>,
    leg: u32,
    digit: std::ffi::c_char,
    onset_ns: u64,
    at_ns: u64,
    error_out: Out<c::Error>,
) -> i32 {
    on_call(&call, error_out, |call| {
        let digit = digit_of(digit)?;
        answer(call.live.digit(call.leg(leg)?, digit, moment(onset_ns), moment(at_ns)))
    })
}

/// From now on digits are data, or no longer. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_digits_are_data(
    call: Shared<Call>,
    data: u32,
    at_ns: u64,
    error_out: Out<c::Error>,
) -> i32 {
    on_call(&call, error_out, |call| answer(call.live.digits_are_data(truth(data, "data")?, moment(at_ns))))
}

/// The pause is over. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_resume(call: Shared<Call>, at_ns: u64, error_out: Out<c::Error>) -> i32 {
    on_call(&call, error_out, |call| answer(call.live.resume(moment(at_ns))))
}

/// The call moved to another controller. `[control]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_call_transfer(
    call: Shared<Call>,
    entity: Text<'_>,
    service: Text<'_>,
    at_ns: u64,
    error_out: Out<c::Error>,
) -> i32 {
    on_call(&call, error_out, |call| {
        let entity = entity.or_empty("entity")?;
        let service = service.or_empty("service")?;
        answer(call.live.transfer(entity, service, moment(at_ns)))
    })
}

/// The key that C means. Its text says nothing about the key. Allocates nothing.
pub(in crate::ffi) fn digit_of(digit: std::ffi::c_char) -> Result<Digit, Failure> {
    let digit = Digit::from_char(char::from(digit.to_ne_bytes()[0]));
    digit.ok_or_else(|| Failure::argument("digit: it is none of 0-9 * # A-D"))
}

/// What C means by 1 and 0. Allocates nothing.
pub(in crate::ffi) fn truth(value: u32, what: &'static str) -> Result<bool, Failure> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Failure::argument(what)),
    }
}
