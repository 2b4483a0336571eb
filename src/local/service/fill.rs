//! Memories that lack their vector, and giving it to them.
//!
//! Guarantees: a vector goes only to a row that still holds the text it was made of. A row that gets one counts as
//! complete from then on, also where the service has hidden it from searches until then.

use rusqlite::params;

use crate::local::schema;
use crate::local::vectors::{BYTES, Lacking, give};
use crate::side;

use super::{Changes, Reader, Vectors};

impl Reader {
    /// The newest live memories before the row `before` that lack a vector, the newest first: at most `limit`, and no
    /// more once their texts are long together.
    pub fn lacking(&self, before: i64, limit: usize) -> Result<Vec<Lacking>, side::Error> {
        let sql = format!(
            "SELECT id, content FROM memories WHERE id < ?1 AND {} ORDER BY id DESC LIMIT ?2",
            self.schema.lacking()
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = || {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params![before, limit])?;
            let (mut found, mut bytes) = (Vec::new(), 0);
            while bytes < BYTES
                && let Some(row) = rows.next()?
            {
                let text = String::from_utf8_lossy(row.get_ref(1)?.as_bytes()?).into_owned();
                bytes += text.len();
                found.push(Lacking { id: row.get(0)?, text });
            }
            Ok(found)
        };
        read().map_err(|error| self.failed(error))
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
        match vectors.get(&memory.text, &self.reader.connection)? {
            Some(vector) => give(self.rows(), memory, vector),
            None => Ok(false),
        }
    }
}
