//! `memsync ls-tree`: the entries of a tree.

use crate::error::{CommandError, ExitCode};
use crate::plumbing::shared::{self, Paths};
use crate::porcelain::shared::arguments::extra;
use crate::workspace::{Access, Workspace};

/// List the memories of a tree
///
/// A sync's tree holds what this device (local) and the server (remote) held after it; a snapshot's tree holds the
/// memories of one side. Larger ones are split by the first digits of the hashes. A hash that is not 64 hexadecimal
/// digits is written as % and its bytes, all but letters, digits, - and _ as %XX.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Go into subtrees
    #[arg(short = 'r')]
    pub recursive: bool,
    /// Print only the paths
    #[arg(long, visible_alias = "name-status")]
    pub name_only: bool,
    /// How paths are printed.
    #[command(flatten)]
    pub paths: Paths,
    /// The tree, or a commit that has one
    #[arg(value_name = "TREE-ISH")]
    pub tree: String,
    /// Only this path and what is beneath; with a / at its end, only what is beneath (may be repeated)
    #[arg(value_name = "PATH")]
    pub prefixes: Vec<String>,
}

const EXTRA: &str = "\
Examples:
  memsync ls-tree HEAD
      The two sides of the last sync.
  memsync ls-tree -r --keys --name-only origin
      The hashes of what the server held when it was last fetched.
  memsync ls-tree -r HEAD~1 local/
      What this device held after the sync before the last one.

Exit codes:
  0    Listed.
  2    The name names nothing, several things, or a memory.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync ls-tree")?;
    let session = workspace.session(&store, None);
    let tree = shared::tree(&session, &args.tree, &workspace.zone)?;
    store.walk(None, Some(tree), &|path| args.enters(path), &mut |entry| {
        let Some(child) = entry.child().filter(|_| args.lists(entry.path)) else { return Ok(()) };
        let ui = &mut workspace.ui;
        let (path, end) = (args.paths.show(&entry, ui), args.paths.end());
        let line = if args.name_only {
            format!("{path}{end}")
        } else {
            format!("{} {} {}\t{path}{end}", child.mode(), child.kind(), child.id())
        };
        Ok::<_, CommandError>(ui.data(&line)?)
    })?;
    Ok(ExitCode::Done)
}

impl Args {
    /// Whether the entries of the tree at `path` are looked at instead of the tree itself.
    fn enters(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        self.prefixes.iter().any(|prefix| prefix.starts_with(&inside)) || (self.recursive && self.lists(path))
    }

    fn lists(&self, path: &str) -> bool {
        let is_at = |prefix: &String| {
            let beneath = path.strip_prefix(prefix.trim_end_matches('/'));
            beneath.is_some_and(|rest| rest.starts_with('/') || (rest.is_empty() && !prefix.ends_with('/')))
        };
        self.prefixes.is_empty() || self.prefixes.iter().any(is_at)
    }
}
