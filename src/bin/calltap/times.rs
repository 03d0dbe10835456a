//! Moments and stretches of the call's clock, as they are written on the command line.

use calltap::time::{CallTime, Interval};

/// Reads a moment: a number with a unit, as in `20s`, `1m30s`, `2.5s` or `500ms`.
pub fn moment(text: &str) -> Result<CallTime, String> {
    let span: jiff::SignedDuration = text.parse().map_err(|_| {
        format!(
            "'{text}' is no time of the call; expected seconds, minutes or milliseconds, as in 20s, 1m30s, 2.5s, 500ms"
        )
    })?;
    let nanos = i64::try_from(span.as_nanos()).map_err(|_| format!("'{text}' is longer than any call"))?;
    if nanos < 0 {
        return Err(format!("'{text}' lies before the call's zero, which is the caller's first RTP packet"));
    }
    Ok(CallTime::from_nanos(nanos))
}

/// Reads a stretch: two moments with `..` between them, as in `0s..6s`.
pub fn stretch(text: &str) -> Result<Interval, String> {
    let (from, to) = text
        .split_once("..")
        .ok_or_else(|| format!("'{text}' is no stretch of time; expected FROM..TO, as in 0s..6s"))?;
    let interval = Interval { from: moment(from)?, to: moment(to)? };
    if interval.is_empty() {
        return Err(format!("'{text}' ends before it has begun; expected FROM..TO with TO after FROM"));
    }
    Ok(interval)
}

/// The same stretches in order, those that touch or overlap as one.
pub fn union(stretches: &[Interval]) -> Vec<Interval> {
    let mut sorted = stretches.to_vec();
    sorted.sort_by_key(|stretch| stretch.from);
    let mut union: Vec<Interval> = Vec::new();
    for stretch in sorted {
        match union.last_mut() {
            Some(last) if stretch.from <= last.to => last.to = last.to.max(stretch.to),
            _ => union.push(stretch),
        }
    }
    union
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, millis) in [("0s", 0), ("20s", 20_000), ("1m30s", 90_000), ("2.5s", 2_500), ("500ms", 500)] {
            assert_eq!(moment(text), Ok(CallTime::from_millis(millis)), "{text}");
        }
        for text in ["", "20", "x", "-1s", "1s..", "99999999999999999h"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn stretches_that_overlap_are_one_whatever_their_order() {
        let seconds = |from, to| Interval { from: CallTime::from_millis(from), to: CallTime::from_millis(to) };
        let all = [seconds(9, 10), seconds(1, 5), seconds(2, 3), seconds(5, 6), seconds(8, 9)];
        assert_eq!(union(&all), [seconds(1, 6), seconds(8, 10)]);
    }

    #[test]
    fn a_stretch_has_a_beginning_before_its_end() {
        assert!(stretch("0s..6s").is_ok());
        for text in ["6s..0s", "1s..1s", "1s", "1s-2s", "..", "a..b"] {
            assert!(stretch(text).is_err(), "{text}");
        }
    }
}
