//! What can end a sync.

use crate::object::SideName;
use crate::{side, store};

/// Why a sync could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A side failed as a whole.
    #[error("the {side} side failed")]
    Side {
        /// Which one.
        side: SideName,
        /// Why.
        #[source]
        cause: side::Error,
    },
    /// The staging database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The remote's name cannot be part of a ref.
    #[error("a remote cannot have this name")]
    RemoteName(#[from] store::InvalidRefName),
}

impl Error {
    pub(super) fn side(side: SideName) -> impl FnOnce(side::Error) -> Self {
        move |cause| Self::Side { side, cause }
    }
}
