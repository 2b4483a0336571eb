//! What a database is like, in numbers.

use rusqlite::params;

use crate::object::Timestamp;
use crate::side;

use super::Reader;

/// A week, in seconds.
const WEEK: f64 = 7.0 * 24.0 * 60.0 * 60.0;

/// Numbers about a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// How many live memories there are, in all stores.
    pub total_memories: u64,
    /// How many of them were made in the seven days before.
    pub memories_this_week: u64,
    /// How many of them have no vector, so that no search by meaning finds them.
    pub missing_embeddings: u64,
    /// How many different tags they have.
    pub unique_tags: usize,
    /// The size of the database, in bytes.
    pub database_size: u64,
}

impl Reader {
    /// The numbers as they are at `now`.
    pub fn statistics(&self, now: Timestamp) -> Result<Statistics, side::Error> {
        let unique_tags = self.tags(None)?.len();
        let sql = "SELECT count(*), count(*) FILTER (WHERE created_at >= ?1), \
                   count(*) FILTER (WHERE vector.rowid IS NULL), \
                   (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size) \
                   FROM memories LEFT JOIN memory_embeddings AS vector ON vector.rowid = id \
                   WHERE +deleted_at IS NULL";
        self.at_one_moment(|connection| {
            connection.prepare_cached(sql)?.query_row(params![now.seconds() - WEEK], |row| {
                let number = |column| row.get(column).map(i64::unsigned_abs);
                Ok(Statistics {
                    total_memories: number(0)?,
                    memories_this_week: number(1)?,
                    missing_embeddings: number(2)?,
                    unique_tags,
                    database_size: number(3)?,
                })
            })
        })
    }

    /// How many numbers a vector of this database has; `None` where its table of vectors is not understood.
    #[must_use]
    pub fn dimension(&self) -> Option<usize> {
        self.schema.vectors.and_then(|vectors| vectors.dimension)
    }
}
