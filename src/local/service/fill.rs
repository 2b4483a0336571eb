//! Memories that lack their vector, and giving it to them.
//!
//! Guarantees: a vector goes only to a row that still holds the text it was made of. A row that gets one counts as
//! complete from then on, also where the service has hidden it from searches until then.

use rusqlite::{OptionalExtension, Row, params};

use crate::local::schema;
use crate::object::Memory;
use crate::side;

use super::{Changes, Reader, Vectors};

/// A memory without a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Lacking {
    /// The row.
    pub id: i64,
    /// Its text.
    pub content: String,
}

impl Reader {
    /// The newest `limit` live memories before the row `before` that lack a vector, the newest first.
    pub fn lacking(&self, before: i64, limit: usize) -> Result<Vec<Lacking>, side::Error> {
        let sql = format!(
            "SELECT id, content FROM memories WHERE id < ?1 AND {} ORDER BY id DESC LIMIT ?2",
            self.schema.lacking()
        );
        let read = |row: &Row<'_>| {
            let content = String::from_utf8_lossy(row.get_ref(1)?.as_bytes()?).into_owned();
            Ok(Lacking { id: row.get(0)?, content })
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.connection
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_map(params![before, limit], read)?.collect())
            .map_err(|error| self.failed(error))
    }

    /// The tables that are there now: SQLite's counter of their changes.
    pub fn tables(&self) -> Result<i64, side::Error> {
        schema::version(&self.connection).map_err(|error| self.failed(error))
    }
}

impl Changes<'_> {
    /// Gives `memories` their vectors, and says how many got one.
    pub fn fill(&self, memories: &[Lacking], vectors: &Vectors) -> Result<u64, side::Error> {
        let mut filled = 0;
        for memory in memories {
            filled += u64::from(self.fill_one(memory, vectors).map_err(|error| self.failed(error))?);
        }
        Ok(filled)
    }

    fn fill_one(&self, memory: &Lacking, vectors: &Vectors) -> rusqlite::Result<bool> {
        let connection = &self.reader.connection;
        let Some(vector) = vectors.get(&memory.content, connection)? else { return Ok(false) };
        let sql = "UPDATE memories SET embedding_pending = 0 \
                   WHERE id = ?1 AND deleted_at IS NULL AND content = ?2 RETURNING store";
        let store: Option<Option<String>> = connection
            .prepare_cached(sql)?
            .query_row(params![memory.id, memory.content], |row| row.get(0))
            .optional()?;
        let Some(store) = store else { return Ok(false) };
        let store = store.as_deref().unwrap_or(Memory::DEFAULT_STORE);
        self.rows().replace_vector(memory.id, store, Some(vector)).map(|()| true)
    }
}
