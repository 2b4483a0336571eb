//! Gives every memory a vector of another maker.
//!
//! First all vectors are made, into a temporary table that only this process sees. Then one transaction drops the
//! service's table and makes it again, as the service itself would lay it out for this many numbers, and fills it.
//!
//! Guarantees: interrupted before that transaction has ended, the old vectors are all there. A memory whose text
//! changed meanwhile gets no vector of its old text. Nothing is made while the database is locked.
#![expect(clippy::disallowed_methods, reason = "how long the service was kept from writing is measured")]

use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::{NoVectors, fits};
use crate::embed::{Maker, to_bytes};
use crate::local::schema::Schema;
use crate::local::{Database, error, open};
use crate::side;

/// How many texts are given to the maker at once, so that it can use all cores.
const BATCH: usize = 64;

/// How much of the new table is written in a millisecond, measured with 100,000 vectors on a busy machine.
const BYTES_A_MILLISECOND: u64 = 15_000;

/// Where the vectors wait, with the texts that they are of.
const MADE: &str =
    "CREATE TEMP TABLE made (id INTEGER PRIMARY KEY, content TEXT NOT NULL, vector BLOB NOT NULL)";

/// How far the work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many vectors are made, of so many.
    Made(u64, u64),
    /// The transaction holds the new table and is about to be committed.
    Replacing,
}

/// What giving all memories new vectors came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// How many memories have a new vector.
    pub memories: u64,
    /// How many numbers a vector has now.
    pub dimension: usize,
    /// For how long nobody else could write.
    pub locked: Duration,
}

/// What giving all memories new vectors would come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// How many numbers a vector would have.
    pub dimension: usize,
    /// How long it would take, by how long some of the texts take.
    pub takes: Duration,
    /// For how long nobody else could write at its end, roughly.
    pub locked: Duration,
}

/// Rows that are given to the maker together.
#[derive(Debug, Default)]
struct Batch {
    rows: Vec<(i64, String)>,
    /// The id of the last row that was looked at.
    last: i64,
}

impl Database {
    /// Gives all live memories vectors of `maker`, whatever they have now. A memory that arrives in the last moment
    /// has none afterwards; [`Database::fill_missing`] gives it one. The inner error says why there are no vectors of
    /// this maker: then nothing has changed.
    pub fn replace_vectors(
        &mut self,
        maker: &dyn Maker,
        progress: &mut dyn FnMut(Step),
    ) -> Result<Result<Replaced, NoVectors>, side::Error> {
        self.refresh()?;
        let dimension = match make(maker, &["test"], None) {
            Ok(made) => made.first().map_or(0, Vec::len),
            Err(why) => return Ok(Err(why)),
        };
        self.connection.execute_batch(MADE).map_err(|error| self.writing(error))?;
        // The log is moved into the file below, once nobody waits for the end of the transaction.
        self.connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(|error| self.writing(error))?;
        let replaced = match self.make_all(maker, dimension, progress) {
            Ok(Ok(())) => self.swap(dimension, progress).map(Ok),
            Ok(Err(why)) => Ok(Err(why)),
            Err(error) => Err(error),
        };
        // The table goes with this connection, at the latest; so does the log with the last one of all.
        let _ = self.connection.execute_batch("DROP TABLE temp.made");
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        replaced
    }

    /// Works out how long [`Self::replace_vectors`] would take, by making the vectors of some texts.
    pub fn estimate_replacement(
        &mut self,
        maker: &dyn Maker,
    ) -> Result<Result<Estimate, NoVectors>, side::Error> {
        self.refresh()?;
        let (texts, memories) = self.some_texts().map_err(|error| self.reading(error))?;
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let measured = || {
            // Loading the model is no part of the work.
            let dimension = make(maker, &["test"], None)?.first().map_or(0, Vec::len);
            let began = Instant::now();
            make(maker, &texts, Some(dimension))?;
            let part = u32::try_from(texts.len()).unwrap_or(u32::MAX).max(1);
            let takes = began.elapsed() / part * u32::try_from(memories).unwrap_or(u32::MAX);
            let bytes = memories * 4 * dimension as u64;
            Ok(Estimate { dimension, takes, locked: Duration::from_millis(bytes / BYTES_A_MILLISECOND) })
        };
        Ok(measured())
    }

    /// Texts from all over the table, and how many memories there are.
    fn some_texts(&self) -> rusqlite::Result<(Vec<String>, u64)> {
        let live = self.schema.live();
        let sql = format!("SELECT count(*) FROM memories WHERE {live}");
        let memories = self.connection.query_row(&sql, [], |row| row.get::<_, i64>(0))?;
        let sql = format!(
            "SELECT content FROM memories WHERE {live} AND typeof(content) = 'text' ORDER BY id * 2654435761 % 4294967296 LIMIT 32"
        );
        let mut statement = self.connection.prepare(&sql)?;
        let texts =
            statement.query_map([], |row| Ok(row.get_ref(0)?.as_str().unwrap_or_default().to_owned()))?;
        Ok((texts.collect::<Result<_, _>>()?, memories.unsigned_abs()))
    }

    /// Makes the vectors of all texts, then of those that came or changed meanwhile, until these are few.
    fn make_all(
        &self,
        maker: &dyn Maker,
        dimension: usize,
        progress: &mut dyn FnMut(Step),
    ) -> Result<Result<(), NoVectors>, side::Error> {
        let mut done = 0;
        loop {
            let (before, mut last) = (done, i64::MIN);
            let total = done + self.unmade().map_err(|error| self.reading(error))?;
            while let Some(batch) = self.next(last).map_err(|error| self.reading(error))? {
                last = batch.last;
                let texts: Vec<&str> = batch.rows.iter().map(|(_, text)| text.as_str()).collect();
                let vectors = match make(maker, &texts, Some(dimension)) {
                    Ok(vectors) => vectors,
                    Err(why) => return Ok(Err(why)),
                };
                self.keep(&batch.rows, &vectors).map_err(|error| self.writing(error))?;
                done += texts.len() as u64;
                progress(Step::Made(done, total.max(done)));
            }
            if done - before < BATCH as u64 {
                return Ok(Ok(()));
            }
        }
    }

    /// How many texts have no vector of this maker yet.
    fn unmade(&self) -> rusqlite::Result<u64> {
        let sql = format!("SELECT count(*) FROM ({})", unmade(&self.schema));
        self.connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    }

    /// The next of them behind a row.
    fn next(&self, behind: i64) -> rusqlite::Result<Option<Batch>> {
        let sql = format!("{} AND id > ?1 ORDER BY id LIMIT {BATCH}", unmade(&self.schema));
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut found = statement.query([behind])?;
        let mut batch: Option<Batch> = None;
        while let Some(row) = found.next()? {
            let id = row.get(0)?;
            let batch = batch.get_or_insert_default();
            batch.last = id;
            // Text that is not UTF-8 belongs to a memory that cannot be carried: it stays without a vector.
            batch.rows.extend(row.get_ref(1)?.as_str().ok().map(|text| (id, text.to_owned())));
        }
        Ok(batch)
    }

    fn keep(&self, batch: &[(i64, String)], vectors: &[Vec<f32>]) -> rusqlite::Result<()> {
        let mut statement =
            self.connection.prepare_cached("INSERT OR REPLACE INTO temp.made VALUES (?1, ?2, ?3)")?;
        for ((id, text), vector) in batch.iter().zip(vectors) {
            statement.execute((id, text, to_bytes(vector)))?;
        }
        Ok(())
    }

    /// Puts the new vectors in the place of the old ones.
    fn swap(&mut self, dimension: usize, progress: &mut dyn FnMut(Step)) -> Result<Replaced, side::Error> {
        let Self { connection, options, schema, .. } = self;
        let fail = |error| error::writing(&options.path, error);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let began = Instant::now();
        open::refresh(&transaction, schema, &options.path)?;
        let memories = rewrite(&transaction, schema, dimension).map_err(fail)?;
        progress(Step::Replacing);
        transaction.commit().map_err(fail)?;
        let locked = began.elapsed();
        self.refresh()?;
        Ok(Replaced { memories, dimension, locked })
    }

    fn writing(&self, error: rusqlite::Error) -> side::Error {
        error::writing(&self.options.path, error)
    }
}

/// Vectors of `texts`, of `dimension` numbers where that is given.
fn make(maker: &dyn Maker, texts: &[&str], dimension: Option<usize>) -> Result<Vec<Vec<f32>>, NoVectors> {
    let name = || maker.name().to_owned();
    let made =
        maker.vectors(texts).map_err(|cause| NoVectors::Failed { maker: name(), cause: cause.into() })?;
    let dimension = dimension.or_else(|| made.first().map(Vec::len)).filter(|dimension| *dimension > 0);
    if fits(&made, texts.len(), dimension) { Ok(made) } else { Err(NoVectors::Misfit { maker: name() }) }
}

/// Selects the live memories whose present text has no vector yet; more conditions can be added.
fn unmade(schema: &Schema) -> String {
    format!(
        "SELECT id, content FROM main.memories AS memory WHERE {} AND typeof(content) = 'text' \
         AND NOT EXISTS (SELECT 1 FROM temp.made WHERE made.id = memory.id AND made.content = memory.content)",
        schema.live()
    )
}

/// Makes the table anew; the number of vectors that went in.
fn rewrite(connection: &Connection, schema: &Schema, dimension: usize) -> rusqlite::Result<u64> {
    let layout = layout(connection, schema, dimension)?;
    connection.execute_batch(&format!("DROP TABLE IF EXISTS main.memory_embeddings; {layout}"))?;
    let has_store =
        "SELECT EXISTS (SELECT 1 FROM pragma_table_info('memory_embeddings') WHERE name = 'store')";
    let has_store: bool = connection.query_row(has_store, [], |row| row.get(0))?;
    let (column, store) = match (has_store, schema.has("store")) {
        (false, _) => ("", ""),
        (true, true) => (", store", ", COALESCE(NULLIF(store, ''), 'default')"),
        (true, false) => (", store", ", 'default'"),
    };
    let insert = format!(
        "INSERT INTO main.memory_embeddings (rowid, content_embedding{column}) SELECT memory.id, vector{store} \
         FROM main.memories AS memory JOIN temp.made ON made.id = memory.id AND made.content = memory.content \
         WHERE {}",
        schema.live()
    );
    let count = connection.execute(&insert, [])?;
    if schema.has("embedding_pending") {
        let found = "UPDATE main.memories SET embedding_pending = 0 \
                     WHERE embedding_pending <> 0 AND id IN (SELECT rowid FROM main.memory_embeddings)";
        connection.execute(found, [])?;
    }
    Ok(count as u64)
}

/// The statement that makes the table as it is now with vectors of another size; where there is none that is
/// understood, the one of 12.2.0.
fn layout(connection: &Connection, schema: &Schema, dimension: usize) -> rusqlite::Result<String> {
    let sql = "SELECT sql FROM main.sqlite_schema WHERE name = 'memory_embeddings'";
    let present: Option<String> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(present.and_then(|sql| resized(&sql, dimension)).unwrap_or_else(|| {
        let store = if schema.has("store") { ", store TEXT partition key" } else { "" };
        format!(
            "CREATE VIRTUAL TABLE memory_embeddings USING vec0(content_embedding FLOAT[{dimension}] \
             distance_metric=cosine{store})"
        )
    }))
}

/// Puts another number into `FLOAT[384]`, and leaves all else as it is.
fn resized(sql: &str, dimension: usize) -> Option<String> {
    const TYPE: &str = "float[";
    let begin = sql.to_ascii_lowercase().find(TYPE)? + TYPE.len();
    let end = begin + sql[begin..].find(']')?;
    Some(format!("{}{dimension}{}", &sql[..begin], &sql[end..]))
}
