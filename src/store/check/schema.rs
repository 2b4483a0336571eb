//! What the file as a whole is made of, and whether its parts agree.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::{Check, Damage, words};
use crate::store::Error;
use crate::store::schema::{self, MIGRATIONS};

/// The tables, indexes and views, in words.
const PARTS: &str = "SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'";

/// The refs that are not where the newest entry of their reflog says.
const STRAYS: &str = "SELECT name FROM (SELECT name, new, max(sequence) FROM reflog GROUP BY name)
                      LEFT JOIN refs USING (name) WHERE target IS NOT new";

impl Check<'_> {
    /// Whether every table, index and view is there.
    pub(super) fn schema(&mut self) -> Result<(), Error> {
        let failed = |cause| Error::from_sqlite(self.store.path(), "the schema", cause);
        let mut whole = Connection::open_in_memory().map_err(failed)?;
        schema::migrate(&mut whole, MIGRATIONS).map_err(failed)?;
        let expected = parts(&whole).map_err(failed)?;
        let found = parts(&self.store.connection).map_err(failed)?;
        for part in expected.difference(&found) {
            self.tell(Damage::File, "the schema", format!("the {part} is missing"));
        }
        Ok(())
    }

    /// Whether every ref is where its last move left it: both are written in one transaction.
    pub(super) fn strays(&mut self) -> Result<(), Error> {
        for name in self.store.rows("the reflog", STRAYS, [], |row| words(row, 0))? {
            self.tell(Damage::Row, name, "it is not where its last move left it, says its reflog");
        }
        Ok(())
    }
}

fn parts(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    connection.prepare(PARTS)?.query_map([], |row| row.get(0))?.collect()
}
