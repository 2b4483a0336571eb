//! The vectors of the texts that a request is about, made before the database is asked or changed.
//!
//! Guarantees: what takes long was done before: where the maker is a model, no connection ever waits for it. A text
//! without a vector is [noted](Vectors::is_lacking), so that it can get one later. Vectors that were made for other
//! tables than those that are there now, because another program has replaced them meanwhile, are as good as none:
//! theirs may be of another model.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use crate::embed::{Maker, to_bytes};
use crate::local::schema;

/// Vectors by their texts. By default there are none.
#[derive(Clone, Debug, Default)]
pub struct Vectors {
    /// What makes them when they are asked for.
    instant: Option<Arc<dyn Maker>>,
    /// As they are stored.
    ready: HashMap<String, Vec<u8>>,
    /// For which tables they were made; `None` for whichever are there.
    tables: Option<i64>,
    /// Whether those are the tables that are there, once that was asked.
    fits: Cell<Option<bool>>,
    is_lacking: Cell<bool>,
}

impl Vectors {
    /// The vectors of all texts: `maker` must be [instant](Maker::is_instant).
    #[must_use]
    pub fn instant(maker: Arc<dyn Maker>) -> Self {
        Self { instant: Some(maker), ..Self::default() }
    }

    /// The same, for no other tables than these: see [`super::Settled::tables`].
    #[must_use]
    pub fn for_tables(self, tables: i64) -> Self {
        Self { tables: Some(tables), ..self }
    }

    /// Adds the vector of a text.
    pub fn insert(&mut self, text: String, vector: &[f32]) {
        self.ready.insert(text, to_bytes(vector));
    }

    /// Whether there is a vector of `text` that was made ahead, by a model: one that tells something about meaning.
    #[must_use]
    pub fn has_meaning(&self, text: &str) -> bool {
        self.ready.contains_key(text)
    }

    /// Whether a vector was asked for that is not there.
    #[must_use]
    pub fn is_lacking(&self) -> bool {
        self.is_lacking.get()
    }

    /// The vector of `text` as `database` stores it; `None` where it is not there.
    pub(super) fn get(&self, text: &str, database: &Connection) -> rusqlite::Result<Option<Vec<u8>>> {
        let vector = match &self.instant {
            _ if !self.fits(database)? => None,
            Some(maker) => {
                maker.vectors(&[text]).ok().and_then(|made| made.first().map(|made| to_bytes(made)))
            }
            None => self.ready.get(text).cloned(),
        };
        self.is_lacking.set(self.is_lacking.get() || vector.is_none());
        Ok(vector)
    }

    fn fits(&self, database: &Connection) -> rusqlite::Result<bool> {
        if let Some(fits) = self.fits.get() {
            return Ok(fits);
        }
        let fits = match self.tables {
            Some(tables) => schema::version(database)? == tables,
            None => true,
        };
        self.fits.set(Some(fits));
        Ok(fits)
    }
}
