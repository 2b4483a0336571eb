//! Holds vectors against those that their texts would get now.
//!
//! Guarantees: reads only, and asks no more makers than it takes to say whose a vector is.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::OptionalExtension;

use super::NoVectors;
use crate::embed::{self, Maker, Sample, from_bytes};
use crate::local::Database;
use crate::side;

/// How many texts are given to a maker at once.
const BATCH: usize = 64;

/// What holding vectors against their texts came to.
#[derive(Debug)]
pub struct Verified {
    /// How many vectors were looked at.
    pub checked: u64,
    /// The maker of the database's vectors, or of the most of them; `None` where no maker on this device made one.
    pub maker: Option<String>,
    /// The vectors that are not this maker's, or of no text that their memory has now.
    pub differing: Vec<Differing>,
    /// The makers that could not be asked.
    pub failures: Vec<(String, embed::Error)>,
}

/// A vector that differs from the one that its text would get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// The memory's name.
    pub key: String,
    /// Its text.
    pub text: String,
    /// The maker that does make this vector of it; `None` where none on this device does.
    pub maker: Option<String>,
}

/// A memory and its vector.
struct Looked {
    key: String,
    sample: Sample,
    maker: Option<String>,
}

impl Database {
    /// Looks at `count` vectors that are spread evenly over the table, or at all of them. `progress` is told how many
    /// were looked at, and of how many.
    pub fn verify_vectors(
        &mut self,
        count: Option<usize>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Verified, side::Error> {
        self.refresh()?;
        let ids = self.spread(count).map_err(|error| self.reading(error))?;
        let mut candidates = self.candidates()?;
        let mut failures = Vec::new();
        let (mut looked, total) = (Vec::new(), ids.len() as u64);
        for part in ids.chunks(BATCH) {
            let mut batch = self.look(part).map_err(|error| self.reading(error))?;
            candidates.retain(|maker| match recognise(maker.as_ref(), &mut batch) {
                Ok(()) => true,
                Err(error) => {
                    failures.push((maker.name().to_owned(), error));
                    false
                }
            });
            looked.append(&mut batch);
            progress(looked.len() as u64, total);
        }
        Ok(judge(looked, failures))
    }

    /// The ids of memories with a vector: all, or so many of them from everywhere in the table.
    fn spread(&self, count: Option<usize>) -> rusqlite::Result<Vec<i64>> {
        let ids: Vec<i64> = self.sizes()?.into_iter().map(|(id, _)| id).collect();
        let Some(count) = count.filter(|count| *count < ids.len()) else { return Ok(ids) };
        Ok((0..count).map(|index| ids[index * ids.len() / count]).collect())
    }

    /// The makers, the likeliest first.
    fn candidates(&mut self) -> Result<Vec<Arc<dyn Maker>>, side::Error> {
        let Some(dimension) = self.dimension() else { return Ok(Vec::new()) };
        let likely = match self.maker()?.map_err(|why| self.counted(why)) {
            Ok(maker) => Some(maker.name().to_owned()),
            Err(why) => match why? {
                NoVectors::Unproven(proof) => proof.counts.first().map(|(maker, _)| maker.clone()),
                _ => None,
            },
        };
        let mut makers = self.options.makers.candidates(dimension);
        makers.sort_by_key(|maker| likely.as_deref() != Some(maker.name()));
        Ok(makers)
    }

    fn look(&self, ids: &[i64]) -> rusqlite::Result<Vec<Looked>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT CAST(content_hash AS TEXT), content, content_embedding \
             FROM memories, memory_embeddings AS vector WHERE id = ?1 AND vector.rowid = ?1",
        )?;
        let rows = ids.iter().map(|id| {
            let read = |row: &rusqlite::Row<'_>| {
                // What is no text by now, or not UTF-8, has no vector that could be right or wrong.
                let (Ok(key), Ok(text)) = (row.get_ref(0)?.as_str(), row.get_ref(1)?.as_str()) else {
                    return Ok(None);
                };
                let stored = from_bytes(row.get_ref(2)?.as_blob()?);
                let sample = Sample { text: text.to_owned(), stored };
                Ok(Some(Looked { key: key.to_owned(), sample, maker: None }))
            };
            statement.query_row([id], read).optional().map(Option::flatten)
        });
        rows.filter_map(Result::transpose).collect()
    }
}

/// Notes `maker` at those vectors that are its own and of nobody else so far.
fn recognise(maker: &dyn Maker, batch: &mut [Looked]) -> Result<(), embed::Error> {
    let mut open: Vec<&mut Looked> = batch.iter_mut().filter(|looked| looked.maker.is_none()).collect();
    if open.is_empty() {
        return Ok(());
    }
    let made = {
        let texts: Vec<&str> = open.iter().map(|looked| looked.sample.text.as_str()).collect();
        maker.vectors(&texts)?
    };
    for (looked, made) in open.iter_mut().zip(made) {
        if maker.is_same(&made, &looked.sample.stored) {
            looked.maker = Some(maker.name().to_owned());
        }
    }
    Ok(())
}

/// Which vectors are not of the maker that made the most.
fn judge(looked: Vec<Looked>, failures: Vec<(String, embed::Error)>) -> Verified {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for maker in looked.iter().filter_map(|looked| looked.maker.as_deref()) {
        *counts.entry(maker).or_default() += 1;
    }
    let maker = counts.into_iter().max_by_key(|(_, count)| *count).map(|(maker, _)| maker.to_owned());
    let checked = looked.len() as u64;
    let differing = looked
        .into_iter()
        .filter(|looked| looked.maker.is_none() || looked.maker != maker)
        .map(|looked| Differing { key: looked.key, text: looked.sample.text, maker: looked.maker })
        .collect();
    Verified { checked, maker, differing, failures }
}
