//! The service's own replication: its event log and the baseline.
//!
//! Beyond the service an event may carry the members `if_match` and `if_none_match`, with the values of HTTP's
//! headers: where that does not hold for the memory the event is answered `precondition_failed`, which counts as
//! failed but does not stop the events after it. What events change is announced.
//!
//! Other than the service: an event that fails leaves nothing behind, so it fails again when it is sent again,
//! where the service answers `skipped_duplicate` and passes it on; an event that is no event fails instead of
//! the whole request; a memory is never hidden because its author makes vectors another way; a limit below 1 is
//! refused with 400 instead of 500. Whoever has the key may write in any name: `MCP_SYNC_PUSH_ALLOWED_AGENTS`
//! is not looked at, because the name of an author proves nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Map, Value};

use super::announcement::Announcement;
use super::failure::Failure;
use super::fields::{Body, Query};
use super::{Hub, precondition};
use crate::local::service::{Batch, Changes, Condition, Fate, Feed, Reader, Record, Status};
use crate::side;

/// How many entries of the log a page has at most.
const PAGE: i64 = 1_000;

/// How many changes are announced before others get their turn.
const TURN: usize = 64;

/// The endpoints of this file.
pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/api/sync/events", get(feed).post(ingest)).route("/api/sync/baseline", get(baseline))
}

#[derive(Serialize)]
struct Ingested {
    results: Vec<Outcome>,
    applied: usize,
    skipped: usize,
    failed: usize,
}

#[derive(Serialize)]
struct Outcome {
    event_id: String,
    status: &'static str,
}

async fn feed(State(hub): State<Arc<Hub>>, Query(mut query): Query) -> Result<Json<Feed>, Failure> {
    let since = query.integer("since_seq").or(0);
    let limit = query.integer("limit").at_most(PAGE).or(100);
    query.finish()?;
    let limit = u32::try_from(limit).ok().filter(|limit| *limit > 0);
    let limit = limit.ok_or_else(|| Failure::new(StatusCode::BAD_REQUEST, "limit must be positive"))?;
    Ok(Json(hub.database.read(move |reader| reader.feed(since, limit)).await?))
}

async fn baseline(State(hub): State<Arc<Hub>>) -> Result<impl IntoResponse, Failure> {
    let body = hub.database.stream(Reader::baseline).await?;
    Ok(([(CONTENT_TYPE, "application/json")], body))
}

async fn ingest(State(hub): State<Arc<Hub>>, Body(mut body): Body) -> Result<Json<Ingested>, Failure> {
    let events = body.objects("events").required();
    body.finish()?;
    if events.iter().any(|event| text(event, "agent_id").trim().is_empty()) {
        return Err(Failure::new(StatusCode::FORBIDDEN, "event missing agent_id"));
    }
    let labels: Vec<Label> = events.iter().map(Label::of).collect();
    let batch = Batch::read(events.into_iter().map(with_condition));
    let vectors = hub.embedder.vectors(batch.texts()).await;
    let ingest = move |changes: &Changes<'_>| {
        let statuses = changes.ingest(&batch, &vectors)?;
        Ok((statuses, vectors.is_lacking()))
    };
    let (statuses, is_lacking) = hub.database.write(ingest).await?;
    if is_lacking {
        hub.lacking.notify_one();
    }
    let answer = Json(Ingested::of(&labels, &statuses));
    let changes = labels.into_iter().zip(statuses).filter(|(_, status)| *status == Status::Applied);
    tokio::spawn(announce(hub, changes.map(|(label, _)| label).collect()));
    Ok(answer)
}

/// What tells one event from the others.
struct Label {
    event_id: String,
    op: String,
    content_hash: String,
}

impl Label {
    fn of(event: &Map<String, Value>) -> Self {
        let [event_id, op, content_hash] = ["event_id", "op", "content_hash"].map(|name| text(event, name));
        Self { event_id: event_id.to_owned(), op: op.to_owned(), content_hash: content_hash.to_owned() }
    }
}

impl Ingested {
    fn of(labels: &[Label], statuses: &[Status]) -> Self {
        let count = |wanted: &[Status]| statuses.iter().filter(|status| wanted.contains(status)).count();
        let outcomes = labels.iter().zip(statuses);
        let outcome = |(label, status): (&Label, &Status)| Outcome {
            event_id: label.event_id.clone(),
            status: status.name(),
        };
        Self {
            results: outcomes.map(outcome).collect(),
            applied: count(&[Status::Applied]),
            skipped: count(&[Status::SkippedDuplicate]),
            failed: count(&[Status::Failed, Status::PreconditionFailed]),
        }
    }
}

/// A member that is a text; every other is as good as an empty one.
fn text<'a>(event: &'a Map<String, Value>, name: &str) -> &'a str {
    event.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The event, and on which condition it is to happen; `None` where that cannot be read.
fn with_condition(mut event: Map<String, Value>) -> (Map<String, Value>, Option<Condition>) {
    let mut take = |name| match event.remove(name) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(value)) => Some(Some(value)),
        Some(_) => None,
    };
    let condition = take("if_match").zip(take("if_none_match")).and_then(|(is, is_not)| {
        let [is, is_not] = [&is, &is_not].map(|value| value.as_ref().map(String::as_bytes));
        precondition::condition(is, is_not).ok()
    });
    (event, condition)
}

/// Tells whoever listens what became of the memories that `changes` were about.
async fn announce(hub: Arc<Hub>, changes: Vec<Label>) {
    let mut changes = changes.into_iter().peekable();
    while changes.peek().is_some() {
        let turn: Vec<Label> = changes.by_ref().take(TURN).collect();
        let announcements = hub.database.read(move |reader| {
            turn.iter().map(|label| announcement(reader, label)).collect::<Result<Vec<_>, _>>()
        });
        // What went wrong stands in the log. Nobody is owed these.
        let Ok(announcements) = announcements.await else { return };
        announcements.into_iter().flatten().for_each(|announcement| hub.announce(announcement));
    }
}

fn announcement(reader: &Reader, label: &Label) -> Result<Option<Announcement>, side::Error> {
    Ok(reader.fate(&label.content_hash)?.map(|fate| match fate {
        Fate::Deleted { store } => Announcement::memory_deleted(&label.content_hash, &store),
        Fate::Lives(record) => {
            let Record { content_hash, content, tags, memory_type, store, .. } = &*record;
            let announcement = match &*label.op {
                "create" => Announcement::memory_stored,
                _ => Announcement::memory_updated,
            };
            announcement(content_hash, content, tags, *memory_type, store)
        }
    }))
}

#[cfg(test)]
mod tests;
