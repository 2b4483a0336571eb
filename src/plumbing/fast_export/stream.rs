//! The stream that git fast-import reads (`git help fast-import` describes it).
//!
//! Guarantees: each object is written once, and one at a time is held in memory; what is known of all of them is an id
//! and a number. The same history gives the same stream.

use std::collections::HashMap;

use crate::error::CommandError;
use crate::object::tree::{Changed, Child};
use crate::object::{BlobId, Commit, CommitId, Signature, TreeId};
use crate::plumbing::shared::{quote, read};
use crate::sync::{Named, Session};
use crate::ui::Ui;

/// A stream that is being written.
pub(super) struct Stream<'a> {
    session: &'a Session<'a>,
    ui: &'a mut Ui,
    /// The numbers by which the stream refers to what was written.
    blobs: HashMap<BlobId, usize>,
    commits: HashMap<CommitId, usize>,
}

impl<'a> Stream<'a> {
    pub(super) fn new(session: &'a Session<'a>, ui: &'a mut Ui) -> Self {
        Self { session, ui, blobs: HashMap::new(), commits: HashMap::new() }
    }

    /// Begins the stream, so that git notices where the rest of it is lost.
    pub(super) fn begin(&mut self) -> Result<(), CommandError> {
        Ok(self.ui.data("feature done\n")?)
    }

    pub(super) fn end(&mut self) -> Result<(), CommandError> {
        Ok(self.ui.data("done\n")?)
    }

    /// Writes the history of `tip`, oldest first, and lets the branch end there.
    pub(super) fn branch(&mut self, branch: &str, tip: CommitId) -> Result<(), CommandError> {
        let mut history = vec![tip];
        while let Some(before) = self.session.origins(history[history.len() - 1])?.before {
            history.push(before);
        }
        let mut before = None;
        for id in history.into_iter().rev() {
            let commit = self.session.store.commit(id)?;
            let tree = commit.tree;
            self.commit(branch, id, &commit, before)?;
            before = Some((id, tree));
        }
        // A branch whose last commit another branch had already.
        let mark = self.commits[&tip];
        Ok(self.ui.data(&format!("reset {branch}\nfrom :{mark}\n\n"))?)
    }

    fn commit(
        &mut self,
        branch: &str,
        id: CommitId,
        commit: &Commit,
        before: Option<(CommitId, TreeId)>,
    ) -> Result<(), CommandError> {
        if self.commits.contains_key(&id) {
            return Ok(());
        }
        let changes = self.changes(before.map(|(_, tree)| tree), commit.tree)?;
        let mark = self.next_mark();
        self.commits.insert(id, mark);
        let signature = signature(&commit.author);
        let message = &commit.message;
        self.ui.data(&format!(
            "commit {branch}\nmark :{mark}\nauthor {signature}\ncommitter {signature}\ndata {}\n{message}\n",
            message.len()
        ))?;
        if let Some((before, _)) = before {
            self.ui.data(&format!("from :{}\n", self.commits[&before]))?;
        }
        for change in changes {
            self.ui.data(&change)?;
        }
        Ok(self.ui.data("\n")?)
    }

    /// Writes the memories that are new since the tree `before`, and gives the lines that lead from there to `tree`, what
    /// is gone first.
    fn changes(&mut self, before: Option<TreeId>, tree: TreeId) -> Result<Vec<String>, CommandError> {
        let (mut gone, mut there) = (Vec::new(), Vec::new());
        let store = self.session.store;
        store.walk(before, Some(tree), &|_| true, &mut |Changed { path, new, .. }| {
            match new {
                Some(Child::Blob(blob)) => {
                    let mark = self.blob(blob)?;
                    there.push(format!("M 100644 :{mark} {}\n", quote(path)));
                }
                _ => gone.push(format!("D {}\n", quote(path))),
            }
            Ok::<_, CommandError>(())
        })?;
        gone.append(&mut there);
        Ok(gone)
    }

    fn blob(&mut self, id: BlobId) -> Result<usize, CommandError> {
        if let Some(mark) = self.blobs.get(&id) {
            return Ok(*mark);
        }
        let mark = self.next_mark();
        let bytes = read(self.session.store, &Named::Version(id))?;
        self.ui.data(&format!("blob\nmark :{mark}\ndata {}\n", bytes.len()))?;
        self.ui.object(&bytes)?;
        self.ui.data("\n")?;
        self.blobs.insert(id, mark);
        Ok(mark)
    }

    fn next_mark(&self) -> usize {
        self.blobs.len() + self.commits.len() + 1
    }
}

/// A device and a moment.
fn signature(author: &Signature) -> String {
    let sign = if author.offset < 0 { '-' } else { '+' };
    let minutes = author.offset.unsigned_abs() / 60;
    format!("{} <> {} {sign}{:02}{:02}", author.name, author.seconds, minutes / 60, minutes % 60)
}
