//! A memory that goes, and leaves a tombstone.

use serde_json::json;

use crate::side;

use super::log::Operation;
use super::{Change, Changes, Condition};

impl Changes<'_> {
    /// Deletes the memory of this name in `store`.
    pub fn delete(
        &self,
        content_hash: &str,
        store: &str,
        condition: &Condition,
    ) -> Result<Change<()>, side::Error> {
        let Some(version) = self.reader.find(content_hash, Some(store))? else { return Ok(Change::Missing) };
        if !condition.allows(Some(version.etag)) {
            return Ok(Change::PreconditionFailed { current: version.etag });
        }
        let rows = self.rows();
        let delete = || rows.delete(rows.id(content_hash)?, content_hash, self.now);
        delete().map_err(|error| self.failed(error))?;
        let entry = json!({ "content_hash": content_hash, "deleted_at": self.now.seconds() });
        self.log(Operation::Delete, content_hash, &entry)?;
        Ok(Change::Done(()))
    }
}
