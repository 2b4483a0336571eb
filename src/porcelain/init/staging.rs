//! `memsync init --import-staging`: what the sync scripts staged and never sent.
//!
//! Every row becomes a version of a memory that is kept at `refs/imported/scripts`: the newest of each memory in the last
//! commit, earlier ones in the commits before it. New memories are created on this device. Nothing that this device holds
//! is replaced or deleted: that is for its user to decide, with the commands that are printed.

mod change;
mod report;

use std::collections::BTreeMap;

use crate::error::{CommandError, ExitCode};
use crate::object::tree::Snapshot;
use crate::object::{BlobId, ContentHash};
use crate::porcelain::shared::reading::{Meter, read_local};
use crate::store::{Legacy, LegacyRow, Operation, RefName, Store};
use crate::sync::Offer;
use crate::workspace::{Access, Workspace};

use change::change;
use report::Report;

/// Where everything that was staged can be found.
const REFERENCE: &str = "refs/imported/scripts";

/// The versions of one memory, in the order in which they were staged; none twice in a row.
#[derive(Debug, Default)]
struct Staged {
    versions: Vec<BlobId>,
    /// What the last row says.
    is_deleted: bool,
    is_conflict: bool,
}

/// What the file holds.
#[derive(Debug, Default)]
struct Import {
    memories: BTreeMap<ContentHash, Staged>,
    /// A line for each row: what the versions themselves do not tell.
    notes: Vec<String>,
    report: Report,
}

/// Takes over what `legacy` holds.
pub(super) fn import(legacy: &Legacy, workspace: &mut Workspace) -> Result<ExitCode, CommandError> {
    let store = workspace.store(Access::Write, "memsync init")?;
    let session = workspace.session(&store, None);
    let mut import = read(legacy, &store, workspace)?;
    let offers: Vec<Offer> = import.memories.iter().map(|(key, staged)| staged.offer(key)).collect();
    let reference = RefName::new(REFERENCE).expect("a fixed, valid name");
    let message = import.message(legacy)?;
    let ours = read_local(workspace, &session, &session.base()?.base)?;
    session.record_local(&ours)?;
    let mut local = workspace.local()?;
    let mut meter = Meter::new(&mut workspace.ui, &session.remote);
    let (adopted, kept) = session.adopt(
        &offers,
        &import.layers(),
        (&reference, &message),
        &ours,
        &mut local,
        &mut |progress| {
            meter.show(progress);
        },
    )?;
    drop(meter);
    for (key, adoption) in adopted {
        let staged = &import.memories[&key];
        import.report.add(&key, staged.is_deleted, staged.is_conflict, adoption);
    }
    Ok(import.report.print(legacy.path(), kept, &session.device, workspace))
}

/// Reads every row, and keeps its version.
fn read(legacy: &Legacy, store: &Store, workspace: &Workspace) -> Result<Import, CommandError> {
    let mut import = Import::default();
    let bookkeeping = workspace.bookkeeping();
    store.transaction(|store| {
        legacy.rows(&mut |row| {
            import.report.rows += 1;
            let read = row.map_err(|odd| (odd.id, odd.why));
            let read = read.and_then(|row| match change(&row, &bookkeeping) {
                Ok((key, memory)) => Ok((row, key, memory)),
                Err(why) => Err((row.id, why)),
            });
            match read {
                Ok((row, key, memory)) => import.add(&row, key, store.put_memory(&memory)?),
                Err((id, why)) => import.report.unreadable.push((id, why)),
            }
            Ok::<_, CommandError>(())
        })
    })?;
    Ok(import)
}

impl Import {
    fn add(&mut self, row: &LegacyRow, key: ContentHash, blob: BlobId) {
        self.notes.push(note(row, &key));
        let staged = self.memories.entry(key).or_default();
        if !staged.versions.is_empty() {
            self.report.earlier += 1;
        }
        if staged.versions.last() != Some(&blob) {
            staged.versions.push(blob);
        }
        staged.is_deleted = row.operation == Operation::Delete;
        staged.is_conflict = row.conflict_status == "detected";
    }

    /// The snapshots to keep, oldest first: the last one holds the newest version of each memory.
    fn layers(&self) -> Vec<Snapshot> {
        let depth = self.memories.values().map(|staged| staged.versions.len()).max().unwrap_or(0);
        let layer = |back: usize| {
            let version = |(key, staged): (&ContentHash, &Staged)| {
                Some((key.clone(), *staged.versions.iter().rev().nth(back)?))
            };
            self.memories.iter().filter_map(version).collect()
        };
        (0..depth).rev().map(layer).collect()
    }

    /// The message of the commits: what the scripts noted besides the memories.
    fn message(&self, legacy: &Legacy) -> Result<String, CommandError> {
        let name = legacy.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut message = format!("import of {name}, the sync scripts' staging database\n\n");
        message.extend(legacy.status()?.iter().map(|(key, value)| line(&format!("{key}: {value}"))));
        message.extend(self.notes.iter().map(|note| line(note)));
        Ok(message)
    }
}

/// One line of a message, whatever the text holds.
fn line(text: &str) -> String {
    text.replace(char::is_control, " ") + "\n"
}

fn note(row: &LegacyRow, key: &ContentHash) -> String {
    let operation = match row.operation {
        Operation::Insert => "INSERT",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
    };
    let machine = row.source_machine.as_deref().unwrap_or("an unnamed device");
    let named = if row.content_hash == key.as_str() {
        String::new()
    } else {
        format!(" (staged as '{}')", row.content_hash)
    };
    format!(
        "{operation} {key}{named}: row '{}', staged {} on {machine}, {}",
        row.id, row.staged_at.text, row.conflict_status
    )
}

impl Staged {
    /// The newest version. A deletion creates nothing, and what the scripts saw in conflict is not decided here; nor is a
    /// memory made of a row whose name no program gives, for then its columns are in disorder.
    fn offer(&self, key: &ContentHash) -> Offer {
        let blob = *self.versions.last().expect("a memory comes from a row");
        Offer {
            key: key.clone(),
            blob,
            may_be_created: !self.is_deleted && !self.is_conflict && key.is_hex(),
        }
    }
}
