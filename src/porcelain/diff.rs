//! `memsync diff`: changes in full.

mod find;

use crate::error::{CommandError, ExitCode};
use crate::porcelain::shared::arguments::{Selection, extra};
use crate::porcelain::shared::reading::{outlook, read_local};
use crate::porcelain::shared::selection::scope;
use crate::porcelain::shared::words::to_json;
use crate::reconcile;
use crate::sync::{Session, Wishes};
use crate::ui::view::conflict::Names;
use crate::ui::view::diff::Differences;
use crate::workspace::{Access, Workspace};
use std::str::FromStr;

use find::{Candidates, Finder};

/// Show changes since the last sync, field by field
///
/// Shows what this device changed since the last sync or, with --remote, what the server changed as of the last fetch.
/// Tags, type, metadata and times are compared value by value, content line by line. A memory in conflict is shown with
/// what both sides made of it: `base -> ours | theirs` for each field, and the text with this device's changes in the
/// first column, the server's in the second, the words marked that each changed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub struct Args {
    /// Only these memories: hashes, or at least four of their first characters
    #[arg(value_name = "HASH")]
    pub hashes: Vec<String>,
    /// Show the server's changes instead of this device's
    #[arg(long)]
    pub remote: bool,
    /// Show a deleted and a new memory as one that was edited where their texts are this much alike [default: 50 %]
    #[arg(short = 'M', long, value_name = "PERCENT", num_args = 0..=1, default_missing_value = "50%")]
    pub find_edits: Option<Likeness>,
    /// Mark the words that changed in a text, instead of its lines
    #[arg(long)]
    pub word_diff: bool,
    /// Print the differences as JSON
    #[arg(long)]
    pub json: bool,
    /// Exit with 1 if there are differences
    #[arg(long)]
    pub exit_code: bool,
    /// Which memories to show
    #[command(flatten)]
    pub selection: Selection,
}

const EXTRA: &str = "\
Examples:
  memsync diff
      Show what this device changed since the last sync.
  memsync fetch && memsync diff --remote
      Show what the server changed.
  memsync diff 3fa9c2d1
      Show one memory; where it is in conflict, what both sides did to it.
  memsync diff -M --word-diff
      Show rewritten memories as edits, word by word.

Exit codes:
  0    Shown, or nothing differs.
  1    With --exit-code: something differs.
  2    A hash names no memory, or several.
  5    A database on this device is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// What may follow `-M`: a share such as `90%` or, since it may be left out, the name of a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// How alike two texts must be, in percent.
    Percent(u8),
    /// No share: the memory that the next argument names, and git's 50 %.
    Memory(String),
}

impl FromStr for Likeness {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_suffix('%').unwrap_or(text);
        match number.parse() {
            Ok(percent @ 1..=100) => Ok(Self::Percent(percent)),
            // A memory is named by at least four characters, and none of them is usually a percent sign.
            _ if number.len() == text.len() && text.len() > 3 => Ok(Self::Memory(text.to_owned())),
            _ => Err("expected a share from 1% to 100%"),
        }
    }
}

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync diff")?;
    let session = workspace.session(&store, None);
    let differences = find(args, workspace, &session)?;
    let differs = !differences.changes.is_empty();
    if args.json {
        workspace.ui.data(&to_json(&differences.json()))?;
    } else {
        print(args, workspace, &session, &differences)?;
    }
    Ok(if differs && args.exit_code { ExitCode::Differences } else { ExitCode::Done })
}

fn find(args: &Args, workspace: &mut Workspace, session: &Session<'_>) -> Result<Differences, CommandError> {
    let scope = scope(&args.selection, workspace)?;
    // A name may be that of any memory; without one, only those that differ matter.
    let names_any = !args.hashes.is_empty() || matches!(args.find_edits, Some(Likeness::Memory(_)));
    let among = if args.remote {
        of_remote(names_any, session)?
    } else {
        let wishes = Wishes { scope: scope.clone(), ..workspace.wishes()? };
        of_device(names_any, wishes, workspace, session)?
    };
    Finder { args, scope: &scope, session, among: &among }.find()
}

/// What differs on the server, all memories with it where `names_any` says so. What this device holds plays no part.
fn of_remote(names_any: bool, session: &Session<'_>) -> Result<Candidates, CommandError> {
    let (base, ours, now) = if names_any {
        let base = session.base()?.base;
        let ours = base.iter().map(|(key, pair)| (key.clone(), pair.local)).collect();
        (base, ours, session.last_fetched()?.snapshot)
    } else {
        session.changes_there()?
    };
    let compared = reconcile::compare(&base, &ours, &now).collect();
    Ok(Candidates { base, now, compared, conflicts: Vec::new() })
}

/// The same of this device.
fn of_device(
    names_any: bool,
    wishes: Wishes,
    workspace: &mut Workspace,
    session: &Session<'_>,
) -> Result<Candidates, CommandError> {
    let proposal = if names_any {
        let base = session.base()?;
        let ours = read_local(workspace, session, &base.base)?;
        session.propose(base, ours, session.last_fetched()?, wishes)?
    } else {
        outlook(workspace, session, wishes)?.0
    };
    Ok(Candidates {
        base: proposal.base.base,
        now: proposal.local.snapshot,
        compared: proposal.plan.compared().collect(),
        conflicts: proposal.plan.conflicts,
    })
}

fn print(
    args: &Args,
    workspace: &mut Workspace,
    session: &Session<'_>,
    differences: &Differences,
) -> Result<(), CommandError> {
    let style = workspace.config.conflict_style()?;
    let names = Names { device: session.device.clone(), remote: session.remote.clone() };
    workspace.ui.page();
    if differences.is_cut_short {
        workspace.ui.warn(
            "too many memories came and went to compare all their texts: some edits may not be shown as such",
        );
    }
    let text =
        differences.text(&names, workspace.ui.palette(), workspace.ui.is_terminal(), style, args.word_diff);
    workspace.ui.data(&text)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_from_a_memory() {
        let read = |text: &str| text.parse::<Likeness>();
        for (text, percent) in [("90%", 90), ("90", 90), ("100%", 100), ("1", 1)] {
            assert_eq!(read(text), Ok(Likeness::Percent(percent)));
        }
        assert_eq!(read("3fa9"), Ok(Likeness::Memory("3fa9".to_owned())));
        assert_eq!(read("1234"), Ok(Likeness::Memory("1234".to_owned())));
        for wrong in ["", "%", "0", "0%", "101%", "1000%", "abc"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
