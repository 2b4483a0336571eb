//! Searching: by meaning, and by time.
//!
//! Guarantees: what another memory has taken the place of, and what has no proper vector yet, is not found. A
//! search writes nothing: the service counts in a memory's metadata how often it was found and by which words;
//! here only a write is a write.

use rusqlite::{OptionalExtension, params};

use crate::object::Timestamp;
use crate::side;

use super::record::Record;
use super::{Reader, Vectors};

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
        "+deleted_at IS NULL AND coalesce(embedding_pending, 0) = 0 AND coalesce(superseded_by, '') = '' \
         AND (?1 IS NULL OR store = ?1) AND (?2 IS NULL OR created_at >= ?2) AND (?3 IS NULL OR created_at <= ?3)"
    };
}

impl Reader {
    /// The memories whose meaning is nearest to that of `text`, at most `limit`, the nearest first; `None`
    /// where `vectors` have none of it, so that nothing can be searched for by its meaning.
    pub fn nearest(
        &self,
        text: &str,
        vectors: &Vectors,
        scope: &Scope,
        limit: u32,
    ) -> Result<Option<Vec<Match>>, side::Error> {
        let vector = vectors.get(text, &self.connection).map_err(|error| self.failed(error))?;
        let Some(vector) = vector else { return Ok(None) };
        self.near_vector(&vector, scope, limit).map(Some)
    }

    /// The memories whose meaning is nearest to that of the memory `content_hash`, itself left out; none where it lacks
    /// its vector.
    pub fn similar_to(
        &self,
        content_hash: &str,
        scope: &Scope,
        limit: u32,
    ) -> Result<Vec<Match>, side::Error> {
        let sql = "SELECT content_embedding FROM memory_embeddings \
                   WHERE rowid = (SELECT id FROM memories WHERE content_hash = ?1 \
                   AND coalesce(embedding_pending, 0) = 0)";
        let vector: Option<Vec<u8>> = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([content_hash], |row| row.get(0)).optional())
            .map_err(|error| self.failed(error))?;
        let Some(vector) = vector else { return Ok(Vec::new()) };
        // The memory itself is among the nearest.
        let mut found = self.near_vector(&vector, scope, limit.saturating_add(1))?;
        found.retain(|found| found.record.content_hash != content_hash);
        found.truncate(limit as usize);
        Ok(found)
    }

    fn near_vector(&self, vector: &[u8], scope: &Scope, limit: u32) -> Result<Vec<Match>, side::Error> {
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
        let sql = if scope.store.is_some() { IN_STORE } else { ANYWHERE };
        let (from, until) = (scope.from.map(Timestamp::seconds), scope.until.map(Timestamp::seconds));
        self.at_one_moment(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let parameters = params![scope.store, from, until, vector, limit.min(MOST)];
            let neighbours = statement.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))?;
            let neighbours: Vec<(i64, Option<f64>)> = neighbours.collect::<Result<_, _>>()?;
            let mut found = Vec::with_capacity(neighbours.len());
            for (id, distance) in neighbours {
                found.extend(
                    self.records([id])?.pop().map(|record| Match { record, score: likeness(distance) }),
                );
            }
            Ok(found)
        })
    }

    /// The newest memories, at most `limit`, the newest first.
    pub fn newest(&self, scope: &Scope, limit: u32) -> Result<Vec<Record>, side::Error> {
        const SQL: &str =
            concat!("SELECT id FROM memories WHERE ", eligible!(), " ORDER BY created_at DESC, id LIMIT ?4");
        let (from, until) = (scope.from.map(Timestamp::seconds), scope.until.map(Timestamp::seconds));
        self.at_one_moment(|connection| {
            let mut statement = connection.prepare_cached(SQL)?;
            let ids = statement.query_map(params![scope.store, from, until, limit], |row| row.get(0))?;
            self.records(ids.collect::<Result<Vec<i64>, _>>()?)
        })
    }
}

/// What a cosine distance, 0 to 2, says; there is none from a vector of zeros.
fn likeness(distance: Option<f64>) -> f64 {
    distance.map_or(0.0, |distance| (1.0 - distance / 2.0).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::{hash_vector, to_bytes};
    use crate::local::service::fixture::{Fixture, hashes};

    /// Memories with hash vectors of their texts, each made a second after the one before.
    fn fixture() -> Fixture {
        let fixture = Fixture::new();
        let connection = &fixture.writer.reader.connection;
        let stores = ["default", "default", "work", "default", "default", "default"];
        for ((text, store), id) in
            ["tea", "coffee", "water", "old", "pending", "gone"].iter().zip(stores).zip(0_i64..)
        {
            let vector = to_bytes(&hash_vector(text, 384));
            connection
                .execute(
                    "INSERT INTO memories (id, content_hash, content, created_at, store) VALUES (?1, ?2, ?2, ?1, ?3)",
                    params![id, text, store],
                )
                .unwrap();
            connection
                .execute(
                    "INSERT INTO memory_embeddings (rowid, content_embedding, store) VALUES (?1, ?2, ?3)",
                    params![id, vector, store],
                )
                .unwrap();
        }
        fixture.execute(
            "UPDATE memories SET superseded_by = 'tea' WHERE content = 'old';
             UPDATE memories SET embedding_pending = 1 WHERE content = 'pending';
             UPDATE memories SET deleted_at = 9 WHERE content = 'gone'",
        );
        fixture
    }

    fn scope(store: Option<&str>, from: Option<f64>, until: Option<f64>) -> Scope {
        Scope {
            store: store.map(str::to_owned),
            from: from.and_then(Timestamp::new),
            until: until.and_then(Timestamp::new),
        }
    }

    fn nearest(fixture: &Fixture, text: &str, scope: &Scope, limit: u32) -> String {
        let found = fixture.writer.reader.nearest(text, &hashes(), scope, limit).unwrap().unwrap();
        let shown = found.iter().map(|found| format!("{} {:.3}", found.record.content, found.score));
        shown.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_nearest_come_first_and_what_is_not_eligible_takes_no_place() {
        let fixture = fixture();
        let everywhere = scope(None, None, None);
        insta::assert_snapshot!(nearest(&fixture, "tea", &everywhere, 9), @"tea 1.000, coffee 0.517, water 0.460");
        insta::assert_snapshot!(nearest(&fixture, "old", &everywhere, 1), @"tea 0.520");
        insta::assert_snapshot!(nearest(&fixture, "tea", &scope(Some("work"), None, None), 9), @"water 0.460");
        insta::assert_snapshot!(nearest(&fixture, "tea", &scope(None, Some(1.0), Some(1.0)), 9), @"coffee 0.517");
        insta::assert_snapshot!(nearest(&fixture, "", &everywhere, 9), @"water 0.000, tea 0.000, coffee 0.000");
        assert_eq!(nearest(&fixture, "tea", &everywhere, u32::MAX), nearest(&fixture, "tea", &everywhere, 9));
    }

    #[test]
    fn the_newest_come_first() {
        let fixture = fixture();
        let newest = |scope: Scope, limit| {
            let found = fixture.writer.reader.newest(&scope, limit).unwrap();
            found.into_iter().map(|record| record.content).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(newest(scope(None, None, None), 9), "water, coffee, tea");
        assert_eq!(newest(scope(None, Some(0.0), Some(1.0)), 1), "coffee");
        assert_eq!(newest(scope(Some("work"), None, None), 9), "water");
    }

    #[test]
    fn nothing_is_near_where_no_vectors_can_be_made() {
        let fixture = fixture();
        let none = Vectors::default();
        assert_eq!(fixture.writer.reader.nearest("tea", &none, &Scope::default(), 9).unwrap(), None);
    }
}
