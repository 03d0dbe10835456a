//! A panic is caught where it happens: what panicked is known to be broken, and nothing else.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does something that may panic; an error is what the panic said.
pub(crate) fn caught<R>(act: impl FnOnce() -> R) -> Result<R, String> {
    // Unwind safe: whatever panicked is not used again but to be closed, erased or dropped.
    catch_unwind(AssertUnwindSafe(act)).map_err(|panic| {
        let what = text_of(panic.as_ref()).to_owned();
        discard(panic);
        what
    })
}

/// Something of the host's that may panic when it is dropped. It is dropped by itself: of two that panic at once the
/// second would end the process.
pub(crate) struct Theirs<T>(pub(crate) Option<T>);

impl<T> Theirs<T> {
    pub(crate) fn new(theirs: T) -> Theirs<T> {
        Theirs(Some(theirs))
    }
}

impl<T> Drop for Theirs<T> {
    fn drop(&mut self) {
        discard(self.0.take());
    }
}

/// Drops something of the host's; a panic in that ends nothing.
pub(crate) fn discard<T>(gone: T) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(gone)))
        && let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic)))
    {
        // What panics even then is never dropped.
        std::mem::forget(again);
    }
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
