//! Looks over a whole database: the file, each row, its vector, its terms in the full-text index, its links.
//!
//! Guarantees: not a byte is written, and the service is never kept from writing: everything is read at one moment
//! inside one transaction, and the index is checked on a copy in SQLite's temporary database, because FTS5 checks
//! itself against the texts only where it may write.
//!
//! Must never: mend anything.

mod index;

use std::collections::{BTreeMap, HashMap};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use super::row;
use super::schema::Vectors;
use super::{Database, open};
use crate::object::{Bookkeeping, Memory};
use crate::side;

use index::Index;

/// How many complaints of SQLite's own check are told.
const MOST_PAGES: u32 = 20;

/// What kind of damage was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Damage {
    /// SQLite finds the file itself damaged, or a part of it cannot be read.
    File,
    /// A row holds no memory that can be carried.
    UnreadableRow,
    /// Several rows have one name.
    DuplicateHash,
    /// A memory has no vector, so that no search by meaning finds it.
    MissingVector,
    /// A vector belongs to no row.
    OrphanVector,
    /// A deleted memory still has its vector.
    DeletedVector,
    /// A vector has another size than the table's.
    VectorSize,
    /// A vector lies with those of another store than its memory.
    VectorStore,
    /// sqlite-vec's own tables contradict each other about a vector.
    VectorTables,
    /// The full-text index does not hold what the rows hold.
    FullText,
}

impl Damage {
    /// Its name for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::UnreadableRow => "unreadable-row",
            Self::DuplicateHash => "duplicate-hash",
            Self::MissingVector => "missing-vector",
            Self::OrphanVector => "orphan-vector",
            Self::DeletedVector => "deleted-vector",
            Self::VectorSize => "vector-size",
            Self::VectorStore => "vector-store",
            Self::VectorTables => "vector-tables",
            Self::FullText => "full-text",
        }
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of damage it is.
    pub damage: Damage,
    /// What is damaged: a memory, a vector, an index.
    pub place: String,
    /// How.
    pub problem: String,
}

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// How many live memories there are.
    pub memories: usize,
    /// How many vectors there are; `None` where the database has no table of them.
    pub vectors: Option<usize>,
    /// Links to memories that are not there. The service leaves some behind: they lead nowhere and do no harm.
    pub loose_links: usize,
}

impl Database {
    /// Looks over everything, and closes the database. An error is only what kept it from being read at all.
    pub fn check(mut self) -> Result<Checked, side::Error> {
        let Self { connection, options, schema, .. } = &mut self;
        let fail = |error| super::error::reading(&options.path, error);
        // Whoever closes the database last would otherwise move the write-ahead log into it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail)?;
        let index = Index::prepare(connection).map_err(fail)?;
        let transaction = connection.transaction().map_err(fail)?;
        open::refresh(&transaction, schema, &options.path)?;
        let mut check = Check {
            connection: &transaction,
            found: Checked::default(),
            rows: HashMap::new(),
            live: schema.live(),
            has_stores: schema.has("store"),
        };
        check.part("the file", Check::file).map_err(fail)?;
        check.part("the memories", Check::names).map_err(fail)?;
        let select = schema.select();
        check.part("the memories", |check| check.texts(&select, &options.bookkeeping)).map_err(fail)?;
        if let Some(vectors) = schema.vectors {
            check.part("the vectors", |check| check.vectors(vectors)).map_err(fail)?;
            check.part("the vectors", Check::vector_tables).map_err(fail)?;
        }
        if let Some(index) = &index {
            check.part("the full-text index", |check| check.index(index)).map_err(fail)?;
        }
        if !schema.links.is_empty() {
            check.part("the links", Check::links).map_err(fail)?;
        }
        Ok(check.found)
    }
}

/// A row of `memories`.
struct Row {
    name: String,
    is_live: bool,
    store: String,
}

/// A check under way, inside a transaction that only reads the database.
struct Check<'a> {
    connection: &'a Connection,
    found: Checked,
    rows: HashMap<i64, Row>,
    /// The condition that a row is no tombstone.
    live: &'static str,
    has_stores: bool,
}

impl Check<'_> {
    /// One part of the check. Where damage keeps it from going on, that is told, and the next part begins.
    fn part(
        &mut self,
        place: &str,
        run: impl FnOnce(&mut Self) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        match run(self) {
            Err(error) if is_damage(&error) => {
                self.tell(Damage::File, place, format!("it cannot be read: {error}"));
                Ok(())
            }
            result => result,
        }
    }

    fn tell(&mut self, damage: Damage, place: impl Into<String>, problem: impl Into<String>) {
        self.found.findings.push(Finding { damage, place: place.into(), problem: problem.into() });
    }

    fn file(&mut self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(&format!("PRAGMA main.integrity_check({MOST_PAGES})"))?;
        let complaints = statement.query_map([], |row| row.get::<_, String>(0))?;
        for complaint in complaints.collect::<Result<Vec<_>, _>>()? {
            for line in complaint.lines().filter(|line| *line != "ok") {
                self.tell(Damage::File, "the file", line);
            }
        }
        Ok(())
    }

    /// Notes every row, and finds names that are there twice.
    fn names(&mut self) -> rusqlite::Result<()> {
        let store = if self.has_stores { "store" } else { "NULL" };
        // Not by an index: one that is damaged would hide what it is asked for.
        let sql = format!("SELECT id, content_hash, {}, {store} FROM main.memories NOT INDEXED", self.live);
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let text = |column| -> rusqlite::Result<Option<String>> {
                let value = row.get_ref(column)?;
                Ok(value.as_bytes().ok().map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
            };
            let name = text(1)?.unwrap_or_default();
            *times.entry(name.clone()).or_default() += 1;
            let store = text(3)?.filter(|store| !store.is_empty());
            let store = store.unwrap_or_else(|| Memory::DEFAULT_STORE.to_owned());
            self.rows.insert(row.get(0)?, Row { name, is_live: row.get(2)?, store });
        }
        self.found.memories = self.rows.values().filter(|row| row.is_live).count();
        for (name, times) in times.into_iter().filter(|(_, times)| *times > 1) {
            self.tell(Damage::DuplicateHash, memory(&name), format!("{times} rows have this hash"));
        }
        Ok(())
    }

    /// Reads each row as a sync does.
    fn texts(&mut self, select: &str, bookkeeping: &Bookkeeping) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(select)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Err(odd) = row::read(row, bookkeeping)? {
                let place =
                    odd.key.map_or_else(|| format!("row {}", number(row)), |key| memory(key.as_str()));
                self.tell(Damage::UnreadableRow, place, odd.why);
            }
        }
        Ok(())
    }

    /// Holds each vector against its row, and each row against its vector.
    fn vectors(&mut self, shape: Vectors) -> rusqlite::Result<()> {
        let store = if shape.store { "store" } else { "NULL" };
        let sql = format!("SELECT rowid, length(content_embedding), {store} FROM memory_embeddings");
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut found = HashMap::new();
        while let Some(row) = rows.next()? {
            let (id, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
            found.insert(id, row.get::<_, Option<String>>(2)?);
            let wanted = shape.dimension.and_then(|dimension| i64::try_from(dimension * 4).ok());
            if let Some(wanted) = wanted.filter(|wanted| *wanted != bytes) {
                let problem = format!("it has {bytes} bytes where the table's have {wanted}");
                self.tell(Damage::VectorSize, format!("vector {id}"), problem);
            }
        }
        self.found.vectors = Some(found.len());
        let mut findings = Vec::new();
        for (id, store) in &found {
            findings.extend(self.stray(*id, store.as_deref().filter(|_| self.has_stores)));
        }
        let bare = self.rows.iter().filter(|(id, row)| row.is_live && !found.contains_key(*id));
        findings.extend(bare.map(|(id, row)| {
            let problem = "it has no vector, so that no search by meaning finds it".to_owned();
            (*id, Damage::MissingVector, memory(&row.name), problem)
        }));
        findings.sort_by_key(|(id, ..)| *id);
        for (_, damage, place, problem) in findings {
            self.tell(damage, place, problem);
        }
        Ok(())
    }

    /// What is wrong with where a vector is.
    fn stray(&self, id: i64, store: Option<&str>) -> Option<(i64, Damage, String, String)> {
        let Some(row) = self.rows.get(&id) else {
            let problem = "it belongs to no memory".to_owned();
            return Some((id, Damage::OrphanVector, format!("vector {id}"), problem));
        };
        if !row.is_live {
            let problem = format!("it belongs to the deleted {}", memory(&row.name));
            return Some((id, Damage::DeletedVector, format!("vector {id}"), problem));
        }
        let store = store.filter(|store| *store != row.store)?;
        let problem = format!(
            "it is in the store '{}', and its vector in '{store}': a search by meaning does not find it",
            row.store
        );
        Some((id, Damage::VectorStore, memory(&row.name), problem))
    }

    /// Whether sqlite-vec's own two lists of the vectors agree: by one it reads a vector, by the other it searches.
    fn vector_tables(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT count(*) FROM main.sqlite_schema
                   WHERE name IN ('memory_embeddings_rowids', 'memory_embeddings_chunks')";
        if self.connection.query_row(sql, [], |row| row.get::<_, i64>(0))? != 2 {
            return Ok(());
        }
        let sql = "SELECT rowid, chunk_id, chunk_offset FROM memory_embeddings_rowids";
        let mut statement = self.connection.prepare(sql)?;
        let listed = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        let listed: BTreeMap<i64, (Option<i64>, Option<i64>)> = listed.collect::<Result<_, _>>()?;
        let searched = self.searched_vectors()?;
        for (id, place) in &listed {
            if searched.get(id).map(|(chunk, offset)| (Some(*chunk), Some(*offset))) != Some(*place) {
                let problem = "a search by meaning does not find it where it lies";
                self.tell(Damage::VectorTables, format!("vector {id}"), problem);
            }
        }
        for id in searched.keys().filter(|id| !listed.contains_key(*id)) {
            let problem = "a search by meaning finds it, and it cannot be read";
            self.tell(Damage::VectorTables, format!("vector {id}"), problem);
        }
        Ok(())
    }

    /// The vectors that sqlite-vec searches through: chunk by chunk, where a bit says that one is there.
    fn searched_vectors(&self) -> rusqlite::Result<BTreeMap<i64, (i64, i64)>> {
        let sql = "SELECT chunk_id, validity, rowids FROM memory_embeddings_chunks";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut found = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (chunk, validity, ids): (i64, Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let is_there = validity.iter().flat_map(|bits| (0..8).map(move |bit| bits >> bit & 1 == 1));
            let all = (0..).zip(ids.as_chunks::<8>().0).zip(is_there);
            found.extend(
                all.filter(|(_, is_there)| *is_there)
                    .map(|((offset, id), _)| (i64::from_le_bytes(*id), (chunk, offset))),
            );
        }
        Ok(found)
    }

    fn index(&mut self, index: &Index) -> rusqlite::Result<()> {
        let (missing, left_over) = index.differences(self.connection)?;
        let mut parts = Vec::new();
        if missing > 0 {
            parts.push(format!("it lacks {missing} of the texts"));
        }
        if left_over > 0 {
            parts.push(format!("it holds {left_over} that are gone"));
        }
        if parts.is_empty() && !index.agrees(self.connection)? {
            parts.push("it holds words that the texts do not, or lacks some that they do".to_owned());
        }
        if !parts.is_empty() {
            let problem = format!("{}: a search for words goes wrong", parts.join(", and "));
            self.tell(Damage::FullText, "the full-text index", problem);
        }
        Ok(())
    }

    fn links(&mut self) -> rusqlite::Result<()> {
        let sql = format!(
            "SELECT count(*) FROM memory_graph WHERE
               NOT EXISTS (SELECT 1 FROM main.memories WHERE content_hash = source_hash AND {live})
               OR NOT EXISTS (SELECT 1 FROM main.memories WHERE content_hash = target_hash AND {live})",
            live = self.live
        );
        let count: i64 = self.connection.query_row(&sql, [], |row| row.get(0))?;
        self.found.loose_links = usize::try_from(count).unwrap_or_default();
        Ok(())
    }
}

/// A memory as a finding names it.
fn memory(name: &str) -> String {
    format!("memory {name}")
}

/// The number of the row that is read.
fn number(row: &rusqlite::Row<'_>) -> i64 {
    row.get(0).unwrap_or_default()
}

/// Whether an error is about what the file holds and not about getting at it.
fn is_damage(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(code) => matches!(
            code,
            ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::Unknown
                | ErrorCode::TypeMismatch
        ),
        None => true,
    }
}
