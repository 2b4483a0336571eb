//! `memsync for-each-ref`: refs in a format of one's own.

mod format;

use gix_glob::wildmatch;
use gix_glob::wildmatch::Mode;

use crate::error::{CommandError, ExitCode};
use crate::object::CommitId;
use crate::porcelain::shared::arguments::extra;
use crate::store::RefName;
use crate::workspace::{Access, Workspace};

use format::{Format, Subject};

/// Print something about each ref
///
/// Prints a line for each ref, in a format that names fields of the ref and of the commit that it names, as git's command
/// of that name does.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// What to print of each: text with %(FIELD), %% and %XX for a byte
    #[arg(long, value_name = "FORMAT", default_value = "%(objectname) %(objecttype)%09%(refname)")]
    pub format: Format,
    /// Stop after so many
    #[arg(long, value_name = "NUMBER")]
    pub count: Option<usize>,
    /// Only refs with this full name or below it, or that match it with * and ? (may be repeated)
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
}

const EXTRA: &str = "\
Fields:
  refname, refname:short
  objectname, objectname:short, objecttype, tree
  subject, contents
  authorname, committername
      The device.
  authordate, committerdate, creatordate
      With :iso, :iso-strict, :short or :unix behind it; git's own form without.

Examples:
  memsync for-each-ref
      Every ref.
  memsync for-each-ref --format='%(refname) %(creatordate) %(subject)' refs/base
      When each remote was last synced with, and what that did.

Exit codes:
  0    Listed.
  2    The format names a field that is not known.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync for-each-ref")?;
    let mut refs: Vec<(RefName, CommitId)> = store.references()?;
    refs.retain(|(name, _)| {
        args.patterns.is_empty() || args.patterns.iter().any(|one| matches(one, name.as_str()))
    });
    refs.truncate(args.count.unwrap_or(usize::MAX));
    for (name, id) in refs {
        let commit = store.commit(id)?;
        let line = args.format.fill(&Subject { name: name.as_str(), id, commit: &commit });
        let line = workspace.ui.untrusted(&line).into_owned();
        workspace.ui.data(&format!("{line}\n"))?;
    }
    Ok(ExitCode::Done)
}

/// Whether a ref is `pattern`, or below it, or matches it, as git sees it.
fn matches(pattern: &str, name: &str) -> bool {
    let below = name.strip_prefix(pattern.trim_end_matches('/'));
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        || wildmatch(pattern.into(), name.into(), Mode::NO_MATCH_SLASH_LITERAL)
}
