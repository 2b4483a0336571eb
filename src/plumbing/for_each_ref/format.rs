//! The formats of `for-each-ref`.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::object::{Commit, CommitId, Kind, Signature};

/// How many digits an abbreviated id has.
const SHORT: usize = 10;

/// What is printed of each ref.
#[derive(Clone, Debug)]
pub struct Format(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Field(Field),
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Name,
    ShortName,
    Id,
    ShortId,
    Kind,
    Tree,
    Subject,
    Contents,
    Device,
    Date(DateForm),
}

/// How a moment is written, in the zone of the commit.
#[derive(Clone, Copy, Debug)]
enum DateForm {
    Plain,
    Iso,
    IsoStrict,
    Short,
    Unix,
}

/// A ref that something is printed of.
pub(super) struct Subject<'a> {
    /// Its full name.
    pub name: &'a str,
    /// The commit that it names.
    pub id: CommitId,
    /// The same, read.
    pub commit: &'a Commit,
}

impl Format {
    /// The text for one ref.
    pub(super) fn fill(&self, subject: &Subject<'_>) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Field(field) => field.of(subject),
        };
        self.0.iter().map(text).collect()
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(format: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = format;
        while let Some((before, after)) = rest.split_once('%') {
            pieces.push(Piece::Text(before.to_owned()));
            let (piece, after) = special(after)?;
            pieces.push(piece);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }
}

/// What a `%` begins, and what follows it. As in git, one that begins nothing stands for itself.
fn special(text: &str) -> Result<(Piece, &str), String> {
    if let Some(text) = text.strip_prefix('(') {
        let (name, rest) = text.split_once(')').ok_or("a %( is not closed")?;
        return Ok((Piece::Field(Field::named(name)?), rest));
    }
    if let Some(rest) = text.strip_prefix('%') {
        return Ok((Piece::Text("%".to_owned()), rest));
    }
    let byte = text.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(u8::is_ascii);
    Ok(match byte {
        Some(byte) => (Piece::Text(char::from(byte).to_string()), &text[2..]),
        None => (Piece::Text("%".to_owned()), text),
    })
}

impl Field {
    fn named(given: &str) -> Result<Self, String> {
        let (name, option) = given.split_once(':').unwrap_or((given, ""));
        Ok(match (name, option) {
            ("refname", "") => Self::Name,
            ("refname", "short") => Self::ShortName,
            ("objectname", "") => Self::Id,
            ("objectname", "short") => Self::ShortId,
            ("objecttype", "") => Self::Kind,
            ("tree", "") => Self::Tree,
            ("contents", "subject") | ("subject", "") => Self::Subject,
            ("contents", "") => Self::Contents,
            ("authorname" | "committername", "") => Self::Device,
            ("authordate" | "committerdate" | "creatordate", form) => Self::Date(DateForm::named(form)?),
            _ => return Err(format!("there is no field '{given}'")),
        })
    }

    fn of(self, subject: &Subject<'_>) -> String {
        let commit = subject.commit;
        match self {
            Self::Name => subject.name.to_owned(),
            Self::ShortName => short_name(subject.name).to_owned(),
            Self::Id => subject.id.to_string(),
            Self::ShortId => subject.id.to_string()[..SHORT].to_owned(),
            Self::Kind => Kind::Commit.to_string(),
            Self::Tree => commit.tree.to_string(),
            Self::Subject => commit.message.lines().next().unwrap_or_default().to_owned(),
            Self::Contents => commit.message.clone(),
            Self::Device => commit.author.name.clone(),
            Self::Date(form) => form.of(&commit.author),
        }
    }
}

/// A ref's name as it can be typed.
fn short_name(name: &str) -> &str {
    let prefixes = ["refs/heads/", "refs/remotes/", "refs/"];
    prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

impl DateForm {
    fn named(name: &str) -> Result<Self, String> {
        Ok(match name {
            "" | "default" => Self::Plain,
            "iso" | "iso8601" => Self::Iso,
            "iso-strict" | "iso8601-strict" => Self::IsoStrict,
            "short" => Self::Short,
            "unix" => Self::Unix,
            other => return Err(format!("there is no form of dates '{other}'")),
        })
    }

    fn of(self, at: &Signature) -> String {
        let format = match self {
            Self::Plain => "%a %b %-d %H:%M:%S %Y %z",
            Self::Iso => "%Y-%m-%d %H:%M:%S %z",
            Self::IsoStrict if at.offset == 0 => "%Y-%m-%dT%H:%M:%SZ",
            Self::IsoStrict => "%Y-%m-%dT%H:%M:%S%:z",
            Self::Short => "%Y-%m-%d",
            Self::Unix => return at.seconds.to_string(),
        };
        let zone = Offset::from_seconds(at.offset).map_or(TimeZone::UTC, TimeZone::fixed);
        let moment = Timestamp::from_second(at.seconds).unwrap_or(Timestamp::MAX);
        moment.to_zoned(zone).strftime(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{ObjectId, TreeId};

    fn filled(format: &str) -> Result<String, String> {
        let commit = Commit {
            tree: TreeId::of(b""),
            parents: Vec::new(),
            author: Signature { name: "laptop".to_owned(), seconds: 1_735_787_045, offset: 3600 },
            message: "sync with origin: 1 pulled\n\nmore\n".to_owned(),
        };
        let subject = Subject { name: "refs/base/origin", id: CommitId::of(b""), commit: &commit };
        Ok(format.parse::<Format>()?.fill(&subject))
    }

    #[test]
    fn fields_are_gits() {
        let all = "%(refname)|%(refname:short)|%(objecttype)|%(objectname:short)|%(subject)|%(authorname)|\
                   %(committerdate)|%(committerdate:iso)|%(authordate:iso-strict)|%(creatordate:short)|\
                   %(committerdate:unix)|100%%|%41%09end%";
        insta::assert_snapshot!(filled(all).unwrap().replace('|', "\n"), @"
        refs/base/origin
        base/origin
        commit
        9f2a7f3b00
        sync with origin: 1 pulled
        laptop
        Thu Jan 2 04:04:05 2025 +0100
        2025-01-02 04:04:05 +0100
        2025-01-02T04:04:05+01:00
        2025-01-02
        1735787045
        100%
        A	end%
        ");
    }

    #[test]
    fn what_is_no_field_is_said() {
        insta::assert_snapshot!(filled("%(refname:long)").unwrap_err(), @"there is no field 'refname:long'");
        insta::assert_snapshot!(filled("%(authordate:late)").unwrap_err(), @"there is no form of dates 'late'");
        insta::assert_snapshot!(filled("%(refname").unwrap_err(), @"a %( is not closed");
    }
}
