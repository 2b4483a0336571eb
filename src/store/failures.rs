//! What a side refused or failed to take, so that `status` can say so until it succeeds.

use rusqlite::params;

use super::{Error, Store};
use crate::object::{BlobId, ContentHash, SideName};

const WHAT: &str = "the failures";

/// A memory that a side did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The memory.
    pub key: ContentHash,
    /// The remote's name.
    pub remote: String,
    /// Which side did not take it.
    pub side: SideName,
    /// Why, in one sentence.
    pub reason: String,
    /// The version that the side will not take as it is; `None` where trying again may help.
    pub refused: Option<BlobId>,
    /// The similar memory that the server already holds, where that is the reason.
    pub similar_to: Option<ContentHash>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was last tried, in seconds since 1970 in UTC.
    pub at: i64,
}

impl Failure {
    /// Whether the side refused this very version for what it is, so that sending it again would change nothing.
    #[must_use]
    pub fn is_about(&self, version: Option<BlobId>) -> bool {
        self.refused.is_some() && self.refused == version
    }
}

impl Store {
    /// Records a failure. Its attempts are added to those of the earlier failure of the same memory on the same
    /// side; the rest replaces it.
    pub fn record_failure(&self, failure: &Failure) -> Result<(), Error> {
        self.execute(
            WHAT,
            "INSERT INTO failures (key, remote, side, reason, refused, similar_to, attempts, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT DO UPDATE SET reason = excluded.reason, refused = excluded.refused,
                 similar_to = excluded.similar_to, attempts = attempts + excluded.attempts, at = excluded.at",
            params![
                failure.key,
                failure.remote,
                failure.side,
                failure.reason,
                failure.refused,
                failure.similar_to,
                failure.attempts,
                failure.at
            ],
        )?;
        Ok(())
    }

    /// Forgets a failure, where there is one.
    pub fn clear_failure(&self, remote: &str, side: SideName, key: &ContentHash) -> Result<(), Error> {
        let sql = "DELETE FROM failures WHERE key = ?1 AND remote = ?2 AND side = ?3";
        self.execute(WHAT, sql, params![key, remote, side])?;
        Ok(())
    }

    /// What this device and a remote did not take of each other, sorted by key.
    pub fn failures(&self, remote: &str) -> Result<Vec<Failure>, Error> {
        let sql = "SELECT key, remote, side, reason, refused, similar_to, attempts, at
                   FROM failures WHERE remote = ?1 ORDER BY key, side";
        self.rows(WHAT, sql, [remote], |row| {
            Ok(Failure {
                key: row.get(0)?,
                remote: row.get(1)?,
                side: row.get(2)?,
                reason: row.get(3)?,
                refused: row.get(4)?,
                similar_to: row.get(5)?,
                attempts: row.get(6)?,
                at: row.get(7)?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectId;
    use crate::store::tests::{Fixture, fixture, key};

    #[test]
    fn attempts_are_counted_until_the_failure_is_cleared() {
        let Fixture { store, folder: _folder } = fixture();
        let failure = |side, reason: &str, at| Failure {
            key: key(1),
            remote: "origin".to_owned(),
            side,
            reason: reason.to_owned(),
            refused: (at > 10).then(|| BlobId::of(b"long")),
            similar_to: (at > 10).then(|| key(9)),
            attempts: 1,
            at,
        };
        let (first, again) =
            (failure(SideName::Remote, "a timeout", 10), failure(SideName::Remote, "too long", 20));
        let other = failure(SideName::Local, "a NUL", 20);
        for failure in [&first, &again, &other] {
            store.record_failure(failure).unwrap();
        }
        assert_eq!(store.failures("origin").unwrap(), [other.clone(), Failure { attempts: 2, ..again }]);
        assert_eq!(store.failures("backup").unwrap(), []);

        store.clear_failure("origin", SideName::Remote, &key(1)).unwrap();
        assert_eq!(store.failures("origin").unwrap(), [other]);
    }
}
