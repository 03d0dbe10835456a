//! The one guard around every export: a panic becomes a status, and the host lives.
//!
//! It allocates nothing unless something went wrong, so it is around the media thread's functions too.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::c;
use super::failure::Failure;
use super::pointer::Out;

/// Runs an export that answers a status, and says in `error_out` what went wrong.
pub(super) fn boundary(error_out: Out<c::Error>, act: impl FnOnce() -> Result<i32, Failure>) -> i32 {
    let room = match error_out.optional("error_out") {
        Ok(room) => room,
        // There is no room to say more.
        Err(failure) => return failure.status,
    };
    let done = guarded(act).unwrap_or_else(|what| Err(broken(&what)));
    let (answer, error) = match done {
        Ok(status) => (status, c::Error::from_text(c::OK, "")),
        Err(failure) => (failure.status, c::Error::from_text(failure.status, &failure.text)),
    };
    if let Some(room) = room {
        room.fill(&error);
    }
    answer
}

/// Runs an export of the media thread: it answers a status and has no words for it.
pub(super) fn media(act: impl FnOnce() -> Result<i32, Failure>) -> i32 {
    match guarded(act) {
        Ok(Ok(status)) => status,
        Ok(Err(failure)) => failure.status,
        Err(_) => c::E_PANIC,
    }
}

/// Runs an export that answers no status: `otherwise` when it panics.
pub(super) fn quiet<R>(otherwise: R, act: impl FnOnce() -> R) -> R {
    guarded(act).unwrap_or(otherwise)
}

/// Runs `act`; a panic's message when it panics.
fn guarded<R>(act: impl FnOnce() -> R) -> Result<R, String> {
    // What a panic may leave half done is the call's, and that call is ended.
    catch_unwind(AssertUnwindSafe(act)).map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        // Of a type of its own, it may panic again when it is dropped.
        std::mem::forget(payload);
        text.unwrap_or_else(|| "no message".to_owned())
    })
}

fn broken(what: &str) -> Failure {
    Failure::new(c::E_PANIC, format!("something broke inside the library, what it was asked for is not done: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        assert_eq!(boundary(Out::NULL, || panic!("on purpose")), c::E_PANIC);
        assert_eq!(media(|| panic!("on purpose")), c::E_PANIC);
        assert_eq!(quiet(7, || panic!("on purpose")), 7);
    }

    #[test]
    fn a_panic_whose_payload_panics_too_becomes_a_status() {
        struct Worse;
        impl Drop for Worse {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        assert_eq!(boundary(Out::NULL, || std::panic::panic_any(Worse)), c::E_PANIC);
    }

    #[test]
    fn what_went_wrong_is_said_in_words() {
        let mut error = c::Error::from_text(0, "");
        let answer = boundary(Out::to(&mut error), || panic!("on purpose"));
        assert_eq!((answer, error.status), (c::E_PANIC, c::E_PANIC));
        assert!(error.sentence().contains("on purpose"), "{}", error.sentence());
        assert_eq!(boundary(Out::to(&mut error), || Ok(c::PENDING)), c::PENDING);
        assert_eq!((error.status, error.sentence()), (c::OK, String::new()));
    }
}
