//! A model of mcp-memory-service's HTTP API, as far as a device uses it: 12.2.0 and 10.20.6, in memory.
//!
//! Guarantees: a pure state machine. The same requests at the same moments get the same answers; a clone is a backup.
//! `tests/it/service_model.rs` tells it and both real services the same random requests, and lists what it leaves out.
//!
//! Must never: read a clock, or use memsync's own code for what the service does, or both would share a mistake.

mod events;
mod fold;
pub(crate) mod moment;
mod rest;
mod rewrite;
mod row;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub(crate) use rewrite::content_hash;
pub(crate) use row::Row;

/// Which service this is a model of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// Has stores, the baseline and the event log, and takes deleted memories back.
    V12_2_0,
    /// Has only the plain REST calls.
    V10_20_6,
}

/// A request, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// In capitals.
    pub(crate) method: String,
    /// Without percent-encoding.
    pub(crate) path: String,
    /// Without percent-encoding; of several of one name the last.
    pub(crate) query: BTreeMap<String, String>,
    /// The key that the client shows.
    pub(crate) key: Option<String>,
    /// The JSON body, null where there is none.
    pub(crate) body: Value,
}

impl Request {
    /// A request for `target`, a path with its query as they stand on the wire.
    pub(crate) fn new(method: &str, target: &str, key: Option<&str>, body: Value) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
        let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { method: method.to_owned(), path, query, key: key.map(str::to_owned), body }
    }

    /// A number in the query.
    fn number(&self, name: &str, default: i64) -> i64 {
        self.query.get(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// A text in the body.
    fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// An object in the body.
    fn object(&self, name: &str) -> Option<Map<String, Value>> {
        self.body.get(name).and_then(Value::as_object).cloned()
    }

    /// A list of texts in the body.
    fn texts(&self, name: &str) -> Option<Vec<String>> {
        let texts = self.body.get(name)?.as_array()?.iter().filter_map(Value::as_str);
        Some(texts.map(str::to_owned).collect())
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Response {
    fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }

    /// An error in `FastAPI`'s form.
    fn error(status: u16, detail: impl Into<Value>) -> Self {
        Self { status, body: json!({ "detail": detail.into() }) }
    }

    fn not_found() -> Self {
        Self::error(404, "Not Found")
    }
}

/// A service and its database.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) version: Version,
    /// The rows by their ids, tombstones too.
    pub(crate) rows: BTreeMap<i64, Row>,
    /// The id that was given last; none is given twice.
    last_id: i64,
    log: events::Log,
    /// Which texts have vectors near to each other, by the service's own model.
    pub(crate) alike: fn(&str, &str) -> bool,
}

impl Server {
    /// The key of every model.
    pub(crate) const KEY: &str = "test-key-0123456789";

    /// A service with an empty database that makes hash vectors: near to one is only that of the same text.
    pub(crate) fn new(version: Version) -> Self {
        let alike = |one: &str, other: &str| !one.is_empty() && one == other;
        Self { version, rows: BTreeMap::new(), last_id: 0, log: events::Log::default(), alike }
    }

    /// Answers a request that arrives at `now`, in seconds since 1970.
    pub(crate) fn answer(&mut self, request: &Request, now: f64) -> Response {
        match request.path.as_str() {
            "/api/health" => return self.health(),
            "/openapi.json" => return self.openapi(),
            _ if request.key.as_deref() != Some(Self::KEY) => return unauthorized(),
            _ => {}
        }
        let is_new = self.version == Version::V12_2_0;
        let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["api", "health", "detailed"]) => self.detailed_health(),
            ("GET", ["api", "memories"]) => self.list(request, now),
            ("POST", ["api", "memories"]) => self.create(request, now),
            ("GET", ["api", "memories", "hashes"]) if is_new => self.hashes(request),
            ("GET", ["api", "memories", hash]) => self.one(hash, request, now),
            ("PUT", ["api", "memories", hash]) => self.update(hash, request, now),
            ("DELETE", ["api", "memories", hash]) => self.delete(hash, request, now),
            ("POST", ["api", "search"]) => self.search(request, now),
            ("GET", ["api", "sync", "baseline"]) if is_new => self.baseline(),
            ("GET", ["api", "sync", "events"]) if is_new => self.feed(request),
            ("POST", ["api", "sync", "events"]) if is_new => self.ingest(request, now),
            _ => Response::not_found(),
        }
    }

    fn health(&self) -> Response {
        Response::ok(match self.version {
            Version::V12_2_0 => json!({ "status": "healthy" }),
            Version::V10_20_6 => json!({ "status": "healthy", "version": "10.20.6" }),
        })
    }

    fn detailed_health(&self) -> Response {
        let live = self.rows.values().filter(|row| row.is_live()).count();
        Response::ok(json!({
            "storage": { "backend": "sqlite-vec" },
            "statistics": { "total_memories": live },
        }))
    }

    /// The paths that a device looks for.
    fn openapi(&self) -> Response {
        let paths: &[&str] = match self.version {
            Version::V12_2_0 => {
                &["/api/memories", "/api/memories/hashes", "/api/sync/baseline", "/api/sync/events"]
            }
            Version::V10_20_6 => &["/api/memories"],
        };
        let paths: Map<String, Value> = paths.iter().map(|path| ((*path).to_owned(), json!({}))).collect();
        Response::ok(json!({ "paths": paths }))
    }

    /// The id and the row of this name, tombstone or not.
    fn find(&self, hash: &str) -> Option<(i64, &Row)> {
        self.rows.iter().find(|(_, row)| row.content_hash == hash).map(|(id, row)| (*id, row))
    }

    /// The row of this name; for a change of it.
    fn find_mut(&mut self, hash: &str) -> Option<&mut Row> {
        self.rows.values_mut().find(|row| row.content_hash == hash)
    }

    /// Adds a row in the place of any other of its name; it becomes the last.
    pub(crate) fn insert(&mut self, row: Row) {
        self.rows.retain(|_, other| other.content_hash != row.content_hash);
        self.last_id += 1;
        self.rows.insert(self.last_id, row);
    }
}

fn unauthorized() -> Response {
    let words =
        "Authorization required. Provide valid API key via X-API-Key header or api_key query parameter.";
    Response::error(401, json!({ "error": "authorization_required", "error_description": words }))
}
