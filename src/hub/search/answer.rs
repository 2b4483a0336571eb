//! What a search is answered with.

use std::collections::HashSet;

use axum::Json;
use serde::Serialize;

use crate::hub::Hub;
use crate::hub::announcement::Announcement;
use crate::local::service::{Match, Record};
use crate::object::Timestamp;

/// What counts as a memory's quality where its metadata names none.
const QUALITY: f64 = 0.5;

/// The likeness that counts where there is none at all, once quality counts too.
const LIKENESS: f64 = 0.5;

/// The answer to a search.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    pub(super) results: Vec<Found>,
    /// How many there would be without a limit, where the search counts them, else how many there are.
    pub(super) total_found: usize,
    pub(super) query: String,
    pub(super) search_type: &'static str,
    pub(super) processing_time_ms: f64,
}

/// A memory, and why it was found.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Found {
    pub(super) memory: Record,
    pub(super) similarity_score: Option<f64>,
    pub(super) relevance_reason: Option<String>,
}

impl Hub {
    /// The answer to a search that began at `started`.
    pub(super) fn answer(
        &self,
        search_type: &'static str,
        query: String,
        results: Vec<Found>,
        started: Timestamp,
    ) -> Answer {
        let processing_time_ms = (self.now().seconds() - started.seconds()) * 1000.0;
        Answer { total_found: results.len(), results, query, search_type, processing_time_ms }
    }

    /// Gives the answer, and tells everybody who listens that somebody has searched.
    pub(super) fn announced(&self, answer: Answer) -> Json<Answer> {
        let count = answer.results.len();
        let time = answer.processing_time_ms;
        self.announce(Announcement::search_completed(&answer.query, answer.search_type, count, time));
        Json(answer)
    }
}

/// Found by its meaning.
pub(super) fn near(found: Match) -> Found {
    let reason = (found.score > 0.0).then(|| format!("Semantic similarity: {:.3}", found.score));
    Found { memory: found.record, similarity_score: Some(found.score), relevance_reason: reason }
}

/// Found by its meaning and then put in order by its quality as well, which weighs `weight` of 1.
pub(super) fn boosted(found: Vec<Match>, weight: f64) -> Vec<Found> {
    let mut scored: Vec<(f64, Found)> = found.into_iter().map(|found| composite(found, weight)).collect();
    scored.sort_by(|left, right| right.0.total_cmp(&left.0));
    scored.into_iter().map(|(_, found)| found).collect()
}

fn composite(found: Match, weight: f64) -> (f64, Found) {
    let quality = match found.record.metadata.get("quality_score") {
        Some(value) => value.as_f64().filter(|quality| quality.is_finite()).unwrap_or(QUALITY),
        None => QUALITY,
    };
    let likeness = if found.score > 0.0 { found.score } else { LIKENESS };
    let composite = (1.0 - weight) * likeness + weight * quality;
    let reason = format!("Composite: {composite:.3} (semantic: {:.3}, quality: {quality:.3})", found.score);
    (composite, Found { relevance_reason: Some(reason), ..near(found) })
}

/// Found by its tags, of which `tags` were asked for.
pub(super) fn tagged(memory: Record, tags: &HashSet<String>, mode: &str) -> Found {
    let mut named = HashSet::new();
    let shared = memory.tags.iter().filter(|tag| tags.contains(*tag) && named.insert(*tag));
    let shared: Vec<&str> = shared.map(String::as_str).collect();
    let reason = format!("Tags match ({mode}): {}", shared.join(", "));
    Found { memory, similarity_score: None, relevance_reason: Some(reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(score: f64, metadata: &str) -> Match {
        let record = Record {
            content: String::new(),
            content_hash: metadata.to_owned(),
            tags: ["a", "B", "a", "c"].map(str::to_owned).into(),
            memory_type: None,
            metadata: serde_json::from_str(metadata).unwrap(),
            created_at: None,
            created_at_iso: None,
            updated_at: None,
            updated_at_iso: None,
            store: String::new(),
        };
        Match { record, score }
    }

    #[test]
    fn quality_weighs_as_much_as_was_asked_for() {
        let all = || {
            [(0.625, "{}"), (0.5, r#"{"quality_score": 1}"#), (0.0, r#"{"quality_score": "high"}"#)]
                .map(|(score, metadata)| found(score, metadata))
                .into()
        };
        let reasons = |weight| {
            let found = boosted(all(), weight).into_iter();
            found.filter_map(|found| found.relevance_reason).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(reasons(0.0), @"
        Composite: 0.625 (semantic: 0.625, quality: 0.500)
        Composite: 0.500 (semantic: 0.500, quality: 1.000)
        Composite: 0.500 (semantic: 0.000, quality: 0.500)
        ");
        insta::assert_snapshot!(reasons(0.3), @"
        Composite: 0.650 (semantic: 0.500, quality: 1.000)
        Composite: 0.588 (semantic: 0.625, quality: 0.500)
        Composite: 0.500 (semantic: 0.000, quality: 0.500)
        ");
    }

    #[test]
    fn a_reason_names_what_is_shared() {
        let tags = ["b", "c", "a"].map(str::to_owned).into();
        insta::assert_debug_snapshot!(tagged(found(0.0, "{}").record, &tags, "ANY").relevance_reason, @r#"
        Some(
            "Tags match (ANY): a, c",
        )
        "#);
        insta::assert_debug_snapshot!(near(found(0.062_5, "{}")).relevance_reason, @r#"
        Some(
            "Semantic similarity: 0.062",
        )
        "#);
        insta::assert_debug_snapshot!(near(found(0.0, "{}")).relevance_reason, @"None");
    }
}
