//! `memsync show-ref`: refs and what they name.

use crate::error::{CommandError, ExitCode};
use crate::object::CommitId;
use crate::porcelain::shared::arguments::extra;
use crate::sync::base_reference;
use crate::workspace::{Access, Workspace};

/// List refs
///
/// Prints the id of the commit that each ref names, and the ref. refs/base/NAME are the syncs with a remote,
/// refs/remotes/NAME what it held, refs/heads/local what this device held.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Args {
    /// Only refs below refs/heads
    #[arg(long, visible_alias = "branches")]
    pub heads: bool,
    /// Also HEAD, the last sync with the default remote
    #[arg(long)]
    pub head: bool,
    /// Print only the ids
    #[arg(long)]
    pub hash: bool,
    /// Take patterns as full names
    #[arg(long)]
    pub verify: bool,
    /// Only refs that end with these parts: origin, base/origin, refs/base/origin
    #[arg(value_name = "PATTERN", required_if_eq("verify", "true"))]
    pub patterns: Vec<String>,
}

const EXTRA: &str = "\
Examples:
  memsync show-ref
      Every ref.
  memsync show-ref --hash refs/base/origin
      The id of the last sync with origin.

Exit codes:
  0    Listed.
  1    There is no such ref.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync show-ref")?;
    let mut refs: Vec<(String, CommitId)> = Vec::new();
    if let Some(head) = store.reference(&base_reference(&workspace.config.default_remote())?)?
        && (args.head || args.verify)
    {
        refs.push(("HEAD".to_owned(), head));
    }
    refs.extend(store.references()?.into_iter().map(|(name, id)| (name.to_string(), id)));
    refs.retain(|(name, _)| args.lists(name));
    for (name, id) in &refs {
        workspace.ui.data(&if args.hash { format!("{id}\n") } else { format!("{id} {name}\n") })?;
    }
    // Of names that must be there, one that is not is a failure.
    let is_whole =
        !args.verify || args.patterns.iter().all(|name| refs.iter().any(|(found, _)| found == name));
    Ok(if refs.is_empty() || !is_whole { ExitCode::Differences } else { ExitCode::Done })
}

impl Args {
    fn lists(&self, name: &str) -> bool {
        let matches = |pattern: &String| {
            let before = name.strip_suffix(pattern.as_str());
            before.is_some_and(|before| before.is_empty() || (!self.verify && before.ends_with('/')))
        };
        let is_head = name == "HEAD" && self.head;
        is_head
            || ((!self.heads || name.starts_with("refs/heads/"))
                && (self.patterns.is_empty() || self.patterns.iter().any(matches)))
    }
}
