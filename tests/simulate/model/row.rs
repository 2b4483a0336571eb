//! A row of the database, and how REST shows it.

use serde_json::{Map, Value, json};

use super::{Version, moment, rewrite};

/// A row of the table `memories`, as far as it is told to anybody.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) content_hash: String,
    pub(crate) content: String,
    /// Separated by commas.
    pub(crate) tags: String,
    pub(crate) memory_type: Option<String>,
    pub(crate) metadata: Map<String, Value>,
    /// A moment's number and its text.
    pub(crate) created: (Option<f64>, String),
    pub(crate) updated: (Option<f64>, String),
    pub(crate) deleted_at: Option<f64>,
    pub(crate) store: String,
    pub(crate) superseded_by: Option<String>,
    /// Whether a search can find it: REST takes the vector of what it deletes, and no event that brings the memory back
    /// makes another.
    pub(crate) has_vector: bool,
}

impl Row {
    pub(crate) fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }

    /// Whether it is live, and in this store; `None` means any.
    pub(super) fn is_in(&self, store: Option<&str>) -> bool {
        self.is_live() && store.is_none_or(|store| self.store == store)
    }

    /// The row as REST shows it at `now`, which stands for a moment that the row does not tell.
    pub(crate) fn shown(&self, version: Version, now: f64) -> Value {
        let (created_at, created_at_iso) = shown_moment(&self.created, now);
        let (updated_at, updated_at_iso) = shown_moment(&self.updated, now);
        json!({
            "content": self.content,
            "content_hash": self.content_hash,
            "tags": rewrite::shown_tags(&self.tags),
            "memory_type": self.memory_type.as_deref().map(|own| rewrite::shown_type(version, own)),
            "metadata": self.metadata,
            "created_at": created_at,
            "created_at_iso": created_at_iso,
            "updated_at": updated_at,
            "updated_at_iso": updated_at_iso,
        })
    }
}

/// A number that agrees with its text stands as it is; one that is more than a day apart is taken for damage.
fn shown_moment((number, text): &(Option<f64>, String), now: f64) -> (f64, String) {
    match (number, moment::seconds(text)) {
        (Some(number), Some(read)) => {
            let apart = (number - read).abs();
            if apart <= 1.0 {
                (*number, text.clone())
            } else if apart < 86_400.0 {
                (*number, moment::iso(*number))
            } else {
                (now, moment::iso(now))
            }
        }
        (Some(number), None) => (*number, moment::iso(*number)),
        (None, Some(read)) => (read, text.clone()),
        (None, None) => (now, moment::iso(now)),
    }
}
