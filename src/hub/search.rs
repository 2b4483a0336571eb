//! Searching by meaning, by tag and by time.

mod answer;

use std::iter;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Zoned};

use crate::local::service::{Filter, Page, Reader, Record, Scope, Vectors};

use super::Hub;
use super::failure::Failure;
use super::fields::{Body, Query};
use super::memories::{ContentHash, store};
use super::period::Period;
use answer::{Answer, Found, boosted, near, tagged};

/// How many memories a search answers with at most.
const RESULTS: i64 = 100;

/// Among how many times as many as were asked for the best ones are looked for.
const POOL: u32 = 3;

/// How much of a memory's text stands in for a query, in characters.
const PREVIEW: usize = 50;

/// The endpoints of this file.
pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/api/search", post(by_meaning))
        .route("/api/search/by-tag", post(by_tag))
        .route("/api/search/by-time", post(by_time))
        .route("/api/search/similar/{content_hash}", get(similar))
}

async fn by_meaning(State(hub): State<Arc<Hub>>, Body(mut body): Body) -> Result<Json<Answer>, Failure> {
    let started = hub.now();
    let query = body.text("query").required();
    let limit = limit(body.integer("n_results").between(1..=RESULTS).or(10));
    let threshold = body.number("similarity_threshold").between(0.0..=1.0).optional();
    let boost = body.boolean("quality_boost").or(false);
    let weight = body.number("quality_weight").between(0.0..=1.0).or(0.3);
    let scope = Scope { store: store(&mut body), ..Scope::default() };
    body.finish()?;
    let text = query.clone();
    let pool = if boost { limit * POOL } else { limit };
    let vectors = hub.vector(Some(&text)).await?;
    let found = hub.database.read(move |reader| reader.nearest(&text, &vectors, &scope, pool)).await?;
    let mut found = found.unwrap_or_default();
    // What has no likeness at all is below every threshold, even the lowest.
    found.retain(|found| threshold.is_none_or(|least| found.score > 0.0 && found.score >= least));
    let (kind, mut results) = if boost {
        ("semantic_quality_boost", boosted(found, weight))
    } else {
        ("semantic", found.into_iter().map(near).collect())
    };
    results.truncate(limit as usize);
    Ok(hub.announced(hub.answer(kind, query, results, started)))
}

async fn by_tag(State(hub): State<Arc<Hub>>, Body(mut body): Body) -> Result<Json<Answer>, Failure> {
    let started = hub.now();
    let tags = body.texts("tags").required();
    let match_all = body.boolean("match_all").or(false);
    let time = body.text("time_filter").optional().filter(|time| !time.is_empty());
    let most = body.integer("limit").between(1..=RESULTS).optional().map(limit);
    let store = store(&mut body);
    body.finish()?;
    if tags.is_empty() {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "At least one tag must be specified"));
    }
    let from = time.as_deref().and_then(|time| Period::named(time, &hub.local_time()).from);
    let filter = Filter { store, memory_type: None, tags: tags.clone(), match_all, skip_pending: true, from };
    let most = most.map_or(usize::MAX, |most| most as usize);
    let mode = if match_all { "ALL" } else { "ANY" };
    let wanted = tags.iter().cloned().collect();
    let found = hub.database.read(move |reader| {
        let Page { records, total } = reader.list(&filter, 0, most)?;
        Ok((records.into_iter().map(|record| tagged(record, &wanted, mode)).collect(), total))
    });
    let (results, total) = found.await?;
    let time = time.map_or(String::new(), |time| format!(" | Time: {time}"));
    let query = format!("Tags: {} ({mode}){time}", tags.join(", "));
    Ok(hub.announced(Answer { total_found: total, ..hub.answer("tag", query, results, started) }))
}

async fn by_time(State(hub): State<Arc<Hub>>, Body(mut body): Body) -> Result<Json<Answer>, Failure> {
    let started = hub.now();
    let query = body.text("query").required();
    let limit = limit(body.integer("n_results").between(1..=RESULTS).or(10));
    let meaning = body.text("semantic_query").optional().unwrap_or_default();
    let store = store(&mut body);
    body.finish()?;
    let Period { from, until } = Period::named(&query, &hub.local_time());
    if from.or(until).is_none() {
        let hint = "Try 'yesterday', 'last week', 'this month', etc.";
        let detail = format!("Could not parse time query: '{query}'. {hint}");
        return Err(Failure::new(StatusCode::BAD_REQUEST, detail));
    }
    let scope = Scope { store, from, until };
    let meaning = Some(meaning.trim().to_owned()).filter(|meaning| !meaning.is_empty());
    let vectors = hub.vector(meaning.as_deref()).await?;
    let found = hub.database.read(move |reader| {
        let nearest = meaning.map(|meaning| reader.nearest(&meaning, &vectors, &scope, limit));
        let nearest = nearest.transpose()?.flatten();
        Ok(match nearest {
            Some(nearest) => nearest.into_iter().map(near).collect(),
            None => reader.newest(&scope, limit)?.into_iter().map(unscored).collect(),
        })
    });
    let mut results: Vec<Found> = found.await?;
    for found in &mut results {
        found.relevance_reason = Some(format!("Time match: {query}"));
    }
    Ok(Json(hub.answer("time", query, results, started)))
}

async fn similar(
    State(hub): State<Arc<Hub>>,
    ContentHash(content_hash): ContentHash,
    Query(mut query): Query,
) -> Result<Json<Answer>, Failure> {
    let started = hub.now();
    let limit = limit(query.integer("n_results").between(1..=RESULTS).or(10));
    let scope = Scope { store: store(&mut query), ..Scope::default() };
    query.finish()?;
    let found = hub.database.read(move |reader| {
        let Some(version) = reader.find(&content_hash, scope.store.as_deref())? else { return Ok(None) };
        let others = reader.similar_to(&content_hash, &scope, limit)?;
        Ok(Some((version.record.content, others.into_iter().map(near).collect())))
    });
    let (content, results) = found.await?.ok_or_else(|| Failure::not_found("Memory not found"))?;
    let start: String = content.chars().take(PREVIEW).collect();
    Ok(Json(hub.answer("similar", format!("Similar to: {start}..."), results, started)))
}

impl Hub {
    /// The vector of what is searched for, by what makes those of the tables that are there now.
    async fn vector(&self, text: Option<&str>) -> Result<Vectors, Failure> {
        let Some(text) = text else { return Ok(Vectors::default()) };
        self.embedder.settle_soon_for(self.database.read(Reader::tables).await?).await;
        Ok(self.embedder.vectors(iter::once(text)).await)
    }

    /// The present in this device's time zone, in which the service, too, reckons days and weeks.
    fn local_time(&self) -> Zoned {
        let since_1970 = SignedDuration::try_from_secs_f64(self.now().seconds()).unwrap_or_default();
        let present = jiff::Timestamp::from_duration(since_1970).unwrap_or_default();
        present.to_zoned(TimeZone::system())
    }
}

fn limit(count: i64) -> u32 {
    u32::try_from(count).unwrap_or_default()
}

fn unscored(memory: Record) -> Found {
    Found { memory, similarity_score: None, relevance_reason: None }
}
