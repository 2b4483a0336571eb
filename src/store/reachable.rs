//! What leads to which objects, and what is reachable from there.
//!
//! Guarantees: every column that names an object is listed once, in [`ROOTS`].

use std::collections::HashSet;

use rusqlite::types::ValueRef;

use super::{Error, Store};
use crate::object::{Commit, CommitId, Kind, ObjectId, TreeId, tree};

/// An object's id.
pub(super) type Id = [u8; 32];

/// What is told of each row that names an object: what to call it, and the id, `None` where it is none.
type Visit<'a> = dyn FnMut(&str, Option<Id>) -> Result<(), Error> + 'a;

/// Every column that names objects, but for the table `changes`, which is needed as long as its runs are.
pub(super) const ROOTS: &[Root] = &[
    Root { kind: Kind::Commit, sql: "SELECT name, target FROM refs ORDER BY name" },
    Root {
        kind: Kind::Commit,
        sql: "SELECT 'the reflog of ' || name, id FROM (
                  SELECT sequence, name, at, old AS id FROM reflog
                  UNION ALL SELECT sequence, name, at, new FROM reflog)
              WHERE id IS NOT NULL
                AND (at >= ?1 OR sequence IN (SELECT max(sequence) FROM reflog GROUP BY name))
              ORDER BY sequence",
    },
    Root { kind: Kind::Commit, sql: "SELECT 'the last reading of this device', snapshot FROM readings" },
    Root {
        kind: Kind::Blob,
        sql: "SELECT 'the conflict about ' || key || ' with ' || remote, id FROM (
                  SELECT key, remote, base_local AS id FROM conflicts
                  UNION ALL SELECT key, remote, base_remote FROM conflicts
                  UNION ALL SELECT key, remote, ours FROM conflicts
                  UNION ALL SELECT key, remote, theirs FROM conflicts
                  UNION ALL SELECT key, remote, merged FROM conflicts
                  UNION ALL SELECT key, remote, held FROM conflicts)
              WHERE id IS NOT NULL ORDER BY remote, key",
    },
    Root {
        kind: Kind::Blob,
        sql: "SELECT 'what ' || side || ' was last seen to hold as ' || key, blob FROM side_index",
    },
    Root { kind: Kind::Blob, sql: "SELECT 'the staged change of ' || key, blob FROM staged" },
    Root {
        kind: Kind::Blob,
        sql: "SELECT 'the journal about ' || key, id FROM (
                  SELECT key, expected AS id FROM journal UNION ALL SELECT key, target FROM journal)
              WHERE id IS NOT NULL",
    },
    Root {
        kind: Kind::Blob,
        sql: "SELECT 'the failure of ' || key, refused FROM failures WHERE refused IS NOT NULL",
    },
];

/// What the table `changes` names: its runs, and what each memory was and became.
pub(super) const CHANGES: &[Root] = &[
    Root {
        kind: Kind::Commit,
        sql: "SELECT 'the change of ' || key, run FROM changes WHERE run IS NOT NULL ORDER BY sequence",
    },
    Root {
        kind: Kind::Blob,
        sql: "SELECT 'the change of ' || key, id FROM (
                  SELECT sequence, key, before AS id FROM changes
                  UNION ALL SELECT sequence, key, after FROM changes)
              WHERE id IS NOT NULL ORDER BY sequence",
    },
];

/// A column that names objects.
pub(super) struct Root {
    /// What it must name.
    pub(super) kind: Kind,
    /// Selects what to call a row and the id.
    sql: &'static str,
}

impl Root {
    /// Gives every row to `visit`. Of the reflog these are the entries from `since` on, and the newest of each ref.
    pub(super) fn visit(&self, store: &Store, since: i64, visit: &mut Visit<'_>) -> Result<(), Error> {
        let failed = |cause| Error::from_sqlite(store.path(), "what names objects", cause);
        let mut statement = store.connection.prepare(self.sql).map_err(failed)?;
        let takes_moment = statement.parameter_count() > 0;
        let rows = if takes_moment { statement.query([since]) } else { statement.query([]) };
        let mut rows = rows.map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let place = match row.get_ref(0).map_err(failed)? {
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                _ => "a row without a name".to_owned(),
            };
            let id = row.get_ref(1).map_err(failed)?.as_blob().ok();
            visit(&place, id.and_then(|id| id.try_into().ok()))?;
        }
        Ok(())
    }
}

/// What an object names.
pub(super) fn links(kind: Kind, bytes: &[u8]) -> Result<Vec<(Kind, Id)>, String> {
    let raw = |id: &[u8]| id.try_into().expect("an object id has 32 bytes");
    match kind {
        Kind::Blob => Ok(Vec::new()),
        Kind::Tree => {
            let links = tree::links(bytes)?;
            let trees = links.trees.iter().map(|id: &TreeId| (Kind::Tree, raw(id.as_bytes())));
            let memories = links.memories.iter().map(|id| (Kind::Blob, raw(id.as_bytes())));
            Ok(trees.chain(memories).collect())
        }
        Kind::Commit => {
            let commit = Commit::parse(bytes).map_err(|error| error.to_string())?;
            let parents = commit.parents.iter().map(|id: &CommitId| (Kind::Commit, raw(id.as_bytes())));
            Ok([(Kind::Tree, raw(commit.tree.as_bytes()))].into_iter().chain(parents).collect())
        }
    }
}

impl Store {
    /// Adds everything to `seen` that `roots` lead to, themselves too. All of it must be there.
    pub(super) fn mark(&self, seen: &mut HashSet<Id>, roots: Vec<(Kind, Id)>) -> Result<(), Error> {
        let mut open = roots;
        while let Some((kind, id)) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            if kind == Kind::Blob {
                // Many, and nothing is behind them: whether they can be read is not looked at here.
                if !self.is_there(&id)? {
                    return Err(self.missing_object(kind, &id));
                }
                continue;
            }
            let (found, bytes) = self.object(&id)?.ok_or_else(|| self.missing_object(kind, &id))?;
            open.extend(links(found, &bytes).map_err(|problem| self.malformed(found, &id, problem))?);
        }
        Ok(())
    }
}
