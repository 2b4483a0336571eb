//! A database of 12.2.0 for tests, and what it holds as text.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, Row};
use tempfile::TempDir;

use super::{Changes, Vectors, Writer};
use crate::embed::Hash;
use crate::local::extension;
use crate::local::prepare::SCHEMA;
use crate::object::Timestamp;

/// No test here cuts the power, and there are hundreds of transactions.
const UNSYNCED: &str = "PRAGMA synchronous = OFF";

/// The hash vectors of all texts.
pub(super) fn hashes() -> Vectors {
    Vectors::instant(Arc::new(Hash::new(384)))
}

/// A database in a folder of its own.
pub(super) struct Fixture {
    folder: TempDir,
    pub(super) writer: Writer,
}

impl Fixture {
    pub(super) fn new() -> Self {
        extension::register();
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("sqlite_vec.db");
        let database = Connection::open(&path).unwrap();
        database.execute_batch(UNSYNCED).unwrap();
        database.execute_batch(SCHEMA).unwrap();
        let writer = Writer::open(path, Duration::from_mins(1)).unwrap();
        let database = Self { folder, writer };
        database.execute(UNSYNCED);
        database
    }

    pub(super) fn reopen(&mut self) {
        self.writer = Writer::open(self.folder.path().join("sqlite_vec.db"), Duration::from_mins(1)).unwrap();
    }

    /// Changes at a moment, committed.
    pub(super) fn at<T>(&mut self, now: f64, change: impl FnOnce(&Changes<'_>) -> T) -> T {
        let changes = self.writer.begin(Timestamp::new(now).unwrap()).unwrap();
        let result = change(&changes);
        changes.commit().unwrap();
        result
    }

    pub(super) fn execute(&self, sql: &str) {
        self.writer.reader.connection.execute_batch(sql).unwrap();
    }

    /// The event log but for its ids, which are random.
    pub(super) fn log(&self) -> String {
        self.show(
            "SELECT seq, schema_version, agent_id, op, content_hash, hlc_physical, hlc_logical, embedding_model, \
             embedding_dim, payload, created_at, created_at_iso FROM sync_events ORDER BY seq",
        )
    }

    /// The rows of a query, one a line.
    pub(super) fn show(&self, sql: &str) -> String {
        let mut statement = self.writer.reader.connection.prepare(sql).unwrap();
        let width = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let mut shown = String::new();
        while let Some(row) = rows.next().unwrap() {
            let columns: Vec<String> = (0..width).map(|index| column(row, index)).collect();
            writeln!(shown, "{}", columns.join(" | ")).unwrap();
        }
        shown
    }

    /// What must hold after every change: a clean index, and a vector for each live row and for nothing else.
    pub(super) fn assert_sound(&self) {
        self.execute(
            "INSERT INTO memory_content_fts (memory_content_fts, rank) VALUES ('integrity-check', 1)",
        );
        let strays = "SELECT id FROM memories LEFT JOIN memory_embeddings AS vector ON vector.rowid = id
                      WHERE (deleted_at IS NULL) <> (vector.rowid IS NOT NULL)
                      UNION ALL SELECT rowid FROM memory_embeddings WHERE rowid NOT IN (SELECT id FROM memories)";
        assert_eq!(self.show(strays), "", "vectors and rows do not agree");
    }
}

fn column(row: &Row<'_>, index: usize) -> String {
    match row.get(index).unwrap() {
        Value::Null => "NULL".to_owned(),
        Value::Text(text) => text,
        Value::Real(number) => number.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}
