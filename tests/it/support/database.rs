//! A look into a memory database with plain SQL, independent of memsync's own code.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// The memory database in a service's or a device's folder.
#[derive(Clone, Debug)]
pub struct Database {
    path: PathBuf,
}

/// One row of `memories`, columns as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The key.
    pub content_hash: String,
    /// The text.
    pub content: String,
    /// The tags column, commas and all.
    pub tags: Option<String>,
    /// The type.
    pub memory_type: Option<String>,
    /// The metadata column's text.
    pub metadata: Option<String>,
    /// Seconds since 1970.
    pub created_at: Option<f64>,
    /// Whether it is only the tombstone of a deleted memory.
    pub deleted: bool,
    /// Whether it has a vector, so that semantic search finds it.
    pub vector: bool,
}

impl Database {
    /// The database that a service started on `folder` keeps.
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("sqlite_vec.db") }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every row, tombstones too, sorted by key.
    pub fn rows(&self) -> Vec<Row> {
        // The vectors' own table needs the extension; the plain table beneath it tells which there are.
        let sql = "SELECT content_hash, content, tags, memory_type, metadata, created_at,
                     deleted_at IS NOT NULL, id IN (SELECT rowid FROM memory_embeddings_rowids)
                   FROM memories ORDER BY content_hash";
        let connection = self.open();
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            Ok(Row {
                content_hash: row.get(0)?,
                content: row.get(1)?,
                tags: row.get(2)?,
                memory_type: row.get(3)?,
                metadata: row.get(4)?,
                created_at: row.get(5)?,
                deleted: row.get(6)?,
                vector: row.get(7)?,
            })
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// The rows that are no tombstones.
    pub fn live(&self) -> Vec<Row> {
        self.rows().into_iter().filter(|row| !row.deleted).collect()
    }

    /// Every vector to the last bit, by the key of its memory, which must be a live one.
    #[track_caller]
    pub fn vectors(&self) -> BTreeMap<String, Vec<u8>> {
        let connection = self.open_with_vectors();
        let sql = "SELECT (SELECT content_hash FROM memories WHERE id = e.rowid AND deleted_at IS NULL),
                     content_embedding FROM memory_embeddings e";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().collect::<Result<_, _>>().expect("a vector belongs to no memory")
    }

    /// Every column of every row of memories, vectors and links, a line each, to the last bit.
    pub fn dump(&self) -> Vec<String> {
        let connection = self.open_with_vectors();
        let mut lines = Vec::new();
        for (table, columns) in [("memories", "*"), ("memory_embeddings", "rowid, *"), ("memory_graph", "*")]
        {
            let mut statement =
                connection.prepare(&format!("SELECT {columns} FROM {table} ORDER BY 1, 2")).unwrap();
            let count = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let cells = (0..count).map(|column| match row.get_ref(column).unwrap() {
                    ValueRef::Real(number) => format!("Real({:x})", number.to_bits()),
                    cell => format!("{cell:?}"),
                });
                lines.push(format!("{table} {}", cells.collect::<Vec<_>>().join(" ")));
            }
        }
        lines
    }

    /// Fails the test unless SQLite and the full-text index find themselves whole.
    #[track_caller]
    pub fn check(&self) {
        let connection = self.open();
        let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok", "{}", self.path.display());
        let fts = "INSERT INTO memory_content_fts(memory_content_fts, rank) VALUES ('integrity-check', 1)";
        connection.execute(fts, []).unwrap();
    }

    /// Runs one statement, as another program with its hand in the database would; the number of rows.
    pub fn execute(&self, sql: &str, parameters: impl rusqlite::Params) -> usize {
        self.open().execute(sql, parameters).unwrap()
    }

    /// Gives a memory another spelling under the same name. The service's triggers would forget to take the old
    /// text out of the full-text index, so it is taken out and the new one put in before.
    pub fn respell(&self, key: &str, text: &str) {
        let of = "FROM memories WHERE content_hash = ?1";
        let index = "INSERT INTO memory_content_fts(memory_content_fts, rowid, content)";
        self.execute(&format!("{index} SELECT 'delete', id, content {of}"), [key]);
        self.execute(
            &format!("INSERT INTO memory_content_fts(rowid, content) SELECT id, ?2 {of}"),
            [key, text],
        );
        assert_eq!(self.execute("UPDATE memories SET content = ?2 WHERE content_hash = ?1", [key, text]), 1);
    }

    /// Moves what a killed service left in the write-ahead log into the file, so that it stands alone.
    pub fn settle(&self) {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = self.open().query_row(checkpoint, [], |row| row.get(0)).unwrap();
        assert_eq!(busy, 0, "somebody still uses {}", self.path.display());
    }

    /// Watches for what others write from now on.
    pub fn watch(&self) -> Watch {
        let connection = self.open();
        Watch { before: version(&connection), connection }
    }

    fn open_with_vectors(&self) -> Connection {
        // Making a database makes the table of vectors known to every connection of this program.
        static VECTORS: Once = Once::new();
        VECTORS.call_once(|| {
            let folder = tempfile::tempdir().unwrap();
            memsync::local::prepare(&folder.path().join("any.db")).unwrap();
        });
        self.open()
    }

    fn open(&self) -> Connection {
        // Never creates the file: a test that looks too early should fail, not find an empty database.
        let connection = Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
        connection.busy_timeout(Duration::from_secs(30)).unwrap();
        connection
    }
}

/// A connection that notices when another one commits a change.
pub struct Watch {
    connection: Connection,
    before: i64,
}

impl Watch {
    /// Whether anything was written since.
    pub fn has_changed(&self) -> bool {
        version(&self.connection) != self.before
    }
}

fn version(connection: &Connection) -> i64 {
    connection.query_row("PRAGMA data_version", [], |row| row.get(0)).unwrap()
}
