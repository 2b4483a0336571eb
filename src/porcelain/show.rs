//! `memsync show`: one object in full.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{CommandError, ExitCode};
use crate::object::{BlobId, Commit, CommitId, ContentHash, InvalidId, Kind, Memory, TreeId};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::reading::read_local;
use crate::porcelain::shared::selection::{check_length, find_key};
use crate::sync::Session;
use crate::ui::escape_line;
use crate::ui::view::diff::Change;
use crate::ui::view::log::entry;
use crate::workspace::Access;
use crate::workspace::Workspace;

/// Show a sync or a memory
///
/// Prints a sync with what it changed, a memory as it is now, or any version of a memory that memsync ever kept.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// A sync's id, a memory's hash or a version's id, or at least four of its first characters [default: the last sync]
    #[arg(value_name = "OBJECT")]
    pub object: Option<String>,
}

const EXTRA: &str = "\
Examples:
  memsync show
      The last sync, with what it changed.
  memsync show 3fa9c2d1
      One memory, or one sync.

Exit codes:
  0    Shown.
  2    The name names nothing, or several things.
  5    A database on this device is missing, busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync show")?;
    let session = workspace.session(&store, None);
    let shown = find(args.object.as_deref(), workspace, &session)?;
    workspace.ui.page();
    match shown {
        Shown::Sync(id) => show_sync(id, workspace, &session),
        Shown::Memory(memory) => {
            let text = String::from_utf8(memory.to_blob()).expect("a canonical text is UTF-8");
            let text = workspace.ui.untrusted(&text).into_owned();
            workspace.ui.data(&format!("{}\n", text.trim_end_matches('\n')))?;
            Ok(ExitCode::Done)
        }
    }
}

/// How many objects are looked at where a name is short.
const SHOWN_OBJECTS: usize = 1000;

/// What a name can lead to.
enum Shown {
    Sync(CommitId),
    Memory(Box<Memory>),
}

/// A sync by its id, a version by its id, or what this device (or else the server, or else the last sync) holds
/// under a hash.
fn find(name: Option<&str>, workspace: &mut Workspace, session: &Session<'_>) -> Result<Shown, CommandError> {
    let base = session.base()?;
    let Some(name) = name else {
        let last = base.id.ok_or_else(|| CommandError::usage("there is no sync yet"))?;
        return Ok(Shown::Sync(last));
    };
    check_length(name)?;
    let ours = read_local(workspace, session, &base.base)?.snapshot;
    let theirs = session.last_fetched()?.snapshot;
    let all = ours.keys().chain(theirs.keys()).chain(base.base.keys());
    let keys: BTreeSet<&ContentHash> = all.filter(|key| key.as_str().starts_with(name)).collect();
    let objects = session.store.objects_with_prefix(name, SHOWN_OBJECTS)?;
    let objects: Vec<_> = objects.into_iter().filter(|(kind, _)| *kind != Kind::Tree).collect();
    if keys.is_empty()
        && let [(kind, id)] = objects.as_slice()
    {
        let damaged = |error: InvalidId| CommandError::bug(error.to_string());
        return Ok(match kind {
            Kind::Commit => Shown::Sync(id.parse().map_err(damaged)?),
            _ => Shown::Memory(Box::new(session.store.memory(id.parse().map_err(damaged)?)?)),
        });
    }
    // A whole hash is meant even where an object's id begins alike.
    let is_exact = keys.iter().any(|key| key.as_str() == name);
    if let Some((_, id)) = objects.first().filter(|_| !is_exact) {
        let error = CommandError::usage(format!("'{}' is short for several things", escape_line(name)));
        return Err(error.with_hint(format!("one of them is {id}: give more characters")));
    }
    let key = find_key(keys, name, "memory or sync")?;
    let held = ours.get(&key).or(theirs.get(&key)).copied().or(base.base.get(&key).map(|pair| pair.local));
    let blob = held.expect("the key came from one of them");
    Ok(Shown::Memory(Box::new(session.store.memory(blob)?)))
}

/// A sync, what it changed, and what it replaced.
fn show_sync(
    id: CommitId,
    workspace: &mut Workspace,
    session: &Session<'_>,
) -> Result<ExitCode, CommandError> {
    let store = session.store;
    let commit = store.commit(id)?;
    let palette = workspace.ui.palette();
    workspace.ui.data(&entry(id, &commit, palette))?;
    let Ok((local, remote)) = session.sides_at(id) else {
        // A snapshot of one side: it has no base to compare with.
        return Ok(ExitCode::Done);
    };
    let before = session.sync_before(id)?.map(|before| session.sides_at(before)).transpose()?;
    let since = |before: Option<TreeId>, now| match before {
        Some(before) => store.diff(before, now),
        None => store
            .snapshot(now)
            .map(|held| held.into_iter().map(|(key, blob)| (key, None, Some(blob))).collect()),
    };
    let mut changes: BTreeMap<ContentHash, Change> = BTreeMap::new();
    let load = |blob: Option<BlobId>| blob.map(|blob| store.memory(blob)).transpose();
    for (key, old, new) in since(before.map(|sides| sides.1), remote)? {
        changes.insert(key.clone(), Change { key, old: load(old)?, new: load(new)? });
    }
    // What changed on both sides is shown in this device's form.
    for (key, old, new) in since(before.map(|sides| sides.0), local)? {
        changes.insert(key.clone(), Change { key, old: load(old)?, new: load(new)? });
    }
    let is_terminal = workspace.ui.is_terminal();
    for (key, change) in changes {
        let text = change.text(palette, is_terminal) + &replaced(session, &commit, (local, remote), &key)?;
        workspace.ui.data(&text)?;
    }
    Ok(ExitCode::Done)
}

/// The versions that both sides held before the sync and that it replaced or deleted: each can be shown by its id.
fn replaced(
    session: &Session<'_>,
    commit: &Commit,
    (local, remote): (TreeId, TreeId),
    key: &ContentHash,
) -> Result<String, CommandError> {
    let store = session.store;
    let [.., ours, theirs] = commit.parents.as_slice() else { return Ok(String::new()) };
    let mut text = String::new();
    for (place, snapshot, now) in [("this device", ours, local), ("the server", theirs, remote)] {
        let held = store.find(store.commit(*snapshot)?.tree, key)?;
        if let Some(blob) = held.filter(|blob| store.find(now, key).ok().flatten() != Some(*blob)) {
            text.extend([format!("  replaced on {place}: memsync show {}\n", &blob.to_string()[..12])]);
        }
    }
    Ok(text)
}
