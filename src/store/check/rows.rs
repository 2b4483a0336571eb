//! Whether the rows that are kept for each side hold what belongs there, and what is kept to save work.

use rusqlite::Row;

use super::{Check, Damage, words};
use crate::store::Error;

impl Check<'_> {
    /// What waits for a decision.
    pub(super) fn conflicts(&mut self) -> Result<(), Error> {
        let sql = "SELECT key, remote FROM conflicts WHERE (base_local IS NULL) <> (base_remote IS NULL)";
        let halves = self.store.rows("the conflicts", sql, [], |row| Ok((words(row, 0)?, words(row, 1)?)))?;
        for (key, remote) in &halves {
            let place = format!("the conflict about {key} with {remote}");
            self.tell(Damage::Row, place, "one half of its base is missing");
        }
        if halves.is_empty() {
            for remote in self.distinct("conflicts", "remote", "the conflicts")? {
                self.part(|check| check.store.conflicts(&remote).map(drop))?;
            }
        }
        Ok(())
    }

    /// The rows that are kept for each side.
    pub(super) fn sides(&mut self) -> Result<(), Error> {
        for remote in self.distinct("failures", "remote", "the failures")? {
            self.part(|check| check.store.failures(&remote).map(drop))?;
        }
        for side in self.distinct("side_index", "side", "the index")? {
            self.part(|check| check.store.index(&side).map(drop))?;
        }
        Ok(())
    }

    /// Marks that are damaged are not used, so that the next reading looks at every row.
    pub(super) fn marks(&mut self) -> Result<(), Error> {
        if !self.store.has_sound_marks()? {
            self.tell(Damage::Row, "the marks of the last reading", "they are not those that were kept");
        }
        Ok(())
    }

    /// The vectors that were made: how many they are, and unless told not to look at them, whether they are as they were.
    pub(super) fn vectors(&mut self, only_count: bool) -> Result<(), Error> {
        self.found.vectors = usize::try_from(self.store.count_vectors()?).unwrap_or(usize::MAX);
        if only_count {
            return Ok(());
        }
        for row in self.store.damaged_vectors()? {
            self.tell(Damage::Vector, format!("vector {row}"), "it is not the one that was kept");
        }
        Ok(())
    }

    /// The sides that a table has rows for. What names none keeps its rows from being found again, and is told.
    fn distinct(&mut self, table: &str, column: &str, what: &str) -> Result<Vec<String>, Error> {
        let sql = format!("SELECT DISTINCT {column} FROM {table}");
        let text = |row: &Row<'_>| Ok(row.get_ref(0)?.as_str().ok().map(str::to_owned));
        let names = self.store.rows(what, &sql, [], text)?;
        if names.contains(&None) {
            self.tell(Damage::Row, what, format!("the {column} of a row is no text"));
        }
        Ok(names.into_iter().flatten().collect())
    }
}
