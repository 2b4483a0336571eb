//! Single facts: when something last happened, which server it was.

use rusqlite::{Row, params};

use super::{Error, Store};

const WHAT: &str = "the facts";

impl Store {
    /// A fact's value; `None` where it was never set.
    pub fn fact(&self, name: &str) -> Result<Option<String>, Error> {
        self.row(WHAT, "SELECT value FROM facts WHERE name = ?1", [name], |row| row.get(0))
    }

    /// Reads every fact.
    pub(super) fn check_facts(&self) -> Result<(), Error> {
        let read =
            |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?));
        self.rows(WHAT, "SELECT name, value, at FROM facts", [], read).map(drop)
    }

    /// Sets a fact at a moment, in seconds since 1970 in UTC.
    ///
    /// The view `sync_status` shows the moments of `last_remote_sync`, `last_local_sync` and
    /// `last_push_attempt`, whatever their values are.
    pub fn set_fact(&self, name: &str, value: &str, at: i64) -> Result<(), Error> {
        let sql = "INSERT OR REPLACE INTO facts (name, value, at) VALUES (?1, ?2, ?3)";
        self.execute(WHAT, sql, params![name, value, at])?;
        Ok(())
    }
}
