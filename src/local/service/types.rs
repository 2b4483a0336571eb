//! The types a memory can have: mcp-memory-service's ontology, as version 12.2.0 ships it.
//!
//! Guarantees: pure functions. Types that an operator of the service adds by `MCP_CUSTOM_MEMORY_TYPES` are not
//! known here.

use super::text::strip;

/// What the service shows in place of a type it does not know.
pub const FALLBACK: &str = "observation";

/// Every type, base types and subtypes alike, in the order in which `GET /api/types` lists them.
pub const ALL: [&str; 81] = [
    "acceptance_criteria",
    "action_item",
    "agenda_item",
    "announcement",
    "anti_pattern",
    "approach",
    "approval",
    "architecture",
    "assumption",
    "attendee_note",
    "backlog_item",
    "best_practice",
    "bug",
    "ceremony",
    "change_request",
    "chat_summary",
    "code_edit",
    "code_smell",
    "command",
    "communication",
    "comparison",
    "configuration",
    "constraint",
    "conversation",
    "conversation_turn",
    "daily_standup",
    "deadline",
    "decision",
    "deliverable",
    "demo_feedback",
    "dependency",
    "design_pattern",
    "document",
    "email_summary",
    "error",
    "escalation",
    "exception",
    "failure",
    "feedback",
    "file_access",
    "finding",
    "follow_up",
    "gotcha",
    "hypothesis",
    "insight",
    "learning",
    "meeting",
    "milestone",
    "minutes",
    "mistake",
    "note",
    "observation",
    "pattern",
    "planning",
    "preference_signal",
    "recommendation",
    "recurring_issue",
    "reference",
    "request",
    "requirement",
    "research",
    "response",
    "retrospective",
    "retrospective_action",
    "risk",
    "search",
    "session",
    "source",
    "sprint_goal",
    "sprint_planning",
    "sprint_review",
    "stakeholder",
    "standup_note",
    "status_update",
    "story_point_estimate",
    "timeout",
    "tool_choice",
    "tool_outcome",
    "user_correction",
    "velocity",
    "workflow",
];

/// The type that the service shows for `text`: letter case and space around it mean nothing, and what it does
/// not know is an [`FALLBACK`].
#[must_use]
pub fn canonical(text: &str) -> &'static str {
    known(text).unwrap_or(FALLBACK)
}

/// The type that `text` names, where it names one.
#[must_use]
pub fn known(text: &str) -> Option<&'static str> {
    let find = |name: &str| ALL.binary_search(&name).ok().map(|at| ALL[at]);
    // Nearly every row holds the canonical form, which needs no copy.
    find(text).or_else(|| find(&strip(text).to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_space_mean_nothing_and_the_unknown_is_an_observation() {
        assert!(ALL.is_sorted());
        assert_eq!(
            ["note", " Decision\u{1f}", "", "my-own", "NOTE"].map(canonical),
            ["note", "decision", "observation", "observation", "note"]
        );
        assert_eq!(known("my-own"), None);
    }
}
