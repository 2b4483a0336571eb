//! What commits changed, with the memories themselves.

use crate::error::CommandError;
use crate::object::tree::Difference;
use crate::object::{BlobId, CommitId};
use crate::sync::Session;
use crate::ui::view::diff::Change;

/// What a commit changed, sorted by key.
pub(crate) fn changes(session: &Session<'_>, commit: CommitId) -> Result<Vec<Change>, CommandError> {
    session.changed_by(commit)?.into_iter().map(|found| change(session, found)).collect()
}

/// A difference with its memories.
pub(crate) fn change(session: &Session<'_>, (key, old, new): Difference) -> Result<Change, CommandError> {
    let load = |blob: Option<BlobId>| blob.map(|blob| session.store.memory(blob)).transpose();
    Ok(Change { key, old: load(old)?, new: load(new)? })
}
