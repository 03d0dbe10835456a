//! What is looked for in a message's body: the body itself, or a part of a multipart one (RFC 2046, 5.1).
//!
//! Pure; no input panics. Multiparts are opened three deep, and 32 parts of each are looked at.

use super::sip;

const DEPTH_MAX: usize = 3;
const PARTS_MAX: usize = 32;
/// The longest boundary (RFC 2046, 5.1.1).
const BOUNDARY_MAX: usize = 70;

/// The first session description in a body. One without a type counts when it begins like one.
pub(super) fn sdp_in<'a>(content_type: Option<&[u8]>, body: &'a [u8]) -> Option<&'a [u8]> {
    find(content_type, body, &|kind, part| {
        let is_sdp = match kind {
            Some(kind) => kind.eq_ignore_ascii_case(b"application/sdp") && !part.is_empty(),
            None => part.starts_with(b"v=0"),
        };
        is_sdp.then_some(part)
    })
}

/// The first that `read` finds, given a type without its parameters, where there is one, and what is of that type.
pub(super) fn find<'a, T>(content_type: Option<&[u8]>, body: &'a [u8], read: &Read<'_, 'a, T>) -> Option<T> {
    open(content_type, body, DEPTH_MAX, read)
}

type Read<'r, 'a, T> = dyn Fn(Option<&[u8]>, &'a [u8]) -> Option<T> + 'r;

fn open<'a, T>(content_type: Option<&[u8]>, body: &'a [u8], depth: usize, read: &Read<'_, 'a, T>) -> Option<T> {
    let Some(value) = content_type else {
        return read(None, body);
    };
    let kind = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if let Some(found) = read(Some(kind), body) {
        return Some(found);
    }
    let multipart = kind.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"));
    let boundary = sip::parameter(value, "boundary")?;
    if !multipart || depth == 0 || boundary.is_empty() || boundary.len() > BOUNDARY_MAX {
        return None;
    }
    parts(body, boundary).take(PARTS_MAX).find_map(|part| {
        let inside = part.get(sip::end_of_head(part)?..)?;
        let content_type = sip::headers(part).find(|(name, _)| sip::is_header(name, "content-type", "c"));
        open(content_type.as_ref().map(|(_, value)| &**value), inside, depth - 1, read)
    })
}

/// The parts between the lines that begin with `--` and the boundary.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> impl Iterator<Item = &'a [u8]> {
    let delimiter = [b"--", boundary].concat();
    let mut rest = find_line(body, &delimiter).map(|(_, after)| after);
    std::iter::from_fn(move || {
        let part = rest.take()?;
        // Two more hyphens end the last part.
        if part.starts_with(b"--") {
            return None;
        }
        let begin = part.iter().position(|byte| *byte == b'\n')? + 1;
        let part = part.get(begin..)?;
        match find_line(part, &delimiter) {
            Some((before, after)) => {
                rest = Some(after);
                Some(before.strip_suffix(b"\r\n").or(before.strip_suffix(b"\n")).unwrap_or(before))
            }
            None => Some(part),
        }
    })
}

/// What stands before and after the first line that begins with `start`.
fn find_line<'a>(bytes: &'a [u8], start: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut begin = 0;
    loop {
        let (before, line) = bytes.split_at_checked(begin)?;
        if let Some(after) = line.strip_prefix(start) {
            return Some((before, after));
        }
        begin += line.iter().position(|byte| *byte == b'\n')? + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &[u8] = b"preamble\r\n--b1\r\nContent-Type: text/plain\r\n\r\nv=0 is not here\r\n\
        --b1\r\nContent-Disposition: session\r\nContent-Type: application/sdp\r\n\r\nv=0\r\ns=-\r\n\r\n--b1--\r\n";

    #[test]
    fn a_session_description_is_found_among_the_parts() {
        let found = sdp_in(Some(b"multipart/mixed; charset=x;boundary=\"b1\""), MIXED);
        assert_eq!(found, Some(&b"v=0\r\ns=-\r\n"[..]));
    }

    #[test]
    fn multiparts_may_nest_but_not_for_ever() {
        let mut body = b"v=0\r\n".to_vec();
        let mut kind = "application/sdp".to_owned();
        for depth in 1..=4 {
            body = [format!("--n{depth}\r\nContent-Type: {kind}\r\n\r\n").as_bytes(), &body, b"\r\n"].concat();
            body.extend(format!("--n{depth}--").as_bytes());
            kind = format!("multipart/related;boundary=n{depth}");
            let found = sdp_in(Some(kind.as_bytes()), &body);
            assert_eq!(found.is_some(), depth <= DEPTH_MAX, "{depth} deep");
        }
    }

    #[test]
    fn an_unfinished_or_empty_multipart_gives_what_there_is() {
        assert_eq!(sdp_in(Some(b"multipart/mixed;boundary=b"), b"--b\n\nv=0"), Some(&b"v=0"[..]));
        for body in [&b""[..], b"--b", b"--b\n", b"--b--", b"--b\nContent-Type: application/sdp\n\n"] {
            assert_eq!(sdp_in(Some(b"multipart/mixed;boundary=b"), body), None, "{}", body.escape_ascii());
        }
        assert_eq!(sdp_in(Some(b"multipart/mixed"), MIXED), None);
        assert_eq!(sdp_in(Some(b"text/plain"), b"v=0"), None);
        assert_eq!(sdp_in(None, b"v=0\r\n"), Some(&b"v=0\r\n"[..]));
    }
}
