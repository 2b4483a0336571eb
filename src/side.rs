//! The port that the local database, every remote and the test doubles share.
//!
//! Guarantees asked of an implementation: a snapshot never invents a memory; an edit is carried out only
//! where the side holds what the edit expects, else the outcome is [`Outcome::Stale`]; what [`Outcome::Done`]
//! reports was read back from the side; one memory that fails never stops the others.
//!
//! Must never: decide anything. Which side wins is `reconcile`'s to say, when to write `sync`'s.

use std::error::Error as StdError;
use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::object::{BlobId, ContentHash, Edit, Marks, Memory, Outcome, Row, Timestamp};

/// A cause from below, kept typed until the edge.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// A memory as a side holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The memory's name.
    pub key: ContentHash,
    /// The memory in this side's own form.
    pub memory: Memory,
    /// When the side says that it was last written; only `-X newest` looks at it.
    pub updated_at: Option<Timestamp>,
}

/// What a snapshot or a question turned up under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A memory.
    Memory(Held),
    /// Something is there that cannot be carried (text that is not UTF-8, a row that is no memory). It is
    /// left alone on both sides: neither sent, nor replaced, nor taken for deleted.
    Unreadable {
        /// The name, where it can be one.
        key: Option<ContentHash>,
        /// What is wrong, in one sentence.
        why: String,
    },
}

/// A row that differs from what was noted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// How the name began that the row had, see [`crate::object::tree::beginning`]; `None` where it was not there.
    pub was: Option<u64>,
    /// The memory that it holds, without when it was written; `None` where it is gone.
    pub is: Option<Held>,
}

/// A device's database, or a server.
pub trait Side {
    /// Shows every live memory to `visit`, in no particular order, each key once; stops early without an
    /// error where `visit` breaks. What is not shown may merely have been missed: ask [`Side::get`].
    fn snapshot(&mut self, visit: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), Error>;

    /// What this side is like now, where an equal answer later means that nothing has changed since; compared with
    /// [`Marks::state`]. `None` where it cannot tell, or no longer is what was opened.
    fn state(&mut self) -> Option<String> {
        None
    }

    /// Shows to `visit` what differs from `marks`, or everything where there are none that fit, in the order of the rows,
    /// and returns the marks of what is there now. `None` where this side cannot tell changes, or something is there that
    /// cannot be carried: then [`Side::snapshot`] is to be asked, and what was shown is not all.
    fn changes(
        &mut self,
        marks: Option<Marks>,
        visit: &mut dyn FnMut(Change) -> ControlFlow<()>,
    ) -> Result<Option<Marks>, Error> {
        let _ = (marks, visit);
        Ok(None)
    }

    /// Asks directly for each key; the answers are in the order of `keys`, `None` where the side is sure
    /// that it holds no such memory.
    fn get(&mut self, keys: &[ContentHash]) -> Result<Vec<Option<Found>>, Error>;

    /// Carries out `edits` and reports one outcome for each, in any order, as soon as it is final. On an
    /// error the edits without a report were not begun or may have happened: the next run finds out.
    fn apply(&mut self, edits: Vec<Edit>, witness: &mut dyn Witness) -> Result<(), Error>;
}

/// Who is told what [`Side::apply`] does. A closure that takes the outcomes is one that keeps nothing.
pub trait Witness {
    /// Keeps what edits have replaced, removed or made; called before that becomes final, and only by a side that
    /// has rows. On an error it never becomes final.
    fn keep(&mut self, replaced: Vec<Replaced>) -> Result<(), Cause> {
        drop(replaced);
        Ok(())
    }

    /// Takes the outcome of one edit.
    fn report(&mut self, key: ContentHash, outcome: Outcome);
}

impl<F: FnMut(ContentHash, Outcome)> Witness for F {
    fn report(&mut self, key: ContentHash, outcome: Outcome) {
        self(key, outcome);
    }
}

/// What a side had under a name before an edit, and what the edit leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The memory.
    pub key: ContentHash,
    /// What the side holds once the edit is final; `None` where the memory is absent then.
    pub now: Option<BlobId>,
    /// All that was there before, be it nothing.
    pub row: Row,
}

/// Why a side as a whole could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing usable answered.
    #[error("cannot reach {address}")]
    Unreachable {
        /// The server's address, without credentials.
        address: String,
        /// What the network said.
        #[source]
        cause: Cause,
    },
    /// What the server answers is too large for memory, and could not be kept in a temporary file on this device.
    #[error("cannot keep the answer of {address} in a temporary file")]
    Spool {
        /// The server's address, without credentials.
        address: String,
        /// What the operating system said.
        #[source]
        cause: Cause,
    },
    /// The server refused the key.
    #[error("{address} does not let this device in: {detail}")]
    Unauthorized {
        /// The server's address.
        address: String,
        /// What is wrong with the API key, or why none could be had.
        detail: String,
    },
    /// The server's certificate is not trusted.
    #[error("the certificate of {address} is not trusted")]
    UntrustedCertificate {
        /// The server's address.
        address: String,
        /// The presented certificate's SHA-256, as 64 hexadecimal digits.
        sha256: String,
        /// Why verification failed.
        #[source]
        cause: Cause,
    },
    /// The server shows another certificate than the one that was pinned.
    #[error("the certificate of {address} has CHANGED: somebody may be listening in")]
    ChangedCertificate {
        /// The server's address.
        address: String,
        /// The SHA-256 of the certificate that it shows now.
        sha256: String,
        /// The SHA-256 that was trusted.
        pinned: String,
    },
    /// Something answered that does not speak the service's API.
    #[error("{address} does not answer like mcp-memory-service: {detail}")]
    Protocol {
        /// The address that was asked.
        address: String,
        /// What was wrong with the answer.
        detail: String,
    },
    /// A remote's database is a file in a folder that is not there.
    #[error("cannot reach {}: there is no folder {}", .path.display(), .folder.display())]
    Unmounted {
        /// The file.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// There is no database at this path.
    #[error("there is no database at {}", .path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is not a database that mcp-memory-service made with its SQLite-vec storage.
    #[error("{} is not a database of mcp-memory-service: {detail}", .path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        detail: String,
    },
    /// The database is of an older version of mcp-memory-service, and only that can bring it up to date.
    #[error("{} was made by an older mcp-memory-service and cannot be brought up to date here: {detail}", .path.display())]
    Outdated {
        /// The file.
        path: PathBuf,
        /// What is in the way.
        detail: String,
    },
    /// Another program held the database for longer than the time limit.
    #[error("{} is locked by another program", .path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        cause: Cause,
    },
    /// The database cannot be written: no room, no permission, a read-only file.
    #[error("cannot write {}", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        cause: Cause,
    },
    /// The database was torn from a program that wrote it, and lies where that write cannot be undone.
    #[error("cannot read {}: a write to it was interrupted and must be undone first", .path.display())]
    Interrupted {
        /// The file.
        path: PathBuf,
    },
    /// Another file has taken the place of the database while it was open, by a backup that was put back, say. What was
    /// written since went into a file that is no longer there.
    #[error("another file took the place of {} while it was in use", .path.display())]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// What edits replace could not be kept, so that they were not carried out.
    #[error("cannot keep a copy of what would be replaced in {}", .path.display())]
    Unkept {
        /// The database that would have been changed.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The database cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        cause: Cause,
    },
}
