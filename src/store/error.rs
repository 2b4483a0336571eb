//! Why the staging database could not do what was asked.

use std::error::Error as StdError;
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::{Holder, RefName};
use crate::object::CommitId;

/// Why the staging database could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no staging database yet.
    #[error("there is no staging database at {}", .path.display())]
    NotInitialised {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Another process is working with it.
    #[error("{} is in use by {}", .path.display(), who(.holder.as_ref()))]
    Locked {
        /// The staging database.
        path: PathBuf,
        /// The process; `None` where the lock file does not tell.
        holder: Option<Holder>,
    },
    /// A newer memsync made it.
    #[error("{} has schema version {found}; this memsync knows versions up to {supported}", .path.display())]
    Newer {
        /// The staging database.
        path: PathBuf,
        /// The file's schema version.
        found: u32,
        /// The latest version that this program knows.
        supported: u32,
    },
    /// The file is something else.
    #[error("{} is not a staging database of memsync: {detail}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        detail: &'static str,
    },
    /// The file is the staging database of the shell scripts that memsync replaces.
    #[error("{} was made by the sync scripts of mcp-memory-service", .path.display())]
    Legacy {
        /// The file.
        path: PathBuf,
    },
    /// Something in the file is not what was written.
    #[error("{} is damaged: {what}", .path.display())]
    Damaged {
        /// The staging database.
        path: PathBuf,
        /// Which part, and how.
        what: String,
        /// What the reader of that part said.
        #[source]
        cause: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// A ref is not where the caller saw it.
    #[error("{name} has moved: expected {}, found {}", target(.expected.as_ref()), target(.found.as_ref()))]
    Moved {
        /// The ref.
        name: RefName,
        /// Where the caller expected it; `None` for nowhere.
        expected: Option<CommitId>,
        /// Where it is.
        found: Option<CommitId>,
    },
    /// There is no room on the disk.
    #[error("no room is left to write {}", .path.display())]
    Full {
        /// The staging database.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        cause: rusqlite::Error,
    },
    /// It cannot be written: no permission, a read-only disk, or it was opened read-only.
    #[error("{} cannot be written", .path.display())]
    Unwritable {
        /// The staging database.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        cause: Option<rusqlite::Error>,
    },
    /// Another program than memsync held the file for longer than the time limit.
    #[error("{} is kept busy by another program", .path.display())]
    Busy {
        /// The staging database.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        cause: rusqlite::Error,
    },
    /// SQLite failed in another way.
    #[error("{}: SQLite failed", .path.display())]
    Sqlite {
        /// The staging database.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        cause: rusqlite::Error,
    },
    /// The operating system failed.
    #[error("cannot open {}", .path.display())]
    Io {
        /// The file or folder that could not be opened, made or locked.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
}

impl Error {
    /// Sorts what SQLite said while it worked on `what`, a part of the database in words ("the refs").
    pub(super) fn from_sqlite(path: &Path, what: &str, cause: rusqlite::Error) -> Self {
        use rusqlite::Error as Sqlite;

        let path = path.to_owned();
        let code = match &cause {
            Sqlite::SqliteFailure(error, _) | Sqlite::SqlInputError { error, .. } => Some(error.code),
            _ => None,
        };
        match code {
            Some(ErrorCode::DiskFull) => Self::Full { path, cause },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::Unwritable { path, cause: Some(cause) }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path, cause },
            // The statements are fixed and were tested, so what they trip over (a missing table, a value out
            // of place) is in the file.
            Some(
                ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::Unknown
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch,
            ) => Self::damaged(&path, format!("{what} cannot be read"), cause),
            None if matches!(
                cause,
                Sqlite::FromSqlConversionFailure(..)
                    | Sqlite::IntegralValueOutOfRange(..)
                    | Sqlite::InvalidColumnType(..)
                    | Sqlite::Utf8Error(..)
            ) =>
            {
                Self::damaged(&path, format!("{what} cannot be read"), cause)
            }
            _ => Self::Sqlite { path, cause },
        }
    }

    pub(super) fn damaged(
        path: &Path,
        what: impl Into<String>,
        cause: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into(), cause: Some(cause.into()) }
    }

    pub(super) fn io(path: &Path, cause: io::Error) -> Self {
        Self::Io { path: path.to_owned(), cause }
    }
}

fn who(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), Holder::to_string)
}

fn target(id: Option<&impl Display>) -> String {
    id.map_or_else(|| "nothing".to_owned(), ToString::to_string)
}
