//! How values go into SQLite and come back, and the only places where statements run.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Params, Row};

use super::{Error, Store};
use crate::object::{BlobId, CommitId, ContentHash, Kind, ObjectId, SideName, Timestamp};

impl Store {
    /// Runs statements without parameters.
    pub(super) fn batch(&self, sql: &str) -> Result<(), Error> {
        self.connection.execute_batch(sql).map_err(|cause| self.error("the database", cause))
    }

    /// Runs one statement on `what` (a part of the database in words, for messages) and returns how many rows
    /// it changed.
    pub(super) fn execute(&self, what: &str, sql: &str, params: impl Params) -> Result<usize, Error> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params))
            .map_err(|cause| self.error(what, cause))
    }

    /// Reads all rows.
    pub(super) fn rows<T>(
        &self,
        what: &str,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, read)?.collect())
            .map_err(|cause| self.error(what, cause))
    }

    /// Reads the only row, where there is one.
    pub(super) fn row<T>(
        &self,
        what: &str,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Error> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, read).optional())
            .map_err(|cause| self.error(what, cause))
    }

    fn error(&self, what: &str, cause: rusqlite::Error) -> Error {
        Error::from_sqlite(&self.path, what, cause)
    }
}

macro_rules! stored_as_blob {
    ($($id:ty),+) => {
        $(
            impl ToSql for $id {
                fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                    Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.as_bytes())))
                }
            }

            impl FromSql for $id {
                fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                    Self::from_bytes(value.as_blob()?).map_err(FromSqlError::other)
                }
            }
        )+
    };
}

stored_as_blob!(BlobId, CommitId);

/// Stores an enum without data as the given texts, which are part of the file format.
macro_rules! stored_as_text {
    ($name:ident { $($variant:ident => $text:literal),+ $(,)? }) => {
        impl rusqlite::types::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                match self {
                    $($name::$variant => $text.to_sql(),)+
                }
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                match value.as_str()? {
                    $($text => Ok($name::$variant),)+
                    _ => Err(rusqlite::types::FromSqlError::InvalidType),
                }
            }
        }
    };
}
pub(super) use stored_as_text;

stored_as_text!(SideName { Local => "local", Remote => "remote" });
stored_as_text!(Kind { Blob => "blob", Tree => "tree", Commit => "commit" });

impl ToSql for ContentHash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}

impl FromSql for ContentHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::new(value.as_str()?).map_err(FromSqlError::other)
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.seconds()))
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::new(value.as_f64()?).ok_or(FromSqlError::InvalidType)
    }
}
