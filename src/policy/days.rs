//! Stretches of days: from a first day to a last one, either of which may be left open.

use jiff::civil::Date;
use toml::Spanned;
use toml::value::Datetime;

use super::PolicyError;
use super::source::Source;

/// A stretch of days, both ends in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Days {
    /// The first day; none when it was always so.
    pub from: Option<Date>,
    /// The last day; none when there is no end yet.
    pub until: Option<Date>,
}

impl Days {
    /// Whether `day` lies in it.
    pub fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// Whether some day lies in both.
    pub fn overlaps(&self, other: &Days) -> bool {
        let begins_by_end = |a: &Days, b: &Days| match (a.from, b.until) {
            (Some(from), Some(until)) => from <= until,
            _ => true,
        };
        begins_by_end(self, other) && begins_by_end(other, self)
    }

    pub(super) fn check(
        from: Option<&Spanned<Datetime>>,
        until: Option<&Spanned<Datetime>>,
        source: &Source<'_>,
    ) -> Result<Days, PolicyError> {
        let day = |raw: Option<&Spanned<Datetime>>| raw.map(|raw| date(raw, source)).transpose();
        let days = Days { from: day(from)?, until: day(until)? };
        match (days.from, days.until, until) {
            (Some(first), Some(last), Some(raw)) if last < first => {
                Err(source.wrong(raw.span(), format!("this day lies before the first; expected {first} or later")))
            }
            _ => Ok(days),
        }
    }
}

fn date(raw: &Spanned<Datetime>, source: &Source<'_>) -> Result<Date, PolicyError> {
    let alone = match raw.get_ref() {
        Datetime { date: Some(date), time: None, offset: None } => Some(date),
        _ => None,
    };
    alone
        .and_then(|date| {
            Date::new(date.year.try_into().ok()?, date.month.try_into().ok()?, date.day.try_into().ok()?).ok()
        })
        .ok_or_else(|| source.wrong(raw.span(), "this is no day; expected a date alone, such as 2018-05-25"))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn both_ends_are_inside() {
        let days = Days { from: Some(date(2018, 5, 25)), until: Some(date(2018, 5, 26)) };
        let inside: Vec<_> = (24..=27).map(|day| days.contains(date(2018, 5, day))).collect();
        assert_eq!(inside, [false, true, true, false]);
    }

    #[test]
    fn stretches_overlap_when_they_share_a_day() {
        let days = |from: Option<i8>, until: Option<i8>| Days {
            from: from.map(|day| date(2020, 1, day)),
            until: until.map(|day| date(2020, 1, day)),
        };
        assert!(days(Some(1), Some(3)).overlaps(&days(Some(3), None)));
        assert!(!days(Some(1), Some(3)).overlaps(&days(Some(4), None)));
        assert!(!days(Some(4), None).overlaps(&days(None, Some(3))));
        assert!(days(None, None).overlaps(&days(Some(4), Some(4))));
    }
}
