//! Memories: creating, changing and deleting one.
//!
//! Answers are the service's, byte for byte as far as it is consistent, but for these: every write takes
//! `If-Match` and `If-None-Match` and answers 412 where the memory is another version; an answer with a memory
//! carries its `ETag`; a change is announced, too; a text with half a surrogate pair is refused instead of
//! failing halfway.

use std::iter;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{post, put};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::Map;

use super::ContentHash;
use crate::hub::announcement::Announcement;
use crate::hub::failure::Failure;
use crate::hub::fields::{Body, Fields, Query};
use crate::hub::{Hub, precondition};
use crate::local::service::{
    Change, Changes, Creation, Draft, New, Reader, Record, Unusable, Updates, Vectors, Version, python,
};
use crate::object::Memory;

/// Names the program that writes; it becomes a tag.
const AGENT: &str = "x-agent-id";

/// What became of a memory.
#[derive(Serialize)]
struct Answer<'a> {
    success: bool,
    message: &'a str,
    content_hash: Option<&'a str>,
    memory: Option<&'a Record>,
}

#[derive(Serialize)]
struct Deleted {
    success: bool,
    message: String,
    content_hash: String,
}

/// The endpoints of this file.
pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/api/memories", post(create))
        .route("/api/memories/{content_hash}", put(update).delete(delete))
}

async fn create(
    State(hub): State<Arc<Hub>>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Failure> {
    let draft = draft(body, &headers)?;
    let condition = precondition::of_headers(&headers)?;
    let (wanted_store, wanted_type) = (draft.store.clone(), draft.memory_type.clone());
    let new = match New::try_from(draft) {
        Ok(new) => new,
        Err(Unusable::NoTags(why)) => return Ok(not_stored(&format!("Failed to store memory: {why}"))),
        Err(Unusable::Unreadable(_)) => return Err(unreadable()),
    };
    let (new, vectors) = with_meaning(&hub, new).await?;
    let store = move |changes: &Changes<'_>| {
        let creation = changes.store(&new, &vectors, &condition)?;
        Ok((creation, vectors.is_lacking()))
    };
    let (creation, is_lacking) = hub.database.write(store).await?;
    if is_lacking {
        hub.lacking.notify_one();
    }
    match creation {
        Creation::Stored(version) => {
            hub.announce(announcement(&version.record, Announcement::memory_stored));
            let warning = wanted_type.map(|wanted| type_warning(&wanted, &version.record));
            Ok(shown(&format!("Memory stored successfully{}", warning.unwrap_or_default()), &version))
        }
        Creation::Exact { store } => Ok(not_stored(&exact(store.as_deref(), &wanted_store))),
        Creation::Similar { to } => {
            Ok(not_stored(&format!("Duplicate content detected (semantically similar to {to})")))
        }
        Creation::PreconditionFailed { current } => Err(precondition::failed(current)),
    }
}

/// The vector of a new memory, and, where it tells something, whether that meaning is there already.
async fn with_meaning(hub: &Hub, new: New) -> Result<(New, Vectors), Failure> {
    let vectors = hub.embedder.vectors(iter::once(new.content())).await;
    if !new.must_differ() || !vectors.has_meaning(new.content()) {
        return Ok((new, vectors));
    }
    let now = hub.now();
    let look = move |reader: &Reader| {
        let near = reader.similar(&new, &vectors, now)?;
        Ok((new.with_near(near), vectors))
    };
    hub.database.read(look).await
}

fn draft(mut body: Fields, headers: &HeaderMap) -> Result<Draft, Failure> {
    let mut draft = Draft {
        content: body.text("content").required(),
        tags: body.texts("tags").or(Vec::new()),
        memory_type: body.text("memory_type").optional(),
        metadata: body.object("metadata").or(Map::new()),
        ..Draft::default()
    };
    // The service makes a tag of it, and of the header `X-Client-Hostname`, only where it is configured to.
    body.text("client_hostname").optional();
    draft.conversation_id = body.text("conversation_id").optional();
    draft.store = body.text("store").or(Memory::DEFAULT_STORE.to_owned());
    body.finish()?;
    check_store(&draft.store)?;
    if let Some(tag) = agent_tag(headers).filter(|tag| !draft.tags.contains(tag)) {
        draft.tags.push(tag);
    }
    Ok(draft)
}

async fn update(
    State(hub): State<Arc<Hub>>,
    ContentHash(content_hash): ContentHash,
    Query(mut query): Query,
    headers: HeaderMap,
    Body(mut body): Body,
) -> Result<Response, Failure> {
    let store = query.text("store").or(Memory::DEFAULT_STORE.to_owned());
    query.finish()?;
    let (tags, memory_type) = (body.texts("tags").optional(), body.text("memory_type").optional());
    let metadata = body.object("metadata").optional();
    body.finish()?;
    check_store(&store)?;
    let condition = precondition::of_headers(&headers)?;
    let updates = Updates::new(tags, memory_type, metadata).map_err(|_| unreadable())?;
    let names = updates.names().join(", ");
    let missing = Failure::not_found(&format!("Memory with hash {content_hash} not found"));
    let change = hub
        .database
        .write(move |changes| changes.update(&content_hash, &store, &updates, &condition))
        .await?;
    let version = done(change, missing)?;
    if names.is_empty() {
        return Ok(shown("No updates provided - memory unchanged", &version));
    }
    hub.announce(announcement(&version.record, Announcement::memory_updated));
    Ok(shown(&format!("Updated fields: {names}, updated_at"), &version))
}

async fn delete(
    State(hub): State<Arc<Hub>>,
    ContentHash(content_hash): ContentHash,
    Query(mut query): Query,
    headers: HeaderMap,
) -> Result<Json<Deleted>, Failure> {
    let store = query.text("store").or(Memory::DEFAULT_STORE.to_owned());
    query.finish()?;
    check_store(&store)?;
    let condition = precondition::of_headers(&headers)?;
    let (name, scope) = (content_hash.clone(), store.clone());
    let change = hub.database.write(move |changes| changes.delete(&name, &scope, &condition)).await?;
    done(change, Failure::not_found("Memory not found"))?;
    hub.announce(Announcement::memory_deleted(&content_hash, &store));
    let message = format!("Successfully deleted memory {content_hash}");
    Ok(Json(Deleted { success: true, message, content_hash }))
}

/// Refuses to write to every store at once.
fn check_store(store: &str) -> Result<(), Failure> {
    let detail = "store='all' is only valid for read scopes";
    if store == "all" { Err(Failure::new(StatusCode::BAD_REQUEST, detail)) } else { Ok(()) }
}

/// What could never be read back, in the service's words for what it cannot read.
fn unreadable() -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "There was an error parsing the body")
}

/// The tag that a program gives its memories by naming itself in a header, whose bytes are Latin-1.
fn agent_tag(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(AGENT).map(HeaderValue::as_bytes).filter(|agent| !agent.is_empty())?;
    Some("agent:".chars().chain(agent.iter().map(|byte| char::from(*byte))).collect())
}

/// What was done to a memory that was there, or why nothing was.
fn done<T>(change: Change<T>, missing: Failure) -> Result<T, Failure> {
    match change {
        Change::Done(done) => Ok(done),
        Change::Missing => Err(missing),
        Change::PreconditionFailed { current } => Err(precondition::failed(Some(current))),
    }
}

/// Success, with the memory as it is now.
fn shown(message: &str, version: &Version) -> Response {
    let memory = Some(&version.record);
    let content_hash = Some(version.record.content_hash.as_str());
    let answer = Answer { success: true, message, content_hash, memory };
    ([precondition::etag(version.etag)], Json(answer)).into_response()
}

/// A memory that stands in the way is no error to the service.
fn not_stored(message: &str) -> Response {
    Json(Answer { success: false, message, content_hash: None, memory: None }).into_response()
}

/// The service's words for a text that it has already.
fn exact(store: Option<&str>, wanted: &str) -> String {
    let message = "Duplicate content detected (exact match)";
    match store.filter(|store| *store != wanted) {
        Some(store) => format!("{message}; already exists in store {}", python::repr(store)),
        None => message.to_owned(),
    }
}

/// The service's words for a type that it has replaced, or only spelled in its own way.
fn type_warning(wanted: &str, record: &Record) -> String {
    match record.memory_type {
        Some(stored) if stored != wanted => format!(
            " Warning: requested memory_type '{wanted}' is not in the ontology — stored as '{stored}'. Register \
             custom types via MCP_CUSTOM_MEMORY_TYPES, e.g. '{{\"{wanted}\": []}}'."
        ),
        _ => String::new(),
    }
}

fn announcement(
    record: &Record,
    kind: fn(&str, &str, &[String], Option<&str>, &str) -> Announcement,
) -> Announcement {
    kind(&record.content_hash, &record.content, &record.tags, record.memory_type, &record.store)
}

#[cfg(test)]
mod tests;
