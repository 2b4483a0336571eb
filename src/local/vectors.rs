//! The vectors of a database: which maker's they are, which memories lack theirs, and giving these theirs.
//!
//! Guarantees: a maker writes only where it is proven by the vectors that are there, or where there are none. No text
//! is given to a maker while the database is locked. Whatever keeps vectors from being made is told once, and is no
//! reason not to write a memory.
//!
//! Must never: take away a vector that is right, or read one for what it means.

mod ahead;
mod coverage;
mod fill;
mod proof;
mod replace;
mod verify;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Database;
use crate::embed::{self, Maker, NoMaker, Proof};
use crate::side;

pub(super) use ahead::{BYTES, Made};
pub use coverage::{Counts, Coverage};
pub(super) use fill::give;
pub use fill::{Filled, Lacking};
pub use replace::{Estimate, Replaced, Step};
pub use verify::{Differing, Verified};

/// What makes the vectors of a database, or why nothing does.
pub type Making = Result<Arc<dyn Maker>, NoVectors>;

/// Why memories get no vector.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NoVectors {
    /// The database has no table of vectors that is understood.
    #[error("the database has no table for vectors")]
    NoTable,
    /// No maker reproduces the vectors that are there.
    #[error("{}", unproven(.0))]
    Unproven(Arc<Proof>),
    /// There is no vector yet, and nothing that the service would make one with.
    #[error(transparent)]
    NoModel(Arc<NoMaker>),
    /// The maker is known, and did not make them.
    #[error("{maker} made none")]
    Failed {
        /// Its name.
        maker: String,
        /// What happened.
        #[source]
        cause: Arc<embed::Error>,
    },
    /// The maker made what is no vector of this database.
    #[error("{maker} made vectors of another size")]
    Misfit {
        /// Its name.
        maker: String,
    },
    /// The database could not be written.
    #[error("{0}")]
    Unwritten(#[source] Arc<side::Error>),
}

/// What a proof says, as a part of a sentence.
fn unproven(proof: &Proof) -> String {
    match (proof.counts.as_slice(), proof.failures.as_slice()) {
        ([], []) => "the database's vectors are of a model that is not on this device".to_owned(),
        ([], [(maker, error), ..]) => {
            format!("the database's vectors may be of {maker}, which could not be asked: {error}")
        }
        (counts, _) => {
            let mut shares: Vec<String> =
                counts.iter().map(|(maker, count)| format!("{count} of {maker}")).collect();
            if proof.unknown > 0 {
                shares.push(format!("{} of a model that is not on this device", proof.unknown));
            }
            let makers: Vec<&str> = counts.iter().map(|(maker, _)| maker.as_str()).collect();
            let what = if proof.unknown == 0 && are_cuts(&makers) {
                "of one model, which cut long texts at different lengths"
            } else {
                "not all of one model"
            };
            format!("the database's vectors are {what}: of a sample {}", shares.join(", "))
        }
    }
}

/// Whether several makers are one model, by their names, `MODEL (WHERE IT IS)`: then long texts alone tell them apart,
/// because the service's two ways to a model cut them at different lengths.
#[must_use]
pub fn are_cuts(makers: &[&str]) -> bool {
    let models: Option<BTreeSet<&str>> =
        makers.iter().map(|maker| maker.split_once(" (").map(|(model, _)| model)).collect();
    makers.len() > 1 && models.is_some_and(|models| models.len() == 1)
}

/// Vectors, and who made them.
type Vectors = (Arc<dyn Maker>, Vec<Vec<f32>>);

/// The maker that was found for a database, for as long as its tables stay what they are.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// SQLite's counter of changes of the schema when it was found.
    version: i64,
    making: Making,
}

impl Database {
    /// What makes the vectors of memories that arrive. It is proven once for each value of this type, by a sample of
    /// the vectors that are there, and again after the tables have changed.
    pub fn maker(&mut self) -> Result<Making, side::Error> {
        self.refresh()?;
        let version = self.schema.version;
        if let Some(found) = self.found.as_ref().filter(|found| found.version == version) {
            return Ok(found.making.clone());
        }
        let making = self.find_maker()?;
        self.found = Some(Found { version, making: making.clone() });
        Ok(making)
    }

    /// How many live memories have no vector, so that no search by meaning finds them.
    pub fn missing_vectors(&mut self) -> Result<u64, side::Error> {
        self.refresh()?;
        let sql = format!("SELECT count(*) FROM memories WHERE {}", self.schema.lacking());
        let count: i64 =
            self.connection.query_row(&sql, [], |row| row.get(0)).map_err(|error| self.reading(error))?;
        Ok(count.unsigned_abs())
    }

    /// Vectors of `texts`, in their order, and who made them. Must not be called while the database is locked.
    fn make(&mut self, texts: &[&str]) -> Result<Result<Vectors, NoVectors>, side::Error> {
        let maker = match self.maker()? {
            Ok(maker) => maker,
            Err(why) => return Ok(Err(why)),
        };
        let why = match maker.vectors(texts) {
            Ok(made) if fits(&made, texts.len(), self.dimension()) => return Ok(Ok((maker, made))),
            Ok(_) => NoVectors::Misfit { maker: maker.name().to_owned() },
            Err(cause) => NoVectors::Failed { maker: maker.name().to_owned(), cause: cause.into() },
        };
        // It is not asked again: whoever waits would wait for the same once more.
        self.found = Some(Found { version: self.schema.version, making: Err(why.clone()) });
        Ok(Err(why))
    }

    /// How many numbers a vector has.
    fn dimension(&self) -> Option<usize> {
        self.schema.vectors.and_then(|vectors| vectors.dimension)
    }
}

fn fits(made: &[Vec<f32>], count: usize, dimension: Option<usize>) -> bool {
    made.len() == count && made.iter().all(|vector| Some(vector.len()) == dimension)
}
