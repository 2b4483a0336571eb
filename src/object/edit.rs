//! What is asked of a side, and what came of it.

use super::{BlobId, ContentHash, Memory, Row};

/// One change of one memory on one side, saying what it expects to replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The memory to change.
    pub key: ContentHash,
    /// The blob that the side must hold now; `None` where the memory must be absent.
    pub expected: Option<BlobId>,
    /// What the side shall hold afterwards; `None` to delete. Only fields that differ from what is there
    /// are written.
    pub target: Option<Memory>,
    /// What the side had under this name when it last held `target`: a side that keeps rows puts exactly this back, and
    /// any other makes `target` as ever.
    pub row: Option<Row>,
}

/// What became of an [`Edit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The side did it, and holds `now` afterwards, read back: a server may have rewritten what it was sent.
    Done {
        /// The side's own form of the memory; `None` where it is absent now.
        now: Option<Memory>,
    },
    /// The side held something else than expected, and nothing was written.
    Stale,
    /// The side will not take this memory; trying again without a change is of no use.
    Refused(Refusal),
    /// This memory failed (after retries where they make sense); it is tried again by the next run.
    Failed {
        /// What happened, in one sentence.
        reason: String,
    },
}

/// Why a side will not take a memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The server holds a memory that means nearly the same.
    #[error("the server already holds a similar memory, {}", .to.short())]
    Similar {
        /// The memory that it is similar to.
        to: ContentHash,
    },
    /// The side has no way to hold this value.
    #[error("{0}")]
    Unrepresentable(String),
    /// The side answered that the memory is not acceptable; its words.
    #[error("refused: {0}")]
    Rejected(String),
}
