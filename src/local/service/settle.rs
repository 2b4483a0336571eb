//! What makes the vectors of a database, settled once for all of its connections.
//!
//! Guarantees: no connection is open while a model is loaded and works.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::embed::{Maker, Makers, Proof, Sample};
use crate::local::{Database, Options, error};
use crate::object::{Bookkeeping, Timestamp};
use crate::side;

/// What makes the vectors of a database.
#[derive(Debug, Default)]
pub struct Settled {
    /// The maker that is proven, or the service's own choice where there are no vectors yet.
    pub maker: Option<Arc<dyn Maker>>,
    /// How many numbers a vector has; `None` where the table of vectors is not understood.
    pub dimension: Option<usize>,
    /// What a sample of the vectors that are there says.
    pub proof: Proof,
}

impl Settled {
    /// Finds out which of `makers` makes the vectors of the database at `path`. It takes as long as they do.
    pub fn of(path: PathBuf, makers: &Makers, busy_timeout: Duration) -> Result<Self, side::Error> {
        let Some(Vectors { dimension, samples, is_empty, holds_memories }) = look(path, busy_timeout)? else {
            return Ok(Self::default());
        };
        let proof = makers.prove(dimension, &samples);
        let maker = match &proof.maker {
            None if is_empty => makers.for_empty(dimension, holds_memories),
            proven => proven.clone(),
        };
        Ok(Self { maker, dimension: Some(dimension), proof })
    }
}

/// What a database says about its vectors.
struct Vectors {
    dimension: usize,
    samples: Vec<Sample>,
    is_empty: bool,
    holds_memories: bool,
}

fn look(path: PathBuf, busy_timeout: Duration) -> Result<Option<Vectors>, side::Error> {
    let now = Timestamp::new(0.0).expect("zero is finite");
    let (bookkeeping, makers) = (Bookkeeping::default(), Makers::default());
    let database = Database::open(Options { path, bookkeeping, busy_timeout, now, makers })?;
    let Some(dimension) = database.schema.vectors.and_then(|vectors| vectors.dimension) else {
        return Ok(None);
    };
    let has = |rows: &str| {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {rows})");
        database.connection.query_row(&sql, [], |row| row.get::<_, bool>(0))
    };
    let read = || -> rusqlite::Result<Vectors> {
        let samples = database.samples()?;
        let is_empty = !has("memory_embeddings")?;
        let holds_memories = has(&format!("memories WHERE {}", database.schema.live()))?;
        Ok(Vectors { dimension, samples, is_empty, holds_memories })
    };
    read().map(Some).map_err(|error| error::reading(&database.options.path, error))
}
