//! Brings a database of an older version to the schema of 12.2.0.
//!
//! What is missing is found by comparing the database with an empty one that has the whole schema. The result is
//! what the service's own migrations end in: they add tables, columns, indexes and triggers, make the table of
//! vectors anew with the partition key `store`, and enter themselves into `migration_registry`. Where the service
//! would also have to change rows, which no release made necessary, the database is refused.
//!
//! Must never: do a part of this, or remove anything but the table of vectors that it makes anew.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Params, TransactionBehavior};

use crate::side;

use super::super::schema::Schema;
use super::super::{error, open};
use super::{Prepared, SCHEMA};

/// The tables that older releases made with fewer columns. The rows of the first two need nothing but the new
/// columns' defaults; the third is made anew.
const GROWN: [&str; 3] = ["memories", "memory_graph", "memory_embeddings"];

/// Where the service keeps the vectors while it makes their table anew; it goes on from there after a crash.
const UNFINISHED: &str = "memory_embeddings_migration_backup";

/// Upgrades the database where it lacks something.
pub(super) fn upgrade(
    path: &Path,
    mut connection: Connection,
    mut schema: Schema,
) -> Result<Prepared, side::Error> {
    let reading = |error| error::reading(path, error);
    let whole = whole().map_err(reading)?;
    if is_later(&connection, &whole).map_err(reading)?
        || steps(&connection, &whole, &schema).map_err(reading)?.is_empty()
    {
        return Ok(Prepared::Kept);
    }
    if let Some(reason) = obstacle(&connection, &whole, &schema).map_err(reading)? {
        return Err(refused(path, &reason));
    }
    carry_out(path, &mut connection, &whole, &mut schema)?;
    Ok(Prepared::Upgraded)
}

fn refused(path: &Path, reason: &str) -> side::Error {
    side::Error::Outdated { path: path.to_owned(), detail: reason.to_owned() }
}

/// Takes all the steps or none, while no service has the database open: one of the older version would go on writing
/// vectors that belong to no store. A service switches the write-ahead log on whenever it opens a database; what has
/// none is taken for open nowhere.
fn carry_out(
    path: &Path,
    connection: &mut Connection,
    whole: &Connection,
    schema: &mut Schema,
) -> Result<(), side::Error> {
    let fail = |error| error::writing(path, error);
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(fail)?;
    // SQLite ends a write-ahead log only for whoever is alone.
    connection.pragma_update(None, "journal_mode", "DELETE").map_err(fail)?;
    connection.pragma_update(None, "synchronous", "EXTRA").map_err(fail)?;
    let result = transaction(path, connection, whole, schema);
    if mode == "wal" {
        open::write_ahead(connection);
    }
    result
}

fn transaction(
    path: &Path,
    connection: &mut Connection,
    whole: &Connection,
    schema: &mut Schema,
) -> Result<(), side::Error> {
    let fail = |error| match error {
        // Something of somebody else's is in the way under one of the names.
        rusqlite::Error::SqlInputError { msg, .. } => refused(path, &msg),
        error => error::writing(path, error),
    };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
    // Another process may have been faster.
    open::refresh(&transaction, schema, path)?;
    for step in steps(&transaction, whole, schema).map_err(fail)? {
        transaction.execute_batch(&step).map_err(fail)?;
    }
    transaction.commit().map_err(fail)
}

/// A database in memory with the whole schema.
fn whole() -> rusqlite::Result<Connection> {
    let whole = Connection::open_in_memory()?;
    whole.execute_batch(SCHEMA)?;
    Ok(whole)
}

/// Whether a version after 12.2.0 has migrated it; that one may have removed what is known here.
fn is_later(connection: &Connection, whole: &Connection) -> rusqlite::Result<bool> {
    let newest = |connection: &Connection| -> rusqlite::Result<Option<i64>> {
        connection.query_row("SELECT max(version) FROM migration_registry", [], |row| row.get(0))
    };
    Ok(exists(connection, "table", "migration_registry")? && newest(connection)? > newest(whole)?)
}

/// Why the steps would not do.
fn obstacle(
    connection: &Connection,
    whole: &Connection,
    schema: &Schema,
) -> rusqlite::Result<Option<String>> {
    if schema.vectors.and_then(|vectors| vectors.dimension).is_none() {
        return Ok(Some("its table of vectors is not there or not understood".to_owned()));
    }
    if exists(connection, "table", UNFINISHED)? {
        return Ok(Some("the service was interrupted while it migrated it".to_owned()));
    }
    for (kind, table, _) in objects(whole)? {
        let is_new =
            kind != "table" || GROWN.contains(&table.as_str()) || !exists(connection, &kind, &table)?;
        if !is_new && let Some((column, _)) = missing(connection, whole, &table)?.first() {
            return Ok(Some(format!("its table `{table}` has no column `{column}`")));
        }
    }
    Ok(None)
}

/// The statements that give the database what it lacks.
fn steps(connection: &Connection, whole: &Connection, schema: &Schema) -> rusqlite::Result<Vec<String>> {
    let mut steps = Vec::new();
    for (kind, name, sql) in objects(whole)? {
        if !exists(connection, &kind, &name)? {
            steps.push(sql);
        } else if name == "memory_embeddings" {
            steps.extend(with_stores(&sql, schema));
        } else if kind == "table" {
            let columns = missing(connection, whole, &name)?;
            steps.extend(
                columns.into_iter().map(|(_, column)| format!("ALTER TABLE {name} ADD COLUMN {column}")),
            );
        }
    }
    if steps.iter().any(|step| step.contains("memory_content_fts")) {
        steps.push("INSERT INTO memory_content_fts (memory_content_fts) VALUES ('rebuild')".to_owned());
    }
    steps.extend(registrations(connection, whole)?);
    if !steps.is_empty() {
        let facts =
            "SELECT format('INSERT OR IGNORE INTO metadata VALUES (%Q, %Q)', key, value) FROM metadata";
        steps.extend(texts(whole, facts, [])?);
        let version = "SELECT format('UPDATE metadata SET value = %Q WHERE key = %Q', value, key) \
                       FROM metadata WHERE key = 'schema_version'";
        steps.extend(texts(whole, version, [])?);
    }
    Ok(steps)
}

/// What makes the table of vectors anew where it has no partitions, each vector in that of the default store, where
/// the service's own migration puts them too: versions without partitions know no other store.
fn with_stores(sql: &str, schema: &Schema) -> Option<String> {
    let vectors = schema.vectors.filter(|vectors| !vectors.store)?;
    let create = sql.replace("FLOAT[384]", &format!("FLOAT[{}]", vectors.dimension?));
    Some(format!(
        "CREATE TEMP TABLE vectors AS SELECT rowid AS id, content_embedding AS vector FROM memory_embeddings;
         DROP TABLE memory_embeddings;
         {create};
         INSERT INTO memory_embeddings (rowid, content_embedding, store) SELECT id, vector, 'default' FROM vectors;
         DROP TABLE vectors;"
    ))
}

/// What enters the migrations into the registry that are not there; all of them where it is yet to be made.
fn registrations(connection: &Connection, whole: &Connection) -> rusqlite::Result<Vec<String>> {
    let known = if exists(connection, "table", "migration_registry")? {
        texts(connection, "SELECT CAST(version AS TEXT) FROM migration_registry", [])?.join(",")
    } else {
        String::new()
    };
    let sql = format!(
        "SELECT format('INSERT INTO migration_registry VALUES (%d, %Q, %Q, %Q, %Q)',
                       version, name, filename, applied_at, checksum)
         FROM migration_registry WHERE version NOT IN ({known}) ORDER BY version"
    );
    texts(whole, &sql, [])
}

/// Kind, name and statement of what the schema is made of, without what makes itself.
fn objects(whole: &Connection) -> rusqlite::Result<Vec<(String, String, String)>> {
    whole
        .prepare(
            "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*'
             AND name NOT GLOB 'memory_embeddings_*' AND name NOT GLOB 'memory_content_fts_*'",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

fn exists(connection: &Connection, kind: &str, name: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = ?1 AND name = ?2";
    Ok(connection.query_row(sql, [kind, name], |_| Ok(())).optional()?.is_some())
}

/// Name and definition of the columns that a table lacks.
fn missing(
    connection: &Connection,
    whole: &Connection,
    table: &str,
) -> rusqlite::Result<Vec<(String, String)>> {
    let names = texts(connection, "SELECT name FROM pragma_table_info(?1)", [table])?;
    let mut columns: Vec<(String, String)> = whole
        .prepare(
            "SELECT name, concat_ws(' ', name, type, iif(\"notnull\", 'NOT NULL', NULL), 'DEFAULT ' || dflt_value)
             FROM pragma_table_info(?1)",
        )?
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    columns.retain(|(name, _)| !names.contains(name));
    Ok(columns)
}

fn texts(connection: &Connection, sql: &str, values: impl Params) -> rusqlite::Result<Vec<String>> {
    connection.prepare(sql)?.query_map(values, |row| row.get(0))?.collect()
}
