//! What the hub tells whoever listens at `/api/events`.

use serde_json::{Value, json};

/// How much of a memory's text an announcement shows, in characters, as in the service.
const PREVIEW: usize = 100;

/// Something that happened, as the service tells it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Announcement {
    /// The event's name.
    pub(super) name: &'static str,
    /// The store it concerns: whoever listens to other stores only does not hear of it. `None` concerns all.
    pub(super) store: Option<String>,
    /// The members of the event's data, without the time.
    pub(super) data: Value,
}

impl Announcement {
    /// A memory is new.
    pub(super) fn memory_stored(
        content_hash: &str,
        content: &str,
        tags: &[String],
        memory_type: Option<&str>,
        store: &str,
    ) -> Self {
        let message = "New memory stored successfully";
        Self::of_memory("memory_stored", content_hash, content, tags, memory_type, store, message)
    }

    /// A memory has changed. The service has no such event; this one has the members of `memory_stored`.
    pub(super) fn memory_updated(
        content_hash: &str,
        content: &str,
        tags: &[String],
        memory_type: Option<&str>,
        store: &str,
    ) -> Self {
        let message = "Memory updated successfully";
        Self::of_memory("memory_updated", content_hash, content, tags, memory_type, store, message)
    }

    fn of_memory(
        name: &'static str,
        content_hash: &str,
        content: &str,
        tags: &[String],
        memory_type: Option<&str>,
        store: &str,
        message: &str,
    ) -> Self {
        let data = json!({
            "content_hash": content_hash,
            "content_preview": preview(content),
            "tags": tags,
            "memory_type": memory_type,
            "store": store,
            "message": message,
        });
        Self { name, store: Some(store.to_owned()), data }
    }

    /// A memory is gone.
    pub(super) fn memory_deleted(content_hash: &str, store: &str) -> Self {
        let data = json!({
            "content_hash": content_hash,
            "success": true,
            "store": store,
            "message": "Memory deleted successfully",
        });
        Self { name: "memory_deleted", store: Some(store.to_owned()), data }
    }

    /// Somebody has searched; `kind` is the `search_type` of the answer.
    pub(super) fn search_completed(query: &str, kind: &str, results: usize, milliseconds: f64) -> Self {
        let data = json!({
            "query": query,
            "search_type": kind,
            "results_count": results,
            "processing_time_ms": milliseconds,
            "message": format!("Search completed: {results} results found"),
        });
        Self { name: "search_completed", store: None, data }
    }
}

fn preview(content: &str) -> String {
    match content.char_indices().nth(PREVIEW) {
        Some((end, _)) => format!("{}...", &content[..end]),
        None => content.to_owned(),
    }
}
