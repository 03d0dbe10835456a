//! The structs and numbers of the headers, as Rust sees them. One file for each header.
//!
//! A struct's name here is the header's without `calltap_`, in Rust's spelling; a number's is the header's without
//! `CALLTAP_`. Tests compare sizes, offsets and numbers with those that a C compiler prints.

/// A struct of the headers that begins with `struct_size`. `since` is its size in the first header that had it.
macro_rules! sized_struct {
    ($(#[$meta:meta])* $name:ident since $first:literal { $($field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub(in crate::ffi) struct $name {
            pub(in crate::ffi) struct_size: u32,
            $(pub(in crate::ffi) $field: $type,)*
        }

        const _: () = assert!($first <= size_of::<$name>());

        // SAFETY: it is `repr(C)`, begins with `struct_size`, and has numbers, pointers and optional functions alone.
        unsafe impl $crate::ffi::pointer::Struct for $name {
            const FIRST: usize = $first;
        }

        #[cfg(test)]
        impl $name {
            pub(in crate::ffi) fn layout() -> $crate::ffi::layout::Layout {
                $crate::ffi::layout::Layout {
                    name: stringify!($name),
                    size: size_of::<$name>(),
                    fields: vec![
                        ("struct_size", std::mem::offset_of!($name, struct_size)),
                        $((stringify!($field), std::mem::offset_of!($name, $field)),)*
                    ],
                }
            }
        }
    };
}

/// A struct of the headers that never grows: an element of lists.
macro_rules! element_struct {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub(in crate::ffi) struct $name {
            $(pub(in crate::ffi) $field: $type,)*
        }

        #[cfg(test)]
        impl $name {
            pub(in crate::ffi) fn layout() -> $crate::ffi::layout::Layout {
                $crate::ffi::layout::Layout {
                    name: stringify!($name),
                    size: size_of::<$name>(),
                    fields: vec![$((stringify!($field), std::mem::offset_of!($name, $field)),)*],
                }
            }
        }
    };
}

mod base;
mod call;
mod decision;
mod engine;
mod event;
mod format;
mod ledger;
mod leg;
mod sink;
mod status;
mod wav;

pub(super) use base::*;
pub(super) use call::*;
pub(super) use decision::*;
pub(super) use engine::*;
pub(super) use event::*;
pub(super) use format::*;
pub(super) use ledger::*;
pub(super) use leg::*;
pub(super) use sink::*;
pub(super) use status::*;
pub(super) use wav::*;

/// Puts `text` into `room`, cut at a whole character where it does not fit; what is left of the room is zero.
pub(super) fn put_text(text: &str, room: &mut [u8]) {
    room.fill(0);
    let most = room.len().saturating_sub(1).min(text.len());
    let fits = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    for (place, byte) in room.iter_mut().zip(text.bytes().take(fits)) {
        // A zero inside would end it early.
        *place = if byte == 0 { b' ' } else { byte };
    }
}

/// The text in `room`, up to its first zero; what is no UTF-8 is replaced.
pub(super) fn text_in(room: &[u8]) -> String {
    let text = room.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_a_whole_character_and_ended() {
        let mut room = [0xff; 6];
        put_text("ab\0é", &mut room);
        assert_eq!(&room, b"ab \xc3\xa9\0");
        put_text("abcdéf", &mut room);
        assert_eq!(&room, b"abcd\0\0");
        assert_eq!(text_in(&room), "abcd");
        put_text("x", &mut []);
    }
}
