//! The journal: which edits are under way, written before the first of them and cleared after the last, so
//! that a run after a crash knows what may have happened.

use rusqlite::params;

use super::{Error, Store};
use crate::object::{BlobId, ContentHash, SideName};

const WHAT: &str = "the journal";

/// An edit that is about to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The name of the remote that is synced with.
    pub remote: String,
    /// Which side is edited.
    pub side: SideName,
    /// The memory.
    pub key: ContentHash,
    /// What the side holds before; `None` where the memory is absent.
    pub expected: Option<BlobId>,
    /// What it shall hold afterwards; `None` where the memory is deleted.
    pub target: Option<BlobId>,
}

impl Store {
    /// The edits that were begun and not ended, with all remotes.
    pub fn journal(&self) -> Result<Vec<Intent>, Error> {
        let sql = "SELECT remote, side, key, expected, target FROM journal ORDER BY remote, side, key";
        self.rows(WHAT, sql, [], |row| {
            Ok(Intent {
                remote: row.get(0)?,
                side: row.get(1)?,
                key: row.get(2)?,
                expected: row.get(3)?,
                target: row.get(4)?,
            })
        })
    }

    /// Records edits before they are carried out, replacing earlier ones of the same memory on the same side.
    pub fn begin_intents(&self, intents: &[Intent]) -> Result<(), Error> {
        self.transaction(|store| {
            for intent in intents {
                store.execute(
                    WHAT,
                    "INSERT OR REPLACE INTO journal (remote, side, key, expected, target)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![intent.remote, intent.side, intent.key, intent.expected, intent.target],
                )?;
            }
            Ok(())
        })
    }

    /// Records that the outcome of one edit is known.
    pub fn end_intent(&self, remote: &str, side: SideName, key: &ContentHash) -> Result<(), Error> {
        let sql = "DELETE FROM journal WHERE remote = ?1 AND side = ?2 AND key = ?3";
        self.execute(WHAT, sql, params![remote, side, key])?;
        Ok(())
    }

    /// Records that the outcomes of all edits with a remote are known.
    pub fn clear_journal(&self, remote: &str) -> Result<(), Error> {
        self.execute(WHAT, "DELETE FROM journal WHERE remote = ?1", [remote])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectId;
    use crate::store::Store;
    use crate::store::tests::{fixture, key};

    #[test]
    fn what_was_begun_is_there_after_reopening_until_it_is_ended() {
        let fixture = fixture();
        let intent = |remote: &str, side, expected: Option<&str>| Intent {
            remote: remote.to_owned(),
            side,
            key: key(1),
            expected: expected.map(|text| BlobId::of(text.as_bytes())),
            target: Some(BlobId::of(b"target")),
        };
        let begun = [
            intent("backup", SideName::Local, None),
            intent("origin", SideName::Local, Some("before")),
            Intent { target: None, ..intent("origin", SideName::Remote, Some("before")) },
        ];
        fixture.store.begin_intents(&begun).unwrap();
        let again = intent("origin", SideName::Local, None);
        fixture.store.begin_intents(std::slice::from_ref(&again)).unwrap();

        let (_folder, store) = fixture.reopen(Store::open);
        let store = store.unwrap();
        assert_eq!(store.journal().unwrap(), [begun[0].clone(), again, begun[2].clone()]);
        store.clear_journal("origin").unwrap();
        assert_eq!(store.journal().unwrap(), [begun[0].clone()]);
    }
}
