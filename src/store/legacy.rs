//! The staging database of the shell scripts that memsync replaces (mcp-memory-service, `scripts/sync/litestream`).
//!
//! Guarantees: the file is only read. Not a byte of it changes, and nothing is made beside it: a copy is opened, in which
//! SQLite can undo a write that was interrupted. Every row is shown, also one that cannot be read.
//!
//! Must never: guess what a row means. The columns come out as they are.

#![expect(clippy::disallowed_methods, reason = "the old staging database is a file that is copied")]

use std::error::Error as StdError;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil;
use jiff::tz::TimeZone;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::{Operation, schema};
use crate::object::Timestamp;

/// The table of staged changes.
const TABLE: &str = "staged_memories";

/// Why a staging database of the scripts could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LegacyError {
    /// The file is not there, or may not be read, or there is no room for a copy.
    #[error("cannot read {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The file is something else.
    #[error("{} is not a staging database of the sync scripts: {detail}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is, or lacks.
        detail: &'static str,
    },
    /// SQLite cannot read it.
    #[error("{} is damaged", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        cause: Box<dyn StdError + Send + Sync>,
    },
}

/// A staging database of the scripts.
pub struct Legacy {
    connection: Connection,
    path: PathBuf,
    /// Columns that only some versions of the scripts made are NULL here.
    select: String,
    // Removed after the connection is closed: fields are dropped in this order.
    _copy: tempfile::TempDir,
}

/// A moment as a row holds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moment {
    /// The column, as text; empty for NULL.
    pub text: String,
    /// What it says; a text without a zone is in UTC, as SQLite writes it.
    pub at: Option<Timestamp>,
}

/// A staged change.
#[derive(Clone, Debug, PartialEq)]
pub struct LegacyRow {
    /// The row's own name, which the scripts make up.
    pub id: String,
    /// What became of the memory.
    pub operation: Operation,
    /// The memory's name, or what the scripts took for it.
    pub content_hash: String,
    /// The memory's text.
    pub content: String,
    /// A JSON array of tags, or what the script made instead.
    pub tags: Option<String>,
    /// The metadata as JSON text.
    pub metadata: Option<String>,
    /// The memory's type.
    pub memory_type: Option<String>,
    /// When the script noted the change.
    pub staged_at: Moment,
    /// When the memory was made.
    pub original_created_at: Moment,
    /// The device that staged it.
    pub source_machine: Option<String>,
    /// `none`, `detected`, `resolved` or `push_failed`.
    pub conflict_status: String,
}

/// A row that holds no change that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRow {
    /// The row's own name, as far as it is text.
    pub id: String,
    /// What is odd, in one sentence.
    pub why: String,
}

impl Legacy {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a copy of the file.
    pub fn open(path: &Path) -> Result<Self, LegacyError> {
        let io = |cause| LegacyError::Io { path: path.to_owned(), cause };
        let copy = tempfile::Builder::new().prefix("memsync-import-").tempdir().map_err(io)?;
        let opened = copy.path().join("staging.db");
        copy_file(path, &opened).map_err(io)?;
        for suffix in ["-journal", "-wal"] {
            match copy_file(&beside(path, suffix), &beside(&opened, suffix)) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(io(cause)),
                _ => {}
            }
        }
        let damaged = |cause: rusqlite::Error| damaged(path, cause);
        let connection = Connection::open_with_flags(
            &opened,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(damaged)?;
        let select = select(&connection).map_err(damaged)?;
        let select = select.map_err(|detail| LegacyError::Foreign { path: path.to_owned(), detail })?;
        Ok(Self { connection, path: path.to_owned(), select, _copy: copy })
    }

    /// Shows every row to `visit`, in the order in which they were staged.
    pub fn rows<E: From<LegacyError>>(
        &self,
        visit: &mut dyn FnMut(Result<LegacyRow, UnreadableRow>) -> Result<(), E>,
    ) -> Result<(), E> {
        let damaged = |cause: rusqlite::Error| damaged(&self.path, cause);
        let mut statement = self.connection.prepare(&self.select).map_err(damaged)?;
        let mut rows = statement.query([]).map_err(damaged)?;
        while let Some(row) = rows.next().map_err(damaged)? {
            visit(read(row).map_err(damaged)?)?;
        }
        Ok(())
    }

    /// What the scripts noted about their runs, by name, sorted; empty values are left out.
    pub fn status(&self) -> Result<Vec<(String, String)>, LegacyError> {
        let sql =
            "SELECT CAST(key AS TEXT), CAST(value AS TEXT) FROM sync_status WHERE value <> '' ORDER BY key";
        let Ok(mut statement) = self.connection.prepare(sql) else { return Ok(Vec::new()) };
        let rows = statement.query_map([], |row| Ok((lossy(row.get_ref(0)?), lossy(row.get_ref(1)?))));
        rows.and_then(Iterator::collect).map_err(|cause| damaged(&self.path, cause))
    }
}

fn damaged(path: &Path, cause: rusqlite::Error) -> LegacyError {
    match cause.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => {
            LegacyError::Foreign { path: path.to_owned(), detail: "it is no SQLite database" }
        }
        _ => LegacyError::Damaged { path: path.to_owned(), cause: cause.into() },
    }
}

fn copy_file(from: &Path, to: &Path) -> io::Result<u64> {
    // Not `fs::copy`: a copy of a file that is read-only would be so too.
    io::copy(&mut File::open(from)?, &mut File::create(to)?)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// The query for all rows; the inner error says what the file is instead.
fn select(connection: &Connection) -> rusqlite::Result<Result<String, &'static str>> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application == schema::APPLICATION_ID {
        return Ok(Err("it is one of memsync"));
    }
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let columns: Vec<String> = statement.query_map([TABLE], |row| row.get(0))?.collect::<Result<_, _>>()?;
    if columns.is_empty() {
        return Ok(Err("it has no table `staged_memories`"));
    }
    let has = |name: &str| columns.iter().any(|column| column == name);
    if !["id", "content", "content_hash", "operation"].into_iter().all(has) {
        return Ok(Err("its table `staged_memories` lacks columns"));
    }
    let names = COLUMNS.map(|name| if has(name) { name } else { "NULL" });
    Ok(Ok(format!("SELECT {} FROM {TABLE} ORDER BY rowid", names.join(", "))))
}

const COLUMNS: [&str; 11] = [
    "id",
    "operation",
    "content_hash",
    "content",
    "tags",
    "metadata",
    "memory_type",
    "source_machine",
    "conflict_status",
    "staged_at",
    "original_created_at",
];

/// Reads a row; the outer error is the database's.
fn read(row: &Row<'_>) -> rusqlite::Result<Result<LegacyRow, UnreadableRow>> {
    let mut texts = Vec::new();
    for (index, name) in COLUMNS.iter().enumerate().take(9) {
        texts.push(text(row.get_ref(index)?, name));
    }
    let id = lossy(row.get_ref(0)?);
    let (staged_at, original_created_at) = (moment(row.get_ref(9)?), moment(row.get_ref(10)?));
    let mut texts = texts.into_iter();
    let mut next = || texts.next().expect("there are nine of them");
    let read = || {
        let _ = next();
        let operation = next()?.unwrap_or_default();
        Ok(LegacyRow {
            id: id.clone(),
            operation: named(&operation)?,
            content_hash: next()?.unwrap_or_default(),
            content: next()?.ok_or("`content` is NULL")?,
            tags: next()?,
            metadata: next()?,
            memory_type: next()?.filter(|name| !name.is_empty()),
            source_machine: next()?,
            conflict_status: next()?.unwrap_or_else(|| "none".to_owned()),
            staged_at,
            original_created_at,
        })
    };
    let read: Result<_, String> = read();
    Ok(read.map_err(|why| UnreadableRow { id, why }))
}

fn named(operation: &str) -> Result<Operation, String> {
    match operation {
        "INSERT" => Ok(Operation::Insert),
        "UPDATE" => Ok(Operation::Update),
        "DELETE" => Ok(Operation::Delete),
        other => Err(format!("`operation` is {other:?}")),
    }
}

fn text(value: ValueRef<'_>, column: &str) -> Result<Option<String>, String> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(_) => Err(format!("`{column}` is not UTF-8")),
        },
        ValueRef::Blob(_) => Err(format!("`{column}` is a blob")),
        ValueRef::Integer(number) => Ok(Some(number.to_string())),
        ValueRef::Real(number) => Ok(Some(number.to_string())),
    }
}

fn lossy(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
    }
}

fn moment(value: ValueRef<'_>) -> Moment {
    let text = lossy(value);
    Moment { at: seconds(&text), text }
}

/// A number is seconds since 1970, as the service keeps them; a text is a date and a time.
fn seconds(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let zoned = || text.parse::<jiff::Timestamp>().ok();
    let civil =
        || text.parse::<civil::DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp());
    Timestamp::new(zoned().or_else(civil)?.as_duration().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_the_scripts_and_the_service_write_them() {
        let noon = Timestamp::new(1_735_732_800.0);
        for text in ["1735732800", "1735732800.0", "2025-01-01 12:00:00", "2025-01-01T12:00:00Z"] {
            assert_eq!(seconds(text), noon, "{text}");
        }
        for text in ["", "yesterday", "datetime('now')"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
