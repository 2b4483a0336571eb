//! Which of its readings a server is read through, and what it holds under given names.
//!
//! One connection reads through one endpoint only, for snapshots, questions and the reading back of writes
//! alike: the baseline where there is one, the REST endpoints elsewhere. They show the same memory
//! differently (`record` says how), and a form that depended on the endpoint would show up as changes that
//! nobody made. So even a question about one memory fetches the whole baseline: 2,000 memories cost 30 ms,
//! and any number of names is answered at once, from one consistent cut. A server whose baseline is broken
//! is an error rather than read through REST for once.
//!
//! Before something counts as gone, REST is asked whether it is there at all, so that a row that the baseline
//! leaves out is not taken for a deletion; what REST shows of it is not used.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::body::Body;
use super::failure::{Failure, describe};
use super::record::Row;
use super::{IN_FLIGHT, Remote, baseline, condition, pages};
use crate::object::ContentHash;

/// What the server holds under the names that were asked for; a name that is not here is not there.
pub(super) type Rows = HashMap<ContentHash, Known>;

/// What is known of one name.
pub(super) struct Known {
    /// What the server holds.
    pub(super) row: Row,
    /// The latest clock of its event log, in milliseconds since 1970; 0 where the server shows none.
    pub(super) clock: i64,
}

#[derive(Deserialize)]
struct OpenApi {
    paths: Map<String, Value>,
    /// What the server has beyond mcp-memory-service.
    #[serde(default, rename = "x-memsync")]
    extensions: Value,
}

impl Remote {
    /// Finds out once what the server can do. Where it does not say, everything but conditions is tried. One
    /// that fails to answer may say: that is an error, or what it takes conditions for would be written without.
    pub(super) async fn probe(&self) -> Result<(), Failure> {
        if self.probed.replace(true) {
            return Ok(());
        }
        match self.client.get::<OpenApi>("/openapi.json").await {
            Ok(api) if !api.paths.contains_key("/api/memories") => {
                Err(Failure::Malformed("its /openapi.json names no /api/memories".to_owned()))
            }
            Ok(api) => {
                self.has_baseline.set(api.paths.contains_key("/api/sync/baseline"));
                self.has_events.set(api.paths.contains_key("/api/sync/events"));
                self.has_conditions.set(condition::are_understood(&api.extensions));
                Ok(())
            }
            Err(failure) if failure.is_missing_endpoint() || matches!(failure, Failure::Malformed(_)) => {
                Ok(())
            }
            Err(failure) => Err(failure),
        }
        .inspect_err(|_| self.probed.set(false))
    }

    /// Fetches the baseline; `None` where the server has none.
    pub(super) async fn baseline(&self) -> Result<Option<Body>, Failure> {
        if !self.has_baseline.get() {
            return Ok(None);
        }
        match self.client.fetch("/api/sync/baseline").await {
            Ok(body) => Ok(Some(body)),
            Err(failure) if failure.is_missing_endpoint() || self.lacks_sqlite(&failure).await => {
                self.has_baseline.set(false);
                self.has_events.set(false);
                Ok(None)
            }
            Err(failure) if failure.status() == Some(StatusCode::INTERNAL_SERVER_ERROR) => {
                Err(Failure::Malformed(self.broken_baseline(&failure)))
            }
            Err(failure) => Err(failure),
        }
    }

    /// The service makes the baseline as a whole, and says which row it could not take only in its log.
    fn broken_baseline(&self, failure: &Failure) -> String {
        let changed = match self.client.writes() {
            0 => "nothing was changed on the server",
            _ => "what was written to the server before stays",
        };
        format!(
            "GET /api/sync/baseline fails, as it does when one row of the database is damaged ({}); {changed}, \
             and its log says what is wrong",
            describe(failure)
        )
    }

    /// Whether a baseline failed because the server's storage is another than SQLite, which never has one.
    async fn lacks_sqlite(&self, failure: &Failure) -> bool {
        if failure.status() != Some(StatusCode::INTERNAL_SERVER_ERROR) {
            return false;
        }
        let health = self.client.get::<Value>("/api/health/detailed").await.unwrap_or_default();
        let backend = health["storage"]["backend"].as_str().map(str::to_lowercase);
        backend.is_some_and(|name| !name.contains("sqlite") && !name.contains("hybrid"))
    }

    /// Looks up what the server holds under each of `keys`.
    pub(super) async fn read(&self, keys: HashSet<&ContentHash>) -> Result<Rows, Failure> {
        if keys.is_empty() {
            return Ok(Rows::new());
        }
        if let Some(mut body) = self.baseline().await? {
            return self.pick(&mut body, &keys);
        }
        self.ask(keys).await
    }

    /// Looks up `keys` as [`Remote::read`] does, and takes a name for absent only where a tombstone or the
    /// answer to a question about it alone says so.
    pub(super) async fn read_surely(&self, keys: &[ContentHash]) -> Result<Rows, Failure> {
        let mut rows = self.read(keys.iter().collect()).await?;
        if !self.has_baseline.get() {
            return Ok(rows);
        }
        let missing = keys.iter().filter(|key| !rows.contains_key(*key)).collect();
        for (key, mut known) in self.ask(missing).await? {
            if let Row::Live(_) = known.row {
                known.row = Row::Unreadable("the server holds it, but its baseline leaves it out".to_owned());
            }
            rows.insert(key, known);
        }
        Ok(rows)
    }

    /// Asks for each of `keys` by itself.
    async fn ask(&self, keys: HashSet<&ContentHash>) -> Result<Rows, Failure> {
        let rows = stream::iter(keys).map(|key| async move {
            let row = pages::get_one(&self.client, key, &self.bookkeeping).await?;
            Ok(row.map(|row| (key.clone(), Known { row, clock: 0 })))
        });
        let rows: Vec<_> = rows.buffer_unordered(IN_FLIGHT).try_collect().await?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn pick(&self, body: &mut Body, keys: &HashSet<&ContentHash>) -> Result<Rows, Failure> {
        let mut rows = Rows::new();
        let mut count = 0;
        baseline::read(body, &self.bookkeeping, &mut |event| {
            count += 1;
            if let Some(key) = event.key.filter(|key| keys.contains(key)) {
                rows.insert(key, Known { row: event.row, clock: event.clock });
            }
            ControlFlow::Continue(())
        })?;
        self.rows.set(count);
        Ok(rows)
    }
}
