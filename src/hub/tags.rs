//! The tags and the types that memories have.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::local::service::{TagCount, types};

use super::Hub;
use super::failure::Failure;
use super::fields::Query;
use super::memories::store;

/// The endpoints of this file.
pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/api/tags", get(tags)).route("/api/types", get(all_types))
}

#[derive(Serialize)]
struct Tags {
    tags: Vec<TagCount>,
}

async fn tags(State(hub): State<Arc<Hub>>, Query(mut query): Query) -> Result<Json<Tags>, Failure> {
    let store = store(&mut query);
    query.finish()?;
    let tags = hub.database.read(move |reader| reader.tags(store.as_deref())).await?;
    Ok(Json(Tags { tags }))
}

async fn all_types() -> Json<&'static [&'static str]> {
    Json(&types::ALL)
}
