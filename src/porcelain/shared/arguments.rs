//! What several commands take on the command line.

use std::fmt::Write as _;

use clap::builder::StyledStr;

use crate::sync::When;

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
    pub since: Option<When>,
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
}
