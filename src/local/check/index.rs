//! Holds the full-text index against the texts.
//!
//! Guarantees: the database is only read; the copy that FTS5 checks is in SQLite's temporary database.

use rusqlite::{Connection, ErrorCode, OptionalExtension};

/// The full-text index, and an empty one like it in SQLite's temporary database, which goes with the connection.
pub(super) struct Index;

/// FTS5's own tables of an index; `content` is none of them, because the texts are those of `memories`.
const SHADOWS: [&str; 4] = ["data", "idx", "docsize", "config"];

impl Index {
    /// Makes the empty index; `None` where the database has none that can be checked.
    pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let sql = "SELECT sql FROM main.sqlite_schema WHERE name = 'memory_content_fts'";
        let sql: Option<String> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
        let words = sql.as_deref().and_then(|sql| sql.split_once("USING"));
        let Some((_, module)) = words.filter(|(_, module)| module.contains("content='memories'")) else {
            return Ok(None);
        };
        connection.execute_batch(&format!(
            // The view has the name that the index knows the table of the texts by.
            "CREATE TEMP VIEW memories AS SELECT * FROM main.memories;
             CREATE VIRTUAL TABLE temp.memory_content_fts USING {module};
             -- FTS5 keeps what it has read of an index until a transaction is rolled back.
             BEGIN;
             INSERT INTO temp.memory_content_fts (memory_content_fts) VALUES ('optimize');
             ROLLBACK;"
        ))?;
        Ok(Some(Self))
    }

    /// How many rows the index lacks, and how many it has that are no rows any more.
    pub(super) fn differences(&self, connection: &Connection) -> rusqlite::Result<(i64, i64)> {
        let Self = self;
        let count =
            |sql: &str| connection.query_row(&format!("SELECT count(*) FROM ({sql})"), [], |row| row.get(0));
        Ok((
            count("SELECT id FROM main.memories EXCEPT SELECT id FROM main.memory_content_fts_docsize")?,
            count("SELECT id FROM main.memory_content_fts_docsize EXCEPT SELECT id FROM main.memories")?,
        ))
    }

    /// Copies the index into the temporary one, and lets FTS5 check it against the texts.
    pub(super) fn agrees(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let Self = self;
        for shadow in SHADOWS {
            let table = format!("memory_content_fts_{shadow}");
            connection.execute_batch(&format!(
                "DELETE FROM temp.{table}; INSERT INTO temp.{table} SELECT * FROM main.{table};"
            ))?;
        }
        let sql =
            "INSERT INTO temp.memory_content_fts (memory_content_fts, rank) VALUES ('integrity-check', 1)";
        match connection.execute(sql, []) {
            Ok(_) => Ok(true),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
