//! What the service makes of texts, tags, types and numbers that it is sent.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};

use super::Version;

/// What REST shows where a memory has no tags.
const UNTAGGED: &str = "untagged";

/// The types of 12.2.0, as `TAXONOMY` in its `models/ontology.py` has them: a base type begins each line.
const TYPES: &str = "
    observation code_edit file_access search command conversation conversation_turn session document note reference
        user_correction tool_outcome preference_signal
    decision architecture tool_choice approach configuration
    learning insight best_practice anti_pattern gotcha
    error bug failure exception timeout mistake
    pattern recurring_issue code_smell design_pattern workflow
    planning sprint_goal backlog_item story_point_estimate velocity retrospective standup_note acceptance_criteria
    ceremony sprint_review sprint_planning daily_standup retrospective_action demo_feedback
    milestone deliverable dependency risk constraint assumption deadline
    stakeholder requirement feedback escalation approval change_request status_update
    meeting action_item attendee_note agenda_item follow_up minutes
    research finding comparison recommendation source hypothesis
    communication email_summary chat_summary announcement request response
";

/// Those of them that 10.20.6 has not.
const LATER_TYPES: [&str; 6] =
    ["conversation_turn", "mistake", "preference_signal", "session", "tool_outcome", "user_correction"];

/// The name of a memory: the SHA-256 of Python's `content.strip().lower()`.
pub(crate) fn content_hash(content: &str) -> String {
    digest(strip(content).to_lowercase().as_bytes())
}

/// A SHA-256 in hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha256);
    hasher.update(bytes);
    hasher.try_finalize().expect("only SHA-1 can fail, when it detects a collision attack").to_string()
}

/// Python's `str.strip`.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

/// What POST makes of tags.
pub(super) fn tags<'a>(tags: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut normal: Vec<String> = Vec::new();
    for tag in tags {
        let tag: String = strip(tag).replace(',', "-").chars().take(100).collect();
        let tag = tag.to_lowercase();
        if !tag.is_empty() && !normal.contains(&tag) {
            normal.push(tag);
        }
    }
    normal.truncate(100);
    normal
}

/// The tags in the metadata member `tags`: a list of texts, or a text with commas.
pub(super) fn tags_in(member: Option<&Value>) -> Vec<String> {
    match member {
        Some(Value::String(text)) => tags(text.split(',')),
        Some(Value::Array(elements)) => tags(elements.iter().filter_map(Value::as_str)),
        _ => Vec::new(),
    }
}

/// The tags that a column shows over REST.
pub(super) fn shown_tags(column: &str) -> Vec<String> {
    let tags = split(column);
    if tags.is_empty() { vec![UNTAGGED.to_owned()] } else { tags }
}

/// The tags in a column.
pub(super) fn split(column: &str) -> Vec<String> {
    column.split(',').map(strip).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// The tags in a column, as a change is told from none.
pub(super) fn set(column: &str) -> BTreeSet<&str> {
    if column.is_empty() { BTreeSet::new() } else { column.split(',').collect() }
}

/// The type that REST shows: 12.2.0 knows its types in any spelling, 10.20.6 letter for letter.
pub(super) fn shown_type(version: Version, memory_type: &str) -> String {
    let known = match version {
        Version::V12_2_0 => strip(memory_type).to_lowercase(),
        Version::V10_20_6 if LATER_TYPES.contains(&memory_type) => String::new(),
        Version::V10_20_6 => memory_type.to_owned(),
    };
    if TYPES.split_whitespace().any(|own| own == known) { known } else { "observation".to_owned() }
}

/// Metadata as it comes back from Python: what is written with a point or an exponent is a double.
pub(super) fn numbers(members: Map<String, Value>) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name, number(value))).collect()
}

fn number(value: Value) -> Value {
    match value {
        Value::Number(number) if number.to_string().contains(['.', 'e', 'E']) => {
            number.as_f64().and_then(Number::from_f64).map_or(Value::Number(number), Value::Number)
        }
        Value::Array(elements) => elements.into_iter().map(self::number).collect(),
        Value::Object(members) => Value::Object(numbers(members)),
        other => other,
    }
}
