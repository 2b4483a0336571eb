//! What mcp-memory-service is known to make of what it is sent (read off 10.20.6 and 12.2.0).
//!
//! The pair of bases absorbs any rewriting once a base exists. These rules matter where none does yet (a first
//! sync, a crash between the write and the base) and where an answer must be told from somebody else's edit.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::object::{Memory, Metadata};

/// What a type that the service does not know reads back as.
const FALLBACK_TYPE: &str = "observation";

/// The tag that the service gives to a memory without tags.
pub(super) const NO_TAGS: &str = "untagged";

/// How many tags the service keeps of a new memory, and how many characters of a tag.
const MAX_TAGS: usize = 100;

/// The form in which the service stores a tag: trimmed, cut, lower case, commas as hyphens.
pub(super) fn stored_tag(tag: &str) -> String {
    tag.trim().chars().take(MAX_TAGS).collect::<String>().to_lowercase().replace(',', "-")
}

/// Whether one of two tags is what the service makes of the other.
#[must_use]
pub fn same_tag(one: &str, other: &str) -> bool {
    one == other || stored_tag(one) == other || stored_tag(other) == one
}

/// Whether `remote` is what the service shows for a memory that was given the type `local`.
#[must_use]
pub fn same_type(local: Option<&str>, remote: Option<&str>) -> bool {
    let is_known = |name: &str| KNOWN_TYPES.binary_search(&name).is_ok();
    local == remote
        || local.map(|local| local.trim().to_lowercase()).as_deref() == remote
        // 10.x knows a type in its own letter case only, so `Decision` may become `observation` as well.
        || (remote == Some(FALLBACK_TYPE) && !local.is_some_and(is_known))
}

/// The memory of a row as the REST endpoints of 10.20.6 show it (read off that version): an unknown type as an
/// `observation`, no tags as one, and nothing of metadata that is no JSON object. Rows that it wrote itself are shown as
/// they are.
#[must_use]
pub fn shown_by_rest(mut memory: Memory) -> Memory {
    if memory.memory_type.as_deref().is_some_and(|name| KNOWN_TYPES.binary_search(&name).is_err()) {
        memory.memory_type = Some(FALLBACK_TYPE.to_owned());
    }
    if memory.tags.is_empty() {
        memory.tags.insert(NO_TAGS.to_owned());
    }
    if memory.metadata.members().is_none() {
        memory.metadata = Metadata::default();
    }
    memory
}

/// Whether `held` is what a server makes of `sent` when nobody else writes: equal, or different only by
/// documented rewriting, or with fields as they were `before` because the server cannot set them.
///
/// Where it is not, somebody else wrote between our write and the reading back, and what they wrote
/// must not be mistaken for our own base.
#[must_use]
pub fn is_rewriting(before: Option<&Memory>, sent: &Memory, held: &Memory) -> bool {
    // A server changes the content by making the memory anew.
    let before = before.filter(|before| before.content == sent.content);
    let unsettable = |equal: bool, as_before: Option<bool>| equal || as_before.unwrap_or(true);
    held.content == sent.content
        && same_type(sent.memory_type.as_deref(), held.memory_type.as_deref())
        && unsettable(
            held.created_at == sent.created_at,
            before.map(|before| held.created_at == before.created_at),
        )
        && unsettable(held.store == sent.store, before.map(|before| held.store == before.store))
        && unsettable(
            held.superseded_by == sent.superseded_by,
            before.map(|before| held.superseded_by == before.superseded_by),
        )
        && is_rewriting_of_tags(sent, &held.tags)
        && is_rewriting_of_metadata(&sent.metadata, &held.metadata)
}

fn is_rewriting_of_tags(sent: &Memory, held: &BTreeSet<String>) -> bool {
    let moved = tags_in_metadata(&sent.metadata);
    let is_asked_for = |tag: &str| sent.tags.iter().chain(&moved).any(|asked| same_tag(asked, tag));
    let is_added = |tag: &str| (tag == NO_TAGS && sent.tags.is_empty()) || tag.starts_with("source:");
    let is_kept = |asked: &String| held.iter().any(|tag| same_tag(asked, tag));
    held.iter().all(|tag| is_asked_for(tag) || is_added(tag))
        && (sent.tags.len() > MAX_TAGS || sent.tags.iter().all(is_kept))
}

/// The tags in the member `tags`, which the service moves to the tags of a new memory.
fn tags_in_metadata(metadata: &Metadata) -> Vec<String> {
    match metadata.members().and_then(|members| members.get("tags")) {
        Some(Value::String(list)) => list.split(',').map(str::to_owned).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn is_rewriting_of_metadata(sent: &Metadata, held: &Metadata) -> bool {
    let (Metadata::Members(sent), Metadata::Members(held)) = (sent, held) else { return sent == held };
    // `tags` and `type` are dropped, the others set by the server on the way in.
    let excused = |key: &str| matches!(key, "tags" | "type" | "hostname" | "agent_id" | "conversation_id");
    sent.iter().all(|(key, value)| held.get(key) == Some(value) || excused(key))
        && held.keys().all(|key| sent.contains_key(key) || excused(key))
}

/// The types that both versions keep as they are sent, sorted; deployments may add their own.
#[rustfmt::skip]
const KNOWN_TYPES: [&str; 75] = [
    "acceptance_criteria", "action_item", "agenda_item", "announcement", "anti_pattern", "approach",
    "approval", "architecture", "assumption", "attendee_note", "backlog_item", "best_practice", "bug",
    "ceremony", "change_request", "chat_summary", "code_edit", "code_smell", "command", "communication",
    "comparison", "configuration", "constraint", "conversation", "daily_standup", "deadline", "decision",
    "deliverable", "demo_feedback", "dependency", "design_pattern", "document", "email_summary", "error",
    "escalation", "exception", "failure", "feedback", "file_access", "finding", "follow_up", "gotcha",
    "hypothesis", "insight", "learning", "meeting", "milestone", "minutes", "note", "observation",
    "pattern", "planning", "recommendation", "recurring_issue", "reference", "request", "requirement",
    "research", "response", "retrospective", "retrospective_action", "risk", "search", "source",
    "sprint_goal", "sprint_planning", "sprint_review", "stakeholder", "standup_note", "status_update",
    "story_point_estimate", "timeout", "tool_choice", "velocity", "workflow",
];
