//! Conflicts that wait for a decision, and the decisions.

use std::collections::BTreeMap;

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Row, params};

use super::sql::stored_as_text;
use super::{Error, Store};
use crate::object::{BlobId, ContentHash, Resolution, SideName};

const WHAT: &str = "the conflicts";

/// One memory that was changed on both sides in ways that do not merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The memory.
    pub key: ContentHash,
    /// The remote's name.
    pub remote: String,
    /// What the sides held when they last agreed, local form first; `None` where they never did.
    pub base: Option<(BlobId, BlobId)>,
    /// What this device holds; `None` where it deleted the memory.
    pub ours: Option<BlobId>,
    /// What the server holds; `None` where it deleted the memory.
    pub theirs: Option<BlobId>,
    /// The fields that both sides set to different values.
    pub fields: Vec<String>,
    /// When the conflict was first seen, in seconds since 1970 in UTC.
    pub since: i64,
    /// The decision, where there is one.
    pub resolution: Option<Resolution>,
    /// What this device holds since an answer was carried out here; `ours` where none was.
    pub held: Option<BlobId>,
    /// The sides whose values are taken for some of `fields`, while others are still open.
    pub choices: BTreeMap<String, SideName>,
    /// This device has carried out an answer to an earlier form of the conflict. It waits again even if nothing
    /// collides: what the answer set back to the base is no change any more, and would be overwritten.
    pub is_reopened: bool,
}

impl Conflict {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let base: (Option<BlobId>, Option<BlobId>) = (row.get(2)?, row.get(3)?);
        let fields = serde_json::from_str(row.get_ref(6)?.as_str()?)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(6, Type::Text, Box::new(error)))?;
        Ok(Self {
            key: row.get(0)?,
            remote: row.get(1)?,
            base: match base {
                (Some(local), Some(remote)) => Some((local, remote)),
                (None, None) => None,
                _ => {
                    let half = Box::new(FromSqlError::InvalidType);
                    return Err(rusqlite::Error::FromSqlConversionFailure(2, Type::Null, half));
                }
            },
            ours: row.get(4)?,
            theirs: row.get(5)?,
            fields,
            since: row.get(7)?,
            resolution: match row.get::<_, Option<Word>>(8)? {
                None => None,
                Some(Word::Local) => Some(Resolution::Side(SideName::Local)),
                Some(Word::Remote) => Some(Resolution::Side(SideName::Remote)),
                Some(Word::Merged) => Some(Resolution::Merged(row.get(9)?)),
            },
            held: row.get(11)?,
            choices: serde_json::from_str(row.get_ref(10)?.as_str()?).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(10, Type::Text, Box::new(error))
            })?,
            is_reopened: row.get(12)?,
        })
    }

    /// Whether this device holds what an answer made of it, be the answer about this form of the conflict or not.
    #[must_use]
    pub fn is_carried_out(&self, now: Option<BlobId>) -> bool {
        let has_made = self.held != self.ours || self.resolution == Some(Resolution::Merged(now));
        self.is_reopened || self.resolution.is_some() && has_made
    }

    /// Whether both are about the same three versions.
    fn is_same(&self, other: &Self) -> bool {
        (self.base, self.ours, self.theirs) == (other.base, other.ours, other.theirs)
    }
}

/// What the column `resolution` holds.
#[derive(Clone, Copy)]
enum Word {
    Local,
    Remote,
    Merged,
}

stored_as_text!(Word { Local => "local", Remote => "remote", Merged => "merged" });

/// The columns `resolution` and `merged`.
fn columns(resolution: Resolution) -> (Word, Option<BlobId>) {
    match resolution {
        Resolution::Side(SideName::Local) => (Word::Local, None),
        Resolution::Side(SideName::Remote) => (Word::Remote, None),
        Resolution::Merged(merged) => (Word::Merged, merged),
    }
}

impl Store {
    /// The conflicts with a remote, sorted by key.
    pub fn conflicts(&self, remote: &str) -> Result<Vec<Conflict>, Error> {
        let sql = "SELECT key, remote, base_local, base_remote, ours, theirs, fields, since, resolution,
                          merged, choices, held, reopened
                   FROM conflicts WHERE remote = ?1 ORDER BY key";
        self.rows(WHAT, sql, [remote], Conflict::read)
    }

    /// Replaces the conflicts with a remote. One that is about the same versions as before keeps its `since`
    /// and its resolution; any other begins without a resolution, whatever `conflicts` says.
    pub fn set_conflicts(&self, remote: &str, conflicts: &[Conflict]) -> Result<(), Error> {
        self.transaction(|store| {
            let known = store.conflicts(remote)?.into_iter().map(|conflict| (conflict.key.clone(), conflict));
            let mut known: BTreeMap<_, _> = known.collect();
            for conflict in conflicts {
                let now = match known.remove(&conflict.key) {
                    Some(before) if before.is_same(conflict) => {
                        let Conflict { since, resolution, held, choices, is_reopened, .. } = before;
                        Conflict { since, resolution, held, choices, is_reopened, ..conflict.clone() }
                    }
                    before => {
                        let (held, choices) = (conflict.ours, BTreeMap::new());
                        let is_reopened = before.is_some_and(|before| {
                            before.base == conflict.base && before.is_carried_out(conflict.ours)
                        });
                        Conflict { resolution: None, held, choices, is_reopened, ..conflict.clone() }
                    }
                };
                store.put_conflict(remote, &now)?;
            }
            for key in known.keys() {
                let sql = "DELETE FROM conflicts WHERE remote = ?1 AND key = ?2";
                store.execute(WHAT, sql, params![remote, key])?;
            }
            Ok(())
        })
    }

    /// Records how a conflict ends, in place of an earlier decision and of choices; returns whether there is such a
    /// conflict.
    pub fn resolve(&self, remote: &str, key: &ContentHash, resolution: Resolution) -> Result<bool, Error> {
        let (word, merged) = columns(resolution);
        let sql = "UPDATE conflicts SET resolution = ?3, merged = ?4, choices = '{}'
                   WHERE remote = ?1 AND key = ?2";
        Ok(self.execute(WHAT, sql, params![remote, key, word, merged])? > 0)
    }

    /// Records what the sides hold of a conflict that is ended while one of them has yet to carry that out.
    pub fn carried_out(
        &self,
        remote: &str,
        key: &ContentHash,
        held: Option<BlobId>,
        theirs: Option<BlobId>,
    ) -> Result<(), Error> {
        let sql = "UPDATE conflicts SET held = ?3, theirs = ?4 WHERE remote = ?1 AND key = ?2";
        self.execute(WHAT, sql, params![remote, key, held, theirs]).map(drop)
    }

    /// Records which side's value is taken for some fields of a conflict that is not ended by that, in place of
    /// earlier ones; returns whether there is such a conflict.
    pub fn choose(
        &self,
        remote: &str,
        key: &ContentHash,
        choices: &BTreeMap<String, SideName>,
    ) -> Result<bool, Error> {
        let choices = serde_json::to_string(choices).expect("texts can always be written");
        let sql = "UPDATE conflicts SET choices = ?3 WHERE remote = ?1 AND key = ?2";
        Ok(self.execute(WHAT, sql, params![remote, key, choices])? > 0)
    }

    fn put_conflict(&self, remote: &str, conflict: &Conflict) -> Result<(), Error> {
        let decision = conflict.resolution.map(columns);
        self.execute(
            WHAT,
            "INSERT OR REPLACE INTO conflicts
             (key, remote, base_local, base_remote, ours, theirs, fields, since, resolution, merged, choices, held,
              reopened)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                conflict.key,
                remote,
                conflict.base.map(|(local, _)| local),
                conflict.base.map(|(_, remote)| remote),
                conflict.ours,
                conflict.theirs,
                serde_json::Value::from(conflict.fields.as_slice()).to_string(),
                conflict.since,
                decision.map(|(word, _)| word),
                decision.and_then(|(_, merged)| merged),
                serde_json::to_string(&conflict.choices).expect("texts can always be written"),
                conflict.held,
                conflict.is_reopened,
            ],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectId;
    use crate::store::tests::{Fixture, fixture, key};

    fn conflict(number: usize, since: i64) -> Conflict {
        Conflict {
            key: key(number),
            remote: "origin".to_owned(),
            base: Some((BlobId::of(b"base here"), BlobId::of(b"base there"))),
            ours: Some(BlobId::of(b"ours")),
            theirs: None,
            fields: vec!["content".to_owned(), "meta.\"odd\"".to_owned()],
            since,
            resolution: None,
            held: Some(BlobId::of(b"ours")),
            choices: BTreeMap::new(),
            is_reopened: false,
        }
    }

    #[test]
    fn a_conflict_about_the_same_versions_keeps_its_age_and_decision() {
        let Fixture { store, folder: _folder } = fixture();
        let mut first = [conflict(1, 10), Conflict { base: None, ..conflict(2, 10) }, conflict(3, 10)];
        first.sort_by(|a, b| a.key.cmp(&b.key));
        store.set_conflicts("origin", &first).unwrap();
        store.set_conflicts("backup", &[conflict(1, 10)]).unwrap();
        assert_eq!(store.conflicts("origin").unwrap(), first);
        for number in 1..=3 {
            assert!(store.resolve("origin", &key(number), Resolution::Side(SideName::Local)).unwrap());
        }

        let same = conflict(1, 99);
        let changed = Conflict { theirs: Some(BlobId::of(b"new")), ..conflict(3, 99) };
        let eager = Conflict { resolution: Some(Resolution::Side(SideName::Remote)), ..conflict(4, 99) };
        store.set_conflicts("origin", &[same, changed, eager]).unwrap();
        let now = store.conflicts("origin").unwrap();
        let now: BTreeMap<_, _> = now.iter().map(|now| (&now.key, (now.since, now.resolution))).collect();
        assert_eq!(now.get(&key(1)), Some(&(10, Some(Resolution::Side(SideName::Local)))), "the same");
        assert_eq!(now.get(&key(2)), None, "gone");
        assert_eq!(now.get(&key(3)), Some(&(99, None)), "about other versions now");
        assert_eq!(now.get(&key(4)), Some(&(99, None)), "only `resolve` decides");
        assert_eq!(store.conflicts("backup").unwrap()[0].resolution, None);
    }

    #[test]
    fn a_decision_can_be_changed() {
        let Fixture { store, folder: _folder } = fixture();
        store.set_conflicts("origin", &[conflict(1, 10)]).unwrap();
        let merged = BlobId::of(b"merged");
        let [ours, theirs] = [SideName::Local, SideName::Remote].map(Resolution::Side);
        for resolution in [ours, theirs, Resolution::Merged(Some(merged)), Resolution::Merged(None), ours] {
            assert!(store.resolve("origin", &key(1), resolution).unwrap());
            assert_eq!(store.conflicts("origin").unwrap()[0].resolution, Some(resolution));
        }
        let [held, theirs] = [None, Some(BlobId::of(b"pushed"))];
        store.carried_out("origin", &key(1), held, theirs).unwrap();
        let now = store.conflicts("origin").unwrap().remove(0);
        assert_eq!((now.held, now.theirs, now.resolution), (held, theirs, Some(ours)));
        assert!(!store.resolve("origin", &key(2), ours).unwrap());
        assert!(!store.resolve("backup", &key(1), ours).unwrap());
    }
}
