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

use rusqlite::Connection;

use super::Database;
use super::schema::Schema;
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
    /// No maker reproduces the vectors that are there, or the one that might could not be asked.
    #[error(transparent)]
    Unknown(Arc<NoMaker>),
    /// No maker reproduces the vectors that are there, and how many of them each does: what
    /// [`Database::counted`] makes of [`Self::Unknown`].
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
    /// The maker makes those of other texts, but not all.
    #[error("{maker} makes none of some texts")]
    Refused {
        /// Its name.
        maker: String,
        /// What it says of one of them.
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

impl NoVectors {
    /// Whether the same maker may make them another time.
    fn may_pass(&self) -> bool {
        match self {
            Self::Failed { .. } | Self::Misfit { .. } | Self::Refused { .. } => true,
            Self::Unknown(why) => matches!(**why, NoMaker::Failed(_)),
            Self::NoTable | Self::Unproven(_) | Self::NoModel(_) | Self::Unwritten(_) => false,
        }
    }
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

/// What was made of some texts.
struct Batch {
    maker: Arc<dyn Maker>,
    /// A vector for each text, in their order; `None` for one that the maker refuses.
    vectors: Vec<Option<Vec<f32>>>,
    /// Why it refuses one.
    refused: Option<embed::Error>,
}

impl Batch {
    fn new(maker: Arc<dyn Maker>) -> Self {
        Self { maker, vectors: Vec::new(), refused: None }
    }

    /// Adds what the maker makes of `texts`. Where it refuses them, halves find out which ones it means: a text that it
    /// never takes must not keep all others from their vectors.
    fn make(&mut self, texts: &[&str]) -> Result<(), embed::Error> {
        match self.maker.vectors(texts) {
            Ok(made) => self.vectors.extend(made.into_iter().map(Some)),
            Err(embed::Error::Refused { .. }) if texts.len() > 1 => {
                let (first, second) = texts.split_at(texts.len() / 2);
                self.make(first)?;
                self.make(second)?;
            }
            Err(refused @ embed::Error::Refused { .. }) => {
                self.vectors.push(None);
                self.refused = Some(refused);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Whether there is a vector, or a refusal, for each of `count` texts, and each vector has `dimension` numbers.
    fn fits(&self, count: usize, dimension: Option<usize>) -> bool {
        let is_one = |vector: &Vec<f32>| Some(vector.len()) == dimension;
        self.vectors.len() == count && self.vectors.iter().flatten().all(is_one)
    }

    /// Whether it refuses all of several texts, so that it is not them that something is wrong with.
    fn is_refusal(&self) -> bool {
        self.vectors.len() > 1 && self.vectors.iter().all(Option::is_none)
    }
}

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

    /// `why` with the counts of makers, for whoever is going to read it: that takes asking all of them.
    pub fn counted(&self, why: NoVectors) -> Result<NoVectors, side::Error> {
        let (NoVectors::Unknown(_), Some(dimension)) = (&why, self.dimension()) else { return Ok(why) };
        let samples = self.samples().map_err(|error| self.reading(error))?;
        Ok(NoVectors::Unproven(Arc::new(self.options.makers.count(dimension, &samples))))
    }

    /// How many live memories have no vector, so that no search by meaning finds them.
    pub fn missing_vectors(&mut self) -> Result<u64, side::Error> {
        self.refresh()?;
        lacking(&self.connection, &self.schema).map_err(|error| self.reading(error))
    }

    /// Vectors of `texts`, in their order, and who made them. Must not be called while the database is locked.
    fn make(&mut self, texts: &[&str]) -> Result<Result<Batch, NoVectors>, side::Error> {
        let mut batch = match self.maker()? {
            Ok(maker) => Batch::new(maker),
            Err(why) => return Ok(Err(why)),
        };
        let made = batch.make(texts);
        let maker = batch.maker.name().to_owned();
        let why = match made {
            Ok(()) if !batch.fits(texts.len(), self.dimension()) => NoVectors::Misfit { maker },
            Ok(()) if !batch.is_refusal() => return Ok(Ok(batch)),
            Ok(()) => {
                let cause = batch.refused.take().expect("it has refused them");
                NoVectors::Failed { maker, cause: cause.into() }
            }
            Err(cause) => NoVectors::Failed { maker, cause: cause.into() },
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

/// How many live memories have no vector.
pub(super) fn lacking(connection: &Connection, schema: &Schema) -> rusqlite::Result<u64> {
    let sql = format!("SELECT count(*) FROM memories WHERE {}", schema.lacking());
    connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

fn fits(made: &[Vec<f32>], count: usize, dimension: Option<usize>) -> bool {
    made.len() == count && made.iter().all(|vector| Some(vector.len()) == dimension)
}
