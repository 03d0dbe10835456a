//! Which library a program runs with. The header is `include/calltap/version.h`.

use std::ffi::{CStr, c_char};

/// The C interface's number, `CALLTAP_ABI_VERSION` in the header. One more with each release that adds to it.
const ABI_VERSION: u32 = 1;

/// The crate's version, as C writes texts.
const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version has no zero in it"),
};

/// The library's version. Static. `[any]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_version() -> *const c_char {
    VERSION.as_ptr()
}

/// The number of the C interface that this library has. `[any]`
#[unsafe(no_mangle)]
pub extern "C" fn calltap_abi_version() -> u32 {
    ABI_VERSION
}
