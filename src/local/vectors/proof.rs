//! The sample that proves a maker.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::OptionalExtension;

use super::{Making, NoVectors};
use crate::embed::{Sample, from_bytes};
use crate::local::Database;
use crate::side;

/// How many of the newest and how many of the oldest memories are taken.
const ENDS: usize = 4;

/// How many of the longest: two makers that cut texts at different lengths differ only there.
const LONGEST: usize = 5;

/// How many that are spread evenly over the table.
const SPREAD: usize = 7;

impl Database {
    /// Proves a maker, or says what the service would take for a table without vectors.
    pub(super) fn find_maker(&self) -> Result<Making, side::Error> {
        let Some(dimension) = self.dimension() else { return Ok(Err(NoVectors::NoTable)) };
        // Asked first: a memory that comes meanwhile, with its vector, must not look like one that got none.
        let holds_memories = self.holds_memories().map_err(|error| self.reading(error))?;
        let samples = self.samples().map_err(|error| self.reading(error))?;
        if samples.is_empty() {
            let making = self.options.makers.for_empty(dimension, holds_memories);
            return Ok(making.map_err(|why| NoVectors::NoModel(Arc::new(why))));
        }
        let making = self.options.makers.pick(dimension, &samples);
        Ok(making.map_err(|why| NoVectors::Unknown(Arc::new(why))))
    }

    /// Memories with their vectors, by which a maker can be proven: the newest, the oldest, the longest and some
    /// between, of all stores. All of them are none only where no memory has a vector.
    pub(super) fn samples(&self) -> rusqlite::Result<Vec<Sample>> {
        if self.schema.vectors.is_none() {
            return Ok(Vec::new());
        }
        let mut sample = self.connection.prepare(
            "SELECT content, content_embedding FROM memories, memory_embeddings AS vector \
             WHERE id = ?1 AND vector.rowid = ?1",
        )?;
        let rows = choose(&self.sizes()?).into_iter().map(|id| {
            let read = |row: &rusqlite::Row<'_>| {
                let Ok(text) = row.get_ref(0)?.as_str() else { return Ok(None) };
                Ok(Some(Sample { text: text.to_owned(), stored: from_bytes(row.get_ref(1)?.as_blob()?) }))
            };
            sample.query_row([id], read).optional().map(Option::flatten)
        });
        rows.filter_map(Result::transpose).collect()
    }

    /// The id of each memory that has a vector, in their order, and how many bytes its text has, which is found out
    /// without reading the text.
    pub(super) fn sizes(&self) -> rusqlite::Result<Vec<(i64, i64)>> {
        let is_pending =
            if self.schema.has("embedding_pending") { "AND COALESCE(embedding_pending, 0) = 0" } else { "" };
        let sql = format!(
            "SELECT id, octet_length(content) FROM memories \
             WHERE {} AND typeof(content) = 'text' {is_pending} \
             AND id IN (SELECT rowid FROM memory_embeddings) ORDER BY id",
            self.schema.live()
        );
        let mut sizes = self.connection.prepare(&sql)?;
        sizes.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    /// Whether there is anything in the tables, as the service asks before it makes hash vectors.
    fn holds_memories(&self) -> rusqlite::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM memories) OR EXISTS (SELECT 1 FROM memory_embeddings)";
        self.connection.query_row(sql, [], |row| row.get(0))
    }
}

/// The sample's ids out of all, which are in their order and come with the lengths of their texts.
fn choose(sizes: &[(i64, i64)]) -> BTreeSet<i64> {
    let mut by_length = sizes.to_vec();
    by_length.sort_unstable_by_key(|(id, length)| (std::cmp::Reverse(*length), *id));
    let step = sizes.len().div_ceil(SPREAD).max(1);
    let ends = sizes.iter().take(ENDS).chain(sizes.iter().rev().take(ENDS));
    let between = sizes.iter().skip(step / 2).step_by(step);
    ends.chain(between).chain(by_length.iter().take(LONGEST)).map(|(id, _)| *id).collect()
}
