//! The tables, and how an older file becomes a current one.
//!
//! `STRICT` tables would be stricter, but a `sqlite3` program from before 2021 cannot open a file that has
//! them, and scripts read the compatibility views with whatever `sqlite3` the system has.

use rusqlite::{Connection, TransactionBehavior};

/// SQLite's `application_id` of a staging database: "msyn" in ASCII.
pub(super) const APPLICATION_ID: i32 = 0x6d73_796e;

/// The statements that lead from each schema version to the next, from 0, an empty file, on. A released entry
/// never changes; a new version is a new entry.
pub(super) const MIGRATIONS: &[&str] = &[
    concat!(include_str!("schema_v1.sql"), include_str!("views_v1.sql")),
    include_str!("schema_v2.sql"),
    include_str!("schema_v3.sql"),
    include_str!("schema_v4.sql"),
];

/// The latest version of `migrations`.
pub(super) fn latest(migrations: &[&str]) -> u32 {
    u32::try_from(migrations.len()).expect("there are a handful of migrations")
}

/// The file's schema version; 0 where it is empty.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings the file to the latest version, all steps in one transaction. A current file is not written.
pub(super) fn migrate(connection: &mut Connection, migrations: &[&str]) -> rusqlite::Result<()> {
    let latest = latest(migrations);
    if version(connection)? >= latest {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in migrations.iter().skip(version(&transaction)? as usize) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", latest)?;
    transaction.commit()
}
