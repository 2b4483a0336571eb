//! Vectors for memories that lack theirs.
#![expect(clippy::disallowed_methods, reason = "a write transaction ends when it has lasted long enough")]

use std::slice;
use std::sync::Arc;
use std::time::Instant;

use rusqlite::{OptionalExtension, TransactionBehavior, params};

use super::NoVectors;
use super::ahead::{BYTES, TEXTS};
use crate::embed::to_bytes;
use crate::local::rows::Rows;
use crate::local::{Database, error, open};
use crate::object::Memory;
use crate::side;

/// What filling in came to.
#[derive(Clone, Debug)]
pub struct Filled {
    /// How many memories got their vector.
    pub filled: u64,
    /// How many lack theirs still.
    pub left: u64,
    /// Why some have none, be it that it ended before; `None` also where some changed meanwhile.
    pub why: Option<NoVectors>,
}

/// A memory without a vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// The row.
    pub id: i64,
    /// Its text.
    pub text: String,
}

impl Database {
    /// Gives memories that lack a vector theirs, the newest first, and says before and after each batch how many have
    /// theirs by then, and how many lacked it. Superseded memories get theirs too: the service keeps them searchable for whoever
    /// asks for them. What is done stays done, wherever it ends; where another program holds the database, it ends.
    pub fn fill_missing(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<Filled, side::Error> {
        self.refresh()?;
        let lacking = self.lacking().map_err(|error| self.reading(error))?;
        if lacking.is_empty() {
            return Ok(Filled { filled: 0, left: 0, why: None });
        }
        let total = lacking.len() as u64;
        let mut filled = Filled { filled: 0, left: 0, why: None };
        let mut rest = lacking.iter();
        progress(0, total);
        while rest.len() > 0 {
            let batch = self.texts(&mut rest).map_err(|error| self.reading(error))?;
            if let Err(why) = self.fill(&batch, &mut filled)? {
                filled.why = Some(why);
                break;
            }
            progress(filled.filled, total);
        }
        filled.left = self.missing_vectors()?;
        Ok(filled)
    }

    /// The ids of the memories that lack a vector, the newest first.
    fn lacking(&self) -> rusqlite::Result<Vec<i64>> {
        let sql = format!("SELECT id FROM memories WHERE {} ORDER BY id DESC", self.schema.lacking());
        self.connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
    }

    /// The texts of the next memories, as many as a maker is given at once. One that is gone, or no text, is left out.
    fn texts(&self, ids: &mut slice::Iter<'_, i64>) -> rusqlite::Result<Vec<Lacking>> {
        let mut content = self.connection.prepare_cached("SELECT content FROM memories WHERE id = ?1")?;
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < TEXTS
            && bytes < BYTES
            && let Some(&id) = ids.next()
        {
            let text = content.query_row([id], |row| Ok(row.get_ref(0)?.as_str().ok().map(str::to_owned)));
            if let Some(text) = text.optional()?.flatten() {
                bytes += text.len();
                batch.push(Lacking { id, text });
            }
        }
        Ok(batch)
    }

    /// Makes the vectors of `batch` and writes them; the inner error says what is in the way of going on.
    fn fill(&mut self, batch: &[Lacking], filled: &mut Filled) -> Result<Result<(), NoVectors>, side::Error> {
        let texts: Vec<&str> = batch.iter().map(|lacking| lacking.text.as_str()).collect();
        if texts.is_empty() {
            return Ok(Ok(()));
        }
        let made = match self.make(&texts)? {
            Ok(made) => made,
            Err(why) => return Ok(Err(why)),
        };
        if let Some(cause) = made.refused {
            let maker = made.maker.name().to_owned();
            filled.why = Some(NoVectors::Refused { maker, cause: cause.into() });
        }
        let version = self.schema.version;
        let vectors = batch.iter().zip(made.vectors);
        let vectors: Vec<_> = vectors.filter_map(|(lacking, vector)| Some((lacking, vector?))).collect();
        let mut rest = vectors.into_iter();
        while rest.len() > 0 {
            self.pace.wait();
            let written = self.write_vectors(version, &mut rest);
            self.pace.rest();
            match written {
                Ok(count) => filled.filled += count,
                Err(error @ (side::Error::Busy { .. } | side::Error::Unwritable { .. })) => {
                    return Ok(Err(NoVectors::Unwritten(Arc::new(error))));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Ok(()))
    }

    /// One transaction with as many vectors as fit in; how many were written.
    fn write_vectors<'a>(
        &mut self,
        version: i64,
        vectors: &mut impl Iterator<Item = (&'a Lacking, Vec<f32>)>,
    ) -> Result<u64, side::Error> {
        let Self { connection, options, schema, hold, transactions, .. } = self;
        let fail = |error| error::writing(&options.path, error);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let began = Instant::now();
        open::refresh(&transaction, schema, &options.path)?;
        if schema.version != version {
            // The vectors may be none of the tables that are there now.
            vectors.for_each(drop);
            return Ok(0);
        }
        let rows = Rows { connection: &transaction, schema };
        let mut count = 0;
        for (lacking, vector) in vectors {
            count += u64::from(give(rows, lacking, to_bytes(&vector)).map_err(fail)?);
            if began.elapsed() >= *hold {
                break;
            }
        }
        transaction.commit().map_err(fail)?;
        transactions.note(began.elapsed());
        Ok(count)
    }
}

/// Gives a memory its vector, unless it has got one meanwhile, or another text.
pub(in crate::local) fn give(rows: Rows<'_>, lacking: &Lacking, vector: Vec<u8>) -> rusqlite::Result<bool> {
    let Some((store, is_pending)) = standing(rows, lacking)? else { return Ok(false) };
    rows.replace_vector(lacking.id, &store, Some(vector))?;
    if is_pending {
        rows.update(lacking.id, vec![("embedding_pending", 0.into())], None)?;
    }
    Ok(true)
}

/// The store of a memory that still lacks a vector and holds the text, and whether the service hides it until then.
fn standing(rows: Rows<'_>, lacking: &Lacking) -> rusqlite::Result<Option<(String, bool)>> {
    let column = |name| if rows.schema.has(name) { name } else { "NULL" };
    let sql = format!(
        "SELECT {store}, COALESCE({pending}, 0) = 1 AS is_pending FROM memories \
         WHERE id = ?1 AND content = ?2 AND {live} AND (is_pending OR NOT EXISTS \
         (SELECT 1 FROM memory_embeddings AS vector WHERE vector.rowid = ?1))",
        store = column("store"),
        pending = column("embedding_pending"),
        live = rows.schema.live()
    );
    let read = |row: &rusqlite::Row<'_>| {
        let store: Option<String> = row.get(0)?;
        Ok((store.unwrap_or_else(|| Memory::DEFAULT_STORE.to_owned()), row.get(1)?))
    };
    let mut standing = rows.connection.prepare_cached(&sql)?;
    standing.query_row(params![lacking.id, lacking.text], read).optional()
}
