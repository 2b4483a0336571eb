//! What makes the vectors of a database, settled once for all of its connections.
//!
//! Must never: run where something waits for it. To prove a model it has to be loaded and to work.

use std::path::PathBuf;
use std::time::Duration;

use crate::embed::Makers;
use crate::local::{Database, Making, NoVectors, Options};
use crate::object::{Bookkeeping, Timestamp};
use crate::side;

/// What makes the vectors of a database.
#[derive(Debug)]
pub struct Settled {
    /// The maker that the vectors prove, or what the service would take where there are none yet.
    pub making: Making,
    /// How many numbers a vector has; `None` where the table of vectors is not understood.
    pub dimension: Option<usize>,
    /// The tables for which this holds: SQLite's counter of their changes.
    pub tables: i64,
}

impl Settled {
    /// Finds out which of `makers` makes the vectors of the database at `path`. It takes as long as they do.
    pub fn of(path: PathBuf, makers: Makers, busy_timeout: Duration) -> Result<Self, side::Error> {
        let now = Timestamp::new(0.0).expect("zero is finite");
        let bookkeeping = Bookkeeping::default();
        let mut database = Database::open(Options { path, bookkeeping, busy_timeout, now, makers })?;
        let making = database.maker()?;
        let dimension = database.schema.vectors.and_then(|vectors| vectors.dimension);
        Ok(Self { making, dimension, tables: database.schema.version })
    }
}

impl Default for Settled {
    /// Nothing makes any.
    fn default() -> Self {
        Self { making: Err(NoVectors::NoTable), dimension: None, tables: 0 }
    }
}
