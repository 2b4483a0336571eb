//! Which memories there are: pages of them, everything that a filter selects, and their names alone.
//!
//! Guarantees: a page and its total are of one moment. What a filter selects is in one fixed order, newest
//! first, so that pages neither overlap nor leave gaps while nothing changes.

use rusqlite::{Connection, OptionalExtension, params};

use crate::side;

use super::Reader;
use super::record::Record;

/// Which memories are meant; the default means all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The store that holds them; `None` for any.
    pub store: Option<String>,
    /// Their type as the rows hold it, letter for letter.
    pub memory_type: Option<String>,
    /// Their tags, where there are any here. Space around a tag and the case of ASCII letters mean nothing.
    pub tags: Vec<String>,
    /// Whether they must have all of these tags, not only one.
    pub match_all: bool,
    /// Whether memories whose vector is still to be made are left out.
    pub skip_pending: bool,
}

/// Some of the memories that a filter selects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The memories that can be shown.
    pub records: Vec<Record>,
    /// How many the filter selects on all pages.
    pub total: usize,
}

/// A name, and its place in the order of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The row's id: the cursor that comes after this name.
    pub id: i64,
    /// The memory's `content_hash`.
    pub content_hash: String,
}

/// What a filter selected, kept for the next page. The ids of a page deep in a listing can only be had by
/// sorting all of them, which takes far longer than reading the page.
#[derive(Debug)]
pub(super) struct Selection {
    filter: Filter,
    version: (i64, u64),
    ids: Vec<i64>,
}

impl Reader {
    /// At most `limit` memories, after the first `offset`.
    pub fn list(&self, filter: &Filter, offset: usize, limit: usize) -> Result<Page, side::Error> {
        self.at_one_moment(|connection| {
            let version = version(connection)?;
            let mut kept = self.selection.borrow_mut();
            let selection = match kept.take() {
                Some(kept) if kept.version == version && kept.filter == *filter => kept,
                _ => Selection { filter: filter.clone(), version, ids: select(connection, filter)? },
            };
            let selection = kept.insert(selection);
            let ids = selection.ids.iter().skip(offset).take(limit);
            Ok(Page { records: self.records(ids.copied())?, total: selection.ids.len() })
        })
    }

    /// Every memory that the filter selects and that can be shown.
    pub fn list_all(&self, filter: &Filter) -> Result<Vec<Record>, side::Error> {
        self.at_one_moment(|connection| self.records(select(connection, filter)?))
    }

    /// At most `limit` names after the one whose id is `after`, of every store.
    pub fn names(&self, after: i64, limit: u32, include_deleted: bool) -> Result<Vec<Name>, side::Error> {
        let live = if include_deleted { "TRUE" } else { self.schema.live() };
        let sql =
            format!("SELECT id, content_hash FROM memories WHERE {live} AND id > ?1 ORDER BY id LIMIT ?2");
        self.at_one_moment(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let names = statement.query_map(params![after, limit], |row| {
                let content_hash = String::from_utf8_lossy(row.get_ref(1)?.as_bytes()?).into_owned();
                Ok(Name { id: row.get(0)?, content_hash })
            })?;
            names.collect()
        })
    }

    /// The memories of these ids, in their order, without those that cannot be shown.
    pub(super) fn records(&self, ids: impl IntoIterator<Item = i64>) -> rusqlite::Result<Vec<Record>> {
        let mut statement = self.connection.prepare_cached(&(self.schema.select() + " AND id = ?1"))?;
        let read =
            ids.into_iter().map(|id| statement.query_row([id], |row| Ok(Record::read(row))).optional());
        read.filter_map(|read| read.map(Option::flatten).transpose()).collect()
    }
}

/// Another pair of numbers after every change, whoever makes it.
fn version(connection: &Connection) -> rusqlite::Result<(i64, u64)> {
    let others = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
    Ok((others, connection.total_changes()))
}

/// The ids of what the filter selects, in the order of the service's listing.
fn select(connection: &Connection, filter: &Filter) -> rusqlite::Result<Vec<i64>> {
    // The service compares tags by LIKE, which folds the case of ASCII letters as `lower` does. The index on
    // `deleted_at` would only be in the way: nearly every row is live.
    const SQL: &str = "\
        SELECT id FROM memories WHERE +deleted_at IS NULL \
        AND (?1 IS NULL OR store = ?1) AND (?2 IS NULL OR memory_type = ?2) \
        AND (?3 IS NULL OR iif(?4, json_array_length(?3), 1) <= \
             (SELECT count(*) FROM json_each(?3) WHERE instr(lower(',' || tags || ','), value))) \
        AND (NOT ?5 OR coalesce(embedding_pending, 0) = 0) \
        ORDER BY created_at DESC, content_hash DESC";
    let tags: Vec<String> = filter.tags.iter().map(|tag| needle(tag)).collect();
    let tags = (!tags.is_empty()).then(|| serde_json::Value::from(tags).to_string());
    let parameters = params![filter.store, filter.memory_type, tags, filter.match_all, filter.skip_pending];
    connection.prepare_cached(SQL)?.query_map(parameters, |row| row.get(0))?.collect()
}

/// How a tag stands in the column of tags once commas are around that.
fn needle(tag: &str) -> String {
    format!(",{},", super::text::strip(tag).to_ascii_lowercase())
}
