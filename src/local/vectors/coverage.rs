//! How many memories can be found by meaning, and by which maker's vectors.
//!
//! Guarantees: counted at one moment of the database, and nothing is written.

use std::sync::Arc;

use rusqlite::Connection;

use super::{Making, NoVectors};
use crate::embed::{Hash, Maker, Proof, from_bytes};
use crate::local::schema::Schema;
use crate::local::{Database, error, open};
use crate::side;

/// Of a hash vector so many numbers are compared, which tell it from any other as surely as all of them: one digest
/// of a text makes eight.
const HASH_NUMBERS: usize = 8;

/// What a database has of vectors.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// How many vectors of what there are.
    pub counts: Counts,
    /// Where the vectors come from, by a sample of them.
    pub proof: Arc<Proof>,
    /// How many vectors were in the sample.
    pub sample: usize,
    /// What makes the vectors of memories that arrive, or why they get none.
    pub making: Making,
}

/// How many vectors of what there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// How many live memories there are.
    pub memories: u64,
    /// How many of them have a vector that the service searches by.
    pub with_vector: u64,
    /// How many of them the service itself has marked as waiting for their vector.
    pub pending: u64,
    /// How many vectors belong to no live memory.
    pub orphans: u64,
    /// How many live memories have the vector that the service makes without a model.
    pub hash_vectors: u64,
    /// How many numbers a vector has; `None` where there is no table of vectors that is understood.
    pub dimension: Option<usize>,
}

impl Counts {
    /// How many live memories no search by meaning finds.
    #[must_use]
    pub fn without_vector(&self) -> u64 {
        self.memories - self.with_vector
    }
}

impl Database {
    /// Counts the vectors, and asks every maker about a sample of them.
    pub fn coverage(&mut self) -> Result<Coverage, side::Error> {
        let Self { connection, options, schema, .. } = self;
        let fail = |error| error::reading(&options.path, error);
        let transaction = connection.transaction().map_err(fail)?;
        open::refresh(&transaction, schema, &options.path)?;
        let counts = count(&transaction, schema).map_err(fail)?;
        drop(transaction);
        let samples = self.samples().map_err(|error| self.reading(error))?;
        let Some(dimension) = counts.dimension.filter(|_| !samples.is_empty()) else {
            return Ok(Coverage { counts, proof: Arc::default(), sample: 0, making: self.maker()? });
        };
        let proof = Arc::new(self.options.makers.prove(dimension, &samples));
        let making = proof.maker.clone().ok_or_else(|| NoVectors::Unproven(Arc::clone(&proof)));
        Ok(Coverage { counts, proof, sample: samples.len(), making })
    }
}

fn count(connection: &Connection, schema: &Schema) -> rusqlite::Result<Counts> {
    let number = |sql: String| -> rusqlite::Result<u64> {
        connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    };
    let live = schema.live();
    let lacking = number(format!("SELECT count(*) FROM memories WHERE {}", schema.lacking()))?;
    let memories = number(format!("SELECT count(*) FROM memories WHERE {live}"))?;
    let pending = if schema.has("embedding_pending") { "embedding_pending = 1" } else { "FALSE" };
    let mut counts = Counts {
        memories,
        with_vector: memories - lacking,
        pending: number(format!("SELECT count(*) FROM memories WHERE {live} AND {pending}"))?,
        orphans: 0,
        hash_vectors: 0,
        dimension: schema.vectors.and_then(|vectors| vectors.dimension),
    };
    if schema.vectors.is_some() {
        counts.orphans = number(format!(
            "SELECT count(*) FROM memory_embeddings WHERE rowid NOT IN (SELECT id FROM memories WHERE {live})"
        ))?;
        counts.hash_vectors = hash_vectors(connection, live)?;
    }
    Ok(counts)
}

/// Looks at every vector: that costs one digest each.
fn hash_vectors(connection: &Connection, live: &str) -> rusqlite::Result<u64> {
    let maker = Hash::new(HASH_NUMBERS);
    let sql = format!(
        "SELECT content, content_embedding FROM memory_embeddings AS vector JOIN memories ON id = vector.rowid \
         WHERE {live} AND typeof(content) = 'text'"
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let (Ok(text), Ok(bytes)) = (row.get_ref(0)?.as_str(), row.get_ref(1)?.as_blob()) else { continue };
        let stored = from_bytes(&bytes[..bytes.len().min(4 * HASH_NUMBERS)]);
        let made = maker.vectors(&[text]).unwrap_or_default();
        count += u64::from(made.first().is_some_and(|made| *made == stored));
    }
    Ok(count)
}
