//! One row of the service's table of memories, read.
//!
//! A row that cannot be carried is shown as unreadable, never left out and never a failure of the whole.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde_json::Value;

use crate::object::{Bookkeeping, Carried, ContentHash, Memory, Metadata, Timestamp, json, split_tags};
use crate::side::{Found, Held};

use super::iso;

/// A readable row, with what a writer needs to change nothing but what differs.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// The row's id, which is also its vector's.
    pub(super) id: i64,
    /// The memory, with what an earlier server could only carry in the metadata back in its place.
    pub(super) held: Held,
    /// The metadata column's text.
    pub(super) metadata: Option<String>,
    /// The moment in the row's own columns; another than the memory's where the metadata carries one.
    pub(super) created_at: Option<Timestamp>,
}

/// A row that holds no memory that can be carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Odd {
    /// Its name, where it can be one.
    pub(super) key: Option<ContentHash>,
    /// What is odd, in one sentence.
    pub(super) why: String,
}

/// Reads a row of [`super::schema::Schema::select`]; the outer error is the database's.
pub(super) fn read(row: &Row<'_>, bookkeeping: &Bookkeeping) -> rusqlite::Result<Result<Stored, Odd>> {
    let id = row.get(0)?;
    let key = match text(row.get_ref(1)?, "content_hash") {
        Ok(key) => ContentHash::new(key.unwrap_or_default()).map_err(|error| error.to_string()),
        Err(why) => Err(why),
    };
    let key = match key {
        Ok(key) => key,
        Err(why) => return Ok(Err(Odd { key: None, why })),
    };
    let created_at = moment(row.get_ref(6)?, row.get_ref(7)?);
    let updated_at = moment(row.get_ref(8)?, row.get_ref(9)?);
    Ok(match texts(row)? {
        Err(why) => Err(Odd { key: Some(key), why }),
        Ok((metadata, mut memory)) => {
            memory.created_at = created_at;
            if let Some(text) = &metadata {
                put_metadata(&mut memory, text, bookkeeping);
            }
            Ok(Stored { id, held: Held { key, memory, updated_at }, metadata, created_at })
        }
    })
}

/// The metadata column and everything of a memory that is text; the inner error says what is odd.
fn texts(row: &Row<'_>) -> rusqlite::Result<Result<(Option<String>, Memory), String>> {
    let column = |index, name| -> rusqlite::Result<Result<Option<&str>, String>> {
        Ok(text(row.get_ref(index)?, name))
    };
    let (content, tags, memory_type) = (column(2, "content")?, column(3, "tags")?, column(4, "memory_type")?);
    let (metadata, store, superseded_by) =
        (column(5, "metadata")?, column(10, "store")?, column(11, "superseded_by")?);
    let named = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let read = || {
        let memory = Memory {
            content: content?.ok_or("`content` is NULL")?.to_owned(),
            tags: split_tags(tags?.unwrap_or_default()),
            memory_type: named(memory_type?),
            store: named(store?).filter(|store| store != Memory::DEFAULT_STORE),
            superseded_by: named(superseded_by?),
            ..Memory::default()
        };
        Ok((metadata?.map(str::to_owned), memory))
    };
    Ok(read())
}

/// Takes the metadata out of its text; bookkeeping stays behind, what was carried goes back in its place.
fn put_metadata(memory: &mut Memory, text: &str, bookkeeping: &Bookkeeping) {
    match json::parse(text) {
        Ok(Value::Object(members)) => {
            let carried = Carried::from_members(&members);
            memory.metadata = Metadata::from_members(members, bookkeeping);
            carried.restore(memory);
        }
        _ => memory.metadata = Metadata::from_text(text, bookkeeping),
    }
}

fn text<'a>(value: ValueRef<'a>, column: &str) -> Result<Option<&'a str>, String> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(format!("`{column}` is not UTF-8")),
        },
        ValueRef::Blob(_) => Err(format!("`{column}` is a blob")),
        ValueRef::Integer(_) | ValueRef::Real(_) => Err(format!("`{column}` is a number")),
    }
}

/// A moment is the number; where there is none, as in rows that other programs wrote, it is the text beside
/// it, which is what the service itself then goes by.
pub(super) fn moment(number: ValueRef<'_>, text: ValueRef<'_>) -> Option<Timestamp> {
    match number {
        ValueRef::Real(seconds) => Timestamp::new(seconds),
        #[expect(clippy::cast_precision_loss, reason = "so does SQLite in a column of type REAL")]
        ValueRef::Integer(seconds) => Timestamp::new(seconds as f64),
        _ => None,
    }
    .or_else(|| text.as_str().ok().and_then(iso::parse))
}

impl From<Result<Stored, Odd>> for Found {
    fn from(read: Result<Stored, Odd>) -> Self {
        match read {
            Ok(stored) => Self::Memory(stored.held),
            Err(Odd { key, why }) => Self::Unreadable { key, why },
        }
    }
}
