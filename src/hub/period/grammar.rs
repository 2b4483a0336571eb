//! What a text says about time, without what it means today.
//!
//! The text is in lower case. What is looked for first wins, and of two places in the text the first one.

use std::ops::RangeInclusive;

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Expression {
    /// A date, or what would be one if it were in the calendar.
    Date { year: i64, month: i64, day: i64 },
    /// A day of no year.
    DayOfYear { month: i64, day: i64 },
    /// A day, or a part of it.
    Day { ago: i64, part: Option<Part> },
    /// A week, month or year, this one or one before.
    Whole { unit: Unit, ago: i64 },
    /// Everything since the beginning of a day, week, month or year.
    Since { unit: Unit, ago: i64 },
    /// The last season of this name that is over.
    LastSeason(Season),
    /// The season of this name in this year.
    ThisSeason(Season),
    /// The season of this name that began last.
    Season(Season),
    /// The month of this number that came last.
    Month(i64),
    /// The days around a holiday.
    Holiday(Holiday),
    /// Half of a year.
    HalfYear { second: bool, year: i64 },
    /// A quarter of a year, counted from 1; of no year, the one that began last.
    Quarter { number: i64, year: Option<i64> },
    /// The last days.
    Recently,
    /// A name that the service looks for but does not know.
    Unknown,
}

/// A unit of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
    Year,
}

/// A part of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Morning,
    Noon,
    Afternoon,
    Evening,
    Night,
    Midnight,
}

/// A season of the northern half of the earth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Season {
    Spring,
    Summer,
    Fall,
    Winter,
}

/// A holiday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holiday {
    Christmas,
    NewYear,
    Valentine,
    Halloween,
    Thanksgiving,
}

const UNITS: [(&str, Unit); 4] =
    [("day", Unit::Day), ("week", Unit::Week), ("month", Unit::Month), ("year", Unit::Year)];

const SEASONS: [(&str, Season); 5] = [
    ("summer", Season::Summer),
    ("spring", Season::Spring),
    ("winter", Season::Winter),
    ("fall", Season::Fall),
    ("autumn", Season::Fall),
];

const PARTS: [(&str, Part); 6] = [
    ("morning", Part::Morning),
    ("afternoon", Part::Afternoon),
    ("evening", Part::Evening),
    ("night", Part::Night),
    ("noon", Part::Noon),
    ("midnight", Part::Midnight),
];

const MONTHS: [(&str, i64); 12] = [
    ("january", 1),
    ("february", 2),
    ("march", 3),
    ("april", 4),
    ("may", 5),
    ("june", 6),
    ("july", 7),
    ("august", 8),
    ("september", 9),
    ("october", 10),
    ("november", 11),
    ("december", 12),
];

const HOLIDAYS: [(&str, Holiday); 4] = [
    ("christmas", Holiday::Christmas),
    ("valentine", Holiday::Valentine),
    ("halloween", Holiday::Halloween),
    ("thanksgiving", Holiday::Thanksgiving),
];

const QUARTERS: [(&str, i64); 8] = [
    ("first", 1),
    ("second", 2),
    ("third", 3),
    ("fourth", 4),
    ("1st", 1),
    ("2nd", 2),
    ("3rd", 3),
    ("4th", 4),
];

/// What the text says, where that is anything about time.
pub(super) fn expression(text: &str) -> Option<Expression> {
    date(text)
        .or_else(|| day(text))
        .or_else(|| ago(text))
        .or_else(|| search(text, last_units))
        .or_else(|| search(text, last))
        .or_else(|| search(text, this))
        .or_else(|| search(text, |at| at.one_of(&MONTHS)).map(|(month, _)| Expression::Month(month)))
        .or_else(|| search(text, name))
        .or_else(|| search(text, half_year))
        .or_else(|| search(text, quarter))
        .or_else(|| {
            ["recent", "lately"].iter().any(|word| text.contains(word)).then_some(Expression::Recently)
        })
}

/// The two ends of "between START and END".
pub(super) fn range(text: &str) -> Option<(&str, &str)> {
    search(text, |at| {
        let rest = at.literal("between")?.spaces()?.0;
        let ends = rest.char_indices().skip(1).take(END_LENGTH);
        // The first character may be anything, those after it anything but an ampersand.
        let mut ends = ends.take_while(|(end, _)| !rest[..*end].chars().skip(1).any(|c| c == '&'));
        ends.find_map(|(end, _)| {
            let after = Text(&rest[end..]).spaces()?.literal("and")?.spaces()?;
            Some((&rest[..end], after.word()?))
        })
    })
}

/// How many characters an end of a range has at most.
const END_LENGTH: usize = 51;

/// The month and the day of a text that is nothing else.
pub(super) fn day_of_year(text: &str) -> Option<(i64, i64)> {
    let (month, rest) = Text(strip(text)).number(1..=2)?;
    let (day, rest) = rest.separator()?.number(1..=2)?;
    rest.0.is_empty().then_some((month, day))
}

/// `text` without the white space around it.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

fn date(text: &str) -> Option<Expression> {
    let with_year_first = |at: Text<'_>| {
        let (year, at) = at.number(4..=4)?;
        let (month, at) = at.literal("-")?.number(1..=2)?;
        let (day, _) = at.literal("-")?.number(1..=2)?;
        Some(Expression::Date { year, month, day })
    };
    let with_month_first = |at: Text<'_>| {
        let (month, at) = at.number(1..=2)?;
        let (day, at) = at.separator()?.number(1..=2)?;
        let year = at.separator().and_then(|at| at.number(2..=4));
        Some(match year {
            Some((year, _)) => Expression::Date { year: full_year(year), month, day },
            None => Expression::DayOfYear { month, day },
        })
    };
    search(text, with_year_first).or_else(|| search(text, with_month_first))
}

/// A year of two digits is one of 1950 to 2049.
fn full_year(year: i64) -> i64 {
    match year {
        0..50 => 2000 + year,
        50..100 => 1900 + year,
        year => year,
    }
}

fn day(text: &str) -> Option<Expression> {
    let ago = match () {
        () if text.contains("yesterday") => 1,
        () if text.contains("today") => 0,
        () => search(text, |at| at.ago("day"))?,
    };
    let part = search(text, |at| at.one_of(&PARTS)).map(|(part, _)| part);
    Some(Expression::Day { ago, part })
}

fn ago(text: &str) -> Option<Expression> {
    UNITS[1..].iter().find_map(|(name, unit)| {
        let ago = search(text, |at| at.ago(name))?;
        Some(Expression::Whole { unit: *unit, ago })
    })
}

/// "last 3 days"
fn last_units(at: Text<'_>) -> Option<Expression> {
    let (ago, at) = at.literal("last")?.spaces()?.number(1..=4)?;
    let (unit, _) = at.spaces()?.one_of(&UNITS)?;
    Some(Expression::Since { unit, ago })
}

fn last(at: Text<'_>) -> Option<Expression> {
    let at = at.literal("last")?.spaces()?;
    let unit = at.one_of(&UNITS).map(|(unit, _)| whole(unit, 1));
    unit.or_else(|| at.one_of(&SEASONS).map(|(season, _)| Expression::LastSeason(season)))
}

fn this(at: Text<'_>) -> Option<Expression> {
    let at = at.literal("this")?.spaces()?;
    let unit = at.one_of(&UNITS).map(|(unit, _)| whole(unit, 0));
    unit.or_else(|| at.one_of(&SEASONS).map(|(season, _)| Expression::ThisSeason(season)))
}

fn whole(unit: Unit, ago: i64) -> Expression {
    match unit {
        Unit::Day => Expression::Day { ago, part: None },
        unit => Expression::Whole { unit, ago },
    }
}

/// The name of a season or of a holiday.
fn name(at: Text<'_>) -> Option<Expression> {
    if let Some((season, _)) = at.one_of(&SEASONS) {
        return Some(Expression::Season(season));
    }
    if let Some((holiday, _)) = at.one_of(&HOLIDAYS) {
        return Some(Expression::Holiday(holiday));
    }
    let after_new = at.literal("new")?;
    let spaces = after_new.0.trim_start_matches(is_space);
    Text(spaces).literal("year")?;
    let is_known = after_new.0.starts_with(" year");
    Some(if is_known { Expression::Holiday(Holiday::NewYear) } else { Expression::Unknown })
}

fn half_year(at: Text<'_>) -> Option<Expression> {
    let (second, at) = at.one_of(&[("first", false), ("second", true)])?;
    let at = at.spaces()?.literal("half")?.spaces()?.literal("of")?;
    let (year, _) = at.spaces()?.number(4..=4)?;
    Some(Expression::HalfYear { second, year })
}

fn quarter(at: Text<'_>) -> Option<Expression> {
    let (number, at) = at.one_of(&QUARTERS)?;
    let at = at.spaces()?.literal("quarter")?;
    let year = at.spaces().and_then(|at| {
        let after_of = at.literal("of").and_then(Text::spaces);
        after_of.unwrap_or(at).number(4..=4)
    });
    Some(Expression::Quarter { number, year: year.map(|(year, _)| year) })
}

/// The first place of the text where `pattern` finds what it looks for.
fn search<'a, T>(text: &'a str, pattern: impl Fn(Text<'a>) -> Option<T>) -> Option<T> {
    text.char_indices().find_map(|(at, _)| pattern(Text(&text[at..])))
}

/// What is left of a text. Each method says what must come next, and gives what comes after that.
#[derive(Clone, Copy)]
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn literal(self, text: &str) -> Option<Self> {
        self.0.strip_prefix(text).map(Self)
    }

    fn one_of<T: Copy>(self, names: &[(&str, T)]) -> Option<(T, Self)> {
        names.iter().find_map(|(name, value)| Some((*value, self.literal(name)?)))
    }

    /// As many digits as there are, but no more than the range allows.
    fn number(self, digits: RangeInclusive<usize>) -> Option<(i64, Self)> {
        let count = self.0.bytes().take(*digits.end()).take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.0.split_at(count);
        digits.contains(&count).then(|| number.parse().ok())?.map(|number| (number, Self(rest)))
    }

    fn separator(self) -> Option<Self> {
        self.0.strip_prefix(['/', '-']).map(Self)
    }

    fn spaces(self) -> Option<Self> {
        let rest = self.0.trim_start_matches(is_space);
        (rest.len() < self.0.len()).then_some(Self(rest))
    }

    /// "3 days ago", with or without the s.
    fn ago(self, unit: &str) -> Option<i64> {
        let (number, at) = self.number(1..=4)?;
        let at = at.spaces()?.literal(unit)?;
        at.literal("s").unwrap_or(at).spaces()?.literal("ago")?;
        Some(number)
    }

    /// Everything up to the next space, where that can be an end of a range.
    fn word(self) -> Option<&'a str> {
        let word = &self.0[..self.0.find(is_space).unwrap_or(self.0.len())];
        let mut characters = word.chars();
        characters.next()?;
        (word.chars().count() <= END_LENGTH && !characters.any(|c| c == '&')).then_some(word)
    }
}

/// White space as Python counts it.
fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\x1c'..='\x1f').contains(&character)
}
