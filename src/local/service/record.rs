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

use super::text::strip;
use super::{Reader, types};

/// What the service shows where a memory has no tags.
pub(super) const UNTAGGED: &str = "untagged";

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
            metadata: text(5)?.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default(),
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
