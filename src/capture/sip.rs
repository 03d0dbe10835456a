//! Reads SIP messages (RFC 3261, section 7), as far as calls need: start line, Call-ID, CSeq, tags, body.
//!
//! Lenient, since a capture holds what real devices sent: bare line feeds, compact and folded headers, a missing
//! Content-Length, spaces before the colon. Of a header that is repeated the first counts. Pure; no input panics,
//! and a message of more than 64 KiB is refused. Nobody's name or number is kept: of From and To only the tag is
//! looked at, and of that only a hash.

use std::borrow::Cow;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::wire::CallId;
use super::{body, info};
use crate::consent::Digit;

/// The longest message that is read, in bytes.
pub const MESSAGE_MAX: usize = 65_536;
/// The longest start line by which a message is recognised, in bytes.
pub const START_LINE_MAX: usize = 4_096;
/// Headers that are looked at in one message.
const HEADERS_MAX: usize = 512;

/// A SIP message.
#[derive(Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// Request or response.
    pub start: Start,
    /// The Call-ID.
    pub call_id: CallId,
    /// The sequence number of the request, or of the one that is answered.
    pub cseq: u32,
    /// Its method.
    pub cseq_method: Method,
    /// The tag of the From header: of the side that sent the request, also in the response to it.
    pub from_tag: Tag,
    /// The tag of the To header. None in the request that begins a dialog.
    pub to_tag: Option<Tag>,
    content_type: Option<Cow<'a, [u8]>>,
    body: &'a [u8],
}

/// What a message begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A request of this method.
    Request(Method),
    /// A response with this status.
    Response(u16),
}

/// The methods that concern a call's media, its keys or its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as in its RFC: 3261, 3262 (PRACK), 3311 (UPDATE), 6086 (INFO)")]
pub enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Prack,
    Update,
    Info,
    /// Any other.
    Other,
}

/// A tag of From or To (RFC 3261, 19.3). Tags are only ever compared, so this is a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(u64);

/// Why bytes are no SIP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SipError {
    /// The start line is not that of a SIP message.
    #[error("it does not begin like a SIP message")]
    NotSip,
    /// It is longer than [`MESSAGE_MAX`].
    #[error("it is longer than 65536 bytes")]
    TooLong,
    /// It has no Call-ID.
    #[error("it has no Call-ID")]
    NoCallId,
    /// It has no CSeq that can be read.
    #[error("it has no CSeq that can be read")]
    NoCseq,
}

/// Whether the beginning of these bytes is that of a SIP message, whatever the port.
pub fn looks_like_sip(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(u8::is_ascii_alphabetic) && first_line(bytes).and_then(start_of).is_some()
}

impl<'a> Message<'a> {
    /// Reads a message that fills `bytes`: a UDP datagram, or one marked off in a TCP stream.
    pub fn parse(bytes: &'a [u8]) -> Result<Message<'a>, SipError> {
        if bytes.len() > MESSAGE_MAX {
            return Err(SipError::TooLong);
        }
        let start = first_line(bytes).and_then(start_of).ok_or(SipError::NotSip)?;
        let (head, body) = bytes.split_at(end_of_head(bytes).unwrap_or(bytes.len()));
        let [mut call_id, mut cseq, mut from, mut to, mut content_type, mut content_length] = [const { None }; 6];
        for (name, value) in headers(head).take(HEADERS_MAX) {
            let field = match () {
                () if is_header(name, "call-id", "i") => &mut call_id,
                () if is_header(name, "cseq", "cseq") => &mut cseq,
                () if is_header(name, "from", "f") => &mut from,
                () if is_header(name, "to", "t") => &mut to,
                () if is_header(name, "content-type", "c") => &mut content_type,
                () if is_header(name, "content-length", "l") => &mut content_length,
                () => continue,
            };
            field.get_or_insert(value);
        }
        let call_id = call_id.filter(|id| !id.is_empty()).ok_or(SipError::NoCallId)?;
        let (cseq, cseq_method) = cseq.as_deref().and_then(read_cseq).ok_or(SipError::NoCseq)?;
        let length = content_length.as_deref().and_then(read_number).map_or(body.len(), |length| length as usize);
        Ok(Message {
            start,
            call_id: CallId::new(&call_id),
            cseq,
            cseq_method,
            // Before RFC 3261 From needed no tag; then the whole header tells the sides apart.
            from_tag: from.as_deref().map_or(Tag(0), |from| tag_of(from).unwrap_or_else(|| Tag::new(from))),
            to_tag: to.as_deref().and_then(tag_of),
            content_type,
            body: body.get(..length).unwrap_or(body),
        })
    }

    /// The session description it carries, alone or as a part of a multipart body.
    pub fn sdp(&self) -> Option<&'a [u8]> {
        body::sdp_in(self.content_type.as_deref(), self.body)
    }

    /// The key that it reports, when it is an INFO that does: `application/dtmf-relay` or `application/dtmf`.
    pub fn digit(&self) -> Option<Digit> {
        if self.start != Start::Request(Method::Info) {
            return None;
        }
        info::digit_in(self.content_type.as_deref(), self.body)
    }
}

impl fmt::Debug for Message<'_> {
    /// Without the body: keys, digits and addresses may stand in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("start", &self.start)
            .field("call_id", &self.call_id)
            .field("cseq", &self.cseq)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Tag {
    fn new(text: &[u8]) -> Tag {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Tag(hasher.finish())
    }
}

/// How long the message at the beginning of a stream is (RFC 3261, 18.3), given its head: everything up to and
/// with the empty line. Without a Content-Length it has no body there. `None` when no length can be read.
pub(super) fn length_in_stream(head: &[u8]) -> Option<usize> {
    match headers(head).take(HEADERS_MAX).find(|(name, _)| is_header(name, "content-length", "l")) {
        Some((_, value)) => head.len().checked_add(read_number(&value)? as usize),
        None => Some(head.len()),
    }
}

/// Where the body begins: after the first empty line.
pub(super) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut begin = 0;
    while let Some(length) = bytes.get(begin..)?.iter().position(|byte| *byte == b'\n') {
        let end = begin + length + 1;
        if matches!(bytes.get(begin..end), Some(b"\n" | b"\r\n")) {
            return Some(end);
        }
        begin = end;
    }
    None
}

/// The headers of a message or of a part of one, folded lines joined (RFC 3261, 7.3.1); stops at an empty line.
/// A start line may come out as one, by the colon of its URI; no header has a space in its name.
pub(super) fn headers(head: &[u8]) -> impl Iterator<Item = (&[u8], Cow<'_, [u8]>)> {
    let lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut lines = lines.take_while(|line| !line.is_empty()).peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let colon = line.iter().position(|byte| *byte == b':');
            let mut value = Cow::Borrowed(line.get(colon.map_or(0, |colon| colon + 1)..)?.trim_ascii());
            while let Some(more) = lines.next_if(|next| matches!(next.first(), Some(b' ' | b'\t'))) {
                let value = value.to_mut();
                value.push(b' ');
                value.extend_from_slice(more.trim_ascii());
            }
            if let Some(colon) = colon {
                return Some((line.get(..colon)?.trim_ascii(), value));
            }
        }
    })
}

pub(super) fn is_header(name: &[u8], long: &str, compact: &str) -> bool {
    name.eq_ignore_ascii_case(long.as_bytes()) || name.eq_ignore_ascii_case(compact.as_bytes())
}

/// The first line, if it ends within [`START_LINE_MAX`] bytes.
fn first_line(bytes: &[u8]) -> Option<&[u8]> {
    let line = bytes.iter().take(START_LINE_MAX).position(|byte| *byte == b'\n').and_then(|end| bytes.get(..end))?;
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// Reads a start line: `METHOD URI SIP/2.0` or `SIP/2.0 STATUS REASON`.
fn start_of(line: &[u8]) -> Option<Start> {
    const VERSION: &[u8] = b"SIP/2.0";
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let first = words.next()?;
    if first.eq_ignore_ascii_case(VERSION) {
        let status = words.next().filter(|word| word.len() == 3).and_then(read_number)?;
        return u16::try_from(status).ok().filter(|status| *status >= 100).map(Start::Response);
    }
    let (_uri, version) = (words.next()?, words.next()?);
    let is_method = first.len() <= 32 && first.iter().all(u8::is_ascii_graphic);
    (is_method && version.eq_ignore_ascii_case(VERSION)).then(|| Start::Request(method_of(first)))
}

/// Methods are case-sensitive (RFC 3261, 7.1).
fn method_of(word: &[u8]) -> Method {
    match word {
        b"INVITE" => Method::Invite,
        b"ACK" => Method::Ack,
        b"BYE" => Method::Bye,
        b"CANCEL" => Method::Cancel,
        b"PRACK" => Method::Prack,
        b"UPDATE" => Method::Update,
        b"INFO" => Method::Info,
        _ => Method::Other,
    }
}

fn read_cseq(value: &[u8]) -> Option<(u32, Method)> {
    let mut words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    Some((read_number(words.next()?)?, method_of(words.next()?)))
}

pub(super) fn read_number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The tag parameter of a From or To header, which may begin with a quoted display name.
fn tag_of(value: &[u8]) -> Option<Tag> {
    let mut quoted = false;
    let mut escaped = false;
    let mut bare = value.len();
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'<' if !quoted => {
                bare = at;
                break;
            }
            _ => {}
        }
    }
    let address = value.get(bare..).unwrap_or_default();
    let after = address.iter().position(|byte| *byte == b'>').and_then(|end| address.get(end..)).unwrap_or(value);
    parameter(after, "tag").filter(|tag| !tag.is_empty()).map(Tag::new)
}

/// The value of a parameter, `;name=value`, of a header; without the quotes around it.
pub(super) fn parameter<'a>(value: &'a [u8], name: &str) -> Option<&'a [u8]> {
    value.split(|byte| *byte == b';').skip(1).find_map(|parameter| {
        let equals = parameter.iter().position(|byte| *byte == b'=')?;
        let (found, value) = parameter.split_at(equals);
        let value = value.get(1..)?.trim_ascii();
        let bare = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        found.trim_ascii().eq_ignore_ascii_case(name.as_bytes()).then_some(bare.unwrap_or(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &[u8] = b"INVITE sip:bob@example.com SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.1\r\n\
        f: \"<;tag=no>\" <sip:alice@example.com;tag=neither>;tag=a1\r\n\
        t: <sip:bob@example.com>\r\n\
        i: one@192.0.2.1\r\n\
        CSeq: 7\r\n INVITE\r\n\
        c: application/sdp\r\n\
        l: 4\r\n\r\nv=0\nmore";

    #[test]
    fn compact_and_folded_headers_are_read() {
        let message = Message::parse(INVITE).expect("a message");
        assert_eq!(message.start, Start::Request(Method::Invite));
        assert!(message.call_id.is("one@192.0.2.1"));
        assert_eq!((message.cseq, message.cseq_method), (7, Method::Invite));
        assert_eq!(message.from_tag, Tag::new(b"a1"));
        assert_eq!(message.to_tag, None);
        assert_eq!(message.sdp(), Some(&b"v=0\n"[..]), "as long as Content-Length says");
    }

    #[test]
    fn bare_line_feeds_and_a_missing_length_are_forgiven() {
        let text = b"SIP/2.0 183 Ringing\nCall-ID : x\nCSEQ:1 INVITE\nFrom: sip:a@b;tag=q\nTo: c;tag=d\n\nv=0\nrest";
        let message = Message::parse(text).expect("a message");
        assert_eq!(message.start, Start::Response(183));
        assert_eq!(message.from_tag, Tag::new(b"q"));
        assert_eq!(message.to_tag, Some(Tag::new(b"d")));
        assert_eq!(message.sdp(), Some(&b"v=0\nrest"[..]));
    }

    #[test]
    fn sip_is_told_from_other_text_by_its_start_line() {
        assert!(looks_like_sip(b"OPTIONS sip:a SIP/2.0\r\n"));
        assert!(looks_like_sip(b"SIP/2.0 200 OK\r\n"));
        for other in [&b"GET / HTTP/1.1\r\n"[..], b"SIP/2.0 OK\r\n", b"SIP/2.0 20000 OK\r\n", b"INVITE x", b"", b"\x80"]
        {
            assert!(!looks_like_sip(other), "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn what_a_message_must_have_is_asked_for() {
        assert_eq!(Message::parse(b"BYE x SIP/2.0\r\nCSeq: 1 BYE\r\n\r\n"), Err(SipError::NoCallId));
        assert_eq!(Message::parse(b"BYE x SIP/2.0\r\ni: 1\r\nCSeq: BYE\r\n\r\n"), Err(SipError::NoCseq));
        assert_eq!(Message::parse(&[b'A'; MESSAGE_MAX + 1]), Err(SipError::TooLong));
        assert_eq!(Message::parse(b"hello\n"), Err(SipError::NotSip));
    }

    #[test]
    fn a_message_in_a_stream_is_as_long_as_it_says() {
        let head = b"BYE x SIP/2.0\r\nl: 12\r\n\r\n";
        assert_eq!(end_of_head(&[&head[..], b"body"].concat()), Some(head.len()));
        assert_eq!(length_in_stream(head), Some(head.len() + 12));
        assert_eq!(length_in_stream(b"BYE x SIP/2.0\r\n\r\n"), Some(17));
        assert_eq!(length_in_stream(b"BYE x SIP/2.0\r\nl: -1\r\n\r\n"), None);
        assert_eq!(end_of_head(b"BYE x SIP/2.0\r\n"), None);
    }

    #[test]
    fn a_messages_debug_shows_no_body_and_nobodys_name() {
        let shown = format!("{:?}", Message::parse(INVITE).expect("a message"));
        assert!(!shown.contains("alice") && !shown.contains("v=0"), "{shown}");
    }
}
