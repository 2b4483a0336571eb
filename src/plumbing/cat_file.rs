//! `memsync cat-file`: objects as they are.

use crate::error::{CommandError, ErrorKind, ExitCode};
use crate::object::{Kind, TreeId};
use crate::plumbing::shared;
use crate::porcelain::shared::arguments::extra;
use crate::sync::{Named, Session};
use crate::workspace::{Access, Workspace};

/// Print an object, its type or its size
///
/// An object is a memory's canonical text (blob), what a side held (tree), or a sync or a snapshot (commit). Through a
/// pipe its bytes come out exactly as they are kept; on a terminal what could drive it is escaped.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
#[command(group = clap::ArgGroup::new("mode").args(["kind", "size", "pretty", "exists", "batch", "batch_check"]))]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Args {
    /// Print the object's type
    #[arg(short = 't')]
    pub kind: bool,
    /// Print the object's size in bytes
    #[arg(short = 's')]
    pub size: bool,
    /// Print the object, a tree as ls-tree does
    #[arg(short = 'p')]
    pub pretty: bool,
    /// Print nothing, and exit with 1 if there is no such object
    #[arg(short = 'e')]
    pub exists: bool,
    /// For each name on stdin print id, type, size and, on the next lines, the object
    #[arg(long)]
    pub batch: bool,
    /// For each name on stdin print id, type and size
    #[arg(long)]
    pub batch_check: bool,
    /// What to print: an object by any name that rev-parse takes, with its type before it where no option is given
    #[arg(value_name = "[TYPE] OBJECT", num_args = 0..=2, required_unless_present_any = ["batch", "batch_check"],
        conflicts_with_all = ["batch", "batch_check"])]
    pub names: Vec<String>,
}

const EXTRA: &str = "\
Examples:
  memsync cat-file -p HEAD
      The last sync.
  memsync cat-file -p HEAD~3:3fa9c2d1
      A memory as it was three syncs before.
  memsync ls-tree -r HEAD | awk '{print $3}' | memsync cat-file --batch-check
      Ids, types and sizes of all that the last sync left.

Exit codes:
  0    Done.
  1    With -e: there is no such object.
  2    A name names nothing, several things, or another type of object.
  5    The staging database is busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync cat-file")?;
    let session = workspace.session(&store, None);
    if args.batch || args.batch_check {
        return batch(args.batch, workspace, &session);
    }
    let has_mode = args.kind || args.size || args.pretty || args.exists;
    match args.names.as_slice() {
        [name] if args.exists => exists(name, workspace, &session),
        [name] if has_mode => one(args, name, workspace, &session),
        [kind, name] if !has_mode => {
            let named = cast(&session, &session.named(name, &workspace.zone)?, kind, name)?;
            workspace.ui.object(&shared::read(&store, &named)?)?;
            Ok(ExitCode::Done)
        }
        [_] => {
            Err(CommandError::usage("say what of the object: -t, -s, -p, -e, or its type before its name"))
        }
        _ => Err(CommandError::usage("-t, -s, -p and -e take one name")),
    }
}

fn one(
    args: &Args,
    name: &str,
    workspace: &mut Workspace,
    session: &Session<'_>,
) -> Result<ExitCode, CommandError> {
    let named = session.named(name, &workspace.zone)?;
    if args.kind {
        workspace.ui.data(&format!("{}\n", named.kind()))?;
    } else if args.size {
        let size = shared::read(session.store, &named)?.len();
        workspace.ui.data(&format!("{size}\n"))?;
    } else if let Named::Tree(id) = named {
        list(id, workspace, session)?;
    } else {
        workspace.ui.object(&shared::read(session.store, &named)?)?;
    }
    Ok(ExitCode::Done)
}

/// A name that is wrong names nothing either: nothing is said about it.
fn exists(name: &str, workspace: &Workspace, session: &Session<'_>) -> Result<ExitCode, CommandError> {
    match session.named(name, &workspace.zone).map_err(CommandError::from) {
        Ok(_) => Ok(ExitCode::Done),
        Err(error) if error.kind == ErrorKind::Usage => Ok(ExitCode::Differences),
        Err(error) => Err(error),
    }
}

/// What `named` is as an object of this kind: a commit is also its tree.
fn cast(session: &Session<'_>, named: &Named, kind: &str, name: &str) -> Result<Named, CommandError> {
    if ![Kind::Blob, Kind::Tree, Kind::Commit].iter().any(|known| known.as_str() == kind) {
        return Err(CommandError::usage(format!("there is no type of object '{kind}'"))
            .with_hint("the types are blob, tree and commit"));
    }
    match named {
        named if named.kind().as_str() == kind => Ok(named.clone()),
        Named::Commit(id) if kind == Kind::Tree.as_str() => Ok(Named::Tree(session.store.commit(*id)?.tree)),
        other => Err(shared::is_another(name, other.kind(), kind)),
    }
}

/// The entries of a tree, as git lists them.
fn list(id: TreeId, workspace: &mut Workspace, session: &Session<'_>) -> Result<(), CommandError> {
    session.store.walk(None, Some(id), &|_| false, &mut |entry| {
        let Some(child) = entry.child() else { return Ok(()) };
        let line =
            format!("{} {} {}\t{}\n", child.mode(), child.kind(), child.id(), shared::quote(entry.path));
        Ok::<_, CommandError>(workspace.ui.data(&line)?)
    })
}

fn batch(
    with_contents: bool,
    workspace: &mut Workspace,
    session: &Session<'_>,
) -> Result<ExitCode, CommandError> {
    let input = workspace.ui.input()?;
    for name in String::from_utf8_lossy(&input).lines() {
        let named = match session.named(name, &workspace.zone).map_err(CommandError::from) {
            Ok(named) => named,
            Err(error) if error.kind == ErrorKind::Usage => {
                let line = format!("{} missing\n", workspace.ui.untrusted(name));
                workspace.ui.data(&line)?;
                continue;
            }
            Err(error) => return Err(error),
        };
        let bytes = shared::read(session.store, &named)?;
        workspace.ui.data(&format!("{} {} {}\n", named.id(), named.kind(), bytes.len()))?;
        if with_contents {
            workspace.ui.object(&bytes)?;
            workspace.ui.data("\n")?;
        }
    }
    Ok(ExitCode::Done)
}
