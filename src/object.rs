//! What memsync stores and compares: memories as git objects.
//!
//! A memory is a [`Memory`] value, its canonical text a blob, all memories of one side at one moment
//! a [`tree`], a sync a [`Commit`]. Ids are SHA-256 object ids, byte for byte those that git computes
//! in a repository of `--object-format=sha256`.
//!
//! Guarantees: everything here is a pure function of its arguments. Equal memories have equal ids, and
//! whatever [`Memory::to_blob`] writes, [`Memory::parse`] reads back equal.
//!
//! Must never: touch a file, a socket, a clock or a random number, or know which database or server a
//! memory came from.

mod blob;
mod carried;
mod commit;
mod edit;
mod id;
pub mod json;
mod key;
mod marks;
mod memory;
mod metadata;
mod resolution;
mod row;
mod side_name;
mod timestamp;
pub mod tree;

pub use blob::ParseError;
pub use carried::Carried;
pub use commit::{Commit, InvalidCommit, Signature};
pub use edit::{Edit, Outcome, Refusal};
pub use id::{BlobId, CommitId, InvalidId, Kind, ObjectId, TreeId};
pub use key::{ContentHash, InvalidKey};
pub use marks::{Mark, Marks};
pub use memory::{Memory, split_tags};
pub use metadata::{Bookkeeping, Metadata};
pub use resolution::Resolution;
pub use row::Row;
pub use side_name::SideName;
pub use timestamp::Timestamp;
