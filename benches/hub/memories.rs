//! Memories by number: each number always makes the same one.

use std::ops::Range;

use serde_json::{Value, json};

/// The most memories in one request to the event endpoint.
pub const BATCH: usize = 500;

/// The text of a memory: 440 bytes, lower case and trimmed, so that its name is the SHA-256 of it as it is.
pub fn content(number: usize) -> String {
    let text = "what is worth remembering takes a few lines of text. ".repeat(8);
    format!("number {number}: {}", text.trim_end())
}

/// The name that the service gives a memory with this text.
pub fn name_of(content: &str) -> String {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha256);
    hasher.update(content.as_bytes());
    hasher.try_finalize().expect("SHA-256 has no collisions to detect").to_string()
}

/// The names of some memories.
pub fn names(numbers: Range<usize>) -> Vec<String> {
    numbers.map(|number| name_of(&content(number))).collect()
}

/// The bodies of the requests to the event endpoint that create these memories.
pub fn batches(numbers: Range<usize>) -> Vec<Value> {
    let numbers: Vec<_> = numbers.collect();
    let batch = |part: &[usize]| json!({"events": part.iter().copied().map(event).collect::<Vec<_>>()});
    numbers.chunks(BATCH).map(batch).collect()
}

fn event(number: usize) -> Value {
    let content = content(number);
    let name = name_of(&content);
    let seconds = 1_700_000_000 + number;
    json!({
        "schema_version": 1, "agent_id": "bench", "event_id": format!("00000000-0000-4000-8000-{number:012}"),
        "op": "create", "content_hash": name, "hlc_physical": seconds * 1_000, "hlc_logical": 0,
        "embedding_model": null, "embedding_dim": null,
        "payload": {
            "content_hash": name, "content": content, "memory_type": "note",
            "tags": ["many", format!("group-{}", number % 100)], "created_at": seconds, "updated_at": seconds,
            "metadata": { "number": number }, "store": "default",
        },
    })
}
