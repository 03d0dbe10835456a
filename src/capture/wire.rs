//! Texts that came over the wire: limited in length, and escaped before anybody sees them.
//!
//! What a stranger sent may hold terminal commands, line ends or megabytes. Whatever is shown or written of it
//! goes through [`escape_wire`]; a Call-ID is kept as a [`CallId`], which is never longer than 256 bytes.

use std::fmt;

use sha2::{Digest, Sha256};

/// At most this many bytes of a text from the wire are kept or shown.
pub const WIRE_TEXT_MAX: usize = 256;

/// Shows a text from the wire in printable ASCII: everything else, and the backslash, is written as `\xNN`. `[any]`
///
/// Of a longer text the first [`WIRE_TEXT_MAX`] bytes are shown, then `...`.
pub fn escape_wire(text: impl AsRef<[u8]>) -> String {
    let text = text.as_ref();
    let mut shown = String::with_capacity(text.len().min(WIRE_TEXT_MAX));
    for &byte in text.iter().take(WIRE_TEXT_MAX) {
        match byte {
            b'\\' => shown.push_str("\\x5c"),
            b' '..=b'~' => shown.push(char::from(byte)),
            _ => shown.push_str(&format!("\\x{byte:02x}")),
        }
    }
    if text.len() > WIRE_TEXT_MAX {
        shown.push_str("...");
    }
    shown
}

/// The Call-ID of a SIP dialog (RFC 3261, 8.1.1.4), at most [`WIRE_TEXT_MAX`] bytes of it.
///
/// A longer one is kept as its beginning, `~` and 16 hexadecimal digits of its SHA-256, so two that begin alike
/// stay two. `Display` and `Debug` escape it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(Box<[u8]>);

impl CallId {
    /// The Call-ID that stands in these bytes.
    pub fn new(text: &[u8]) -> CallId {
        if text.len() <= WIRE_TEXT_MAX {
            return CallId(text.into());
        }
        let mut kept: Vec<u8> = text.iter().copied().take(WIRE_TEXT_MAX - 17).collect();
        kept.push(b'~');
        for byte in Sha256::digest(text).iter().take(8) {
            kept.extend_from_slice(format!("{byte:02x}").as_bytes());
        }
        CallId(kept.into())
    }

    /// Whether a person means this Call-ID by `wanted`: as it came over the wire, or as it is shown.
    pub fn is(&self, wanted: &str) -> bool {
        *self == CallId::new(wanted.as_bytes()) || self.to_string() == wanted
    }

    /// Its bytes, as they came; anything may stand in them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape_wire(&self.0))
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_command_a_terminal_is_escaped() {
        assert_eq!(escape_wire("a\x1b[2J\r\nb"), "a\\x1b[2J\\x0d\\x0ab");
        assert_eq!(escape_wire("caf\u{e9}\\"), "caf\\xc3\\xa9\\x5c");
    }

    #[test]
    fn a_long_text_is_shown_in_part() {
        let shown = escape_wire("x".repeat(5_000));
        assert_eq!(shown.len(), WIRE_TEXT_MAX + 3);
        assert!(shown.ends_with("..."));
    }

    #[test]
    fn long_call_ids_that_begin_alike_stay_two() {
        let one = CallId::new(&[b'a'; 300]);
        let other = CallId::new(&[b'a'; 301]);
        assert_ne!(one, other);
        assert_eq!(one.as_bytes().len(), WIRE_TEXT_MAX);
        assert!(one.is(&"a".repeat(300)), "the whole id finds it");
        assert!(one.is(&one.to_string()), "and so does the shown one");
    }

    #[test]
    fn a_call_id_is_found_as_sent_and_as_shown() {
        let id = CallId::new("a\\b\u{e9}".as_bytes());
        assert!(id.is("a\\b\u{e9}"));
        assert!(id.is("a\\x5cb\\xc3\\xa9"));
        assert!(!id.is("a\\b"));
    }
}
