//! What is said about time, put into the calendar.
//!
//! Everything here is `None` where it is outside of the calendar.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, Weekday};

use super::grammar::{Holiday, Part, Season, Unit};

/// A period, its last moment included.
type Civil = (DateTime, DateTime);

/// The years that are looked through for a day that is not in each of them.
const YEARS: i16 = 200;

/// The last moment of a day, to the microsecond that Python has.
const LAST: Time = Time::constant(23, 59, 59, 999_999_000);

/// The last second of a day, where the service is less precise.
const LAST_SECOND: Time = Time::constant(23, 59, 59, 0);

/// The present, and the year that days without one belong to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    now: DateTime,
    anchor: Option<i16>,
}

impl Calendar {
    pub(super) fn new(now: DateTime) -> Self {
        Self { now, anchor: None }
    }

    /// The same present, with a year that days and quarters without one belong to.
    pub(super) fn anchored(self, year: i16) -> Self {
        Self { anchor: Some(year), ..self }
    }

    fn today(&self) -> Date {
        self.now.date()
    }

    /// The last time that there was this day of a year: until today, or until the end of the anchor's year.
    pub(super) fn latest(&self, month: i64, day: i64) -> Option<Date> {
        let latest = match self.anchor {
            Some(year) => Date::new(year, 12, 31).ok()?,
            None => self.today(),
        };
        let years = (latest.year() - YEARS + 1..=latest.year()).rev();
        years.filter_map(|year| date(year.into(), month, day)).find(|date| *date <= latest)
    }

    pub(super) fn day(&self, ago: i64, part: Option<Part>) -> Option<Civil> {
        let day = before(self.today(), Unit::Day, ago)?;
        let Some(part) = part else { return Some(days(day, day)) };
        let (from, to) = match part {
            Part::Morning => (5, 11),
            Part::Noon => (12, 12),
            Part::Afternoon => (13, 17),
            Part::Evening => (18, 21),
            Part::Night => (22, 4),
            Part::Midnight => (0, 0),
        };
        let last_day = if from > to { day.tomorrow().ok()? } else { day };
        Some((day.at(from, 0, 0, 0), last_day.at(to, 59, 59, 0)))
    }

    /// A whole week, month or year.
    pub(super) fn whole(&self, unit: Unit, ago: i64) -> Option<Civil> {
        let first = self.first_day(unit, ago)?;
        Some(match unit {
            Unit::Day => days(first, first),
            Unit::Week => days(first, first.checked_add(6.days()).ok()?),
            Unit::Month => days(first, first.last_of_month()),
            Unit::Year => seconds(first, first.last_of_year()),
        })
    }

    /// Everything since the beginning of a day, week, month or year.
    pub(super) fn since(&self, unit: Unit, ago: i64) -> Option<Civil> {
        Some((self.first_day(unit, ago)?.to_datetime(Time::midnight()), self.now))
    }

    fn first_day(&self, unit: Unit, ago: i64) -> Option<Date> {
        let day = match unit {
            // From the last days of a month there may be none to go back to in another.
            Unit::Month => before(self.today().first_of_month(), unit, ago)?,
            _ => before(self.today(), unit, ago)?,
        };
        Some(match unit {
            Unit::Day => day,
            Unit::Week => day.checked_sub(i64::from(day.weekday().since(Weekday::Monday)).days()).ok()?,
            Unit::Month => day.first_of_month(),
            Unit::Year => day.first_of_year(),
        })
    }

    pub(super) fn last_season(&self, season: Season) -> Option<Civil> {
        let mut years = (0..).map(|ago| season_of(season, self.today().year() - ago));
        years.find(|period| period.is_none_or(|(_, end)| end.date() < self.today()))?
    }

    pub(super) fn this_season(&self, season: Season) -> Option<Civil> {
        let began_last_year = season == Season::Winter && self.today().month() <= 3;
        season_of(season, self.today().year() - i16::from(began_last_year))
    }

    pub(super) fn season(&self, season: Season) -> Option<Civil> {
        let year = self.today().year();
        let (start, _) = season_of(season, year)?;
        if start.date() <= self.today() { season_of(season, year) } else { season_of(season, year - 1) }
    }

    pub(super) fn month(&self, month: i64) -> Option<Civil> {
        let today = self.today();
        let is_ahead = month > i64::from(today.month());
        let first = date(i64::from(today.year()) - i64::from(is_ahead), month, 1)?;
        Some(days(first, first.last_of_month()))
    }

    /// The days around the last holiday of this name whose days have begun.
    pub(super) fn holiday(&self, holiday: Holiday) -> Option<Civil> {
        let around = match holiday {
            Holiday::Valentine => 1,
            _ => 3,
        };
        let today = self.today();
        // The days around the next New Year begin in this one.
        [today.year() + 1, today.year(), today.year() - 1].iter().find_map(|year| {
            let day = day_of(holiday, *year)?;
            let (first, last) = (day.checked_sub(around.days()).ok()?, day.checked_add(around.days()).ok()?);
            (first <= today).then(|| days(first, last))
        })
    }

    pub(super) fn quarter(&self, number: i64, year: Option<i64>) -> Option<Civil> {
        let month = (number - 1) * 3 + 1;
        let this_year = i64::from(self.today().year());
        let began_last_year = || date(this_year, month, 1).is_some_and(|first| first > self.today());
        let year =
            year.or(self.anchor.map(i64::from)).unwrap_or_else(|| this_year - i64::from(began_last_year()));
        Some(seconds(date(year, month, 1)?, date(year, month + 2, 1)?.last_of_month()))
    }

    pub(super) fn recently(&self) -> Option<Civil> {
        Some((self.now.checked_sub(1.week()).ok()?, self.now))
    }
}

/// The date, if it is in the calendar.
pub(super) fn date(year: i64, month: i64, day: i64) -> Option<Date> {
    let year = i16::try_from(year).ok().filter(|year| *year >= 1)?;
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// From the first moment of a day to the last of another.
pub(super) fn days(first: Date, last: Date) -> Civil {
    (first.to_datetime(Time::midnight()), last.to_datetime(LAST))
}

pub(super) fn half_year(second: bool, year: i64) -> Option<Civil> {
    let (first, last) = if second { (7, 12) } else { (1, 6) };
    Some(seconds(date(year, first, 1)?, date(year, last, 1)?.last_of_month()))
}

/// From the first moment of a day to the last second of another.
fn seconds(first: Date, last: Date) -> Civil {
    (first.to_datetime(Time::midnight()), last.to_datetime(LAST_SECOND))
}

fn before(day: Date, unit: Unit, count: i64) -> Option<Date> {
    let span = match unit {
        Unit::Day => count.days(),
        Unit::Week => count.weeks(),
        Unit::Month => count.months(),
        Unit::Year => count.years(),
    };
    day.checked_sub(span).ok().filter(|day| day.year() >= 1)
}

/// The season that begins in `year`.
fn season_of(season: Season, year: i16) -> Option<Civil> {
    let (first, last, last_year) = match season {
        Season::Spring => ((3, 20), (6, 20), year),
        Season::Summer => ((6, 21), (9, 22), year),
        Season::Fall => ((9, 23), (12, 20), year),
        Season::Winter => ((12, 21), (3, 19), year + 1),
    };
    Some(seconds(Date::new(year, first.0, first.1).ok()?, Date::new(last_year, last.0, last.1).ok()?))
}

fn day_of(holiday: Holiday, year: i16) -> Option<Date> {
    match holiday {
        Holiday::Christmas => Date::new(year, 12, 25).ok(),
        Holiday::NewYear => Date::new(year, 1, 1).ok(),
        Holiday::Valentine => Date::new(year, 2, 14).ok(),
        Holiday::Halloween => Date::new(year, 10, 31).ok(),
        Holiday::Thanksgiving => Date::new(year, 11, 1).ok()?.nth_weekday_of_month(4, Weekday::Thursday).ok(),
    }
}
