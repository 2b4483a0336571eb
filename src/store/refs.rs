//! Refs: names for commits, moved only from where the caller saw them, every move recorded.

use std::fmt;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, params};

use super::{Error, Store};
use crate::object::CommitId;

const WHAT: &str = "the refs";
const LOG: &str = "the reflog";

/// A ref's full name, as `refs/heads/main`: valid where git takes it for valid.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RefName(Box<str>);

/// A text that git would not take for a ref's full name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} cannot name a ref: {problem}")]
pub struct InvalidRefName {
    /// The text.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
}

impl RefName {
    /// Takes a full name: one that begins with `refs/`, or a single word in capitals such as `HEAD`.
    pub fn new(name: impl Into<Box<str>>) -> Result<Self, InvalidRefName> {
        let name = name.into();
        match gix_validate::reference::name(name.as_bytes().into()) {
            Ok(_) => Ok(Self(name)),
            Err(error) => Err(InvalidRefName { name: name.into(), problem: error.to_string() }),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ToSql for RefName {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}

impl FromSql for RefName {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::new(value.as_str()?).map_err(FromSqlError::other)
    }
}

/// One move of a ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReflogEntry {
    /// Where it was; `None` where it was made.
    pub old: Option<CommitId>,
    /// Where it went; `None` where it was deleted.
    pub new: Option<CommitId>,
    /// When, in seconds since 1970 in UTC.
    pub at: i64,
    /// Why, in one line.
    pub message: String,
}

impl ReflogEntry {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { old: row.get(0)?, new: row.get(1)?, at: row.get(2)?, message: row.get(3)? })
    }
}

impl Store {
    /// The commit that a ref names; `None` where there is no such ref.
    pub fn reference(&self, name: &RefName) -> Result<Option<CommitId>, Error> {
        self.row(WHAT, "SELECT target FROM refs WHERE name = ?1", [name], |row| row.get(0))
    }

    /// All refs, sorted by name.
    pub fn references(&self) -> Result<Vec<(RefName, CommitId)>, Error> {
        let sql = "SELECT name, target FROM refs ORDER BY name";
        self.rows(WHAT, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Moves a ref from `expected` (`None`: it must not exist) to `new`, a commit that is kept here, and records
    /// the move. [`Error::Moved`] where it is elsewhere.
    pub fn move_reference(
        &self,
        name: &RefName,
        expected: Option<CommitId>,
        new: CommitId,
        message: &str,
        at: i64,
    ) -> Result<(), Error> {
        self.transaction(|store| {
            store.expect_reference(name, expected)?;
            if !store.has(&new)? {
                return Err(store.missing(new));
            }
            store.execute(WHAT, "INSERT OR REPLACE INTO refs VALUES (?1, ?2)", params![name, new])?;
            store.log(name, &ReflogEntry { old: expected, new: Some(new), at, message: message.to_owned() })
        })
    }

    /// Deletes a ref that names `expected` and records it; its reflog stays. [`Error::Moved`] where it is
    /// elsewhere.
    pub fn delete_reference(
        &self,
        name: &RefName,
        expected: CommitId,
        message: &str,
        at: i64,
    ) -> Result<(), Error> {
        self.transaction(|store| {
            store.expect_reference(name, Some(expected))?;
            store.execute(WHAT, "DELETE FROM refs WHERE name = ?1", [name])?;
            store.log(name, &ReflogEntry { old: Some(expected), new: None, at, message: message.to_owned() })
        })
    }

    /// Every move of a ref, newest first, also where the ref is gone.
    pub fn reflog(&self, name: &RefName) -> Result<Vec<ReflogEntry>, Error> {
        let sql = "SELECT old, new, at, message FROM reflog WHERE name = ?1 ORDER BY sequence DESC";
        self.rows(LOG, sql, [name], ReflogEntry::read)
    }

    /// Reads every entry of every reflog.
    pub(super) fn check_reflog(&self) -> Result<(), Error> {
        self.rows(LOG, "SELECT old, new, at, message FROM reflog", [], ReflogEntry::read).map(drop)
    }

    fn expect_reference(&self, name: &RefName, expected: Option<CommitId>) -> Result<(), Error> {
        let found = self.reference(name)?;
        if found == expected { Ok(()) } else { Err(Error::Moved { name: name.clone(), expected, found }) }
    }

    fn log(&self, name: &RefName, entry: &ReflogEntry) -> Result<(), Error> {
        self.execute(
            LOG,
            "INSERT INTO reflog (name, old, new, at, message) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![name, entry.old, entry.new, entry.at, entry.message],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectId;
    use crate::store::tests::{Fixture, commit, fixture};

    #[test]
    fn a_ref_moves_only_from_where_the_caller_saw_it() {
        let Fixture { store, folder: _folder } = fixture();
        let name = RefName::new("refs/heads/main").unwrap();
        let (first, second) = (commit(&store, 1), commit(&store, 2));
        assert_eq!(store.reference(&name).unwrap(), None);

        store.move_reference(&name, None, first, "init", 10).unwrap();
        store.move_reference(&name, Some(first), second, "sync", 20).unwrap();
        let stale = store.move_reference(&name, Some(first), first, "late", 30).unwrap_err();
        insta::assert_snapshot!(stale, @"refs/heads/main has moved: expected 26a22195a14542939aec7d517f0de1ea8af7de4988f124d0d252bbaf3878abe8, found cfc718b3ae7885584f7c2b9ed358c01d9c3a730880e4177f918858016e13f8c5");
        assert!(matches!(store.move_reference(&name, None, first, "late", 30), Err(Error::Moved { .. })));
        assert!(matches!(store.delete_reference(&name, first, "late", 30), Err(Error::Moved { .. })));
        assert_eq!(store.references().unwrap(), [(name.clone(), second)]);

        store.delete_reference(&name, second, "drop", 40).unwrap();
        assert_eq!(store.reference(&name).unwrap(), None);
        let log: Vec<_> =
            store.reflog(&name).unwrap().into_iter().map(|entry| (entry.old, entry.new, entry.at)).collect();
        assert_eq!(log, [(Some(second), None, 40), (Some(first), Some(second), 20), (None, Some(first), 10)]);
    }

    #[test]
    fn a_ref_never_names_a_commit_that_is_not_there() {
        let Fixture { store, folder: _folder } = fixture();
        let name = RefName::new("refs/heads/main").unwrap();
        let moved = store.move_reference(&name, None, CommitId::of(b"nowhere"), "sync", 1);
        assert!(matches!(moved, Err(Error::Damaged { .. })));
        assert_eq!(store.reference(&name).unwrap(), None);
        assert_eq!(store.reflog(&name).unwrap(), []);
    }

    #[test]
    fn names_are_valid_where_git_takes_them() {
        for good in ["HEAD", "refs/stash", "refs/remotes/origin/main", "refs/heads/ü"] {
            assert_eq!(RefName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "main", "refs/heads/", "refs/heads/a..b", "refs/a b", "refs/a.lock", "refs/a\nb"] {
            assert!(RefName::new(bad).is_err(), "{bad:?}");
        }
        insta::assert_snapshot!(RefName::new("refs/a~1").unwrap_err(), @r#""refs/a~1" cannot name a ref: Reference name contains invalid byte: "~""#);
    }
}
