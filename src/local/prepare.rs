//! Makes a database as mcp-memory-service 12.2.0 would, and brings one of an older version to that schema.
//!
//! Guarantees: a new file is readable by its owner only from its first moment on, where the file system knows
//! owners. All of a schema is written in one transaction: killed at any moment, what is left is an empty file,
//! which the next call fills, or the database as it was. Two processes may call at once; one of them makes the
//! database and both return. A database with all of that schema, or of a later version, is not written to.
//!
//! Must never: touch a file that is no database of the service, make a folder, or change a memory.
#![expect(clippy::disallowed_methods, reason = "here the database file comes into being")]

mod upgrade;

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::side;

use super::{error, open};

/// What 12.2.0 makes of an empty file, the rows of its own tables included.
pub(super) const SCHEMA: &str = include_str!("prepare/schema.sql");

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

/// How many numbers the vectors of a database have that is made here: those of the service's own model.
pub const DIMENSION: usize = 384;

/// Sees to it that `path` is a database with the schema of mcp-memory-service 12.2.0, which that version opens
/// without migrating anything. The folder must be there.
///
/// The error is [`side::Error::Unwritable`] where the file or its folder cannot be written,
/// [`side::Error::Busy`] where another program holds the database, or has one open that must be upgraded, and
/// [`side::Error::Unsupported`] for what is not the service's, and [`side::Error::Outdated`] for what only the
/// service itself can bring up to date.
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
    .and_then(|(connection, schema)| upgrade::upgrade(path, connection, schema))
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
    open::write_ahead(&connection);
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

    /// What a database is made of, and the rows that say which version it is.
    fn schema(path: &Path) -> Vec<String> {
        let connection = open::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, PATIENCE).unwrap();
        let list = |sql: &str| -> Vec<String> {
            let mut statement = connection.prepare(sql).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
        };
        let of_tables = "SELECT concat_ws(' ', s.type, s.name, tbl_name, i.name, i.type, \"notnull\", dflt_value, pk) \
                         FROM sqlite_schema AS s LEFT JOIN pragma_table_info(s.name) AS i ORDER BY 1";
        let registry = "SELECT concat_ws(' ', version, name, filename, checksum) FROM migration_registry";
        let facts = "SELECT concat_ws(' ', key, value) FROM metadata ORDER BY key";
        let soundness = "SELECT integrity_check FROM pragma_integrity_check";
        [of_tables, registry, facts, soundness].into_iter().flat_map(list).collect()
    }

    const V8: &str = include_str!("../../tests/fixtures/local/v8.sql");
    const V10: &str = include_str!("../../tests/fixtures/local/v10.sql");

    /// A database of an older version with two memories, one of them deleted, and their vector.
    fn older(path: &Path, schema: &str) -> Connection {
        let connection = Connection::open(path).unwrap();
        open::connect(":memory:", OpenFlags::default(), PATIENCE).unwrap();
        connection.execute_batch(schema).unwrap();
        connection
            .execute_batch(
                "INSERT INTO memories (id, content_hash, content, tags, created_at) VALUES (7, 'k', 'Tea', 'a', 1.5);
                 INSERT INTO memory_embeddings (rowid, content_embedding) VALUES (7, zeroblob(1536));",
            )
            .unwrap();
        connection
    }

    fn refusal(path: &Path) -> String {
        // Without SQLite's counters, but with the two bytes that tell how the file is journaled.
        let bytes =
            || fs::read(path).unwrap().into_iter().enumerate().filter(|(at, _)| !matches!(at, 24..100));
        let before: Vec<_> = bytes().collect();
        let error = prepare(path).unwrap_err().to_string();
        assert!(bytes().eq(before));
        error.replace(path.to_str().unwrap(), "DB")
    }

    #[test]
    fn a_database_is_made_where_there_is_none_and_then_kept() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("new.db");
        assert_eq!(prepare(&path).unwrap(), Prepared::Created);
        let bytes = fs::read(&path).unwrap();
        assert_eq!(prepare(&path).unwrap(), Prepared::Kept);
        assert_eq!(fs::read(&path).unwrap(), bytes);
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["new.db"]);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap()) & 0o777, 0o600);
    }
    #[test]
    fn an_older_database_ends_with_the_same_schema() {
        let folder = TempDir::new().unwrap();
        let new = folder.path().join("new.db");
        prepare(&new).unwrap();
        for (name, older_schema) in [("v8.db", V8), ("v10.db", V10)] {
            let path = folder.path().join(name);
            older(&path, older_schema).close().unwrap();
            assert_eq!(prepare(&path).unwrap(), Prepared::Upgraded, "{name}");
            assert_eq!(prepare(&path).unwrap(), Prepared::Kept, "{name}");

            assert_eq!(schema(&path), schema(&new), "{name}");
            let connection = open::connect(&path, OpenFlags::default(), PATIENCE).unwrap();
            let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
            assert_eq!(
                count("SELECT count(*) FROM memory_embeddings WHERE rowid = 7 AND store = 'default'"),
                1
            );
            assert_eq!(
                count("SELECT count(*) FROM memory_content_fts WHERE memory_content_fts MATCH 'Tea'"),
                1
            );
            assert_eq!(
                count("SELECT version FROM memories WHERE store = 'default' AND embedding_pending = 0"),
                1
            );
        }
    }

    #[test]
    fn what_cannot_be_upgraded_stays_as_it_was() {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);

        let occupied = older(&path("occupied"), V10);
        occupied.execute_batch("CREATE VIEW sync_events AS SELECT 1").unwrap();
        occupied.close().unwrap();
        insta::assert_snapshot!(refusal(&path("occupied")), @"DB was made by an older mcp-memory-service and cannot be brought up to date here: view sync_events already exists");

        let unfinished = older(&path("unfinished"), V8);
        unfinished.execute_batch("CREATE TABLE memory_embeddings_migration_backup (rowid INTEGER)").unwrap();
        unfinished.close().unwrap();
        insta::assert_snapshot!(refusal(&path("unfinished")), @"DB was made by an older mcp-memory-service and cannot be brought up to date here: the service was interrupted while it migrated it");

        let foreign = Connection::open(path("foreign")).unwrap();
        foreign.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
        foreign.close().unwrap();
        insta::assert_snapshot!(refusal(&path("foreign")), @"DB is not a database of mcp-memory-service: it has no table `memories`");

        fs::write(path("text"), "Dear diary, ".repeat(100)).unwrap();
        insta::assert_snapshot!(refusal(&path("text")), @"DB is not a database of mcp-memory-service: it is not an SQLite database");

        let in_use = older(&path("in use"), V10);
        insta::assert_snapshot!(refusal(&path("in use")), @"DB is locked by another program");
        in_use.close().unwrap();
        assert_eq!(prepare(&path("in use")).unwrap(), Prepared::Upgraded);
    }

    #[test]
    fn what_a_killed_creation_leaves_is_made_whole() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("empty.db");
        fs::write(&path, "").unwrap();
        assert_eq!(prepare(&path).unwrap(), Prepared::Created);
        assert_eq!(prepare(&path).unwrap(), Prepared::Kept);
    }

    #[test]
    fn of_two_that_create_at_once_one_does() {
        let folder = TempDir::new().unwrap();
        for round in 0..20 {
            let path = folder.path().join(round.to_string());
            let made: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| prepare(&path).unwrap())).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(made.iter().filter(|made| **made == Prepared::Created).count(), 1, "{made:?}");
        }
    }
}
