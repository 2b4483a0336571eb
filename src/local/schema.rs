//! What a database has of what the service's versions added over time.
//!
//! Guarantees: found out by asking the database, never assumed by a version and never changed. A column that
//! is not named here is neither read nor written.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

/// The columns that every version since 8 has; a database without one of them is not the service's.
const REQUIRED: [&str; 7] =
    ["id", "content_hash", "content", "tags", "memory_type", "metadata", "created_at"];

/// The columns that [`super::row::read`] takes, in its order.
const READ: [&str; 12] = [
    "id",
    "content_hash",
    "content",
    "tags",
    "memory_type",
    "metadata",
    "created_at",
    "created_at_iso",
    "updated_at",
    "updated_at_iso",
    "store",
    "superseded_by",
];

/// The shape of one database.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    /// SQLite's own counter; another number means that the shape may be another one.
    pub(super) version: i64,
    /// The table of vectors, where there is one.
    pub(super) vectors: Option<Vectors>,
    /// The columns of the table of links between memories; empty where there is no such table.
    pub(super) links: BTreeSet<String>,
    /// Whether the triggers that keep the full-text index forget to take out old text: they delete by rowid
    /// after the row has changed, when FTS5 can no longer read what it once indexed.
    pub(super) stale_terms: bool,
    /// The columns of the table of memories, without generated ones.
    pub(super) columns: BTreeSet<String>,
    /// Whether no two rows of the table of memories can have one name, and each has an id of its own.
    pub(super) unique_names: bool,
}

/// The shape of the table of vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vectors {
    /// How many `f32` numbers a vector has; `None` where they are of another type.
    pub(super) dimension: Option<usize>,
    /// Whether it is partitioned by the memory's store.
    pub(super) store: bool,
    /// The table whose row ids are those of all vectors: sqlite-vec's own list, where it is there. The virtual table gives
    /// the same, sorted by where vectors lie and copied for each question.
    pub(super) ids: &'static str,
}

/// Why a database's shape could not be had.
#[derive(Debug)]
pub(super) enum Failure {
    /// SQLite could not read it.
    Sqlite(rusqlite::Error),
    /// It is a database of something else; what it lacks.
    Foreign(String),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Schema {
    /// Asks the database.
    pub(super) fn probe(connection: &Connection) -> Result<Self, Failure> {
        let version = version(connection)?;
        let columns = columns(connection, "memories")?;
        if columns.is_empty() {
            return Err(Failure::Foreign("it has no table `memories`".to_owned()));
        }
        if let Some(missing) = REQUIRED.iter().find(|name| !columns.contains(**name)) {
            return Err(Failure::Foreign(format!("its table `memories` has no column `{missing}`")));
        }
        let mut links = self::columns(connection, "memory_graph")?;
        if !["source_hash", "target_hash"].iter().all(|name| links.contains(*name)) {
            links.clear();
        }
        Ok(Self {
            version,
            vectors: vectors(connection)?,
            links,
            stale_terms: stale_terms(connection)?,
            columns,
            unique_names: unique_names(connection)?,
        })
    }

    /// Whether the table of memories has this column.
    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.contains(column)
    }

    /// Whether a deleted memory leaves a tombstone.
    pub(super) fn soft_deletes(&self) -> bool {
        self.has("deleted_at")
    }

    /// The condition that a row of `memories` is not a tombstone.
    pub(super) fn live(&self) -> &'static str {
        if self.soft_deletes() { "deleted_at IS NULL" } else { "TRUE" }
    }

    /// The condition that a row of `memories` is a live text without a vector.
    pub(super) fn lacking(&self) -> String {
        format!("{} AND typeof(content) = 'text' AND {}", self.live(), self.without_vector())
    }

    /// The condition that a row has no vector. One whose vector the service has noted as yet to be made has none,
    /// whatever lies in the table.
    pub(super) fn without_vector(&self) -> String {
        let Some(vectors) = self.vectors else { return "TRUE".to_owned() };
        let pending = if self.has("embedding_pending") { "embedding_pending IS 1 OR " } else { "" };
        format!("({pending}id NOT IN (SELECT rowid FROM {}))", vectors.ids)
    }

    /// The places in [`Schema::select`] of all that a memory is read from. Not of the id, and not of when the row was last
    /// written, which is no part of the memory.
    pub(super) fn read_columns() -> impl Iterator<Item = usize> {
        (0..READ.len()).filter(|index| READ[*index] != "id" && !is_of_writing(READ[*index]))
    }

    /// Selects the columns that [`super::row::read`] takes of live rows; more conditions can be added.
    pub(super) fn select(&self) -> String {
        self.select_of(|name| self.has(name), "")
    }

    /// The same of the rows from an id to another one, in their order, without when a row was last written, and in one more
    /// column whether it has no vector.
    pub(super) fn select_memories(&self) -> String {
        let lacks = format!(", {}", self.without_vector());
        format!(
            "{} AND id BETWEEN ?1 AND ?2 ORDER BY id",
            self.select_of(|name| self.has(name) && !is_of_writing(name), &lacks)
        )
    }

    fn select_of(&self, reads: impl Fn(&str) -> bool, more: &str) -> String {
        let columns = READ.map(|name| if reads(name) { name } else { "NULL" });
        format!("SELECT {}{more} FROM memories WHERE {}", columns.join(", "), self.live())
    }
}

/// Whether a column says when its row was last written.
fn is_of_writing(column: &str) -> bool {
    column.starts_with("updated_at")
}

/// SQLite's counter of changes of the schema.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "schema_version", |row| row.get(0))
}

/// Whether `id` is SQLite's own row id, and an index sees to it that a name is there once.
fn unique_names(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT
        (SELECT count(*) = 1 AND max(name = 'id' AND upper(type) = 'INTEGER')
             FROM pragma_table_info('memories') WHERE pk > 0)
        AND EXISTS (SELECT 1 FROM pragma_index_list('memories') AS list
             WHERE list.\"unique\" AND NOT list.partial
               AND (SELECT count(*) = 1 AND max(name = 'content_hash') FROM pragma_index_info(list.name)))";
    connection.query_row(sql, [], |row| row.get(0))
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<BTreeSet<String>> {
    connection
        .prepare("SELECT name FROM pragma_table_info(?1)")?
        .query_map([table], |row| row.get(0))?
        .collect()
}

fn vectors(connection: &Connection) -> rusqlite::Result<Option<Vectors>> {
    let sql: Option<String> = connection
        .query_row("SELECT sql FROM sqlite_schema WHERE name = 'memory_embeddings'", [], |row| row.get(0))
        .optional()?;
    let Some(sql) = sql else { return Ok(None) };
    let store = columns(connection, "memory_embeddings")?.contains("store");
    let has_list = columns(connection, "memory_embeddings_rowids")?.contains("rowid");
    let ids = if has_list { "memory_embeddings_rowids" } else { "memory_embeddings" };
    Ok(Some(Vectors { dimension: dimension(&sql), store, ids }))
}

/// Reads 384 out of `content_embedding FLOAT[384]`.
fn dimension(sql: &str) -> Option<usize> {
    let sql = sql.to_ascii_lowercase();
    let (_, rest) = sql.split_once("float[")?;
    let (digits, _) = rest.split_once(']')?;
    digits.trim().parse().ok().filter(|dimension| *dimension > 0)
}

fn stale_terms(connection: &Connection) -> rusqlite::Result<bool> {
    let mut statement = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'memories'")?;
    let triggers = statement.query_map([], |row| row.get::<_, String>(0))?;
    for trigger in triggers {
        let words: Vec<String> = trigger?.split_whitespace().map(str::to_ascii_lowercase).collect();
        if words.join(" ").contains("delete from memory_content_fts ") {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dimension_is_read_off_the_tables_definition() {
        let of = |column| dimension(&format!("CREATE VIRTUAL TABLE memory_embeddings USING vec0({column})"));
        assert_eq!(of("content_embedding FLOAT[384] distance_metric=cosine"), Some(384));
        assert_eq!(of("content_embedding float[ 768 ], store TEXT partition key"), Some(768));
        assert_eq!(of("content_embedding int8[384]"), None);
        assert_eq!(of("content_embedding FLOAT[0]"), None);
    }
}
