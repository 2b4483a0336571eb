//! What SQLite's result codes mean for a side.
#![expect(clippy::disallowed_methods, reason = "what SQLite cannot open is looked at to say why")]

use std::path::Path;

use rusqlite::{Error, ErrorCode, ffi};

use crate::side;

use super::open;

/// What a failure means while the database is being opened or read.
pub(super) fn reading(path: &Path, error: Error) -> side::Error {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            side::Error::Busy { path, cause: error.into() }
        }
        Some(ErrorCode::NotADatabase) => {
            side::Error::Unsupported { path, detail: "it is not an SQLite database".to_owned() }
        }
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) if open::has_journal(&path) => {
            side::Error::Interrupted { path }
        }
        Some(ErrorCode::CannotOpen) if !path.exists() => side::Error::Missing { path },
        Some(ErrorCode::CannotOpen) if path.is_dir() => {
            side::Error::Unsupported { path, detail: "it is a folder".to_owned() }
        }
        _ => side::Error::Unreadable { path, cause: error.into() },
    }
}

/// What a failure means while the database is being written.
pub(super) fn writing(path: &Path, error: Error) -> side::Error {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::ReadOnly
            | ErrorCode::DiskFull
            | ErrorCode::PermissionDenied
            | ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure,
        ) => side::Error::Unwritable { path: path.to_owned(), cause: error.into() },
        _ => reading(path, error),
    }
}

/// Whether a failure to write one memory says nothing about the others: a constraint or a trigger that
/// refuses it, a value that is too big, a damaged entry in one of the indexes.
pub(super) fn concerns_one_memory(error: &Error) -> bool {
    let code = error.sqlite_error_code();
    let extended = error.sqlite_extended_error_code();
    matches!(
        code,
        Some(
            ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch | ErrorCode::Unknown
        )
    ) || extended == Some(ffi::SQLITE_CORRUPT_VTAB)
}
