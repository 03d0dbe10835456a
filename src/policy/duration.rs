//! Short lengths of time, as the policy file writes them: a whole number and a unit, as in `3s` or `500ms`.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::PolicyError;
use super::file::Text;
use super::source::{Source, quoted};

/// The length `raw` says, which must lie in `bounds`.
pub(super) fn check(
    raw: &Text,
    bounds: RangeInclusive<Duration>,
    source: &Source<'_>,
) -> Result<Duration, PolicyError> {
    let expected = "expected a whole number of seconds or milliseconds, such as \"3s\" or \"2500ms\"";
    let wrong = |message: String| Err(source.wrong(raw.span(), message));
    match parse(raw.get_ref()) {
        None => wrong(format!("{} is no duration; {expected}", quoted(raw.get_ref()))),
        Some(duration) if !bounds.contains(&duration) => wrong(format!(
            "{} is out of bounds; expected {:?} at least and {:?} at most",
            quoted(raw.get_ref()),
            bounds.start(),
            bounds.end()
        )),
        Some(duration) => Ok(duration),
    }
}

fn parse(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let (count, unit) = text.split_at_checked(digits.len())?;
    if !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count = count.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_milliseconds_are_read() {
        assert_eq!(parse("3s"), Some(Duration::from_secs(3)));
        assert_eq!(parse("2500ms"), Some(Duration::from_millis(2500)));
        assert_eq!(parse("0s"), Some(Duration::ZERO));
    }

    #[test]
    fn everything_else_is_no_duration() {
        for text in ["", "3", "s", "3 s", "-3s", "+3s", "3.5s", "3m", "3S", "1s1s", "99999999999999999999s", "٣s", "3ß"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
