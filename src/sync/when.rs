//! Moments as people write them.

use std::cell::LazyCell;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

/// The zone of whoever writes moments, looked up where one is meant by it: that goes through a folder of all zones.
pub type Zone = LazyCell<TimeZone>;

/// A moment as somebody wrote it: absolute, or seen from where and when they are.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// A moment.
    Moment(Timestamp),
    /// What the clock on the wall shows, wherever the user is; a day alone is its beginning.
    Civil(DateTime),
    /// So long before now.
    Ago(Span),
    /// The beginning of the day that it is where the user is.
    Today,
}

/// A text that names no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a day, a time with its zone, or a span such as '2 weeks ago'")]
pub struct InvalidWhen;

impl When {
    /// The moment that is meant by somebody in `zone` at `now`; `None` where it is outside of the years that can be
    /// told.
    #[must_use]
    pub fn resolve(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Moment(moment) => Some(moment),
            Self::Civil(time) => time.to_zoned(zone.clone()).ok().map(|time| time.timestamp()),
            Self::Ago(span) => {
                now.to_zoned(zone.clone()).checked_sub(span.abs()).ok().map(|then| then.timestamp())
            }
            Self::Today => now.to_zoned(zone.clone()).start_of_day().ok().map(|start| start.timestamp()),
        }
    }
}

impl FromStr for When {
    type Err = InvalidWhen;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "now" => return Ok(Self::Ago(Span::new())),
            // As git reads it: a day ago, at this time of the day.
            "yesterday" => return Ok(Self::Ago(1.day())),
            "today" | "midnight" => return Ok(Self::Today),
            "last week" => return Ok(Self::Ago(1.week())),
            "last month" => return Ok(Self::Ago(1.month())),
            "last year" => return Ok(Self::Ago(1.year())),
            _ => {}
        }
        if let Ok(moment) = text.parse() {
            return Ok(Self::Moment(moment));
        }
        if let Ok(span) = text.parse() {
            return Ok(Self::Ago(span));
        }
        if let Ok(time) = text.parse() {
            return Ok(Self::Civil(time));
        }
        // Git's way to spare the quotes: 2.weeks.ago.
        if text.contains('.') { text.replace('.', " ").parse() } else { Err(InvalidWhen) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> String {
        let now = "2025-03-30T12:00:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        text.parse::<When>().unwrap().resolve(now, &zone).unwrap().to_string()
    }

    #[test]
    fn a_moment_is_absolute_or_a_day_or_a_span() {
        assert_eq!(resolved("2025-01-31T12:00:00+01:00"), "2025-01-31T11:00:00Z");
        assert_eq!(resolved("2025-01-31"), "2025-01-30T22:00:00Z");
        assert_eq!(resolved("2025-01-31 08:30"), "2025-01-31T06:30:00Z");
        assert_eq!(resolved("2 weeks ago"), "2025-03-16T12:00:00Z");
        assert_eq!(resolved("3d"), "2025-03-27T12:00:00Z");
        assert_eq!(resolved("1 month"), "2025-02-28T12:00:00Z");
        assert_eq!(resolved("yesterday"), "2025-03-29T12:00:00Z");
        assert_eq!(resolved("now"), "2025-03-30T12:00:00Z");
        assert_eq!(resolved("today"), "2025-03-29T22:00:00Z");
        assert_eq!(resolved("last week"), "2025-03-23T12:00:00Z");
        assert_eq!(resolved("2.weeks.ago"), "2025-03-16T12:00:00Z");
        assert_eq!(resolved("last.month"), "2025-02-28T12:00:00Z");
    }

    #[test]
    fn a_day_that_loses_an_hour_begins_and_passes_as_on_the_wall() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let now = "2025-03-30T12:00:00Z".parse().unwrap();
        let resolved = |text: &str| text.parse::<When>().unwrap().resolve(now, &zone).unwrap().to_string();
        assert_eq!(resolved("today"), "2025-03-29T23:00:00Z");
        assert_eq!(resolved("yesterday"), "2025-03-29T13:00:00Z");
        assert_eq!(resolved("24 hours ago"), "2025-03-29T12:00:00Z");
        assert_eq!(resolved("2025-03-30 02:30"), "2025-03-30T01:30:00Z", "a time that no clock showed");
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["", "soon", "2025-13-01", "31.1.2025", "Yesterday", ".", "..."] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
    }
}
