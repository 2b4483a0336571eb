//! Periods of time as people name them: "yesterday evening", "last 3 weeks", "between march and 6/30".
//!
//! What is understood, and what it means, is what mcp-memory-service 12.2.0 makes of it, its odd sides included:
//! words are found inside of others ("may" in "maybe"), a range ends with the one word after its "and", and
//! days and months of no year are those that came last.
//!
//! Guarantees: a pure function of the text and the moment; time and memory are bounded, whatever the text.

mod calendar;
mod grammar;

use jiff::Zoned;
use jiff::civil::{Date, DateTime};

use crate::object::Timestamp;

use calendar::Calendar;
use grammar::Expression;

/// How much of a text is looked at, in characters.
const LONGEST: usize = 500;

/// A stretch of time; an end that is `None` is open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Period {
    /// Its first moment.
    pub(super) from: Option<Timestamp>,
    /// Its last moment.
    pub(super) until: Option<Timestamp>,
}

/// A stretch of local time.
type Local = (Option<DateTime>, Option<DateTime>);

impl Period {
    /// The period that `text` names at the moment `now`, in its time zone; open at both ends where it names
    /// none.
    pub(super) fn named(text: &str, now: &Zoned) -> Self {
        let text: String = text.chars().take(LONGEST).collect();
        let (from, until) = resolve(&text, &Calendar::new(now.datetime()));
        let moment = |local: Option<DateTime>| {
            let zoned = local.filter(|local| local.year() >= 1)?.to_zoned(now.time_zone().clone()).ok()?;
            Timestamp::new(zoned.timestamp().as_duration().as_secs_f64())
        };
        Self { from: moment(from), until: moment(until) }
    }
}

fn resolve(text: &str, calendar: &Calendar) -> Local {
    let text = text.to_lowercase();
    let text = grammar::strip(&text);
    if let Some((start, end)) = grammar::range(text) {
        let ends = (resolve(start, calendar).0, resolve(end, calendar).1);
        return match ends {
            (Some(from), Some(until)) => within_a_year(start, end, from, until, calendar),
            ends => ends,
        };
    }
    match grammar::expression(text).and_then(|expression| calendar.period(&expression)) {
        Some((from, until)) => (Some(from), Some(until)),
        None => (None, None),
    }
}

/// Both ends of a range roll back to what came last, each on its own; this puts them into one year again.
fn within_a_year(start: &str, end: &str, from: DateTime, until: DateTime, calendar: &Calendar) -> Local {
    let days = grammar::day_of_year(start).zip(grammar::day_of_year(end));
    if let Some((start, end)) = days {
        let days = annual(start, end, until.year(), calendar);
        let (from, until) = days.map_or((from, until), |(first, last)| calendar::days(first, last));
        return (Some(from), Some(until));
    }
    let again = (from > until).then(|| resolve(start, &calendar.anchored(until.year())).0).flatten();
    (again.filter(|again| *again <= until).or(Some(from)), Some(until))
}

/// The first and the last day of a range of days without years that ends in the year `end_year`: the start is in
/// the same year, or in the one before where it comes later in a year than the end.
fn annual(start: (i64, i64), end: (i64, i64), end_year: i16, calendar: &Calendar) -> Option<(Date, Date)> {
    let years_between = i16::from(start > end);
    let first = calendar.anchored(end_year - years_between).latest(start.0, start.1)?;
    let last = calendar.anchored(first.year() + years_between).latest(end.0, end.1)?;
    (first <= last).then_some((first, last))
}

impl Calendar {
    fn period(&self, expression: &Expression) -> Option<(DateTime, DateTime)> {
        use Expression as E;
        match *expression {
            E::Date { year, month, day } => {
                let date = calendar::date(year, month, day)?;
                Some(calendar::days(date, date))
            }
            E::DayOfYear { month, day } => {
                let date = self.latest(month, day)?;
                Some(calendar::days(date, date))
            }
            E::Day { ago, part } => self.day(ago, part),
            E::Whole { unit, ago } => self.whole(unit, ago),
            E::Since { unit, ago } => self.since(unit, ago),
            E::LastSeason(season) => self.last_season(season),
            E::ThisSeason(season) => self.this_season(season),
            E::Season(season) => self.season(season),
            E::Month(month) => self.month(month),
            E::Holiday(holiday) => self.holiday(holiday),
            E::HalfYear { second, year } => calendar::half_year(second, year),
            E::Quarter { number, year } => self.quarter(number, year),
            E::Recently => self.recently(),
            E::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    const TABLE: &str = include_str!("../../tests/fixtures/hub/periods.txt");

    fn show(moment: Option<Timestamp>, zone: &TimeZone) -> String {
        let Some(moment) = moment else { return "-".to_owned() };
        let microseconds = format!("{:.0}", moment.seconds() * 1e6).parse().unwrap();
        let moment = jiff::Timestamp::from_microsecond(microseconds).unwrap().to_zoned(zone.clone());
        let fraction = if moment.subsec_nanosecond() == 0 { "" } else { "%.6f" };
        moment.strftime(&format!("%Y-%m-%dT%H:%M:%S{fraction}%:z")).to_string()
    }

    #[test]
    fn expressions_mean_what_they_mean_to_the_service() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let mut now = DateTime::constant(1970, 1, 1, 0, 0, 0, 0).to_zoned(zone.clone()).unwrap();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            if let Some(moment) = line.strip_prefix("at ") {
                now = moment.parse::<DateTime>().unwrap().to_zoned(zone.clone()).unwrap();
                continue;
            }
            let expression = line.split('\t').next().unwrap();
            let period = Period::named(&expression.replace("\\t", "\t"), &now);
            let found = [expression.to_owned(), show(period.from, &zone), show(period.until, &zone)];
            assert_eq!(found.join("\t"), line, "at {now}");
        }
    }

    #[test]
    fn a_hostile_text_takes_no_time() {
        let now = DateTime::constant(2026, 11, 22, 16, 13, 17, 0).to_zoned(TimeZone::UTC).unwrap();
        for part in ["between ", "between a and ", "1", "9 ", "last ", "&", "\u{1f600}"] {
            let _any = Period::named(&part.repeat(100_000), &now);
        }
    }
}
