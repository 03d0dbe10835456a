//! Keys that a side of a call sent by SIP INFO (RFC 6086), instead of telephone-events or beside them.
//!
//! No standard says how a key stands in an INFO. Devices send `application/dtmf-relay`, with lines such as `Signal=9`
//! and `Duration=160`, or `application/dtmf`, with nothing but the key; both forms are read under both types, alone or
//! as a part of a multipart body. Whether the request was answered is not asked: the caller pressed the key all the
//! same. Sent again, it is the same press. Pure; no input panics.

use std::fmt;

use super::body;
use super::call::Side;
use super::sip::{self, Message, Tag};
use crate::consent::Digit;

/// Keys that are kept of one call.
pub(super) const DIGITS_MAX: usize = 1_000;

/// A key that a side of a call sent by SIP INFO. When it was pressed is not known, only when it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyedDigit {
    /// When the request was captured, in nanoseconds since 1970 (UTC).
    pub at_ns: u64,
    /// Which side sent it.
    pub side: Side,
    /// The key; redacted in `Debug`.
    pub digit: Digit,
}

/// The keys of a call, each once, in the order in which they were captured.
#[derive(Default)]
pub(super) struct Keys(Vec<Key>);

/// A key and the request that told it.
struct Key {
    from_tag: Tag,
    cseq: u32,
    keyed: KeyedDigit,
}

impl Keys {
    /// Takes the key of a request; false when there are too many. A 9 too many takes the place of another key: it
    /// refuses, and with one neighbour less it does so in doubt.
    pub(super) fn add(&mut self, request: &Message, keyed: KeyedDigit) -> bool {
        let key = Key { from_tag: request.from_tag, cseq: request.cseq, keyed };
        if self.0.iter().any(|known| known.tells_the_same_as(&key)) {
            return true;
        }
        let full = self.0.len() >= DIGITS_MAX;
        if full {
            let other = self.0.iter().rposition(|known| known.keyed.digit != Digit::NINE);
            let Some(other) = other.filter(|_| keyed.digit == Digit::NINE) else { return false };
            self.0.remove(other);
        }
        self.0.push(key);
        !full
    }

    pub(super) fn finish(self) -> Vec<KeyedDigit> {
        self.0.into_iter().map(|key| key.keyed).collect()
    }
}

impl Key {
    /// Whether the two came in one request that was sent again, or passed a proxy (RFC 3261, 12.2.1.1: within a dialog
    /// each new request of a side has a number of its own). Another key is another press, whatever its number.
    fn tells_the_same_as(&self, other: &Key) -> bool {
        (self.from_tag, self.cseq) == (other.from_tag, other.cseq) && self.keyed.digit == other.keyed.digit
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.0.len())
    }
}

/// The key in the body of an INFO; `None` when it is about something else.
pub(super) fn digit_in(content_type: Option<&[u8]>, body: &[u8]) -> Option<Digit> {
    body::find(content_type, body, &|kind, part| {
        let kind = kind?;
        let tells_keys = [&b"application/dtmf-relay"[..], b"application/dtmf"];
        tells_keys.iter().find(|known| kind.eq_ignore_ascii_case(known)).and_then(|_| read(part))
    })
}

/// The first line that tells a key.
fn read(body: &[u8]) -> Option<Digit> {
    let mut lines = body.split(|byte| matches!(byte, b'\r' | b'\n'));
    lines.find_map(|line| match line.iter().position(|byte| *byte == b'=') {
        Some(equals) => {
            let is_signal = line.get(..equals)?.trim_ascii().eq_ignore_ascii_case(b"signal");
            line.get(equals + 1..).filter(|_| is_signal).and_then(key_of)
        }
        None => key_of(line),
    })
}

/// A key as it is printed on the telephone, or by its number: 10 is `*`, 11 `#`, 12 to 15 are `A` to `D`.
fn key_of(text: &[u8]) -> Option<Digit> {
    match text.trim_ascii() {
        [key] => Digit::from_char(char::from(*key)),
        number => sip::read_number(number).and_then(|event| Digit::from_event(u8::try_from(event).ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELAY: &[u8] = b"application/dtmf-relay";
    const BARE: &[u8] = b"application/dtmf";

    /// The number of the key, which `Debug` does not show.
    fn told(kind: &[u8], body: &[u8]) -> Option<u8> {
        let digit = digit_in(Some(kind), body)?;
        (0..16).find(|event| Digit::from_event(*event) == Some(digit))
    }

    #[test]
    fn every_key_is_read_as_it_is_printed_and_by_its_number() {
        for (event, printed) in (0..).zip("0123456789*#ABCD".chars()) {
            for text in [printed.to_string(), printed.to_ascii_lowercase().to_string(), event.to_string()] {
                assert_eq!(told(RELAY, format!("Signal={text}\r\nDuration=160\r\n").as_bytes()), Some(event), "{text}");
                assert_eq!(told(BARE, text.as_bytes()), Some(event), "{text}");
            }
        }
    }

    #[test]
    fn it_is_read_however_devices_write_it() {
        for body in [
            &b"Signal=9"[..],
            b"Signal= 9\r\nDuration= 160\r\n",
            b"SIGNAL = 9 \nduration=160",
            b"Duration=160\r\nsignal=9\r\n",
            b"\r\n\r\n\tSignal\t=\t9\r",
            b"Signal=09",
            b"9",
            b" 9\r\n",
        ] {
            for kind in [RELAY, BARE, b"Application/DTMF-Relay;charset=utf-8", b"APPLICATION/DTMF ; x=y"] {
                assert_eq!(told(kind, body), Some(9), "{}", body.escape_ascii());
            }
        }
        let mixed =
            b"--b\r\nContent-Type: text/plain\r\n\r\n4\r\n--b\r\nc: application/dtmf-relay\r\n\r\nSignal=9\r\n--b--";
        assert_eq!(told(b"multipart/mixed;boundary=b", mixed), Some(9));
    }

    #[test]
    fn what_tells_no_key_gives_none() {
        for body in [
            &b""[..],
            b"\r\n\r\n",
            b"Signal=",
            b"Signal",
            b"=9",
            b"Signal==9",
            b"Signal=16",
            b"Signal=!",
            b"Signal=99999999999999999999",
            b"Signal=-9",
            b"Duration=9",
            b"Signals=9",
            b"E",
            b"\xb9",
            b"Signal=\xff\xfe",
        ] {
            assert_eq!(told(RELAY, body), None, "{}", body.escape_ascii());
            assert_eq!(told(BARE, body), None, "{}", body.escape_ascii());
        }
        for kind in [&b"text/plain"[..], b"application/dtmf-relayed", b"application/media_control+xml", b""] {
            assert_eq!(told(kind, b"Signal=9"), None);
        }
        assert_eq!(digit_in(None, b"Signal=9"), None);
    }
}
