//! `memsync restore`: bring memories back as they were.

use std::collections::BTreeSet;

use crate::error::{CommandError, ExitCode};
use crate::object::ContentHash;
use crate::object::tree::Snapshot;
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::reading::read_local;
use crate::porcelain::shared::recall::{Manner, carry_out, title};
use crate::porcelain::shared::selection::find_key;
use crate::sync::Reading;
use crate::ui::view::text::counted;
use crate::workspace::{Access, Workspace};

/// Bring memories back as they were at a sync
///
/// Makes memories of this device what they were at a commit, also those that are deleted by now: to the last byte where
/// memsync kept the row when it replaced it, else text, tags, type and metadata. Memories that the commit does not know are
/// left as they are. The next sync carries the result to the server; `memsync undo` takes it back.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
#[command(group = clap::ArgGroup::new("memories").required(true).args(["hashes", "all"]))]
pub struct Args {
    /// Where they come from: a sync, or a snapshot of this device or of the server
    #[arg(short, long, value_name = "COMMIT", default_value = "HEAD")]
    pub source: String,
    /// The memories: hashes, or at least four of their first characters
    #[arg(value_name = "HASH")]
    pub hashes: Vec<String>,
    /// Every memory that the commit holds
    #[arg(long)]
    pub all: bool,
    /// Print what would come back and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print the result (or, with --dry-run, the plan) as JSON
    #[arg(long)]
    pub json: bool,
}

const EXTRA: &str = "\
Examples:
  memsync restore 3fa9c2d1
      Bring one memory back as it was after the last sync.
  memsync restore --source HEAD^2 3fa9c2d1
      As it was on this device before the last sync.
  memsync restore --source @{yesterday} --all --dry-run
      See what has changed since yesterday, and would be changed back.

Exit codes:
  0    Done.
  2    A hash names no memory of the commit, or several.
  3    Stopped by a brake before any change: the database is another one.
  5    A database on this device is missing, busy or unsupported.
  6    Some memories were left alone, because they cannot be read or changed meanwhile.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let store = workspace.store(access, "memsync restore")?;
    let session = workspace.session(&store, None);
    let source = session.revision(&args.source, &workspace.zone)?;
    let held = session.held_at(source)?;
    let keys = named(args, &held)?;
    let base = session.base()?;
    let ours = read_local(workspace, &session, &base.base)?;
    let theirs = session.last_fetched()?;
    if access == Access::Write {
        session.record_local(&ours)?;
        session.settle(&ours, &theirs)?;
    }
    let recall = session.recall_memories(&held, keys.as_ref(), &ours, &theirs)?;
    let title = title(&store, source)?;
    workspace.ui.note(&format!("{} from {title}", if args.dry_run { "would restore" } else { "restoring" }));
    if args.all {
        note_the_others(&held, &ours, workspace);
    }
    let manner = Manner { is_dry: args.dry_run, json: args.json, with_remote: false };
    carry_out(&recall, source, &format!("restore from {title}"), manner, workspace, &session)
}

/// The memories of `held` that the command line names; `None` for all.
fn named(args: &Args, held: &Snapshot) -> Result<Option<BTreeSet<ContentHash>>, CommandError> {
    let find = |prefix: &String| {
        find_key(held.keys(), prefix, "memory of that commit").map_err(|error| {
            error.with_hint(
                "`memsync log -- HASH` shows the syncs that changed a memory; `--source COMMIT` names one",
            )
        })
    };
    if args.all { Ok(None) } else { Ok(Some(args.hashes.iter().map(find).collect::<Result<_, _>>()?)) }
}

/// As git leaves files alone that a commit does not know.
fn note_the_others(held: &Snapshot, ours: &Reading, workspace: &mut Workspace) {
    let others = ours.snapshot.keys().filter(|key| !held.contains_key(*key)).count();
    if others > 0 {
        let count = counted(others, "memory that it does not know is", "memories that it does not know are");
        workspace.ui.note(&format!("{count} left alone"));
    }
}
