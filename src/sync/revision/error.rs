//! Why a name leads nowhere.

use crate::object::{CommitId, Kind};
use crate::store::RefName;
use crate::{store, sync};

/// Why a name does not name one commit or object.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// The name breaks the rules for names.
    #[error("'{name}' is no name of a commit: {problem}")]
    Malformed {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The name has fewer characters than name one thing for long.
    #[error("'{name}' is too short: name a memory or a commit by at least four characters")]
    TooShort {
        /// The name.
        name: String,
    },
    /// There is nothing of this name.
    #[error("nothing here is named '{name}'")]
    Unknown {
        /// The name.
        name: String,
    },
    /// HEAD was meant, and this device has not synced with the remote yet.
    #[error("there is no sync with '{remote}' yet")]
    NoSync {
        /// The remote's name.
        remote: String,
    },
    /// The name is short for several things.
    #[error("'{name}' is short for several things")]
    Ambiguous {
        /// The name.
        name: String,
        /// Some of them, each with its kind: `commit 3fa9…`.
        candidates: Vec<String>,
    },
    /// The name is of something else than the commit that is wanted.
    #[error("'{name}' is a {kind}, not a commit")]
    NotACommit {
        /// The name.
        name: String,
        /// What it is.
        kind: Kind,
    },
    /// The name is a memory's hash, and a commit is wanted.
    #[error("'{name}' is a memory, not a commit")]
    IsMemory {
        /// The hash.
        name: String,
    },
    /// The way back is longer than the history.
    #[error("'{name}' goes back too far: nothing comes before {commit}")]
    NoAncestor {
        /// The name.
        name: String,
        /// The first commit of that history.
        commit: CommitId,
    },
    /// The commit was not made from so many.
    #[error("there is no '{name}': {commit} has no parent {number}")]
    NoParent {
        /// The name.
        name: String,
        /// The commit.
        commit: CommitId,
        /// Which parent was asked for.
        number: usize,
    },
    /// What the braces ask about is not a ref that syncs with a server.
    #[error("'{name}' has no upstream")]
    NoUpstream {
        /// The name.
        name: String,
    },
    /// The ref has not moved so often.
    #[error("the reflog of {reference} has only {entries} entries")]
    TooFewMoves {
        /// The ref.
        reference: RefName,
        /// How many moves are known.
        entries: usize,
    },
    /// The ref was not there yet at that time.
    #[error("the reflog of {reference} does not go back to '{name}'")]
    TooLongAgo {
        /// The ref.
        reference: RefName,
        /// The name.
        name: String,
        /// Its first known move, seconds since 1970 in UTC.
        since: i64,
    },
    /// The commit does not hold what the name asks of it.
    #[error("{commit} holds no memory '{name}'")]
    NoMemory {
        /// The commit.
        commit: CommitId,
        /// What was asked for.
        name: String,
    },
    /// The history could not be read.
    #[error(transparent)]
    Sync(#[from] sync::Error),
}

impl From<store::Error> for RevisionError {
    fn from(error: store::Error) -> Self {
        Self::Sync(error.into())
    }
}
