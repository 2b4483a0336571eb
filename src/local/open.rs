//! Opens the database file, and keeps what is known of its schema up to date.
#![expect(
    clippy::disallowed_methods,
    reason = "this device's database is a file, and this is where it is opened"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::side;

use super::schema::{Failure, Schema, version};
use super::{error, extension};

/// Memory for pages, in SQLite's unit of negative KiB; with its default the full-text index is read over and
/// over.
pub(super) const CACHE: i64 = -16_384;

/// After how many pages of the write-ahead log a commit moves them into the file: 16 MB, four times SQLite's own number.
/// Many memories that arrive rewrite the same pages of the full-text index over and over.
const CHECKPOINT: i64 = 4_000;

/// Opens the file for writing where that is possible, else for reading, and asks for its schema.
pub(super) fn open(path: &Path, busy_timeout: Duration) -> Result<(Connection, Schema), side::Error> {
    probe(path, OpenFlags::SQLITE_OPEN_READ_WRITE, busy_timeout)
        .or_else(|failure| match (&failure, address(path)) {
            (Failure::Sqlite(error), Some(address)) if needs_files_it_cannot_make(error) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
                probe(&address, flags, busy_timeout)
            }
            _ => Err(failure),
        })
        .map_err(|failure| explain(path, failure))
}

/// Asks for the schema again where SQLite's counter says that it may have changed. Inside a transaction it
/// then holds until the end of that transaction.
pub(super) fn refresh(connection: &Connection, schema: &mut Schema, path: &Path) -> Result<(), side::Error> {
    if version(connection).map_err(|error| error::reading(path, error))? != schema.version {
        *schema = Schema::probe(connection).map_err(|failure| explain(path, failure))?;
    }
    Ok(())
}

fn probe(
    path: impl AsRef<Path>,
    flags: OpenFlags,
    busy_timeout: Duration,
) -> Result<(Connection, Schema), Failure> {
    let connection = connect(path, flags, busy_timeout)?;
    let schema = Schema::probe(&connection)?;
    Ok((connection, schema))
}

/// Opens the file, whatever it holds.
pub(super) fn connect(
    path: impl AsRef<Path>,
    flags: OpenFlags,
    busy_timeout: Duration,
) -> rusqlite::Result<Connection> {
    extension::register();
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(64);
    set_cache(&connection, CACHE)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?;
    Ok(connection)
}

/// How much memory is used for pages, in SQLite's unit of negative KiB.
pub(super) fn set_cache(connection: &Connection, size: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cache_size", size)
}

/// Ends the write-ahead log, if nobody else has the database open, and syncs the file, its journal and their folder.
pub(super) fn write_through(connection: &Connection, busy_timeout: Duration) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA synchronous = EXTRA;
         -- On macOS, where an ordinary sync may stop in the disk's cache; elsewhere it says nothing.
         PRAGMA fullfsync = ON;",
    )?;
    connection.busy_timeout(Duration::ZERO)?;
    let ended = connection.pragma_update(None, "journal_mode", "DELETE");
    connection.busy_timeout(busy_timeout)?;
    ended
}

/// Switches the write-ahead log on, as the service does whenever it opens a database, and says whether it is on. Where
/// somebody else has just opened it too, or the file system lacks what this takes, the database is whole without, but
/// who reads and who writes wait for each other.
pub(super) fn write_ahead(connection: &Connection) -> bool {
    let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    mode.is_ok_and(|mode| mode == "wal")
}

/// Whether this may be a database in WAL mode in a folder that cannot be written: SQLite then fails at the
/// first read, because it would need a file of shared memory beside the database.
fn needs_files_it_cannot_make(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// The address by which SQLite reads a file without any file beside it. Only where there is neither a write-ahead
/// log nor a journal: the database file is then complete and no other program has it open for writing.
pub(super) fn address(path: &Path) -> Option<String> {
    if !path.is_file() || beside(path, "-wal").exists() || has_journal(path) {
        return None;
    }
    let mut address = url::Url::from_file_path(std::path::absolute(path).ok()?).ok()?;
    address.set_query(Some("immutable=1"));
    Some(address.into())
}

/// Whether there is what it takes to undo a write that did not end.
pub(super) fn has_journal(path: &Path) -> bool {
    beside(path, "-journal").metadata().is_ok_and(|journal| journal.len() > 0)
}

/// The path of a file that SQLite keeps beside the database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn explain(path: &Path, failure: Failure) -> side::Error {
    match failure {
        Failure::Sqlite(error) => error::reading(path, error),
        Failure::Foreign(detail) => side::Error::Unsupported { path: path.to_owned(), detail },
    }
}
