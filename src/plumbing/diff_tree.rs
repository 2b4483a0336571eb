//! `memsync diff-tree`: what differs between two trees.

use crate::error::{CommandError, ExitCode};
use crate::object::tree::{Changed, Child};
use crate::object::{ObjectId, TreeId};
use crate::plumbing::shared::{self, Paths};
use crate::porcelain::shared::arguments::extra;
use crate::workspace::{Access, Workspace};

/// Compare two trees
///
/// Prints a line for each path that differs: both modes, both ids, A (added), M (modified) or D (deleted), and the path.
/// `memsync diff` shows what differs inside of a memory.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Args {
    /// Go into subtrees
    #[arg(short = 'r')]
    pub recursive: bool,
    /// Print only the paths
    #[arg(long, conflicts_with = "name_status")]
    pub name_only: bool,
    /// Print only letters and paths
    #[arg(long)]
    pub name_status: bool,
    /// Exit with 1 if there are differences
    #[arg(long)]
    pub exit_code: bool,
    /// How paths are printed.
    #[command(flatten)]
    pub paths: Paths,
    /// The older tree, or a commit that has one
    #[arg(value_name = "TREE-ISH")]
    pub old: String,
    /// The newer one
    #[arg(value_name = "TREE-ISH")]
    pub new: String,
}

const EXTRA: &str = "\
Examples:
  memsync diff-tree -r --name-status HEAD~1 HEAD
      What the last sync changed.
  memsync diff-tree -r --keys --name-only HEAD:local local
      The hashes of what this device has changed since.

Exit codes:
  0    Compared.
  1    With --exit-code: the trees differ.
  2    A name names nothing, several things, or a memory.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync diff-tree")?;
    let session = workspace.session(&store, None);
    let old = shared::tree(&session, &args.old, &workspace.zone)?;
    let new = shared::tree(&session, &args.new, &workspace.zone)?;
    if old == new {
        return Ok(ExitCode::Done);
    }
    store.walk(Some(old), Some(new), &|_| args.recursive, &mut |changed| {
        let line = args.line(&changed, workspace);
        Ok::<_, CommandError>(workspace.ui.data(&line)?)
    })?;
    Ok(if args.exit_code { ExitCode::Differences } else { ExitCode::Done })
}

impl Args {
    fn line(&self, changed: &Changed<'_>, workspace: &Workspace) -> String {
        let path = self.paths.show(changed, &workspace.ui);
        let (gap, end) = (self.paths.gap(), self.paths.end());
        let letter = letter(changed);
        if self.name_only {
            return format!("{path}{end}");
        }
        if self.name_status {
            return format!("{letter}{gap}{path}{end}");
        }
        let mode = |child: Option<Child>| child.map_or("000000", Child::mode);
        format!(
            ":{} {} {} {} {letter}{gap}{path}{end}",
            mode(changed.old),
            mode(changed.new),
            id(changed.old),
            id(changed.new)
        )
    }
}

fn letter(changed: &Changed<'_>) -> char {
    match (changed.old, changed.new) {
        (None, _) => 'A',
        (Some(_), None) => 'D',
        (Some(_), Some(_)) => 'M',
    }
}

/// The id; all zeros for nothing.
fn id(child: Option<Child>) -> String {
    let nothing = || TreeId::from_bytes(&[0; 32]).expect("an id has 32 bytes").to_string();
    child.map_or_else(nothing, Child::id)
}
