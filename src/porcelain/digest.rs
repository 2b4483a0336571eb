//! `memsync digest`: one code for the synced contents.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::error::{CommandError, ExitCode};
use crate::object::tree::{self, Part, Snapshot};
use crate::object::{BlobId, ContentHash, ObjectId, TreeId};
use crate::porcelain::shared::arguments::extra;
use crate::reconcile::shown_by_rest;
use crate::side::{Found, Side};
use crate::ui::escape_line;
use crate::ui::view::text::{counted, memories, moment};
use crate::workspace::{Access, Workspace};

/// Print one short code for the synced memories
///
/// The code stands for what the server held after the last sync. It is equal on all devices that are in step with one
/// server, and on the server's own machine, where --db reads its database file. With --tree, there is a line for each next
/// digit of the hashes, so that two people find what differs by comparing lines: the same for the digit that differs, and
/// so on, down to the memories.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Another moment: HEAD~1, @{yesterday}, or origin for what the server held when it was last fetched [default: HEAD]
    #[arg(value_name = "REV")]
    pub revision: Option<String>,
    /// Read a database file instead: on the server's machine, that of the service or of memsync serve
    #[arg(long, value_name = "FILE", conflicts_with = "revision")]
    pub db: Option<PathBuf>,
    /// Print a code for each next digit of the hashes that begin with PREFIX, and at the end the memories
    #[arg(long, value_name = "PREFIX", num_args = 0..=1, default_missing_value = "")]
    pub tree: Option<String>,
}

const EXTRA: &str = "\
What the code is about:
  Every memory's hash, text, tags, type, metadata, creation time, store and
  successor, in the form in which the server shows them. Not the times of the
  last change, vectors, access counts or quality scores, nor what
  sync.ignoreMetadata leaves out, which must be the same on both machines.

Examples:
  memsync sync && memsync digest
      Compare this line with the other devices'.
  memsync digest --db ~/.local/share/mcp-memory/sqlite_vec.db
      The same on the server's machine.
  memsync digest --tree
  memsync digest --tree 3f
      Find out which memories differ.

Exit codes:
  0    Printed.
  2    A name names nothing, or there is no sync yet.
  5    A database on this device is missing, busy or damaged.
  128  This device is not initialised; run `memsync init`.
";

/// How many digits of an id are printed: with 64 bits, two contents that differ never meet by chance.
const DIGITS: usize = 16;
/// So many memories are listed by name instead of by digit.
const LISTED: usize = 16;

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let contents = match &args.db {
        Some(path) => file(path, workspace)?,
        None => synced(args, workspace)?,
    };
    let text = match &args.tree {
        None => code(&contents.id) + "\n",
        Some(prefix) => page(&contents.snapshot, prefix)?,
    };
    workspace.ui.page();
    workspace.ui.data(&text)?;
    workspace.ui.note(&contents.about);
    Ok(ExitCode::Done)
}

/// What the code is about.
struct Contents {
    id: TreeId,
    /// The memories; empty where nobody asked for more than the code.
    snapshot: Snapshot,
    about: String,
}

/// What the server held after a sync, or a side's snapshot.
fn synced(args: &Args, workspace: &Workspace) -> Result<Contents, CommandError> {
    let store = workspace.store(Access::Read, "memsync digest")?;
    let session = workspace.session(&store, None);
    let name = args.revision.as_deref().unwrap_or("HEAD");
    let id = session.revision(name, &workspace.zone)?;
    let commit = store.commit(id)?;
    let tree = if session.origins(id)?.is_sync { session.sides_at(id)?.1 } else { commit.tree };
    let snapshot = if args.tree.is_some() { store.snapshot(tree)? } else { Snapshot::new() };
    let about = format!("as of {}, {}", moment(commit.author.seconds), summary(&commit.message));
    Ok(Contents { id: tree, snapshot, about })
}

/// What a database file holds now, as a server on it shows it.
fn file(path: &Path, workspace: &mut Workspace) -> Result<Contents, CommandError> {
    let mut database = workspace.database_at(path.to_owned())?;
    // A service that knows no stores has no endpoint that hands out rows as they are.
    let is_rewritten = !database.has_stores();
    let (mut snapshot, mut raw, mut unreadable) = (Snapshot::new(), Snapshot::new(), 0);
    database.snapshot(&mut |found| {
        match found {
            Found::Memory(held) if is_rewritten => {
                raw.insert(held.key.clone(), held.memory.id());
                snapshot.insert(held.key, shown_by_rest(held.memory).id());
            }
            Found::Memory(held) => drop(snapshot.insert(held.key, held.memory.id())),
            Found::Unreadable { .. } => unreadable += 1,
        }
        ControlFlow::Continue(())
    })?;
    let ui = &mut workspace.ui;
    if unreadable > 0 {
        ui.warn(&format!("{} left out", counted(unreadable, "unreadable row is", "unreadable rows are")));
    }
    let id = tree::id_of(&snapshot, 0);
    if is_rewritten && raw != snapshot {
        let code = code(&tree::id_of(&raw, 0));
        ui.note(&format!("this version of the service shows some rows otherwise than they lie in the file; devices that use the file as their remote have {code}"));
    }
    let about = format!("{} in {}", memories(snapshot.len()), escape_line(&path.display().to_string()));
    Ok(Contents { id, snapshot, about })
}

fn summary(message: &str) -> String {
    escape_line(message.lines().next().unwrap_or_default()).into_owned()
}

/// The first digits of an id.
fn code(id: &impl ObjectId) -> String {
    id.to_string()[..DIGITS].to_owned()
}

/// A line for each part of the memories under `prefix`, or for each memory where they are few.
fn page(snapshot: &Snapshot, prefix: &str) -> Result<String, CommandError> {
    if !prefix.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(CommandError::usage("--tree takes the first digits of hashes, in small letters"));
    }
    let parts = tree::parts(snapshot, prefix);
    let count: usize = parts.iter().map(|part| part.memories.len()).sum();
    if count > LISTED {
        let line =
            |part: &Part| format!("{}  {}  {}\n", part.prefix, code(&part.id), memories(part.memories.len()));
        return Ok(parts.iter().map(line).collect());
    }
    let line =
        |(key, blob): (&ContentHash, &BlobId)| format!("{}  {}\n", escape_line(key.as_str()), code(blob));
    Ok(parts.iter().flat_map(|part| &part.memories).map(line).collect())
}
