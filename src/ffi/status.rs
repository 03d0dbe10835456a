//! What a status means. The header is `include/calltap/status.h`.

use std::ffi::{CStr, c_char};

use super::boundary::quiet;
use super::c;

/// The meaning of a status. Static. `[any]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_status_text(status: i32) -> *const c_char {
    quiet(c"unknown", || text(status)).as_ptr()
}

fn text(status: i32) -> &'static CStr {
    match status {
        c::OK => c"good",
        c::SHUT => c"refused for good: the hook may go",
        c::WAIT => c"refused for now: keep calling",
        c::PENDING => c"ordered and in force, not all of it is done",
        c::EMPTY => c"there is none",
        c::DROPPED => c"could not be taken, and was counted",
        c::E_NULL => c"a pointer is null",
        c::E_SIZE => c"a struct_size is of no known version",
        c::E_STATE => c"the object cannot do that now",
        c::E_ARGUMENT => c"a value has no meaning",
        c::E_POLICY => c"the policy is not valid",
        c::E_CONFIG => c"the configuration cannot work",
        c::E_LIMIT => c"a limit was reached",
        c::E_IO => c"the system refused",
        c::E_PANIC => c"something broke inside the library",
        c::E_BUSY => c"not done in time, and it will not be: say it again",
        6.. => c"good, in a way that this library does not know",
        _ => c"an error that this library does not know",
    }
}
