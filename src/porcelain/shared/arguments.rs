//! What several commands take on the command line.

use std::fmt::Write as _;
use std::str::FromStr;

use clap::builder::StyledStr;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Which memories take part. Several values of one option are alternatives; different options must all hold.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Selection")]
pub struct Selection {
    /// Only memories with this tag (may be repeated: any of them)
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Only memories of this type (may be repeated: any of them)
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Only memories in this store (may be repeated: any of them)
    #[arg(long = "store", value_name = "STORE")]
    pub stores: Vec<String>,
    /// Only memories made at or after this time: '2025-01-31', '2025-01-31T12:00:00Z', '2 weeks ago'
    #[arg(long, value_name = "WHEN")]
    pub since: Option<Since>,
}

/// The beginning of a selection.
#[derive(Clone, Copy, Debug)]
pub enum Since {
    /// A moment.
    Moment(Timestamp),
    /// The beginning of a day, wherever the user is.
    Day(Date),
    /// So long before now.
    Ago(Span),
}

impl Since {
    /// The moment that is meant by somebody in `zone` at `now`; `None` where it is outside of the years that can be
    /// told.
    #[must_use]
    pub fn resolve(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Moment(moment) => Some(moment),
            Self::Day(day) => day.to_zoned(zone.clone()).ok().map(|start| start.timestamp()),
            Self::Ago(span) => {
                now.to_zoned(zone.clone()).checked_sub(span.abs()).ok().map(|then| then.timestamp())
            }
        }
    }
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(moment) = text.parse() {
            return Ok(Self::Moment(moment));
        }
        if let Ok(span) = text.parse() {
            return Ok(Self::Ago(span));
        }
        text.parse()
            .map(Self::Day)
            .map_err(|_| "expected a day, a time with its zone, or a span such as '2 weeks ago'")
    }
}

/// How memories that changed on both sides are settled where their changes meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Strategy {
    /// This device's version
    Ours,
    /// The server's version
    Theirs,
    /// The version that was written last, by each side's own clock
    Newest,
}

/// What every command that carries out a plan takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Execution {
    /// The remote to work with [default: sync.remote, else origin]
    #[arg(value_name = "REMOTE")]
    pub remote: Option<String>,
    /// Print the plan and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print the result (or, with --dry-run, the plan) as JSON
    #[arg(long)]
    pub json: bool,
    /// Let exactly the plan with this id through the brakes
    #[arg(long, value_name = "ID")]
    pub allow_plan: Option<String>,
    /// Settle what both sides changed, instead of leaving it as a conflict
    #[arg(short = 'X', long = "strategy-option", value_name = "STRATEGY")]
    pub strategy: Option<Strategy>,
}

/// What a command that sends memories takes besides.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Sending {
    /// Send memories even if the server holds a similar one
    #[arg(long)]
    pub no_dedup: bool,
}

/// The part of a help page below the options: lines that end in a colon and are not indented are headings.
pub(crate) fn extra(text: &str) -> StyledStr {
    let mut styled = String::new();
    for line in text.trim_end().lines() {
        if is_heading(line) {
            let style = anstyle::Style::new().bold().underline();
            let _ = writeln!(styled, "{style}{line}{style:#}");
        } else {
            let _ = writeln!(styled, "{}", fill(line));
        }
    }
    styled.into()
}

/// The widest line of a help page's last part.
const WIDTH: usize = 79;

/// Breaks a line of prose that is too long, and keeps what follows below its beginning. A line that is not prose (a
/// command, which is indented by two) stays whole.
fn fill(line: &str) -> String {
    let text = line.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit());
    let indent = line.len() - text.len();
    if indent <= 2 || line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    let mut filled = line[..indent].trim_end().to_owned();
    let mut column = filled.len();
    let mut gap = indent - column;
    for word in text.split(' ') {
        let width = word.chars().count();
        if column + gap + width > WIDTH {
            filled.push('\n');
            (column, gap) = (0, indent);
        }
        filled.extend(std::iter::repeat_n(' ', gap));
        filled.push_str(word);
        column += gap + width;
        gap = 1;
    }
    filled
}

/// Whether a line of a help page's last part is a heading.
pub(crate) fn is_heading(line: &str) -> bool {
    line.ends_with(':') && !line.starts_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(text: &str) -> String {
        let now = "2025-03-30T12:00:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        text.parse::<Since>().unwrap().resolve(now, &zone).unwrap().to_string()
    }

    #[test]
    fn long_lines_of_a_help_page_are_broken_below_their_beginning() {
        let text = "Exit codes:\n  3    A brake stopped the plan before any effect; it prints how to let exactly that plan through.
  128  This device is not initialised.
  memsync remote add origin https://memory.example.net:8443/where/everything/is/kept/api
      A path that is longer than most, so that what is said about it has to go on below itself.\n";
        insta::assert_snapshot!(anstream::adapter::strip_str(&extra(text).ansi().to_string()), @"
        Exit codes:
          3    A brake stopped the plan before any effect; it prints how to let exactly
               that plan through.
          128  This device is not initialised.
          memsync remote add origin https://memory.example.net:8443/where/everything/is/kept/api
              A path that is longer than most, so that what is said about it has to go
              on below itself.
        ");
    }

    #[test]
    fn a_beginning_is_a_moment_a_day_or_a_span() {
        assert_eq!(since("2025-01-31T12:00:00+01:00"), "2025-01-31T11:00:00Z");
        assert_eq!(since("2025-01-31"), "2025-01-30T22:00:00Z");
        assert_eq!(since("2 weeks ago"), "2025-03-16T12:00:00Z");
        assert_eq!(since("3d"), "2025-03-27T12:00:00Z");
        assert_eq!(since("1 month"), "2025-02-28T12:00:00Z");
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["", "soon", "2025-13-01", "31.1.2025"] {
            assert!(text.parse::<Since>().is_err(), "{text}");
        }
    }
}
