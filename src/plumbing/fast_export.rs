//! `memsync fast-export`: the history for a real git repository.

mod stream;

use crate::config::DEFAULT_REMOTE;
use crate::error::{CommandError, ExitCode};
use crate::object::CommitId;
use crate::porcelain::shared::arguments::extra;
use crate::store::Store;
use crate::workspace::{Access, Workspace};

use stream::Stream;

/// Print the history for git fast-import
///
/// Prints a stream that makes one commit of each sync: what this device (local) and the server (remote) held after it,
/// with its date, its message, and the device as author. In a repository of --object-format=sha256 the trees have the
/// ids that they have here. The history of one ref comes out on the branch that is checked out in the repository.
///
/// A sync after which nothing was left gives an empty tree: git keeps no empty folders.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// The syncs with every remote, each on a branch of its name
    #[arg(long)]
    pub all: bool,
    /// The newest commit of the history, by any name that rev-parse takes [default: HEAD]
    #[arg(value_name = "REV", conflicts_with = "all")]
    pub revision: Option<String>,
}

const EXTRA: &str = "\
Examples:
  git init --object-format=sha256 memories
  memsync fast-export | git -C memories fast-import
      Make a repository of the syncs with the default remote.
  git -C memories log --stat
      Look at it.
  memsync fast-export --all | git -C memories fast-import
      Add the syncs with all remotes; doing it again adds what is new.
  git init --object-format=sha256 device
  memsync fast-export local | git -C device fast-import
      Every version of what this device held, in a repository of its own.

Exit codes:
  0    Printed.
  2    There is no sync yet, or the name names no commit.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync fast-export")?;
    let session = workspace.session(&store, None);
    let branches = if args.all {
        branches(&store)?
    } else {
        let name = args.revision.as_deref().unwrap_or("HEAD");
        vec![("HEAD".to_owned(), session.revision(name, &workspace.zone)?)]
    };
    if workspace.ui.is_terminal() {
        let error = CommandError::usage("the stream is for git, and stdout is a terminal");
        return Err(error.with_hint("`memsync fast-export | git -C REPOSITORY fast-import`"));
    }
    let mut stream = Stream::new(&session, &mut workspace.ui);
    stream.begin()?;
    for (branch, tip) in branches {
        stream.branch(&branch, tip)?;
    }
    stream.end()?;
    Ok(ExitCode::Done)
}

/// The last sync with each remote, and the branch that it becomes.
fn branches(store: &Store) -> Result<Vec<(String, CommitId)>, CommandError> {
    let branch = |(name, id): (crate::store::RefName, CommitId)| {
        Some((format!("refs/heads/{}", name.as_str().strip_prefix("refs/base/")?), id))
    };
    let branches: Vec<_> = store.references()?.into_iter().filter_map(branch).collect();
    if branches.is_empty() {
        let error = CommandError::usage("there is no sync with any remote yet");
        return Err(error.with_hint(format!("`memsync sync {DEFAULT_REMOTE}` makes the first one")));
    }
    Ok(branches)
}
