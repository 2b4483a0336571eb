//! A memory as the service's API shows it.
//!
//! The service rewrites what it reads: a memory without tags shows the tag `untagged`, an unknown type shows
//! as another (see [`types`]), and a moment's number and its text are made to agree.
//!
//! Guarantees: the same row always shows the same. Where the service would show the present moment, because a
//! row holds none or two that are more than a day apart, this shows the row's number, or null. Where it fails
//! as a whole, because a row's metadata holds NaN or half a surrogate pair, or a text is not UTF-8, this shows
//! no metadata, or leaves out that row alone.

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::local::{iso, row};
use crate::object::{BlobId, Memory, Timestamp};
use crate::side;

use super::text::{members, strip};
use super::{Reader, types};

/// What the service shows where a memory has no tags.
pub const UNTAGGED: &str = "untagged";

/// Two moments of one row that are further apart, in seconds, are not the same moment.
const TOLERANCE: f64 = 1.0;

/// A memory as the service's API shows it; serialized, it is the API's JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// The text that is remembered.
    pub content: String,
    /// The memory's name.
    pub content_hash: String,
    /// In the row's order, never empty.
    pub tags: Vec<String>,
    /// One of [`types::ALL`]; `None` where the row's is NULL.
    pub memory_type: Option<&'static str>,
    /// The whole metadata, bookkeeping included; empty where the row's is no JSON object.
    pub metadata: Map<String, Value>,
    /// When it was made, in seconds since 1970.
    pub created_at: Option<f64>,
    /// The same moment as text.
    pub created_at_iso: Option<String>,
    /// When it was last written, in seconds since 1970.
    pub updated_at: Option<f64>,
    /// The same moment as text.
    pub updated_at_iso: Option<String>,
    /// The store that holds it; the API does not show it.
    #[serde(skip)]
    pub store: String,
}

/// A memory, and which version of it this is.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// What is shown.
    pub record: Record,
    /// The blob id of the memory: another after every change of what is kept in step, the same after the
    /// service's own bookkeeping.
    pub etag: BlobId,
}

impl Reader {
    /// The live memory of this name, in this store or, for `None`, in whichever holds it.
    pub fn find(&self, content_hash: &str, store: Option<&str>) -> Result<Option<Version>, side::Error> {
        let sql = self.schema.select() + " AND content_hash = ?1 AND (?2 IS NULL OR store = ?2)";
        let read = |row: &Row<'_>| {
            let stored = row::read(row, &self.options.bookkeeping)?;
            let version =
                |record| stored.ok().map(|stored| Version { record, etag: stored.held.memory.id() });
            Ok(Record::read(row).and_then(version))
        };
        self.connection
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_row([Some(content_hash), store], read).optional())
            .map(Option::flatten)
            .map_err(|error| self.failed(error))
    }
}

impl Record {
    /// Reads a row of [`crate::local::schema::Schema::select`]; `None` where one of its texts is none, so that
    /// it cannot be shown.
    pub(super) fn read(row: &Row<'_>) -> Option<Self> {
        let text = |column| row.get_ref(column).ok()?.as_str_or_null().ok();
        let number = |column| row.get_ref(column).ok();
        let (created_at, created_at_iso) = moment(number(6)?, text(7)?);
        let (updated_at, updated_at_iso) = moment(number(8)?, text(9)?);
        Some(Self {
            content: text(2)??.to_owned(),
            content_hash: text(1)??.to_owned(),
            tags: shown_tags(text(3)?.unwrap_or_default()),
            memory_type: text(4)?.map(types::canonical),
            metadata: members(text(5)?.unwrap_or_default()),
            created_at,
            created_at_iso,
            updated_at,
            updated_at_iso,
            store: text(10)?.unwrap_or(Memory::DEFAULT_STORE).to_owned(),
        })
    }
}

/// The tags that stand in the service's comma-separated column.
pub(super) fn tags(column: &str) -> impl Iterator<Item = &str> {
    column.split(',').map(strip).filter(|tag| !tag.is_empty())
}

fn shown_tags(column: &str) -> Vec<String> {
    let tags: Vec<String> = tags(column).map(str::to_owned).collect();
    if tags.is_empty() { vec![UNTAGGED.to_owned()] } else { tags }
}

/// A moment's number and text: as they stand where they agree, else the number and its text.
fn moment(number: ValueRef<'_>, text: Option<&str>) -> (Option<f64>, Option<String>) {
    let number = number.as_f64_or_null().ok().flatten().and_then(Timestamp::new);
    let written = text.and_then(|text| Some((text, read_moment(text)?)));
    match (number, written) {
        (Some(number), Some((text, moment))) if (number.seconds() - moment.seconds()).abs() <= TOLERANCE => {
            (Some(number.seconds()), Some(text.to_owned()))
        }
        (Some(number), _) => (Some(number.seconds()), iso::format(number)),
        (None, Some((text, moment))) => (Some(moment.seconds()), Some(text.to_owned())),
        (None, None) => (None, None),
    }
}

/// Reads a moment; without a zone it is in UTC, as the service takes it.
fn read_moment(text: &str) -> Option<Timestamp> {
    iso::parse(text).or_else(|| iso::parse(&format!("{text}Z")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::local::service::fixture::Fixture;

    /// Shows rows that hold `values` in `columns`, one line each.
    fn shown(columns: &str, values: &[&str]) -> String {
        let fixture = Fixture::new();
        let lines = values.iter().enumerate().map(|(name, values)| {
            fixture.execute(&format!(
                "INSERT INTO memories (content_hash, content, {columns}) VALUES ('{name}', 'Text', {values})"
            ));
            let found = fixture.writer.reader.find(&name.to_string(), None).unwrap();
            let line = found.map(|Version { record, .. }| {
                let Record { tags, memory_type, metadata, created_at, created_at_iso, .. } = record;
                match columns {
                    "tags" => json!(tags),
                    "memory_type" => json!(memory_type),
                    "metadata" => json!(metadata),
                    _ => json!([created_at, created_at_iso]),
                }
            });
            line.map_or("not shown".to_owned(), |line| line.to_string())
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_memory_has_the_service_json() {
        let fixture = Fixture::new();
        fixture.execute(
            "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at, updated_at, \
             created_at_iso, updated_at_iso, store) VALUES ('a', 'Tea', 'b, a', 'Note', '{\"access_count\": 1}', \
             1712345678, 1712345679.5, '2024-04-05T19:34:38Z', NULL, 'work')",
        );
        let reader = &fixture.writer.reader;
        let version = reader.find("a", Some("work")).unwrap().unwrap();
        insta::assert_snapshot!(serde_json::to_string(&version.record).unwrap(), @r#"{"content":"Tea","content_hash":"a","tags":["b","a"],"memory_type":"note","metadata":{"access_count":1},"created_at":1712345678.0,"created_at_iso":"2024-04-05T19:34:38Z","updated_at":1712345679.5,"updated_at_iso":"2024-04-05T19:34:39.500000Z"}"#);
        insta::assert_snapshot!(version.etag, @"ab88afc1a3ec28f4d33480364ff467b01939c8633c8e0c102a66cc683f53c174");
        assert_eq!(reader.find("a", Some("default")).unwrap(), None, "another store");
        fixture.execute("UPDATE memories SET metadata = '{\"access_count\": 2}', updated_at = 2");
        assert_eq!(reader.find("a", None).unwrap().unwrap().etag, version.etag, "bookkeeping is no change");
        fixture.execute("UPDATE memories SET deleted_at = 1");
        assert_eq!(reader.find("a", None).unwrap(), None, "a tombstone");
    }

    #[test]
    fn columns_are_shown_as_the_service_shows_them() {
        let tags = ["NULL", "''", "' , ,a , b,, a'", "X'61'", "CAST(X'FF' AS TEXT)"];
        insta::assert_snapshot!(shown("tags", &tags), @r#"
        ["untagged"]
        ["untagged"]
        ["a","b","a"]
        not shown
        not shown
        "#);
        let types = ["NULL", "''", "' NoTe'", "'my-own'", "X'61'"];
        insta::assert_snapshot!(shown("memory_type", &types), @r#"
        null
        "observation"
        "note"
        "observation"
        not shown
        "#);
        let metadata = [
            "NULL",
            "''",
            "'null'",
            "'[1]'",
            "'{bad'",
            r#"'{"a": 1, "a": 1.50, "b": null}'"#,
            r#"'{"a": NaN, "b": [-Infinity, "NaN"]}'"#,
            r#"'{"a": "\ud800"}'"#,
            "X'7B7D'",
        ];
        insta::assert_snapshot!(shown("metadata", &metadata), @r#"
        {}
        {}
        {}
        {}
        {}
        {"a":1.50,"b":null}
        {"a":null,"b":[null,"NaN"]}
        {}
        not shown
        "#);
    }

    #[test]
    fn the_two_forms_of_a_moment_are_made_to_agree() {
        let moments = [
            "NULL, NULL",
            "1712345678, NULL",
            "1712345678.9, '2024-04-05T19:34:38Z'",
            "1712345678, '2024-04-05T19:34:38'",
            "1712345678, '2024-04-05T21:34:38Z'",
            "1712345678, '2024-04-05T21:34:38+02:00'",
            "1712345678, '2017-04-05T19:34:38Z'",
            "1712345678, 'yesterday'",
            "NULL, '2024-04-05T19:34:38.25Z'",
            "NULL, 'yesterday'",
            "'yesterday', NULL",
            "1e300, NULL",
            "9e999, NULL",
        ];
        insta::assert_snapshot!(shown("created_at, created_at_iso", &moments), @r#"
        [null,null]
        [1712345678.0,"2024-04-05T19:34:38Z"]
        [1712345678.9,"2024-04-05T19:34:38Z"]
        [1712345678.0,"2024-04-05T19:34:38"]
        [1712345678.0,"2024-04-05T19:34:38Z"]
        [1712345678.0,"2024-04-05T21:34:38+02:00"]
        [1712345678.0,"2024-04-05T19:34:38Z"]
        [1712345678.0,"2024-04-05T19:34:38Z"]
        [1712345678.25,"2024-04-05T19:34:38.25Z"]
        [null,null]
        [null,null]
        [1e+300,null]
        [null,null]
        "#);
    }
}
