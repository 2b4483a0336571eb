//! Memories that lack their vector, and giving it to them.
//!
//! Guarantees: a vector goes only to a row that still holds the text it was made of. A row that gets one counts as
//! complete from then on, also where the service had hidden it from searches until then.

use rusqlite::params;

use crate::local::schema::Schema;
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
    /// The first `limit` live memories after the row `after` that lack a vector, in the order of their rows.
    pub fn lacking(&self, after: i64, limit: u32) -> Result<Vec<Lacking>, side::Error> {
        let sql = format!(
            "SELECT id, content FROM memories LEFT JOIN memory_embeddings AS vector ON vector.rowid = id \
             WHERE id > ?1 AND {} AND (vector.rowid IS NULL OR embedding_pending = 1) \
             AND typeof(content) = 'text' ORDER BY id LIMIT ?2",
            Schema::live(&self.schema)
        );
        let read = || -> rusqlite::Result<Vec<Lacking>> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let read = |row: &rusqlite::Row<'_>| {
                let content = String::from_utf8_lossy(row.get_ref(1)?.as_bytes()?).into_owned();
                Ok(Lacking { id: row.get(0)?, content })
            };
            statement.query_map(params![after, limit], read)?.collect()
        };
        read().map_err(|error| self.failed(error))
    }
}

impl Changes<'_> {
    /// Gives `memories` their vectors, and says how many got one.
    pub fn fill(&self, memories: &[Lacking], vectors: &Vectors) -> Result<u64, side::Error> {
        let filled = memories.iter().map(|memory| self.fill_one(memory, vectors));
        let filled: rusqlite::Result<Vec<bool>> = filled.collect();
        let filled = filled.map_err(|error| self.failed(error))?;
        Ok(filled.iter().map(|is_filled| u64::from(*is_filled)).sum())
    }

    fn fill_one(&self, memory: &Lacking, vectors: &Vectors) -> rusqlite::Result<bool> {
        let Some(vector) = vectors.get(&memory.content) else { return Ok(false) };
        let sql = "UPDATE memories SET embedding_pending = 0 \
                   WHERE id = ?1 AND deleted_at IS NULL AND content = ?2 RETURNING coalesce(store, 'default')";
        let mut statement = self.reader.connection.prepare_cached(sql)?;
        let stores: Vec<String> = statement
            .query_map(params![memory.id, memory.content], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let Some(store) = stores.first() else { return Ok(false) };
        self.rows().replace_vector(memory.id, store, Some(vector)).map(|()| true)
    }
}
