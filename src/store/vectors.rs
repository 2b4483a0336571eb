//! A cache of vectors, kept by the model that made them and the text that they are of.
//!
//! Guarantees: what is found is byte for byte what was kept under that model and text, checked against a checksum of all
//! three; anything else is not found. The cache grows to [`MOST`] vectors and no further.
//!
//! Must never: hold what cannot be made again, or write once the [`Store`] that it came from is closed, because another
//! process may be in by then.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use gix_hash::{Kind, hasher};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::lock::Lock;
use super::{Error, Retention, Store, open};

const WHAT: &str = "the vectors";

/// How many vectors there are at most, some 400 MB of those with 384 numbers. The oldest go first.
const MOST: i64 = 200_000;

/// For how many seconds a vector's last use is not noted again, so that most look-ups only read.
const DAY: i64 = 24 * 60 * 60;

/// The columns that [`Entry::read`] takes.
const COLUMNS: &str = "vectors.id, name, text, checksum, used, vector";

impl Store {
    /// The vectors in this database, for whoever makes some while it is open. They have a connection of their own, because
    /// makers of vectors outlive every borrow of the store. Nothing is found or kept while this store is closed, or
    /// where it is read-only.
    #[must_use]
    pub fn vectors(&self) -> VectorCache {
        VectorCache {
            path: self.path.clone(),
            now: self.since,
            lock: self.lock.as_ref().map(Arc::downgrade).unwrap_or_default(),
            connection: Mutex::new(None),
        }
    }

    /// How many vectors there are.
    pub(super) fn count_vectors(&self) -> Result<u64, Error> {
        let count: Option<i64> = self.row(WHAT, "SELECT count(*) FROM vectors", [], |row| row.get(0))?;
        Ok(count.expect("a count always has a row").unsigned_abs())
    }

    /// The vectors that will never be found, because they or what they are kept under is damaged.
    pub(super) fn damaged_vectors(&self) -> Result<BTreeSet<i64>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM vectors LEFT JOIN models ON models.id = model");
        let rows = self.rows(WHAT, &sql, [], |row| {
            Ok((row.get(0)?, Entry::read(row).is_ok_and(|entry| entry.is_whole())))
        })?;
        Ok(rows.into_iter().filter(|(_, is_whole)| !is_whole).map(|(id, _)| id).collect())
    }

    /// The vectors that need not stay: the damaged, and of the others those that were not used for long enough.
    pub(super) fn useless_vectors(&self, retention: Retention) -> Result<[BTreeSet<i64>; 2], Error> {
        let Some(before) = retention.objects else { return Ok(Default::default()) };
        let damaged = self.damaged_vectors()?;
        let sql = "SELECT id FROM vectors WHERE used < ?1";
        let unused: BTreeSet<i64> = self.rows(WHAT, sql, [before], |row| row.get(0))?.into_iter().collect();
        let unused = &unused - &damaged;
        Ok([damaged, unused])
    }

    /// Drops vectors, and the models that have none then.
    pub(super) fn drop_vectors<'a>(&self, rows: impl IntoIterator<Item = &'a i64>) -> Result<(), Error> {
        for row in rows {
            self.execute(WHAT, "DELETE FROM vectors WHERE id = ?1", [row])?;
        }
        self.execute(WHAT, "DELETE FROM models WHERE id NOT IN (SELECT model FROM vectors)", []).map(drop)
    }
}

/// The vectors of an open [`Store`].
pub struct VectorCache {
    path: PathBuf,
    /// When this process began, in seconds since 1970.
    now: i64,
    lock: Weak<Lock>,
    /// Opened when it is first needed.
    connection: Mutex<Option<Connection>>,
}

impl VectorCache {
    /// The vectors of `texts` that were kept for `model`, in their order; `None` for each that is not there.
    pub fn find(&self, model: &str, texts: &[&str]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let found = self.with_connection(|connection| {
            let transaction = connection.transaction()?;
            let entries: Vec<Option<Entry>> =
                texts.iter().map(|text| entry(&transaction, model, text)).collect::<Result<_, _>>()?;
            transaction.commit()?;
            let stale = entries.iter().flatten().filter(|entry| entry.used < self.now - DAY);
            self.note_use(connection, &stale.map(|entry| entry.id).collect::<Vec<_>>());
            Ok(entries.into_iter().map(|entry| entry.map(|entry| entry.vector)).collect())
        })?;
        Ok(found.unwrap_or_else(|| vec![None; texts.len()]))
    }

    /// Keeps vectors that `model` made, all of them or, where that fails, none. Those of the same texts are replaced.
    pub fn keep(&self, model: &str, vectors: &[(&str, Vec<u8>)]) -> Result<(), Error> {
        self.keep_at_most(MOST, model, vectors)
    }

    pub(super) fn keep_at_most(
        &self,
        most: i64,
        model: &str,
        vectors: &[(&str, Vec<u8>)],
    ) -> Result<(), Error> {
        let kept = self.with_connection(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute("INSERT OR IGNORE INTO models (name) VALUES (?1)", [model])?;
            let mut put = transaction.prepare_cached(
                "REPLACE INTO vectors (model, text, checksum, used, vector)
                 SELECT id, ?2, ?3, ?4, ?5 FROM models WHERE name = ?1",
            )?;
            for (text, vector) in vectors {
                let text = digest(&[text.as_bytes()]);
                put.execute(params![model, text, checksum(model, &text, vector), self.now, vector])?;
            }
            drop(put);
            // Row ids only grow, so those below the limit were kept the longest ago.
            let oldest = "DELETE FROM vectors WHERE id <= (SELECT max(id) FROM vectors) - ?1";
            transaction.execute(oldest, [most])?;
            transaction.commit()
        });
        kept.map(Option::unwrap_or_default)
    }

    /// Notes that vectors are used still. Where that cannot be written they are used all the same.
    fn note_use(&self, connection: &mut Connection, rows: &[i64]) {
        let note = |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for row in rows {
                transaction.execute("UPDATE vectors SET used = ?1 WHERE id = ?2", [self.now, *row])?;
            }
            transaction.commit()
        };
        if !rows.is_empty()
            && let Err(error) = note(connection)
        {
            tracing::debug!(%error, "the use of {} vectors could not be noted", rows.len());
        }
    }

    /// Does something with the database; nothing where the store is closed.
    fn with_connection<T>(
        &self,
        body: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Error> {
        let Some(_held_meanwhile) = self.lock.upgrade() else { return Ok(None) };
        let mut slot = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match slot.take() {
            Some(connection) => Ok(connection),
            None => open::connect_to_write(&self.path),
        };
        connection
            .and_then(|connection| body(slot.insert(connection)))
            .map(Some)
            .map_err(|cause| Error::from_sqlite(&self.path, WHAT, cause))
    }
}

impl fmt::Debug for VectorCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectorCache").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A row, with the name of its model.
struct Entry {
    id: i64,
    model: String,
    text: Vec<u8>,
    checksum: i64,
    used: i64,
    vector: Vec<u8>,
}

impl Entry {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            model: row.get(1)?,
            text: row.get(2)?,
            checksum: row.get(3)?,
            used: row.get(4)?,
            vector: row.get(5)?,
        })
    }

    fn is_whole(&self) -> bool {
        self.checksum == checksum(&self.model, &self.text, &self.vector)
    }
}

/// What is kept for a text, where it is whole.
fn entry(connection: &Connection, model: &str, text: &str) -> rusqlite::Result<Option<Entry>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM vectors JOIN models ON models.id = model WHERE name = ?1 AND text = ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    // A value of another type is damage as well.
    let found =
        statement.query_row(params![model, digest(&[text.as_bytes()])], |row| Ok(Entry::read(row).ok()));
    Ok(found.optional()?.flatten().filter(Entry::is_whole))
}

/// The SHA-256 of all parts.
fn digest(parts: &[&[u8]]) -> Vec<u8> {
    let mut hasher = hasher(Kind::Sha256);
    for part in parts {
        hasher.update(part);
    }
    let digest = hasher.try_finalize().expect("only SHA-1 can fail, when it detects a collision attack");
    digest.as_slice().to_vec()
}

/// What a row's bytes are checked against: short, because it is held against accidents alone.
fn checksum(model: &str, text: &[u8], vector: &[u8]) -> i64 {
    let digest = digest(&[model.as_bytes(), &[0], text, vector]);
    i64::from_be_bytes(*digest.first_chunk().expect("a digest has 32 bytes"))
}
