//! `memsync undo`: take back what a run did.

use crate::error::{CommandError, ExitCode};
use crate::object::{CommitId, SideName};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::reading::{fetch, read_local};
use crate::porcelain::shared::recall::{Manner, carry_out, title};
use crate::sync::Session;
use crate::workspace::{Access, Workspace};

/// Take back what a sync did
///
/// Takes back what a sync (or a pull, apply, checkout, restore, or another undo) did to this device: each memory that it
/// changed or deleted comes back as it was to the last byte, with its vector, and each that it brought is taken away. What
/// was changed since is left alone. An undo is itself a run that `memsync undo` takes back. What both sides agreed on is
/// kept, so that the next sync carries the undo to the server; other devices then get it from there. Where it is about
/// three memories or more they ask first, because a server that was restored from a backup looks the same.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// The sync [default: the last one that changed something on this device]
    #[arg(value_name = "COMMIT")]
    pub commit: Option<String>,
    /// Also take back what it did on the server, except to memories that were changed there since
    #[arg(long)]
    pub remote: bool,
    /// Print what would be taken back and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print the result (or, with --dry-run, the plan) as JSON
    #[arg(long)]
    pub json: bool,
}

const EXTRA: &str = "\
Examples:
  memsync undo --dry-run
      See what taking back the last sync would do.
  memsync undo
      Take it back on this device.
  memsync undo && memsync undo
      Take it back, and think again.
  memsync undo --remote HEAD~2
      Take back an older sync here and on the server.

Exit codes:
  0    Done.
  2    The name names no sync, or nothing of it can be taken back.
  3    Stopped by a brake before any change: a database or an address is another one.
  4    The server cannot be reached, or its certificate or the key was refused.
  5    A database on this device is missing, busy or unsupported.
  6    Some memories were left alone, because they were changed since.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let store = workspace.store(access, "memsync undo")?;
    let session = workspace.session(&store, None);
    let base = session.base()?;
    let theirs =
        if args.remote { fetch(workspace, &session, &base.base, access)? } else { session.last_fetched()? };
    let ours = read_local(workspace, &session, &base.base)?;
    if access == Access::Write {
        session.record_local(&ours)?;
        session.settle(&ours, &theirs)?;
    }
    let run = find(args, workspace, &session)?;
    let title = title(&store, run)?;
    let recall = session.recall_run(run, &ours, &theirs, args.remote)?;
    workspace.ui.note(&format!("{} {title}", if args.dry_run { "would take back" } else { "taking back" }));
    let manner = Manner { is_dry: args.dry_run, json: args.json, with_remote: args.remote };
    carry_out(&recall, run, &format!("undo of {title}"), manner, workspace, &session)
}

/// The run that is meant. It must have done something that can be taken back.
fn find(args: &Args, workspace: &Workspace, session: &Session<'_>) -> Result<CommitId, CommandError> {
    let Some(name) = &args.commit else {
        let last = session.last_change(args.remote)?;
        return last.map_or_else(|| Err(nothing_yet(args, session)?), Ok);
    };
    let run = session.revision(name, &workspace.zone)?;
    if !session.origins(run)?.is_sync {
        return Err(CommandError::usage("this is a snapshot of one side: only a sync can be taken back")
            .with_hint("`memsync log --oneline` lists the syncs"));
    }
    if args.remote && !session.follows(run)? {
        let message = format!("this sync was not with the server '{}'", session.remote);
        return Err(CommandError::usage(message)
            .with_hint("`memsync config sync.remote NAME` says which server is meant"));
    }
    let has_changed = |side| session.store.has_changed(run, side);
    if has_changed(SideName::Local)? || (args.remote && has_changed(SideName::Remote)?) {
        return Ok(run);
    }
    let title = title(session.store, run)?;
    let error = CommandError::usage(format!("nothing to take back: {title} changed nothing on this device"));
    Err(if has_changed(SideName::Remote)? {
        error.with_hint(format!("it changed the server ({}): `--remote` takes that back", session.remote))
    } else {
        error.with_hint("`memsync log --stat` shows what each sync did")
    })
}

/// The error where no run has changed this device or, with `--remote`, either side.
fn nothing_yet(args: &Args, session: &Session<'_>) -> Result<CommandError, CommandError> {
    let next = "`memsync status` shows what the next sync would change";
    if args.remote {
        let error = CommandError::usage("nothing to take back: no sync has changed anything yet");
        return Ok(error.with_hint(next));
    }
    let error = CommandError::usage("nothing to take back: no sync has changed anything on this device");
    Ok(match session.last_change(true)? {
        Some(_) => error.with_hint(format!(
            "the last one changed the server ({}): `memsync undo --remote` takes that back",
            session.remote
        )),
        None => error.with_hint(next),
    })
}
