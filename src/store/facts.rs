//! Single facts: when something last happened, which server it was.

use rusqlite::params;

use super::{Error, Store};

const WHAT: &str = "the facts";

impl Store {
    /// A fact's value; `None` where it was never set.
    pub fn fact(&self, name: &str) -> Result<Option<String>, Error> {
        self.row(WHAT, "SELECT value FROM facts WHERE name = ?1", [name], |row| row.get(0))
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
