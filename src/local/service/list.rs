//! Which memories there are: pages of them, everything that a filter selects, and their names alone.
//!
//! Guarantees: a page and its total are of one moment. What a filter selects is in one fixed order, newest
//! first, so that pages neither overlap nor leave gaps while nothing changes.

use rusqlite::{Connection, OptionalExtension, params};

use crate::object::Timestamp;
use crate::side;

use super::Reader;
use super::record::Record;
use super::text::strip;

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
    /// The earliest moment at which they may have been made.
    pub from: Option<Timestamp>,
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

    /// At most `limit` names after the one whose id is `after`, of every store.
    pub fn names(&self, after: i64, limit: u32, include_deleted: bool) -> Result<Vec<Name>, side::Error> {
        // The index on `deleted_at` would only be in the way, here and below: nearly every row is live.
        let sql = "SELECT id, content_hash FROM memories WHERE id > ?1 AND (?2 OR +deleted_at IS NULL) \
                   ORDER BY id LIMIT ?3";
        self.at_one_moment(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let names = statement.query_map(params![after, include_deleted, limit], |row| {
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
    const SQL: &str = "\
        SELECT id, tags FROM memories WHERE +deleted_at IS NULL \
        AND (?1 IS NULL OR store = ?1) AND (?2 IS NULL OR memory_type = ?2) \
        AND (?3 IS NULL OR created_at >= ?3) AND (NOT ?4 OR coalesce(embedding_pending, 0) = 0) \
        ORDER BY created_at DESC, content_hash DESC";
    let needles: Vec<String> = filter.tags.iter().map(|tag| needle(strip(tag))).collect();
    let from = filter.from.map(Timestamp::seconds);
    let mut statement = connection.prepare_cached(SQL)?;
    let mut rows = statement.query(params![filter.store, filter.memory_type, from, filter.skip_pending])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        let tags = row.get_ref(1)?.as_str().ok();
        if needles.is_empty() || tags.is_some_and(|tags| has_tags(tags, &needles, filter.match_all)) {
            ids.push(row.get(0)?);
        }
    }
    Ok(ids)
}

/// Whether a column of tags holds one of these, or all of them: as the service finds them, by SQLite's LIKE.
fn has_tags(column: &str, needles: &[String], all: bool) -> bool {
    let column = needle(column);
    let mut found = needles.iter().map(|needle| column.contains(needle));
    if all { found.all(|found| found) } else { found.any(|found| found) }
}

/// How a tag, or several, stand between commas; LIKE knows the letter case of ASCII only.
fn needle(tags: &str) -> String {
    format!(",{tags},").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::service::fixture::Fixture;

    /// Memories `a` to `f`, older from letter to letter but for `c`, `d` and `e`, which are equally old.
    fn fixture() -> Fixture {
        let fixture = Fixture::new();
        fixture.execute(
            "INSERT INTO memories (content_hash, content, tags, memory_type, created_at, store, deleted_at, \
             embedding_pending) VALUES
             ('a', 'Text', 'Home,x', 'note', 9, 'default', NULL, 0), ('b', 'Text', 'home', 'Note', 8, 'work', NULL, 0),
             ('d', 'Text', 'ä,a_c', 'note', 7, 'default', NULL, 1), ('c', 'Text', 'abc', NULL, 7, 'default', NULL, 0),
             ('e', 'Text', '', 'note', 7, NULL, NULL, 0), ('f', 'Text', '50%,x', 'note', NULL, 'default', NULL, 0),
             ('g', 'Text', 'home', 'note', 10, 'default', 11, 0), ('h', X'FF', 'home', 'note', 1, 'default', NULL, 0)",
        );
        fixture
    }

    fn names(records: &[Record]) -> String {
        records.iter().map(|record| record.content_hash.as_str()).collect()
    }

    fn listed(fixture: &Fixture, filter: &Filter) -> String {
        let page = fixture.writer.reader.list(filter, 0, 100).unwrap();
        format!("{} of {}", names(&page.records), page.total)
    }

    fn tagged(tags: &[&str], match_all: bool) -> Filter {
        Filter { tags: tags.iter().map(|tag| (*tag).to_owned()).collect(), match_all, ..Filter::default() }
    }

    #[test]
    fn filters_are_those_of_the_service() {
        let fixture = fixture();
        let list = |filter| listed(&fixture, &filter);
        assert_eq!(list(Filter::default()), "abedcf of 7", "what cannot be shown counts");
        assert_eq!(list(Filter { store: Some("default".to_owned()), ..Filter::default() }), "adcf of 5");
        assert_eq!(list(Filter { memory_type: Some("note".to_owned()), ..Filter::default() }), "aedf of 5");
        assert_eq!(list(Filter { from: Timestamp::new(8.0), ..Filter::default() }), "ab of 2");
        assert_eq!(list(Filter { skip_pending: true, ..Filter::default() }), "abecf of 6");
    }

    #[test]
    fn a_tag_is_matched_whole_and_without_regard_to_ascii_case() {
        let fixture = fixture();
        let list = |tags: &[&str], match_all| listed(&fixture, &tagged(tags, match_all));
        assert_eq!(list(&[" HOME "], false), "ab of 3");
        assert_eq!(list(&["a_c"], false), "d of 1", "an underscore is no wildcard");
        assert_eq!(list(&["%"], false), " of 0");
        assert_eq!(list(&["50%"], false), "f of 1");
        assert_eq!(list(&["Ä"], false), " of 0", "beyond ASCII, case counts");
        assert_eq!(list(&["x", "home"], false), "abf of 4");
        assert_eq!(list(&["x", "home"], true), "a of 1");
        assert_eq!(list(&[""], false), "e of 1", "no tag is the one between two commas");
        let many: Vec<String> =
            (0..5_000).map(|number| number.to_string()).chain(["abc".to_owned()]).collect();
        assert_eq!(listed(&fixture, &Filter { tags: many, ..Filter::default() }), "c of 1");
    }

    #[test]
    fn pages_follow_each_other_and_every_change() {
        let mut fixture = fixture();
        let page = |fixture: &Fixture, offset| {
            let page = fixture.writer.reader.list(&Filter::default(), offset, 2).unwrap();
            format!("{} of {}", names(&page.records), page.total)
        };
        assert_eq!(
            [0, 2, 4, 6, 99].map(|offset| page(&fixture, offset)).join(", "),
            "ab of 7, ed of 7, c of 7, f of 7,  of 7"
        );
        fixture.at(20.0, |changes| {
            changes
                .reader
                .connection
                .execute("UPDATE memories SET deleted_at = 1 WHERE content_hash = 'a'", [])
                .unwrap();
            assert_eq!(
                changes.reader.list(&Filter::default(), 0, 2).unwrap().total,
                6,
                "inside of the change"
            );
        });
        assert_eq!(page(&fixture, 0), "be of 6");
        let path = fixture.writer.reader.options.path.clone();
        Connection::open(path).unwrap().execute("UPDATE memories SET deleted_at = NULL", []).unwrap();
        assert_eq!(page(&fixture, 0), "ga of 8", "by somebody else");
    }

    #[test]
    fn names_come_in_the_order_of_their_ids() {
        let fixture = fixture();
        let names = |after, limit, include_deleted| {
            let names = fixture.writer.reader.names(after, limit, include_deleted).unwrap();
            names.iter().map(|name| format!("{}{}", name.content_hash, name.id)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(0, 100, false), "a1 b2 d3 c4 e5 f6 h8");
        assert_eq!(names(5, 2, true), "f6 g7");
        assert_eq!(names(i64::MAX, 2, true), "");
    }
}
