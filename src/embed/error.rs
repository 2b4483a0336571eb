//! Why no vectors could be made.

use std::path::PathBuf;

use super::HashRule;

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
    /// The endpoint takes one of the texts for no text that it makes a vector of: it may be too long for its model.
    #[error("the embedding endpoint {address} gives no vector of this text")]
    Refused {
        /// Its address, without credentials.
        address: String,
        /// What happened.
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

/// Why a table gets no vectors, as a part of a sentence.
#[derive(Debug, thiserror::Error)]
pub enum NoMaker {
    /// No maker reproduces all vectors of the sample: they are another model's, or those of several.
    #[error("nothing on this device makes the vectors that the database holds")]
    Unproven,
    /// The maker that the service would use, or the first that might be meant, could not be asked.
    #[error(transparent)]
    Failed(Error),
    /// What the service would use makes vectors that do not fit into the table.
    #[error("{name} makes vectors of {made} numbers, and the database has room for {wanted}")]
    Dimension {
        /// The maker.
        name: String,
        /// How many numbers its vectors have.
        made: usize,
        /// How many those of the table have.
        wanted: usize,
    },
    /// There is no model, and the service would make no hash vectors either.
    #[error("there is no embedding model on this device, and {}", refusal(*.hash))]
    NotFound {
        /// Where models were looked for.
        places: Vec<PathBuf>,
        /// Why hash vectors are none either.
        hash: HashRule,
    },
}

fn refusal(hash: HashRule) -> &'static str {
    match hash {
        HashRule::Never => "MCP_MEMORY_ALLOW_HASH_EMBEDDINGS refuses hash vectors",
        HashRule::IfEmpty | HashRule::Always => "a database that holds memories gets no hash vectors",
    }
}
