//! `memsync fsck`: look at everything, and say what is damaged and how to mend it.

use crate::error::{CommandError, ExitCode};
use crate::local;
use crate::porcelain::shared::arguments::extra;
use crate::porcelain::shared::words::to_json;
use crate::store;
use crate::ui::view::fsck::{Finding, FsckJson, Section};
use crate::workspace::{Access, Workspace};

/// Check the objects, the refs and the local database
///
/// Looks at everything that memsync keeps and at this device's memories: objects and what leads to them, rows, vectors, the
/// full-text index. Says for each damage what it is and how to mend it. Changes not a byte, and never keeps the service from
/// writing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = extra(EXTRA))]
pub struct Args {
    /// Only look whether everything is there that something leads to, in the staging database
    #[arg(long)]
    pub connectivity_only: bool,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
}

const EXTRA: &str = "\
Examples:
  memsync fsck
      Check both databases of this device.
  memsync fsck --json
      The same for programs.

Exit codes:
  0    No damage.
  2    The command line is wrong.
  5    A database on this device is damaged, or is missing, busy or unsupported.
  128  This device is not initialised; run `memsync init`.
";

/// Runs the command.
pub fn run(args: &Args, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Read, "memsync fsck")?;
    let bar = workspace.ui.progress("Checking the staging database", None);
    let staging = staging(&store, store.fsck(args.connectivity_only)?, &workspace.device());
    drop(bar);
    let bar = workspace.ui.progress("Checking this device's memories", None);
    let memories = if args.connectivity_only { Ok(None) } else { memories(workspace).map(Some) };
    drop(bar);
    // What the staging database came to is told even where the other one cannot be opened.
    let local = memories.as_ref().ok().and_then(Option::as_ref);
    let document = FsckJson::new(&staging, local);
    if args.json {
        workspace.ui.data(&to_json(&document))?;
    } else {
        let palette = workspace.ui.palette();
        let text: String =
            [Some(&staging), local].into_iter().flatten().map(|section| section.text(palette)).collect();
        workspace.ui.data(&text)?;
    }
    let is_damaged = document.is_damaged();
    memories?;
    Ok(if is_damaged { ExitCode::Database } else { ExitCode::Done })
}

fn staging(store: &store::Store, checked: store::Checked, device: &str) -> Section {
    let path = store.path().display().to_string();
    let findings = checked.findings.into_iter().map(|found| Finding {
        code: found.damage.as_str(),
        mend: mend_staging(found.damage, &path),
        place: found.place,
        problem: found.problem,
    });
    Section::new(format!("staging database of {device}:"), &path, findings.collect())
        .counting("objects", checked.objects, "object", "objects")
        .counting("references", checked.references, "ref", "refs")
        .noting(
            "unreachable",
            checked.unreachable,
            "object that nothing leads to (see `memsync gc`)",
            "objects that nothing leads to (see `memsync gc`)",
        )
        .noting("vectors", checked.vectors, "vector", "vectors")
}

fn memories(workspace: &Workspace) -> Result<Section, CommandError> {
    let path = workspace.database_path()?.display().to_string();
    let checked = workspace.local()?.check()?;
    let findings = checked.findings.into_iter().map(|found| Finding {
        code: found.damage.as_str(),
        mend: mend_local(found.damage, &path),
        place: found.place,
        problem: found.problem,
    });
    let section = Section::new(format!("memories of {}:", workspace.device()), &path, findings.collect())
        .counting("memories", checked.memories, "memory", "memories");
    let section = match checked.vectors {
        Some(vectors) => section.counting("vectors", vectors, "vector", "vectors"),
        None => section,
    };
    Ok(section.noting(
        "loose_links",
        checked.loose_links,
        "link to a memory that is gone (harmless)",
        "links to memories that are gone (harmless)",
    ))
}

/// How to mend the staging database at `path`. What is damaged may be the only one of its kind, so nothing is put
/// together again in place.
fn mend_staging(damage: store::Damage, path: &str) -> String {
    if damage == store::Damage::Vector {
        return "`memsync gc` drops it; it is made again when it is needed".to_owned();
    }
    format!(
        "your memories are not in it: move {path} away and run `memsync init`; the next sync joins both sides and deletes \
         nothing, and with STAGING_DB the history that can still be read stays at hand"
    )
}

/// How to mend this device's memories at `path`.
fn mend_local(damage: local::check::Damage, path: &str) -> String {
    use local::check::Damage as D;
    let vectors = |which: &str| {
        format!(
            "stop mcp-memory-service, open {path} with its extension sqlite-vec loaded, and run \
             `DELETE FROM memory_embeddings WHERE rowid {which}`"
        )
    };
    match damage {
        // Not `.recover`: many builds of the program lack what it needs.
        D::File => format!(
            "stop mcp-memory-service and put a backup of {path} back; without one, \
             `sqlite3 '{path}' .dump | sed 's/^ROLLBACK.*/COMMIT;/' | sqlite3 NEW` saves what can be read"
        ),
        D::VectorTables => format!(
            "stop mcp-memory-service and put a backup of {path} back; without one it stays as it is: texts, lists and \
             syncs take no harm from it"
        ),
        D::UnreadableRow => format!(
            "memsync leaves it alone on both sides; `sqlite3 -line '{path}' 'SELECT * FROM memories'` shows it, \
             mcp-memory-service can change or delete it"
        ),
        D::DuplicateHash => format!(
            "`sqlite3 -line '{path}' 'SELECT * FROM memories'` shows them; keep a copy of the file and delete all but one"
        ),
        D::MissingVector => "`memsync embed --missing` makes it, or says why it cannot".to_owned(),
        D::VectorStore => format!(
            "{}; then `memsync embed --missing` makes it anew in the store of the memory",
            vectors("= (SELECT id FROM memories WHERE content_hash = 'HASH')")
        ),
        D::OrphanVector | D::DeletedVector => {
            vectors("NOT IN (SELECT id FROM memories WHERE deleted_at IS NULL)")
        }
        D::VectorSize => format!("{}; then `memsync embed --missing` makes it anew", vectors("= NUMBER")),
        D::FullText => format!(
            "`sqlite3 '{path}' \"INSERT INTO memory_content_fts(memory_content_fts) VALUES('rebuild')\"` makes it anew \
             out of the texts; mcp-memory-service may keep running"
        ),
    }
}
