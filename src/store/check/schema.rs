//! What the file as a whole is made of, and whether its parts agree.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row};

use super::{Check, Damage, words};
use crate::store::Error;
use crate::store::schema::{self, MIGRATIONS};

/// How many complaints of SQLite's own check are told.
const MOST_PAGES: u32 = 20;

/// The tables, indexes and views, in words.
const PARTS: &str = "SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'";

/// The refs that are not where the newest entry of their reflog says.
const STRAYS: &str = "SELECT name FROM (SELECT name, new, max(sequence) FROM reflog GROUP BY name)
                      LEFT JOIN refs USING (name) WHERE target IS NOT new";

/// The rows with a value of another type in a column that none of the other parts of the check reads.
const UNTYPED: &str = "
    SELECT kind || ' ' || lower(hex(id)), 'the moment when it was put is no number'
      FROM objects WHERE typeof(at) <> 'integer'
    UNION ALL SELECT 'the change of ' || key, 'the name of its remote is no text'
      FROM changes WHERE typeof(remote) <> 'text'
    UNION ALL SELECT 'the staged change of ' || key, 'what scripts read of it is of another type'
      FROM staged WHERE typeof(original_created_at) NOT IN ('real', 'null')
        OR typeof(content) || typeof(tags) || typeof(metadata) || typeof(memory_type) <> 'texttexttexttext'";

impl Check<'_> {
    /// Whether SQLite finds the file whole.
    pub(super) fn file(&mut self) -> Result<(), Error> {
        let sql = format!("PRAGMA integrity_check({MOST_PAGES})");
        let complaints: Vec<String> = self.store.rows("the file", &sql, [], |row| row.get(0))?;
        for complaint in complaints.iter().flat_map(|text| text.lines()).filter(|line| *line != "ok") {
            self.tell(Damage::File, "the file", complaint);
        }
        Ok(())
    }

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

    /// Whether the columns that nothing else here reads hold what they are for.
    pub(super) fn types(&mut self) -> Result<(), Error> {
        let told = |row: &Row<'_>| Ok((words(row, 0)?, words(row, 1)?));
        for (place, problem) in self.store.rows("the rows", UNTYPED, [], told)? {
            self.tell(Damage::Row, place, problem);
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
