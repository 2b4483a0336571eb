//! How a conflict ends.

use std::fmt;

use super::{BlobId, SideName};

/// The decision on a memory that both sides changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The whole version of one side, be it that the memory is gone.
    Side(SideName),
    /// Another memory, in this device's form; `None` where it is to be gone on both sides.
    Merged(Option<BlobId>),
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Side(side) => f.write_str(side.version()),
            Self::Merged(_) => f.write_str("merged"),
        }
    }
}
