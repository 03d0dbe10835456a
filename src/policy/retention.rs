//! How long a recording is kept.

use std::fmt;

use jiff::{Span, ZonedDateTime};

use super::PolicyError;
use super::file::{self, Text};
use super::source::{Source, quoted};

/// The longest period, in years. More is a typing error.
const MOST_YEARS: u16 = 10;

/// How long recordings are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// From the start of the call, for every purpose.
    pub period: Period,
    /// Whether a person may extend it.
    pub extension: Extension,
    /// Whether a recording goes at the latest when the call's transaction can no longer be disputed in law. The
    /// host says when that is; the earlier date wins.
    pub disputable_cap: bool,
}

/// Whether a person may keep a recording beyond its period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extension {
    /// Nobody may.
    Never,
    /// As evidence, as long as a legal proceeding needs it. Quality control never extends anything.
    Evidence,
}

/// A length of time by the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    count: u16,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    Month,
    Year,
}

impl Period {
    /// The moment one period after `start`, by the calendar of its time zone: one month after 31 January is the
    /// last day of February, at the same time of day.
    ///
    /// At the end of representable time, where there is no such moment, it is `start`: rather too early than never.
    pub fn after(&self, start: &ZonedDateTime) -> ZonedDateTime {
        let count = i64::from(self.count);
        let span = match self.unit {
            Unit::Day => Span::new().try_days(count),
            Unit::Week => Span::new().try_weeks(count),
            Unit::Month => Span::new().try_months(count),
            Unit::Year => Span::new().try_years(count),
        };
        span.and_then(|span| start.checked_add(span)).unwrap_or_else(|_| start.clone())
    }

    fn parse(text: &str) -> Option<Period> {
        let (count, unit) = text.split_once(' ')?;
        if !count.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (unit, most) = match unit {
            "day" | "days" => (Unit::Day, MOST_YEARS * 365),
            "week" | "weeks" => (Unit::Week, MOST_YEARS * 52),
            "month" | "months" => (Unit::Month, MOST_YEARS * 12),
            "year" | "years" => (Unit::Year, MOST_YEARS),
            _ => return None,
        };
        let count = count.parse().ok().filter(|count| (1..=most).contains(count))?;
        Some(Period { count, unit })
    }

    fn check(raw: &Text, source: &Source<'_>) -> Result<Period, PolicyError> {
        Period::parse(raw.get_ref()).ok_or_else(|| {
            let expected = format!(
                "expected a whole number of days, weeks, months or years, {MOST_YEARS} years at most, such as \"1 month\""
            );
            source.wrong(raw.span(), format!("{} is no retention period; {expected}", quoted(raw.get_ref())))
        })
    }
}

impl Retention {
    pub(super) fn check(raw: &file::Retention, source: &Source<'_>) -> Result<Retention, PolicyError> {
        Ok(Retention {
            period: Period::check(&raw.period, source)?,
            extension: raw.extension,
            disputable_cap: raw.disputable_cap,
        })
    }
}

impl fmt::Display for Period {
    /// As in `1 month`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Year => "year",
        };
        write!(f, "{} {unit}{}", self.count, if self.count == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;

    use super::*;

    fn after(period: &str, start: &str) -> String {
        let zone = TimeZoneDatabase::bundled().get("Europe/Brussels").unwrap();
        let start = start.parse::<jiff::Timestamp>().unwrap().to_zoned_datetime(zone);
        Period::parse(period).unwrap().after(&start).to_string()
    }

    #[test]
    fn a_month_is_counted_by_the_local_calendar() {
        assert_eq!(after("1 month", "2024-03-15T09:00:00Z"), "2024-04-15T10:00:00+02:00[Europe/Brussels]");
        assert_eq!(after("1 month", "2023-01-31T12:00:00Z"), "2023-02-28T13:00:00+01:00[Europe/Brussels]");
        // 23:30 UTC is the next day in Brussels, so the month ends a day later than in UTC.
        assert_eq!(after("1 month", "2024-06-30T23:30:00Z"), "2024-08-01T01:30:00+02:00[Europe/Brussels]");
    }

    #[test]
    fn an_hour_that_the_clock_skips_does_not_exist_so_it_is_the_next() {
        assert_eq!(after("1 month", "2024-02-29T01:30:00Z"), "2024-03-29T02:30:00+01:00[Europe/Brussels]");
        assert_eq!(after("2 days", "2024-03-29T01:30:00Z"), "2024-03-31T03:30:00+02:00[Europe/Brussels]");
    }

    #[test]
    fn at_the_end_of_time_nothing_is_kept() {
        let start = jiff::Timestamp::MAX.to_zoned_datetime(jiff::tz::TimeZone::UTC);
        assert_eq!(Period::parse("1 month").unwrap().after(&start), start);
    }

    #[test]
    fn a_period_that_cannot_be_read_is_none() {
        for text in [
            "",
            "1",
            "month",
            "1month",
            "1  month",
            "0 days",
            "-1 month",
            "+1 month",
            "1.5 months",
            "1 fortnight",
            "1 Month",
            "11 years",
            "121 months",
            "3651 days",
            "65537 days",
            "99999999999999999999 days",
            "one month",
            "1 month ",
        ] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
        assert_eq!(Period::parse("90 days").unwrap().to_string(), "90 days");
    }
}
