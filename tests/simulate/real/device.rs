//! A device: a database file of 12.2.0's schema, which the service has open, and which `local::Database` opens too.

use std::cell::RefCell;
use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use memsync::embed::{HashRule, Makers, Settings, hash_vector, to_bytes};
use memsync::local::{DIMENSION, Database, Options, prepare};
use memsync::object::{Bookkeeping, ContentHash, Memory, Timestamp};
use memsync::side::{self, Side};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::{Kept, seconds, with_members};
use crate::model::{self, moment};
use crate::place::{Backup, Caller, Memories, Place, Version, Work};

/// A folder with the database.
pub(crate) struct Device {
    folder: TempDir,
    /// The service's own connection; `None` while the file is replaced.
    service: RefCell<Option<Connection>>,
}

impl Device {
    pub(crate) fn new() -> Self {
        // Where there is one, a folder in memory spares the disk.
        let shared = Path::new("/dev/shm");
        let folder = if shared.is_dir() { TempDir::new_in(shared) } else { TempDir::new() };
        let device = Self { folder: folder.expect("a folder can be made"), service: RefCell::default() };
        device.begin();
        device
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("sqlite_vec.db")
    }

    /// Makes the database where there is none, and opens it as the service does.
    fn begin(&self) {
        prepare(&self.path()).expect("a database can be made");
        let service = Connection::open(self.path()).expect("it was just made");
        service.pragma_update(None, "journal_mode", "wal").expect("nobody else has it open");
        service.pragma_update(None, "synchronous", "off").expect("it is a setting of the connection");
        *self.service.borrow_mut() = Some(service);
    }

    /// Ends the service and takes its files away.
    fn end(&self) {
        drop(self.service.take());
        for file in self.files() {
            fs::remove_file(file).expect("the folder is ours");
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder is ours");
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        files
    }

    /// Works with the service's connection.
    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> T {
        let service = self.service.borrow();
        let service = service.as_ref().expect("the service runs between two calls");
        service
            .busy_timeout(Duration::from_secs(20))
            .and_then(|()| work(service))
            .expect("the service's work succeeds")
    }
}

impl Place for Device {
    fn memories(&self) -> Memories {
        self.with(|service| {
            let mut statement = service.prepare_cached(&format!("{SELECT} WHERE deleted_at IS NULL"))?;
            let rows =
                statement.query_map([], |row| Ok((row.get::<_, String>("content_hash")?, memory(row)?)))?;
            rows.map(|row| {
                row.map(|(key, memory)| (ContentHash::new(key).expect("no row has an odd name"), memory))
            })
            .collect()
        })
    }

    fn work(&self, work: &Work, now: i64) {
        let now = seconds(now);
        self.with(|service| match work {
            Work::Create(key, memory) => create(service, key, memory, now),
            Work::Change(key, memory) => change(service, key, memory, now),
            Work::Delete(key) => delete(service, key, now),
            Work::Search(key) => search(service, key, now),
            Work::Purge => execute(service, "DELETE FROM memories WHERE deleted_at IS NOT NULL", []),
        });
    }

    fn side(&self, caller: &Caller) -> Result<Box<dyn Side>, side::Error> {
        let database = Database::open(Options {
            path: self.path(),
            bookkeeping: Bookkeeping::default(),
            busy_timeout: Duration::from_secs(20),
            now: Timestamp::new(seconds(caller.now)).expect("a moment is finite"),
            // The service has no model and may make hash vectors, as in all tests.
            makers: Makers::find(Settings { hash: HashRule::Always, ..Settings::default() }),
        })?;
        Ok(Box::new(database))
    }

    fn edits_at_once(&self) -> usize {
        100
    }

    fn back_up(&self) -> Backup {
        self.with(|service| service.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        Backup(Rc::new(fs::read(self.path()).expect("the database is there")))
    }

    fn restore(&self, backup: &Backup) {
        let bytes = backup.0.downcast_ref::<Vec<u8>>().expect("a place restores its own backups");
        self.end();
        fs::write(self.path(), bytes).expect("the folder is ours");
        self.begin();
    }

    fn replace_by_empty(&self) {
        self.end();
        self.begin();
    }

    /// The schema stays: a newer service works on it, too.
    fn set_version(&self, _: Version) {}

    fn fingerprint(&self) -> Vec<u8> {
        // The index of the write-ahead log changes when somebody reads.
        let kept = self.files().into_iter().filter(|file| !file.to_string_lossy().ends_with("-shm"));
        kept.map(|file| fs::read(file).expect("the folder is ours")).collect::<Vec<_>>().concat()
    }

    fn complaints(&self) -> Vec<String> {
        let mut complaints = self.with(complaints);
        for file in self.files() {
            let bytes = fs::read(&file).expect("the folder is ours");
            if holds(&bytes, model::Server::KEY.as_bytes()) {
                complaints.push(format!("the key stands in {}", file.display()));
            }
        }
        complaints
    }
}

/// Whether `part` stands somewhere in `bytes`. A loop that looks at each byte would take as long as all the rest.
fn holds(mut bytes: &[u8], part: &[u8]) -> bool {
    let (first, rest) = part.split_first().expect("a key is not empty");
    while bytes.skip_until(*first).is_ok_and(|skipped| skipped > 0) && !bytes.is_empty() {
        if bytes.starts_with(rest) {
            return true;
        }
    }
    false
}

const SELECT: &str = "SELECT content_hash, content, tags, memory_type, metadata, created_at, store, superseded_by FROM memories";

/// A row in the form in which a side shows it.
fn memory(row: &Row<'_>) -> rusqlite::Result<Memory> {
    let text = |column| row.get::<_, Option<String>>(column);
    let (content, tags, memory_type) = (text("content")?, text("tags")?, text("memory_type")?);
    let (store, superseded_by) = (text("store")?, text("superseded_by")?);
    Ok(Kept {
        content: content.as_deref().unwrap_or_default(),
        tags: tags.as_deref().unwrap_or_default(),
        memory_type: memory_type.as_deref(),
        metadata: &members(text("metadata")?.as_deref()),
        created_at: row.get("created_at")?,
        store: store.as_deref().unwrap_or_default(),
        superseded_by: superseded_by.as_deref(),
    }
    .memory())
}

/// The metadata column's members.
fn members(text: Option<&str>) -> Map<String, Value> {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn execute(service: &Connection, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<()> {
    service.prepare_cached(sql)?.execute(values).map(drop)
}

/// The id and the metadata of a live memory.
fn standing(service: &Connection, key: &ContentHash) -> rusqlite::Result<Option<(i64, Map<String, Value>)>> {
    let sql = "SELECT id, metadata FROM memories WHERE content_hash = ?1 AND deleted_at IS NULL";
    let read = |row: &Row<'_>| Ok((row.get(0)?, members(row.get::<_, Option<String>>(1)?.as_deref())));
    service.prepare_cached(sql)?.query_row([key.as_str()], read).optional()
}

/// A tombstone gives way, as the service sees to it.
fn create(service: &Connection, key: &ContentHash, memory: &Memory, now: f64) -> rusqlite::Result<()> {
    if standing(service, key)?.is_some() {
        return Ok(());
    }
    execute(service, "DELETE FROM memories WHERE content_hash = ?1", [key.as_str()])?;
    let created = memory.created_at.map_or(now, Timestamp::seconds);
    let store = memory.store.as_deref().unwrap_or(Memory::DEFAULT_STORE);
    let sql = "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at, created_at_iso, \
               updated_at, updated_at_iso, store, superseded_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    execute(
        service,
        sql,
        params![
            key.as_str(),
            memory.content,
            column(memory),
            memory.memory_type,
            Value::Object(with_members(&Map::new(), memory)).to_string(),
            created,
            moment::iso(created),
            now,
            moment::iso(now),
            store,
            memory.superseded_by,
        ],
    )?;
    put_vector(service, service.last_insert_rowid())
}

/// Gives a row the vector of its text.
fn put_vector(service: &Connection, id: i64) -> rusqlite::Result<()> {
    let sql = "SELECT content, store FROM memories WHERE id = ?1";
    let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let (content, store) = service.prepare_cached(sql)?.query_row([id], read)?;
    execute(service, "DELETE FROM memory_embeddings WHERE rowid = ?1", [id])?;
    let sql = "INSERT INTO memory_embeddings (rowid, content_embedding, store) VALUES (?1, ?2, ?3)";
    execute(service, sql, params![id, to_bytes(&hash_vector(&content, DIMENSION)), store])
}

/// Tags, type, metadata and the letter case of the text, which has a vector of its own.
fn change(service: &Connection, key: &ContentHash, memory: &Memory, now: f64) -> rusqlite::Result<()> {
    let Some((id, metadata)) = standing(service, key)? else { return Ok(()) };
    let sql = "UPDATE memories SET content = ?2, tags = ?3, memory_type = ?4, metadata = ?5, updated_at = ?6, \
               updated_at_iso = ?7 WHERE id = ?1";
    let metadata = Value::Object(with_members(&metadata, memory)).to_string();
    let values: [&dyn ToSql; 7] =
        [&id, &memory.content, &column(memory), &memory.memory_type, &metadata, &now, &moment::iso(now)];
    execute(service, sql, &values[..])?;
    put_vector(service, id)
}

fn delete(service: &Connection, key: &ContentHash, now: f64) -> rusqlite::Result<()> {
    let Some((id, _)) = standing(service, key)? else { return Ok(()) };
    execute(service, "DELETE FROM memory_embeddings WHERE rowid = ?1", [id])?;
    execute(service, "UPDATE memories SET deleted_at = ?2 WHERE id = ?1", params![id, now])
}

fn search(service: &Connection, key: &ContentHash, now: f64) -> rusqlite::Result<()> {
    let Some((id, mut metadata)) = standing(service, key)? else { return Ok(()) };
    let count = metadata.get("access_count").and_then(Value::as_i64).unwrap_or(0);
    metadata.insert("access_count".to_owned(), json!(count + 1));
    metadata.insert("last_accessed_at".to_owned(), json!(now));
    metadata.insert("access_queries".to_owned(), json!([{ "query": "what was it", "timestamp": now }]));
    execute(
        service,
        "UPDATE memories SET metadata = ?2 WHERE id = ?1",
        params![id, Value::Object(metadata).to_string()],
    )
}

/// The column of tags.
fn column(memory: &Memory) -> String {
    memory.tags.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

/// Each live row has one entry in the full-text index and one vector or a mark that it lacks one; what was deleted has
/// no vector.
fn complaints(service: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT content_hash, deleted_at IS NULL, embedding_pending, \
               (SELECT count(*) FROM memory_embeddings WHERE rowid = memories.id), \
               (SELECT count(*) FROM memory_content_fts_docsize AS entry WHERE entry.id = memories.id) FROM memories";
    let mut statement = service.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut complaints = Vec::new();
    while let Some(row) = rows.next()? {
        let (key, is_live): (String, bool) = (row.get(0)?, row.get(1)?);
        let [pending, vectors, entries]: [i64; 3] = [row.get(2)?, row.get(3)?, row.get(4)?];
        let is_whole = entries == 1 && (vectors == 1 || vectors == 0 && pending == 1);
        if is_live && !is_whole || !is_live && vectors > 0 {
            complaints.push(format!(
                "{key}, live {is_live}: {vectors} vectors, pending {pending}, {entries} entries in the index"
            ));
        }
    }
    Ok(complaints)
}
