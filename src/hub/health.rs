//! Whether the hub is well, and what it holds.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::local::service::Reader;

use super::failure::Failure;
use super::{Hub, iso};

/// The version of mcp-memory-service whose API this is: what its clients look at to know what they may ask.
const SPOKEN_VERSION: &str = "12.2.0";

/// What stands in the place of the model's name where nothing makes vectors.
const NO_MODEL: &str = "none";

const BACKEND: &str = "sqlite-vec";

/// The endpoint for everybody. It says nothing about this device.
pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/api/health", get(async || Json(json!({ "status": "healthy" }))))
}

/// The endpoints for those who are let in.
pub(super) fn guarded_routes() -> Router<Arc<Hub>> {
    Router::new().route("/api/health/detailed", get(detailed)).route("/api/health/model", get(model))
}

async fn detailed(State(hub): State<Arc<Hub>>) -> Result<Json<Value>, Failure> {
    let now = hub.now();
    let numbers = move |reader: &Reader| Ok((reader.statistics(now)?, reader.dimension()));
    let (statistics, dimension) = hub.database.read(numbers).await?;
    let uptime = now.seconds() - hub.started.seconds();
    #[expect(clippy::cast_precision_loss, reason = "it is shown with two digits")]
    let megabytes = (statistics.database_size as f64 / (1024.0 * 1024.0) * 100.0).round() / 100.0;
    let mut summary = json!({
        "backend": BACKEND,
        "total_memories": statistics.total_memories,
        "unique_tags": statistics.unique_tags,
        "memories_this_week": statistics.memories_this_week,
        "database_size_mb": megabytes,
    });
    let mut counts = summary.clone();
    summary["missing_embeddings"] = statistics.missing_embeddings.into();
    if statistics.missing_embeddings > 0 {
        counts["missing_embeddings"] = summary["missing_embeddings"].clone();
    }
    let more = json!({
        "status": "connected",
        "accessible": true,
        "database_size_bytes": statistics.database_size,
        "embedding_model": hub.model().await,
        "embedding_dimension": dimension,
    });
    if let (Some(counts), Value::Object(more)) = (counts.as_object_mut(), more) {
        counts.extend(more);
    }
    Ok(Json(json!({
        "status": if statistics.missing_embeddings == 0 { "healthy" } else { "degraded" },
        "version": SPOKEN_VERSION,
        "timestamp": iso(now),
        "uptime_seconds": uptime,
        "storage": counts,
        // How full the device's memory and disk are is not the clients' to know.
        "system": {},
        "performance": { "uptime_seconds": uptime, "uptime_formatted": format_uptime(uptime) },
        "statistics": summary,
    })))
}

async fn model(State(hub): State<Arc<Hub>>) -> Result<Json<Value>, Failure> {
    let dimension = hub.database.read(|reader| Ok(reader.dimension())).await?;
    let model = hub.model().await;
    Ok(Json(json!({ "embedding_model": model, "embedding_dimension": dimension, "backend": BACKEND })))
}

impl Hub {
    /// The model that makes the vectors, by the name under which the service speaks of it.
    async fn model(&self) -> String {
        let settled = self.embedder.settled_soon().await;
        settled.making.as_ref().map_or(NO_MODEL, |maker| maker.model()).to_owned()
    }
}

fn format_uptime(seconds: f64) -> String {
    match seconds {
        ..60.0 => format!("{seconds:.1} seconds"),
        ..3600.0 => format!("{:.1} minutes", seconds / 60.0),
        ..86400.0 => format!("{:.1} hours", seconds / 3600.0),
        _ => format!("{:.1} days", seconds / 86400.0),
    }
}
