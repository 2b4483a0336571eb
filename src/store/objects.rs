//! Objects: written once under the id of their bytes, compressed where that makes them smaller.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Write;

use rusqlite::params;

use super::codec::Stored;
use super::{Error, Store};
use crate::object::tree::{self, Changed, Changes, Difference, Snapshot, Updated};
use crate::object::{BlobId, Commit, CommitId, ContentHash, Kind, Memory, ObjectId, TreeId};

const WHAT: &str = "the objects";

/// How old the note of an object's last use may be, in seconds, before putting it again renews it: `gc` counts from that
/// note, and most runs put what the run before them put.
const FRESH: i64 = 24 * 60 * 60;

/// Objects that are kept in memory only, by the bytes of their ids.
pub(super) type Unsaved = BTreeMap<[u8; 32], Stored>;

impl Store {
    /// Keeps a memory under the id of its canonical text.
    pub fn put_memory(&self, memory: &Memory) -> Result<BlobId, Error> {
        let bytes = memory.to_blob();
        let id = BlobId::of(&bytes);
        self.put(id, &bytes)?;
        Ok(id)
    }

    /// Keeps a memory's canonical text, whose id the caller has computed.
    pub fn put_blob(&self, id: BlobId, text: &[u8]) -> Result<(), Error> {
        self.put(id, text)
    }

    /// Reads a memory; a missing one is [`Error::Damaged`], as for every id that something points to.
    pub fn memory(&self, id: BlobId) -> Result<Memory, Error> {
        let bytes = self.get(id)?;
        Memory::parse(&bytes).map_err(|cause| self.damaged_object(id, "it is no memory", cause))
    }

    /// Keeps a snapshot, writing only the trees that are not there yet, and returns its root. The memories are as [`tree::write`]
    /// takes them.
    pub fn put_snapshot<'a>(
        &self,
        memories: impl IntoIterator<Item = (&'a ContentHash, impl Borrow<BlobId>), IntoIter: Clone>,
    ) -> Result<TreeId, Error> {
        self.transaction(|store| tree::write(memories, &mut |id, bytes| store.put(id, &bytes)))
    }

    /// Reads a whole snapshot.
    pub fn snapshot(&self, id: TreeId) -> Result<Snapshot, Error> {
        tree::read(id, &mut |id| self.get(id)).map_err(|error| self.tree_error(error))
    }

    /// Gives every memory of a snapshot to `visit`, in no particular order.
    pub fn visit_snapshot(
        &self,
        id: TreeId,
        visit: &mut impl FnMut(ContentHash, BlobId),
    ) -> Result<(), Error> {
        tree::visit(id, &mut |id| self.get(id), visit).map_err(|error| self.tree_error(error))
    }

    /// Keeps the tree of a sync, whose two entries are both sides' snapshots.
    pub fn put_pair(&self, local: TreeId, remote: TreeId) -> Result<TreeId, Error> {
        tree::write_pair(local, remote, &mut |id, bytes| self.put(id, &bytes))
    }

    /// Reads the two snapshots of a sync, local first.
    pub fn pair(&self, id: TreeId) -> Result<(TreeId, TreeId), Error> {
        tree::read_pair(id, &mut |id| self.get(id)).map_err(|error| self.tree_error(error))
    }

    /// Looks up one memory of a snapshot, reading only the trees above it.
    pub fn find(&self, id: TreeId, key: &ContentHash) -> Result<Option<BlobId>, Error> {
        tree::find(id, key, &mut |id| self.get(id)).map_err(|error| self.tree_error(error))
    }

    /// The memories of a snapshot whose names begin like this, see [`tree::beginning`].
    pub fn find_beginning(&self, id: TreeId, beginning: u64) -> Result<Vec<ContentHash>, Error> {
        tree::find_beginning(id, beginning, &mut |id| self.get(id)).map_err(|error| self.tree_error(error))
    }

    /// Keeps a changed snapshot, reading and writing only the trees above what changes.
    pub fn update_snapshot(&self, root: Option<TreeId>, changes: &Changes) -> Result<Updated, Error> {
        self.transaction(|store| {
            tree::update(root, changes, &mut |id| store.get(id), &mut |id, bytes| store.put(id, &bytes))
                .map_err(|error| store.tree_error(error))
        })
    }

    /// What differs between two snapshots, sorted by key, visiting only trees that differ. A missing one is empty.
    pub fn diff(
        &self,
        from: impl Into<Option<TreeId>>,
        to: impl Into<Option<TreeId>>,
    ) -> Result<Vec<Difference>, Error> {
        tree::diff(from, to, &mut |id| self.get(id)).map_err(|error| self.tree_error(error))
    }

    /// Gives every path that differs between two trees to `visit`, as [`tree::walk`] does.
    pub fn walk<E: From<Error>>(
        &self,
        old: Option<TreeId>,
        new: Option<TreeId>,
        enters: &dyn Fn(&str) -> bool,
        visit: &mut dyn FnMut(Changed<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let walked = tree::walk(old, new, enters, &mut |id| Ok(self.get(id)?), visit);
        walked.map_err(|error| match error {
            tree::Error::Load(error) => error,
            tree::Error::Malformed { id, problem } => {
                self.damaged_object(id, "it is no tree", problem).into()
            }
        })
    }

    /// Keeps a commit.
    pub fn put_commit(&self, commit: &Commit) -> Result<CommitId, Error> {
        let bytes = commit.to_bytes();
        let id = CommitId::of(&bytes);
        self.put(id, &bytes)?;
        Ok(id)
    }

    /// Reads a commit.
    pub fn commit(&self, id: CommitId) -> Result<Commit, Error> {
        let bytes = self.get(id)?;
        Commit::parse(&bytes).map_err(|cause| self.damaged_object(id, "it is no commit", cause))
    }

    /// Reads any object by the 32 bytes of its id: its kind and its bytes, which were checked against the id.
    pub fn object(&self, id: &[u8]) -> Result<Option<(Kind, Vec<u8>)>, Error> {
        let Some(stored) = self.stored(id)? else { return Ok(None) };
        let Some(stored) = self.current(id, stored)? else { return Ok(None) };
        let kind = stored.kind;
        Ok(Some((kind, self.checked(id, stored)?)))
    }

    /// The row as it is now, where it was compressed with a dictionary that is gone: while this process only reads, `gc`
    /// may have packed the object anew since.
    fn current(&self, id: &[u8], stored: Stored) -> Result<Option<Stored>, Error> {
        match stored.dictionary.map(|dictionary| self.learn(dictionary)) {
            Some(Err(Error::Damaged { .. })) if self.is_read_only() => self.stored(id),
            _ => Ok(Some(stored)),
        }
    }

    /// The bytes of a row that is said to hold the object `id`; an error where it does not.
    pub(super) fn checked(&self, id: &[u8], stored: Stored) -> Result<Vec<u8>, Error> {
        let kind = stored.kind;
        let damaged = |cause: Box<dyn std::error::Error + Send + Sync>| {
            Error::damaged(&self.path, format!("{kind} {} cannot be read", hex(id)), cause)
        };
        if let Some(dictionary) = stored.dictionary {
            self.learn(dictionary)?;
        }
        let bytes = self.codec.borrow_mut().decode(stored).map_err(|cause| damaged(cause.into()))?;
        if names(id, kind, &bytes) {
            Ok(bytes)
        } else {
            Err(damaged("its bytes do not hash to its id".into()))
        }
    }

    /// Reads a dictionary.
    pub(super) fn dictionary(&self, id: i64) -> Result<Vec<u8>, Error> {
        let sql = "SELECT data FROM dictionaries WHERE id = ?1";
        self.row("the dictionaries", sql, [id], |row| row.get(0))?.ok_or_else(|| Error::Damaged {
            path: self.path.clone(),
            what: format!("dictionary {id} is missing"),
            cause: None,
        })
    }

    /// Makes a dictionary known to the codec.
    fn learn(&self, dictionary: i64) -> Result<(), Error> {
        if self.codec.borrow().knows(dictionary) {
            return Ok(());
        }
        let data = self.dictionary(dictionary)?;
        self.codec.borrow_mut().learn(dictionary, &data).map_err(|cause| {
            Error::damaged(&self.path, format!("dictionary {dictionary} cannot be read"), cause)
        })
    }

    /// The objects whose id begins with `prefix` in hexadecimal digits, sorted by id, at most `limit`; none
    /// where `prefix` is empty or is not hexadecimal.
    pub fn objects_with_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<(Kind, String)>, Error> {
        let Some((from, to)) = range(prefix) else { return Ok(Vec::new()) };
        let mut found = self.rows(
            WHAT,
            "SELECT id, kind FROM objects WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3",
            params![from, to, i64::try_from(limit).unwrap_or(i64::MAX)],
            |row| Ok((row.get(1)?, hex(row.get_ref(0)?.as_blob()?))),
        )?;
        if let Some(unsaved) = &self.unsaved {
            found.extend(unsaved.borrow().range(from..=to).map(|(id, stored)| (stored.kind, hex(id))));
            found.sort_unstable_by(|a, b| a.1.cmp(&b.1));
            found.truncate(limit);
        }
        Ok(found)
    }

    /// Whether the object is there; its bytes are not looked at.
    pub(super) fn has(&self, id: &impl ObjectId) -> Result<bool, Error> {
        if self.unsaved.as_ref().is_some_and(|unsaved| unsaved.borrow().contains_key(id.as_bytes())) {
            return Ok(true);
        }
        self.is_there(id.as_bytes())
    }

    /// Whether the file holds an object of this id.
    pub(super) fn is_there(&self, id: &[u8]) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM objects WHERE id = ?1";
        Ok(self.row(WHAT, sql, [id], |_| Ok(()))?.is_some())
    }

    fn put<I: ObjectId>(&self, id: I, bytes: &[u8]) -> Result<(), Error> {
        // Most objects of a snapshot are there already, and looking is cheaper than compressing.
        if let Some(unsaved) = &self.unsaved {
            if !self.has(&id)? {
                let stored = self.codec.borrow_mut().encode(I::KIND, bytes);
                let id = id.as_bytes().try_into().expect("an object id has 32 bytes");
                unsaved.borrow_mut().insert(id, stored);
            }
            return Ok(());
        }
        let at = "SELECT at FROM objects WHERE id = ?1";
        if let Some(at) = self.row::<i64>(WHAT, at, [id.as_bytes()], |row| row.get(0))? {
            if at < self.since - FRESH {
                let sql = "UPDATE objects SET at = ?2 WHERE id = ?1";
                self.execute(WHAT, sql, params![id.as_bytes(), self.since])?;
            }
            return Ok(());
        }
        let stored = self.codec.borrow_mut().encode(I::KIND, bytes);
        self.execute(
            WHAT,
            "INSERT INTO objects (id, kind, size, data, at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id.as_bytes(), stored.kind, stored.size, stored.data, self.since],
        )?;
        Ok(())
    }

    fn get<I: ObjectId>(&self, id: I) -> Result<Vec<u8>, Error> {
        match self.object(id.as_bytes())? {
            Some((kind, bytes)) if kind == I::KIND => Ok(bytes),
            Some((kind, _)) => Err(self.damaged_object(id, "it cannot be read", format!("it is a {kind}"))),
            None => Err(self.missing(id)),
        }
    }

    fn stored(&self, id: &[u8]) -> Result<Option<Stored>, Error> {
        let sql = "SELECT kind, size, data, dictionary FROM objects WHERE id = ?1";
        if let Some(stored) = self.row(WHAT, sql, [id], Stored::read)? {
            return Ok(Some(stored));
        }
        let Some(unsaved) = &self.unsaved else { return Ok(None) };
        let unsaved = unsaved.borrow();
        Ok(unsaved.get(id).map(|found| Stored { data: found.data.clone(), ..*found }))
    }

    /// The error for an object that something points to and that is not there.
    pub(super) fn missing<I: ObjectId>(&self, id: I) -> Error {
        self.missing_object(I::KIND, id.as_bytes())
    }

    pub(super) fn missing_object(&self, kind: Kind, id: &[u8]) -> Error {
        Error::Damaged {
            path: self.path.clone(),
            what: format!("{kind} {} is missing", hex(id)),
            cause: None,
        }
    }

    pub(super) fn malformed(&self, kind: Kind, id: &[u8], problem: String) -> Error {
        Error::damaged(&self.path, format!("{kind} {}: it is no {kind}", hex(id)), problem)
    }

    fn damaged_object<I: ObjectId>(
        &self,
        id: I,
        problem: &str,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::damaged(&self.path, format!("{} {id}: {problem}", I::KIND), cause)
    }

    fn tree_error(&self, error: tree::Error<Error>) -> Error {
        match error {
            tree::Error::Load(error) => error,
            tree::Error::Malformed { id, problem } => self.damaged_object(id, "it is no tree", problem),
        }
    }
}

fn names(id: &[u8], kind: Kind, bytes: &[u8]) -> bool {
    match kind {
        Kind::Blob => BlobId::of(bytes).as_bytes() == id,
        Kind::Tree => TreeId::of(bytes).as_bytes() == id,
        Kind::Commit => CommitId::of(bytes).as_bytes() == id,
    }
}

/// The first and the last id that begin with `prefix`.
fn range(prefix: &str) -> Option<([u8; 32], [u8; 32])> {
    let id = |digits: String| {
        let id = gix_hash::ObjectId::from_hex(digits.to_ascii_lowercase().as_bytes()).ok()?;
        id.as_slice().try_into().ok()
    };
    if prefix.is_empty() {
        return None;
    }
    Some((id(format!("{prefix:0<64}"))?, id(format!("{prefix:f<64}"))?))
}

/// An id as it is shown.
pub(super) fn hex(id: &[u8]) -> String {
    id.iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes any text");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{Fixture, commit, fixture, key, memory};

    #[test]
    fn objects_are_read_back_and_take_no_more_room_than_they_must() {
        let Fixture { store, folder: _folder } = fixture();
        let long = Memory { content: "again and ".repeat(1_000), ..memory(1) };
        let short = Memory { content: "a".to_owned(), ..Memory::default() };
        let random = Memory {
            content: (0..300).map(|n| BlobId::of(format!("{n}").as_bytes()).to_string()).collect(),
            ..memory(2)
        };
        for memory in [&long, &short, &random, &Memory::default()] {
            let id = store.put_memory(memory).unwrap();
            assert_eq!(store.put_memory(memory).unwrap(), id);
            assert_eq!(&store.memory(id).unwrap(), memory);
            assert_eq!(store.object(id.as_bytes()).unwrap(), Some((Kind::Blob, memory.to_blob())));
        }
        let sizes = store.rows(WHAT, "SELECT size, length(data) FROM objects", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        });
        let sizes = sizes.unwrap();
        assert_eq!(sizes.len(), 4, "each is there once");
        assert!(sizes[0].0 > 50 * sizes[0].1, "{sizes:?}");
        assert!(sizes.iter().all(|(size, stored)| stored <= size), "{sizes:?}");
        assert_eq!(sizes[3], (1, 1));
    }

    #[test]
    fn a_reader_that_gc_overtakes_reads_the_object_as_it_is_now() {
        let Fixture { store, folder: _folder } = fixture();
        let id = store.put_memory(&memory(1)).unwrap();
        let bytes = memory(1).to_blob();
        let pack = |dictionary: i64| {
            store
                .execute("d", "INSERT INTO dictionaries VALUES (?1, ?2)", params![dictionary, b"tea"])
                .unwrap();
            store
                .execute("o", "UPDATE objects SET data = ?1, dictionary = ?2", params![bytes, dictionary])
                .unwrap();
            store.execute("d", "DELETE FROM dictionaries WHERE id < ?1", [dictionary]).unwrap();
        };
        pack(1);
        let reader = Store::open_read_only(store.path(), &crate::store::tests::holder()).unwrap();
        let seen = reader.stored(id.as_bytes()).unwrap().unwrap();
        pack(2);
        let now = reader.current(id.as_bytes(), seen).unwrap().unwrap();
        assert_eq!(reader.checked(id.as_bytes(), now).unwrap(), bytes);
        // One whose dictionary is lost for good is still damaged.
        store.batch("DELETE FROM dictionaries").unwrap();
        let reader = Store::open_read_only(store.path(), &crate::store::tests::holder()).unwrap();
        assert!(matches!(reader.memory(id), Err(Error::Damaged { .. })));
    }

    #[test]
    fn snapshots_share_the_trees_that_are_equal() {
        let Fixture { store, folder: _folder } = fixture();
        let count =
            || store.row(WHAT, "SELECT count(*) FROM objects", [], |row| row.get::<_, i64>(0)).unwrap();
        let blob = store.put_memory(&memory(1)).unwrap();
        let before: Snapshot = (0..2_000).map(|number| (key(number), blob)).collect();
        let mut after = before.clone();
        after.insert(key(7), memory(2).id());

        let from = store.put_snapshot(&before).unwrap();
        let written = count();
        assert_eq!(store.put_snapshot(&before).unwrap(), from);
        assert_eq!(count(), written);
        let to = store.put_snapshot(&after).unwrap();
        assert!(count().unwrap() - written.unwrap() <= 4);

        assert_eq!(store.snapshot(to).unwrap(), after);
        assert_eq!(store.find(to, &key(7)).unwrap(), Some(memory(2).id()));
        assert_eq!(store.diff(from, to).unwrap(), [(key(7), Some(blob), Some(memory(2).id()))]);
        let pair = store.put_pair(from, to).unwrap();
        assert_eq!(store.pair(pair).unwrap(), (from, to));
        assert!(matches!(store.pair(from), Err(Error::Damaged { .. })));
    }

    #[test]
    fn objects_are_found_by_the_first_digits_of_their_ids() {
        let Fixture { store, folder: _folder } = fixture();
        let commit = commit(&store, 1);
        let id = commit.to_string();
        for length in [1, 4, 5, 63, 64] {
            let found = store.objects_with_prefix(&id[..length], 100).unwrap();
            assert!(found.contains(&(Kind::Commit, id.clone())), "{length} digits");
            assert!(found.iter().all(|(_, found)| found.starts_with(&id[..length])));
        }
        assert_eq!(store.objects_with_prefix(&id[..9].to_uppercase(), 1).unwrap().len(), 1);
        for nothing in ["", "xyz", "é", &format!("{id}0"), "0000000000"] {
            assert_eq!(store.objects_with_prefix(nothing, 100).unwrap(), []);
        }
        assert_eq!(store.commit(commit).unwrap().id(), commit);
    }
}
