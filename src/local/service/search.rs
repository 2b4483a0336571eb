//! Searching: by meaning, and by time.
//!
//! Guarantees: what another memory has taken the place of, and what has no proper vector yet, is not found. A
//! search writes nothing: the service counts in a memory's metadata how often it was found and by which words;
//! here only a write is a write.

use rusqlite::params;

use crate::object::Timestamp;
use crate::side;

use super::Reader;
use super::record::Record;

/// The most neighbours that sqlite-vec looks for.
const MOST: u32 = 4096;

/// Where to search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// The store; `None` for every one.
    pub store: Option<String>,
    /// The earliest moment at which a memory may have been made.
    pub from: Option<Timestamp>,
    /// The latest one.
    pub until: Option<Timestamp>,
}

/// A memory that was found by its meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The memory.
    pub record: Record,
    /// How near its meaning is: 1 for the same, 0 for the opposite and for what has no direction.
    pub score: f64,
}

/// The rows that searches may find; `?1` to `?3` are the scope.
macro_rules! eligible {
    () => {
        "deleted_at IS NULL AND coalesce(embedding_pending, 0) = 0 AND coalesce(superseded_by, '') = '' \
         AND (?1 IS NULL OR store = ?1) AND (?2 IS NULL OR created_at >= ?2) AND (?3 IS NULL OR created_at <= ?3)"
    };
}

impl Reader {
    /// The memories whose meaning is nearest to that of `text`, at most `limit`, the nearest first; `None`
    /// where no vector can be made of a text, so that nothing can be searched for by its meaning.
    pub fn nearest(&self, text: &str, scope: &Scope, limit: u32) -> Result<Option<Vec<Match>>, side::Error> {
        const ANYWHERE: &str = concat!(
            "SELECT rowid, distance FROM memory_embeddings WHERE content_embedding MATCH ?4 AND k = ?5 \
             AND rowid IN (SELECT id FROM memories WHERE ",
            eligible!(),
            ") ORDER BY distance"
        );
        const IN_STORE: &str = concat!(
            "SELECT rowid, distance FROM memory_embeddings WHERE content_embedding MATCH ?4 AND k = ?5 \
             AND store = ?1 AND rowid IN (SELECT id FROM memories WHERE ",
            eligible!(),
            ") ORDER BY distance"
        );
        let Some(vector) = self.maker.vector(text) else { return Ok(None) };
        let sql = if scope.store.is_some() { IN_STORE } else { ANYWHERE };
        let (from, until) = (scope.from.map(Timestamp::seconds), scope.until.map(Timestamp::seconds));
        let found = self.at_one_moment(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let parameters = params![scope.store, from, until, vector, limit.min(MOST)];
            let neighbours = statement.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))?;
            let neighbours: Vec<(i64, Option<f64>)> = neighbours.collect::<Result<_, _>>()?;
            let mut found = Vec::with_capacity(neighbours.len());
            for (id, distance) in neighbours {
                let score = score(distance);
                found.extend(self.records([id])?.pop().map(|record| Match { record, score }));
            }
            Ok(found)
        })?;
        Ok(Some(found))
    }

    /// The newest memories, at most `limit`, the newest first.
    pub fn newest(&self, scope: &Scope, limit: u32) -> Result<Vec<Record>, side::Error> {
        const SQL: &str = concat!(
            "SELECT id FROM memories WHERE +",
            eligible!(),
            " ORDER BY created_at DESC, id DESC LIMIT ?4"
        );
        let (from, until) = (scope.from.map(Timestamp::seconds), scope.until.map(Timestamp::seconds));
        self.at_one_moment(|connection| {
            let mut statement = connection.prepare_cached(SQL)?;
            let ids = statement.query_map(params![scope.store, from, until, limit], |row| row.get(0))?;
            self.records(ids.collect::<Result<Vec<i64>, _>>()?)
        })
    }
}

/// What a cosine distance, 0 to 2, says; there is none from a vector of zeros.
fn score(distance: Option<f64>) -> f64 {
    distance.map_or(0.0, |distance| (1.0 - distance / 2.0).max(0.0))
}
