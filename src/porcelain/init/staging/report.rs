//! What came of an import, in words.

use std::path::Path;

use crate::error::ExitCode;
use crate::object::{CommitId, ContentHash};
use crate::sync::Adoption;
use crate::ui::view::text::counted;
use crate::ui::{escape_line, shell_word};
use crate::workspace::Workspace;

/// The name by which what was imported is found.
const SOURCE: &str = "imported/scripts";

/// What became of the rows. Every row is counted once: in `earlier`, in `unreadable`, or with its memory.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// All rows.
    pub rows: usize,
    /// Rows that a later row of the same memory follows.
    pub earlier: usize,
    /// Rows that hold no memory: their own names, and why.
    pub unreadable: Vec<(String, String)>,
    created: usize,
    held: usize,
    gone: usize,
    /// What the user has to decide, a line each.
    open: Vec<String>,
}

impl Report {
    /// Counts a memory by its last row.
    pub(super) fn add(&mut self, key: &ContentHash, is_deleted: bool, is_conflict: bool, adoption: Adoption) {
        let shown = escape_line(key.short()).into_owned();
        let argument = if key.is_hex() { key.short().into() } else { shell_word(key.as_str()) };
        let argument = escape_line(&argument);
        let take = format!("`memsync restore --source {SOURCE} {argument}` takes it");
        let show = format!("`memsync show {SOURCE}:{argument}`");
        let line = match (adoption, is_deleted) {
            (Adoption::Deleted, true) => {
                self.gone += 1;
                return;
            }
            (Adoption::Held | Adoption::Differs, true) => format!(
                "was deleted, and this device holds it: delete it in the service if it is to go; {show} is what it was"
            ),
            (_, true) => format!(
                "was deleted, and the server may not know: if a sync brings it back, delete it again; {show} is what it was"
            ),
            (Adoption::Created, _) => {
                self.created += 1;
                return;
            }
            (Adoption::Held, _) => {
                self.held += 1;
                return;
            }
            (Adoption::Differs, _) => format!("differs from what this device holds: {show}, {take}"),
            (Adoption::Deleted, _) => format!("was deleted on this device since: {show}, {take}"),
            (Adoption::Absent, _) if is_conflict => {
                format!("was in conflict, and this device lacks it: {show}, {take}")
            }
            (Adoption::Absent, _) => {
                format!("has a name that no program gives, and was not created: {show}, {take}")
            }
            (Adoption::Failed(why), _) => {
                format!("could not be created ({}): {show}, {take}", escape_line(&why))
            }
        };
        self.open.push(format!("{shown}  {line}"));
    }

    /// Says all of it, and whether something is left to decide.
    pub(super) fn print(
        &self,
        path: &Path,
        kept: Option<CommitId>,
        device: &str,
        workspace: &mut Workspace,
    ) -> ExitCode {
        let ui = &mut workspace.ui;
        let file = path.display().to_string();
        ui.note(&format!("Imported {} of {}:", counted(self.rows, "row", "rows"), escape_line(&file)));
        let device = escape_line(device).into_owned();
        for (count, what) in [
            (self.created, format!("created on this device ({device}), for the next sync to send")),
            (self.held, format!("on this device ({device}) already")),
            (self.gone, format!("deleted on this device ({device}), which the next sync tells the server")),
            (
                self.earlier,
                format!("followed by a later row of the same memory; what differs is in {SOURCE}~1"),
            ),
            (self.open.len(), "for you to decide".to_owned()),
            (self.unreadable.len(), "not readable, and left in the file".to_owned()),
        ] {
            if count > 0 {
                ui.note(&format!("  {count} {what}"));
            }
        }
        if let Some(kept) = kept {
            let id = &kept.to_string()[..10];
            ui.note(&format!("All of them are kept: `memsync ls-tree -r {SOURCE}` lists them ({id})"));
        }
        if self.created > 0 {
            ui.hint("`memsync undo` takes back what was created");
        }
        for line in &self.open {
            ui.talk(&format!("{line}\n"));
        }
        for (id, why) in &self.unreadable {
            ui.warn(&format!("row '{id}' is left in the file: {why}"));
        }
        let is_settled = self.open.is_empty() && self.unreadable.is_empty();
        if is_settled { ExitCode::Done } else { ExitCode::Differences }
    }
}
