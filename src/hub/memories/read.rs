//! Reading memories: pages of them, their names, and one by its name.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use super::ContentHash;
use crate::hub::failure::Failure;
use crate::hub::fields::{Fields, Query};
use crate::hub::{Hub, precondition};
use crate::local::service::{Filter, Record};
use crate::object::{BlobId, Memory};

/// How many memories a page has at most.
const PAGE: i64 = 100;

/// How many names a page has at most.
const NAMES: i64 = 5_000;

pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/api/memories", get(list))
        .route("/api/memories/hashes", get(names))
        .route("/api/memories/{content_hash}", get(one))
}

#[derive(Serialize)]
struct Listing {
    memories: Vec<Record>,
    total: u64,
    page: i64,
    page_size: i64,
    has_more: bool,
}

#[derive(Serialize)]
struct Names {
    hashes: Vec<String>,
    next_cursor: Option<i64>,
    has_more: bool,
}

/// The store that a request reads; `None` for all of them.
pub(in crate::hub) fn store(fields: &mut Fields) -> Option<String> {
    let store = fields.text("store").or(Memory::DEFAULT_STORE.to_owned());
    (store != "all").then_some(store)
}

async fn list(State(hub): State<Arc<Hub>>, Query(mut query): Query) -> Result<Json<Listing>, Failure> {
    let page = query.integer("page").at_least(1).or(1);
    let page_size = query.integer("page_size").between(1..=PAGE).or(10);
    let tags = query.text("tag").optional().unwrap_or_default();
    let filter = Filter {
        memory_type: query.text("memory_type").optional(),
        match_all: query.text("tag_match").optional().is_some_and(|mode| mode == "all"),
        tags: tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        store: store(&mut query),
        ..Filter::default()
    };
    query.finish()?;
    let offset = (page - 1).unsigned_abs().saturating_mul(page_size.unsigned_abs());
    let (skipped, limit) = (usize::try_from(offset).unwrap_or(usize::MAX), usize::try_from(page_size));
    let limit = limit.unwrap_or_default();
    let found = hub.database.read(move |reader| reader.list(&filter, skipped, limit)).await?;
    let total = found.total as u64;
    let has_more = offset.saturating_add(page_size.unsigned_abs()) < total;
    Ok(Json(Listing { memories: found.records, total, page, page_size, has_more }))
}

async fn names(State(hub): State<Arc<Hub>>, Query(mut query): Query) -> Result<Json<Names>, Failure> {
    let cursor = query.integer("cursor").at_least(0).or(0);
    let limit = query.integer("limit").between(1..=NAMES).or(1_000);
    let include_deleted = query.boolean("include_deleted").or(false);
    query.finish()?;
    let limit = u32::try_from(limit).unwrap_or_default();
    let names = hub.database.read(move |reader| reader.names(cursor, limit, include_deleted)).await?;
    // As the service has it: a page that is full may be followed by an empty one.
    let has_more = names.len() == limit as usize;
    let next_cursor = names.last().filter(|_| has_more).map(|name| name.id);
    let hashes = names.into_iter().map(|name| name.content_hash).collect();
    Ok(Json(Names { hashes, next_cursor, has_more }))
}

async fn one(
    State(hub): State<Arc<Hub>>,
    ContentHash(content_hash): ContentHash,
    Query(mut query): Query,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let store = store(&mut query);
    query.finish()?;
    let found = hub.database.read(move |reader| reader.find(&content_hash, store.as_deref())).await?;
    let version = found.ok_or_else(|| Failure::not_found("Memory not found"))?;
    let answer = if is_known(&headers, version.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(version.record).into_response()
    };
    Ok(([precondition::etag(version.etag)], answer).into_response())
}

/// Whether the client says that it holds this version already.
fn is_known(headers: &HeaderMap, etag: BlobId) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).into_iter().map(HeaderValue::as_bytes);
    precondition::condition([], known).is_ok_and(|condition| !condition.allows(Some(etag)))
}
