//! Why no vectors could be made.

use std::path::PathBuf;

/// A cause from below, kept typed until the edge.
pub(super) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a maker makes no vectors. None of it is a reason not to write a memory.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A model's files are there but cannot be used.
    #[error("the embedding model at {} cannot be used", .path.display())]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        cause: Cause,
    },
    /// The endpoint gave no vectors.
    #[error("the embedding endpoint {address} gives no vectors")]
    Endpoint {
        /// Its address, without credentials.
        address: String,
        /// What happened.
        #[source]
        cause: Cause,
    },
}
