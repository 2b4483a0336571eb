//! `gc`: dropping what nothing needs, and packing what stays.
//!
//! Guarantees: whatever a ref, the reflog, a conflict, an edit under way or what a run did leads to stays, and so does
//! whatever was put lately, with all that it leads to: a run may be about to use it. Vectors can be made again, so of
//! those the unused go, and the damaged. Each step is a transaction of its
//! own after which the file is whole, so that a process that is killed or runs out of room loses nothing; the next
//! `gc` goes on. Compressing is done between the transactions, so that readers hardly wait.
//!
//! Must never: drop or rewrite an object that is damaged, or decide how long something is kept.

use std::collections::HashSet;
use std::io;

use rusqlite::params;
use zstd::dict;

use super::codec::{Packer, Stored};
use super::reachable::{Id, ROOTS};
use super::{Error, Store};
use crate::object::Kind;

const WHAT: &str = "the objects";

/// Below so many bytes a dictionary is not worth its room.
const WORTHWHILE: i64 = 16 * 1024;
/// The largest dictionary in bytes; what zstd's own tool makes by default.
const LARGEST_DICTIONARY: usize = 112_640;
/// How many bytes of objects there must be for each byte of a dictionary.
const SHARE: i64 = 40;
/// How many bytes of memories a dictionary is made from, at most: more take longer and gain nothing.
const SAMPLES: usize = 8 * 1024 * 1024;
/// How many objects are rewritten in one transaction, and of how many bytes, at most.
const BATCH: i64 = 2_000;
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// How long what nothing needs any more is kept. Moments are in seconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Unreachable objects that were last put before this moment are dropped, and vectors that were last used before it;
    /// `None`: none are.
    pub objects: Option<i64>,
    /// Entries of the reflog from before this moment are dropped, but for the newest of each ref.
    pub reflog: i64,
}

/// What `gc` did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// The objects that were compressed anew.
    pub packed: u64,
    /// The objects that were dropped.
    pub dropped: u64,
    /// The entries of the reflog that were dropped.
    pub moves: u64,
    /// The vectors that were dropped because they were not used.
    pub vectors: u64,
    /// The vectors that were dropped because they are damaged.
    pub damaged_vectors: u64,
    /// The size of the file in bytes before.
    pub before: u64,
    /// The size of the file in bytes afterwards.
    pub after: u64,
}

/// How objects will be compressed.
struct Plan {
    /// How many will be.
    count: u64,
    /// The dictionary that is there and still fits; otherwise one is made, and everything is packed with it.
    dictionary: Option<i64>,
}

impl Store {
    /// What [`Store::collect`] would do; the size afterwards cannot be told.
    pub fn collectable(&self, retention: Retention) -> Result<Collected, Error> {
        let before = self.file_size()?;
        let dropped = self.unneeded(retention)?;
        let [damaged_vectors, vectors] = self.useless_vectors(retention)?.map(|rows| rows.len() as u64);
        let moves = "SELECT count(*) FROM reflog WHERE at < ?1
                     AND sequence NOT IN (SELECT max(sequence) FROM reflog GROUP BY name)";
        Ok(Collected {
            packed: self.plan()?.map_or(0, |plan| plan.count),
            dropped: dropped.len() as u64,
            moves: self.number(moves, [retention.reflog])?.unsigned_abs(),
            vectors,
            damaged_vectors,
            before,
            after: before,
        })
    }

    /// Drops what nothing needs, compresses the rest and gives back the room. `progress` is told how many objects
    /// are packed, and of how many.
    pub fn collect(
        &self,
        retention: Retention,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Collected, Error> {
        let before = self.file_size()?;
        self.verify()?;
        let (dropped, moves) = self.transaction(|store| store.drop_unneeded(retention))?;
        let [damaged_vectors, vectors] = self.transaction(|store| store.drop_useless_vectors(retention))?;
        let packed = self.pack(progress)?;
        self.batch(
            "DELETE FROM dictionaries WHERE id NOT IN
                 (SELECT dictionary FROM objects WHERE dictionary IS NOT NULL)",
        )?;
        if self.number("SELECT freelist_count FROM pragma_freelist_count", [])? > 0 || packed > 0 {
            self.batch("VACUUM")?;
        }
        Ok(Collected { packed, dropped, moves, vectors, damaged_vectors, before, after: self.file_size()? })
    }

    /// Reads every object, so that nothing is done to a file that is damaged.
    fn verify(&self) -> Result<(), Error> {
        let failed = |cause| Error::from_sqlite(self.path(), WHAT, cause);
        let sql = "SELECT id, kind, size, data, dictionary FROM objects";
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let id: Id = row.get(0).map_err(failed)?;
            self.checked(&id, Stored::read_from(row, 1).map_err(failed)?)?;
        }
        Ok(())
    }

    /// The rows of the objects that nothing needs and that are old enough.
    fn unneeded(&self, retention: Retention) -> Result<Vec<i64>, Error> {
        let needed = self.needed(retention)?;
        let Some(before) = retention.objects else { return Ok(Vec::new()) };
        let sql = "SELECT rowid, id FROM objects WHERE iif(at = 0, ?1, at) < ?2";
        let old =
            self.rows(WHAT, sql, params![self.since, before], |row| Ok((row.get(0)?, row.get::<_, Id>(1)?)))?;
        Ok(old.into_iter().filter(|(_, id)| !needed.contains(id)).map(|(row, _)| row).collect())
    }

    /// Everything that is needed, and everything that was put lately with what it leads to.
    fn needed(&self, retention: Retention) -> Result<HashSet<Id>, Error> {
        let mut roots = Vec::new();
        for root in ROOTS {
            root.visit(self, retention.reflog, &mut |place, id| {
                let id =
                    id.ok_or_else(|| Error::damaged(self.path(), place, "what it names is no object id"))?;
                roots.push((root.kind, id));
                Ok(())
            })?;
        }
        if let Some(before) = retention.objects {
            let sql = "SELECT kind, id FROM objects WHERE iif(at = 0, ?1, at) >= ?2";
            roots.extend(self.rows(WHAT, sql, params![self.since, before], |row| {
                Ok((row.get::<_, Kind>(0)?, row.get::<_, Id>(1)?))
            })?);
        }
        let mut needed = HashSet::new();
        self.mark(&mut needed, roots)?;
        let changes = self.rows("the changes", "SELECT run, before, after FROM changes", [], |row| {
            Ok((row.get::<_, Option<Id>>(0)?, [row.get::<_, Option<Id>>(1)?, row.get(2)?]))
        })?;
        for (run, memories) in changes {
            if run.is_none_or(|run| needed.contains(&run)) {
                self.mark(&mut needed, memories.into_iter().flatten().map(|id| (Kind::Blob, id)).collect())?;
            }
        }
        Ok(needed)
    }

    fn drop_unneeded(&self, retention: Retention) -> Result<(u64, u64), Error> {
        let rows = self.unneeded(retention)?;
        for row in &rows {
            self.execute(WHAT, "DELETE FROM objects WHERE rowid = ?1", [row])?;
        }
        // From before objects were dated: from now on their age counts.
        self.execute(WHAT, "UPDATE objects SET at = ?1 WHERE at = 0", [self.since])?;
        let sql = "DELETE FROM changes WHERE run IS NOT NULL AND run NOT IN (SELECT id FROM objects)";
        self.execute("the changes", sql, [])?;
        let sql = "DELETE FROM reflog WHERE at < ?1
                   AND sequence NOT IN (SELECT max(sequence) FROM reflog GROUP BY name)";
        let moves = self.execute("the reflog", sql, [retention.reflog])?;
        Ok((rows.len() as u64, moves as u64))
    }

    fn drop_useless_vectors(&self, retention: Retention) -> Result<[u64; 2], Error> {
        let useless = self.useless_vectors(retention)?;
        self.drop_vectors(useless.iter().flatten())?;
        Ok(useless.map(|rows| rows.len() as u64))
    }

    /// Which objects to compress; `None` where that gains nothing.
    fn plan(&self) -> Result<Option<Plan>, Error> {
        let sql = "SELECT count(*), coalesce(sum(dictionary IS NULL), 0),
                          coalesce(sum(iif(dictionary IS NULL, size, 0)), 0),
                          coalesce(sum(iif(dictionary IS NULL, 0, size)), 0) FROM objects";
        let counted = self.row(WHAT, sql, [], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?))
        })?;
        let (objects, loose, loose_bytes, packed_bytes): (i64, _, _, _) =
            counted.expect("a sum always has a row");
        if loose_bytes <= packed_bytes {
            let latest = "SELECT max(id) FROM dictionaries";
            let latest: Option<i64> = self.row("the dictionaries", latest, [], |row| row.get(0))?.flatten();
            if latest.is_some() || loose == 0 {
                let plan = Plan { count: loose.unsigned_abs(), dictionary: latest };
                return Ok(Some(plan).filter(|plan| plan.count > 0));
            }
        }
        // A dictionary that was made from the lesser part of what is there now fits it no more.
        let plan = Plan { count: objects.unsigned_abs(), dictionary: None };
        Ok(Some(plan).filter(|_| loose_bytes >= WORTHWHILE))
    }

    /// Compresses what is worth it, and returns how many objects that were.
    fn pack(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<u64, Error> {
        let Some(plan) = self.plan()? else { return Ok(0) };
        let failed = |cause: io::Error| Error::io(self.path(), cause);
        let (dictionary, data) = match plan.dictionary {
            Some(dictionary) => (dictionary, self.dictionary(dictionary)?),
            None => self.make_dictionary()?,
        };
        let mut packer = Packer::new(&data).map_err(failed)?;
        let (mut done, mut last) = (0, 0);
        loop {
            let batch = self.next_batch(last, plan.dictionary.is_none().then_some(dictionary))?;
            let Some((row, _)) = batch.last() else { return Ok(done) };
            last = *row;
            let rows: Vec<_> = batch.iter().map(|(row, bytes)| (row, packer.pack(bytes))).collect();
            self.transaction(|store| -> Result<(), Error> {
                let sql = "UPDATE objects SET data = ?2, dictionary = ?3 WHERE rowid = ?1";
                rows.iter().try_for_each(|(row, data)| {
                    store.execute(WHAT, sql, params![row, data, dictionary]).map(drop)
                })
            })?;
            done += rows.len() as u64;
            progress(done, plan.count);
        }
    }

    /// The next objects after a row, decoded: those without a dictionary, or those with another one than this.
    fn next_batch(&self, last: i64, other_than: Option<i64>) -> Result<Vec<(i64, Vec<u8>)>, Error> {
        let failed = |cause| Error::from_sqlite(self.path(), WHAT, cause);
        let sql = "SELECT rowid, id, kind, size, data, dictionary FROM objects
                   WHERE rowid > ?1 AND (dictionary IS NULL OR dictionary <> ?2) ORDER BY rowid LIMIT ?3";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query(params![last, other_than, BATCH]).map_err(failed)?;
        let (mut batch, mut total) = (Vec::new(), 0);
        while let Some(row) = rows.next().map_err(failed)? {
            let id: Id = row.get(1).map_err(failed)?;
            let bytes = self.checked(&id, Stored::read_from(row, 2).map_err(failed)?)?;
            total += bytes.len();
            batch.push((row.get(0).map_err(failed)?, bytes));
            if total > BATCH_BYTES {
                break;
            }
        }
        Ok(batch)
    }

    /// Makes a dictionary of some of the memories, and keeps it.
    fn make_dictionary(&self) -> Result<(i64, Vec<u8>), Error> {
        let size = self.number("SELECT coalesce(sum(size), 0) FROM objects", [])? / SHARE;
        let size = usize::try_from(size).unwrap_or(usize::MAX).min(LARGEST_DICTIONARY);
        let samples = self.samples()?;
        // zstd declines to learn from too little or too uniform text; then the text itself is the dictionary.
        let data = dict::from_samples(&samples, size)
            .unwrap_or_else(|_| samples.concat().into_iter().take(size).collect());
        self.execute("the dictionaries", "INSERT INTO dictionaries (data) VALUES (?1)", [&data])?;
        Ok((self.connection.last_insert_rowid(), data))
    }

    /// Some of the memories: in the order of their ids, which is none.
    fn samples(&self) -> Result<Vec<Vec<u8>>, Error> {
        let failed = |cause| Error::from_sqlite(self.path(), WHAT, cause);
        let sql = "SELECT id, kind, size, data, dictionary FROM objects WHERE kind = 'blob' ORDER BY id";
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        let (mut samples, mut total) = (Vec::new(), 0);
        while let Some(row) = rows.next().map_err(failed)?.filter(|_| total < SAMPLES) {
            let id: Id = row.get(0).map_err(failed)?;
            let mut bytes = self.checked(&id, Stored::read_from(row, 1).map_err(failed)?)?;
            bytes.truncate(LARGEST_DICTIONARY);
            total += bytes.len();
            samples.push(bytes);
        }
        Ok(samples)
    }

    fn file_size(&self) -> Result<u64, Error> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        Ok(self.number(sql, [])?.unsigned_abs())
    }

    fn number(&self, sql: &str, params: impl rusqlite::Params) -> Result<i64, Error> {
        Ok(self.row("the file", sql, params, |row| row.get(0))?.expect("a count always has a row"))
    }
}
