//! Vectors for memories that arrive in a database of the service.
//!
//! A service finds a memory by meaning through its vector, and only vectors of one and the same maker can be
//! compared. So the maker is never believed but proven: [`Makers::prove`] takes one only where it reproduces all the
//! vectors of a sample that the database already holds. Only an empty table takes [`Makers::for_empty`], what the
//! service itself would use there.
//!
//! Guarantees: no vector is better than a wrong one. What cannot be proven makes none, because a missing vector can
//! be counted and filled in, while a foreign one cannot be told from the others. Nothing is downloaded.
//!
//! Must never: touch a database, or send a text anywhere but to the endpoint that the user has configured.

mod cached;
mod endpoint;
mod error;
mod find;
mod hash;
mod maker;
mod makers;
mod model;
mod proof;

pub use cached::{Cache, Cached};
pub use endpoint::Endpoint;
pub use error::{Error, NoMaker};
pub use find::Settings;
pub use hash::{Hash, hash_vector};
pub use maker::{Maker, ModelId, cosine, from_bytes, to_bytes};
pub use makers::{HashRule, Makers};
pub use model::{Cut, Model};
pub use proof::{Proof, Sample};
