//! `memsync show`: one object in full.

use serde::Serialize;

use crate::error::{CommandError, ExitCode};
use crate::object::{BlobId, CommitId, ContentHash, Kind, Memory, TreeId};
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::history::changes;
use crate::porcelain::shared::reading::read_local;
use crate::porcelain::shared::selection::find_key;
use crate::porcelain::shared::words::to_json;
use crate::sync::{Named, Origins, RevisionError, Session};
use crate::ui::view::diff::{Change, ChangeJson, MemoryJson};
use crate::ui::view::log::{CommitJson, entry};
use crate::workspace::{Access, Workspace};

/// Show a sync, a memory, or a memory as it was
///
/// Prints a sync with what it changed, a memory as it is now, a memory as it was at a sync, or any version of a memory that
/// memsync ever kept.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// A sync (HEAD~3, @{yesterday}, an id), a snapshot (origin, local), a memory's hash, COMMIT:HASH for a memory as it
    /// was, or a version's id; of hashes and ids at least four characters [default: HEAD, the last sync]
    #[arg(value_name = "OBJECT")]
    pub object: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
}

const EXTRA: &str = "\
Examples:
  memsync show
      The last sync, with what it changed.
  memsync show 3fa9c2d1
      One memory, or one sync.
  memsync show @{yesterday}:3fa9c2d1
      A memory as it was a day ago; HEAD~1:remote/HASH is the server's form.

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
    let shown = find(args.object.as_deref().unwrap_or("HEAD"), workspace, &session)?;
    workspace.ui.page();
    match shown {
        Shown::Commit(id) => show_commit(id, args, workspace, &session)?,
        Shown::Version(key, blob) => show_memory(key.as_ref(), blob, args, workspace, &session)?,
    }
    Ok(ExitCode::Done)
}

/// What a name can lead to.
enum Shown {
    Commit(CommitId),
    Version(Option<ContentHash>, BlobId),
}

/// What is named; a memory's hash alone is the memory as it is now on this device, or else as memsync last saw it.
fn find(name: &str, workspace: &mut Workspace, session: &Session<'_>) -> Result<Shown, CommandError> {
    let seen = match session.named(name, &workspace.zone) {
        Ok(Named::Commit(id)) => return Ok(Shown::Commit(id)),
        Ok(Named::Version(id)) => return Ok(Shown::Version(None, id)),
        Ok(Named::Tree(_)) => {
            let error = CommandError::usage(format!("'{name}' is a {}", Kind::Tree));
            return Err(error.with_hint(format!("`memsync ls-tree {name}` lists what it holds")));
        }
        Ok(Named::Memory(key, blob)) if !key.as_str().starts_with(name) => {
            return Ok(Shown::Version(Some(key), blob));
        }
        Ok(Named::Memory(key, blob)) => Some((key, blob)),
        // It may be newer than all that memsync has seen.
        Err(RevisionError::Unknown { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let base = session.base()?.base;
    let ours = read_local(workspace, session, &base)?.snapshot;
    let keys = ours.keys().chain(seen.as_ref().map(|(key, _)| key));
    let key = find_key(keys, name, "memory or sync")
        .map_err(|error| error.with_hint("`memsync log --oneline` lists the syncs"))?;
    let blob = ours.get(&key).copied().or(seen.map(|(_, blob)| blob));
    let blob = blob.expect("the key came from one of them");
    Ok(Shown::Version(Some(key), blob))
}

fn show_memory(
    key: Option<&ContentHash>,
    blob: BlobId,
    args: &Args,
    workspace: &mut Workspace,
    session: &Session<'_>,
) -> Result<(), CommandError> {
    let memory = session.store.memory(blob)?;
    let text = if args.json {
        to_json(&VersionJson::new(key, blob, &memory))
    } else {
        let text = String::from_utf8(memory.to_blob()).expect("a canonical text is UTF-8");
        format!("{}\n", workspace.ui.untrusted(&text).trim_end_matches('\n'))
    };
    Ok(workspace.ui.data(&text)?)
}

/// A commit, what it changed and, of a sync, what it replaced.
fn show_commit(
    id: CommitId,
    args: &Args,
    workspace: &mut Workspace,
    session: &Session<'_>,
) -> Result<(), CommandError> {
    let commit = session.store.commit(id)?;
    let changes = changes(session, id)?;
    if args.json {
        let document = ShownJson {
            schema_version: 1,
            commit: CommitJson::new(id, &commit, Some(&changes)),
            changes: changes.iter().map(Change::json).collect(),
        };
        return Ok(workspace.ui.data(&to_json(&document))?);
    }
    let (palette, is_terminal) = (workspace.ui.palette(), workspace.ui.is_terminal());
    workspace.ui.data(&entry(id, &commit, palette))?;
    let origins = session.origins(id)?;
    for change in &changes {
        let mut text = change.text(palette, is_terminal);
        if origins.is_sync {
            text += &replaced(session, origins, session.sides_at(id)?, &change.key)?;
        }
        workspace.ui.data(&text)?;
    }
    Ok(())
}

/// The versions that both sides held before the sync and that it replaced or deleted: each can be shown by its id.
fn replaced(
    session: &Session<'_>,
    origins: Origins,
    (local, remote): (TreeId, TreeId),
    key: &ContentHash,
) -> Result<String, CommandError> {
    let store = session.store;
    let mut text = String::new();
    for (place, snapshot, now) in
        [("this device", origins.local, local), ("the server", origins.remote, remote)]
    {
        let Some(snapshot) = snapshot else { continue };
        let held = store.find(store.commit(snapshot)?.tree, key)?;
        if let Some(blob) = held.filter(|blob| store.find(now, key).ok().flatten() != Some(*blob)) {
            text.extend([format!("  replaced on {place}: memsync show {}\n", &blob.to_string()[..12])]);
        }
    }
    Ok(text)
}

/// `memsync show --json` of a commit.
#[derive(Debug, Serialize)]
struct ShownJson {
    schema_version: u32,
    commit: CommitJson,
    changes: Vec<ChangeJson>,
}

/// `memsync show --json` of a memory.
#[derive(Debug, Serialize)]
struct VersionJson {
    schema_version: u32,
    /// The memory's hash; null where a version was named by its own id.
    content_hash: Option<String>,
    version: String,
    memory: MemoryJson,
}

impl VersionJson {
    fn new(key: Option<&ContentHash>, blob: BlobId, memory: &Memory) -> Self {
        Self {
            schema_version: 1,
            content_hash: key.map(ToString::to_string),
            version: blob.to_string(),
            memory: memory.into(),
        }
    }
}
