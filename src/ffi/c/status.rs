//! `include/calltap/status.h`.

pub(in crate::ffi) const OK: i32 = 0;
pub(in crate::ffi) const SHUT: i32 = 1;
pub(in crate::ffi) const WAIT: i32 = 2;
pub(in crate::ffi) const PENDING: i32 = 3;
pub(in crate::ffi) const EMPTY: i32 = 4;
pub(in crate::ffi) const DROPPED: i32 = 5;
pub(in crate::ffi) const E_NULL: i32 = -1;
pub(in crate::ffi) const E_SIZE: i32 = -2;
pub(in crate::ffi) const E_STATE: i32 = -3;
pub(in crate::ffi) const E_ARGUMENT: i32 = -4;
pub(in crate::ffi) const E_POLICY: i32 = -5;
pub(in crate::ffi) const E_CONFIG: i32 = -6;
pub(in crate::ffi) const E_LIMIT: i32 = -7;
pub(in crate::ffi) const E_IO: i32 = -8;
pub(in crate::ffi) const E_PANIC: i32 = -9;
pub(in crate::ffi) const E_BUSY: i32 = -10;

sized_struct! {
    /// What went wrong, for people.
    Error since 512 {
        status: i32,
        text: [u8; 504],
    }
}

impl Error {
    pub(in crate::ffi) fn from_text(status: i32, text: &str) -> Error {
        let mut error = Error { struct_size: size_of::<Error>() as u32, status, text: [0; 504] };
        super::put_text(text, &mut error.text);
        error
    }

    #[cfg(test)]
    pub(in crate::ffi) fn sentence(&self) -> String {
        super::text_in(&self.text)
    }
}
