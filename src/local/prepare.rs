//! Makes a database as mcp-memory-service 12.2.0 would, and brings one of an older version to that schema.
//!
//! Guarantees: a new file is readable by its owner only from its first moment on, where the file system knows
//! owners. All of a schema is written in one transaction: killed at any moment, what is left is an empty file,
//! which the next call fills, or the database as it was. Two processes may call at once; one of them makes the
//! database and both return. A database with all of that schema, or of a later version, is not written to.
//!
//! Must never: touch a file that is no database of the service, make a folder, or change a memory.
#![expect(clippy::disallowed_methods, reason = "here the database file comes into being")]

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::side;

use super::{error, open};

/// What 12.2.0 makes of an empty file, the rows of its own tables included.
const SCHEMA: &str = include_str!("prepare/schema.sql");

/// How long to wait for another process that makes or uses the database.
const PATIENCE: Duration = Duration::from_secs(15);

/// What [`prepare`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// There was no database, or an empty file; now there is an empty database.
    Created,
    /// It has everything that 12.2.0's has and was left as it is.
    Kept,
    /// It was of an older version and now has the schema of 12.2.0.
    Upgraded,
}

/// Sees to it that `path` is a database with the schema of mcp-memory-service 12.2.0, which that version opens
/// without migrating anything. The folder must be there.
///
/// The error is [`side::Error::Unwritable`] where the file or its folder cannot be written,
/// [`side::Error::Busy`] where another program holds the database, or has one open that must be upgraded, and
/// [`side::Error::Unsupported`] for what is not the service's, or what only the service can bring up to date.
pub fn prepare(path: &Path) -> Result<Prepared, side::Error> {
    make_private_file(path)
        .map_err(|cause| side::Error::Unwritable { path: path.to_owned(), cause: cause.into() })?;
    match open::open(path, PATIENCE) {
        Err(side::Error::Unsupported { .. }) if path.is_file() => {
            if create(path).map_err(|error| error::writing(path, error))? {
                return Ok(Prepared::Created);
            }
            // Somebody else may just have made it.
            open::open(path, PATIENCE)
        }
        result => result,
    }
    .map(|_| Prepared::Kept)
}

/// Makes an empty file where there is nothing; SQLite takes one for an empty database.
fn make_private_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(_) if path.exists() => Ok(()),
        result => result.map(drop),
    }
}

/// Writes the schema into an empty database; `false` where it is not empty.
fn create(path: &Path) -> rusqlite::Result<bool> {
    let mut connection = open::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, PATIENCE)?;
    if !is_empty(&connection)? {
        return Ok(false);
    }
    // Syncs the folder too, once the journal is gone and with it the way back.
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !is_empty(&transaction)? {
        return Ok(false);
    }
    transaction.execute_batch(SCHEMA)?;
    transaction.commit()?;
    // As the service does whenever it opens a database. Where somebody has opened the new file already, or the
    // file system lacks what this takes, the database is as good without.
    let _ = connection.pragma_update(None, "journal_mode", "WAL");
    Ok(true)
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    /// What `sqlite_schema` holds, without where it lies, and the rows that say which version it is.
    fn dump(path: &Path) -> String {
        let connection = open::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, PATIENCE).unwrap();
        let list = |sql: &str| -> String {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
            rows.map(|row| row.unwrap() + "\n").collect()
        };
        list("SELECT concat_ws(' ', type, name, tbl_name, sql) FROM sqlite_schema ORDER BY type, name")
            + &list("SELECT concat_ws(' ', key, value) FROM metadata ORDER BY key")
            + &list("SELECT concat_ws(' ', version, name, filename, checksum) FROM migration_registry")
    }

    #[test]
    fn a_database_is_made_where_there_is_none_and_then_kept() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("new.db");
        assert_eq!(prepare(&path).unwrap(), Prepared::Created);
        assert!(dump(&path).contains("CREATE TABLE push_cursor"));

        let bytes = fs::read(&path).unwrap();
        assert_eq!(prepare(&path).unwrap(), Prepared::Kept);
        assert_eq!(fs::read(&path).unwrap(), bytes);
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["new.db"]);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap()) & 0o777, 0o600);
    }
}
