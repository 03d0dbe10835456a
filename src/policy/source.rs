//! The text of a policy file while it is checked: places for messages, and the checks every kind of value shares.

use std::collections::HashSet;
use std::fmt::Write;
use std::hash::Hash;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use super::file::Text;
use super::{Place, PolicyError, Warning};

/// The longest id, in characters.
const ID_LIMIT: usize = 64;
/// The longest text, in characters.
const TEXT_LIMIT: usize = 2_000;

/// A policy file's text, and where it came from.
pub(super) struct Source<'a> {
    text: &'a str,
    origin: Arc<str>,
}

impl<'a> Source<'a> {
    pub fn new(text: &'a str, origin: &Arc<str>) -> Source<'a> {
        Source { text, origin: Arc::clone(origin) }
    }

    /// The place of the byte at `span.start`.
    pub fn place(&self, span: Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line_text = before.get(line_start..).unwrap_or_default();
        // A byte order mark is not a character of the first line.
        let column = line_text.chars().filter(|&c| c != '\u{feff}').count() + 1;
        Place { origin: Arc::clone(&self.origin), line: before.matches('\n').count() + 1, column }
    }

    /// The error that something at `span` is wrong.
    pub fn wrong(&self, span: Range<usize>, message: impl Into<String>) -> PolicyError {
        PolicyError::Wrong { place: self.place(span), message: message.into() }
    }

    /// The warning that something at `span` should be known.
    pub fn warning(&self, span: Range<usize>, message: impl Into<String>) -> Warning {
        Warning { place: self.place(span), message: message.into() }
    }

    /// The error as the TOML reader gave it, in our words and with our columns.
    pub fn not_toml(&self, wrong: &toml::de::Error) -> PolicyError {
        let mut message = printable(wrong.message());
        for (theirs, ours) in [
            ("unknown field ", "unknown key "),
            ("unknown variant ", "unknown value "),
            ("missing field ", "a key is missing here; expected "),
            ("duplicate key", "this key is here twice; expected each once"),
        ] {
            if let Some(rest) = message.strip_prefix(theirs) {
                message = format!("{ours}{rest}");
            }
        }
        for (theirs, ours) in [("expected a sequence", "expected a list"), ("expected i64", "expected a whole number")]
        {
            if let Some(rest) = message.strip_suffix(theirs) {
                message = format!("{rest}{ours}");
            }
        }
        if !message.contains("expected") {
            message.push_str("; expected TOML");
        }
        self.wrong(wrong.span().unwrap_or(0..0), message)
    }

    /// One line of text for people: not empty, no control characters.
    pub fn line(&self, text: &Text) -> Result<String, PolicyError> {
        let value = text.get_ref().trim();
        let fits = !value.is_empty() && value.chars().count() <= TEXT_LIMIT && !value.chars().any(char::is_control);
        if fits {
            Ok(value.to_owned())
        } else {
            let expected = format!("expected one line of 1 to {TEXT_LIMIT} characters");
            Err(self.wrong(text.span(), format!("{} is no text; {expected}", quoted(value))))
        }
    }

    /// An id: lower-case ASCII letters, digits and single dashes.
    pub fn id(&self, text: &Text) -> Result<String, PolicyError> {
        let value = text.get_ref();
        let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if value.len() <= ID_LIMIT && value.split('-').all(word) {
            Ok(value.clone())
        } else {
            let expected = format!(
                "expected at most {ID_LIMIT} lower-case letters and digits, with dashes between, such as \"customer-care\""
            );
            Err(self.wrong(text.span(), format!("{} is no id; {expected}", quoted(value))))
        }
    }

    /// The values of a list that may not be empty; `expected` says what it lacks.
    pub fn filled<'l, T>(&self, list: &'l Spanned<Vec<T>>, expected: &str) -> Result<&'l [T], PolicyError> {
        match list.get_ref().as_slice() {
            [] => Err(self.wrong(list.span(), format!("this list is empty; expected {expected}"))),
            values => Ok(values),
        }
    }

    /// The values of a list in which none may stand twice.
    pub fn once_each<T: Copy + Eq + Hash>(&self, values: &[Spanned<T>], what: &str) -> Result<Vec<T>, PolicyError> {
        let mut seen = HashSet::new();
        values
            .iter()
            .map(|value| match seen.insert(*value.get_ref()) {
                true => Ok(*value.get_ref()),
                false => Err(self.wrong(value.span(), format!("this {what} is here twice; expected each once"))),
            })
            .collect()
    }
}

/// `text` between quotation marks for a message: short, and nothing in it that a terminal would obey.
pub(super) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    let dots = if short.len() < text.len() { "..." } else { "" };
    format!("\"{}{dots}\"", printable(&short))
}

/// `text` with control characters and direction marks escaped, and cut when it is very long.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(1_000) {
        match c {
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(out, "{}", c.escape_unicode());
            }
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, at: usize) -> (usize, usize) {
        let place = Source::new(text, &"f".into()).place(at..at);
        (place.line, place.column)
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        assert_eq!(place("", 0), (1, 1));
        assert_eq!(place("ab\ncd", 4), (2, 2));
        assert_eq!(place("é = ü", "é = ".len()), (1, 5));
        assert_eq!(place("a\r\nb", 3), (2, 1));
        assert_eq!(place("\u{feff}a = 1", "\u{feff}a".len()), (1, 2));
    }

    #[test]
    fn a_place_beyond_the_text_or_inside_a_character_is_its_end() {
        assert_eq!(place("ab\nc", 400), (2, 2));
        assert_eq!(place("é", 1), (1, 2));
    }

    #[test]
    fn a_message_carries_nothing_a_terminal_would_obey() {
        assert_eq!(quoted("a\u{1b}[31m\u{202e}b"), "\"a\\u{1b}[31m\\u{202e}b\"");
        assert_eq!(quoted(&"x".repeat(100)).len(), 65);
    }
}
