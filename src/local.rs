//! A device's own database: the SQLite file that mcp-memory-service writes, with vectors by sqlite-vec.
//!
//! Guarantees: any schema of the service from version 8 on is found out by asking, and columns
//! that are not known here are never touched. A snapshot is one moment of the database, however much the
//! service writes meanwhile. Edits are carried out in short transactions, each checked against what it
//! expects inside its transaction, and leave vectors, full-text index, tombstones and links as the service
//! itself would have left them.
//!
//! Must never: hold the write lock for long, but where all vectors are replaced at somebody's word, or write anything but
//! the edits given to [`Side::apply`] and vectors; only [`prepare`] makes a database or changes its schema, and only
//! where it is asked to.

mod apply;
mod changes;
pub mod check;
mod error;
mod extension;
mod files;
mod image;
pub(crate) mod iso;
mod members;
mod open;
mod pace;
mod pass;
mod prepare;
mod row;
mod rows;
mod schema;
pub mod service;
#[cfg(test)]
mod tests;
pub mod vectors;
mod write;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;

use crate::embed::Makers;
use crate::object::{Bookkeeping, ContentHash, Edit, Marks, Timestamp};
use crate::side::{self, Change, Found, Side, Witness};

pub use apply::Transactions;
use files::FileId;
pub use prepare::{DIMENSION, Prepared, prepare};
use schema::Schema;
pub use vectors::{Filled, Lacking, Making, NoVectors};

/// Which database to open, and how to treat it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database file.
    pub path: PathBuf,
    /// Which metadata members are no part of a memory and stay as they are.
    pub bookkeeping: Bookkeeping,
    /// How long to wait while another program holds the database.
    pub busy_timeout: Duration,
    /// The moment that rows written by [`Side::apply`] show as `updated_at` and `deleted_at`.
    pub now: Timestamp,
    /// What could make vectors for the memories that arrive.
    pub makers: Makers,
}

/// What a database is like, for messages.
#[derive(Debug)]
pub struct Facts {
    /// Whether it keeps memories in named stores; without them a memory's store is not kept.
    pub stores: bool,
    /// Whether a deleted memory leaves a tombstone.
    pub soft_deletes: bool,
    /// How many numbers a vector has; `None` where there is no table of vectors that is understood.
    pub dimension: Option<usize>,
    /// What makes the vectors of memories that arrive, or why they get none.
    pub maker: Making,
}

/// An open database.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
    /// The file that `connection` has open; `None` where that is not certain.
    file: Option<FileId>,
    options: Options,
    schema: Schema,
    hold: Duration,
    pace: pace::Pace,
    transactions: Transactions,
    found: Option<vectors::Found>,
}

impl Database {
    /// Opens the database that is there. Where the file or its folder cannot be written it can still be read,
    /// and [`Side::apply`] says [`side::Error::Unwritable`].
    pub fn open(options: Options) -> Result<Self, side::Error> {
        let before = FileId::at(&options.path);
        let (connection, schema) = open::open(&options.path, options.busy_timeout)?;
        let file = before.filter(|file| file.is_at(&options.path));
        Ok(Self {
            connection,
            file,
            options,
            schema,
            hold: apply::HOLD,
            pace: pace::Pace::new(pace::PAUSES),
            transactions: Transactions::default(),
            found: None,
        })
    }

    /// For a file that may be taken away once this value is dropped: what is written from now on is on the medium
    /// when its transaction has ended, and nothing else lies beside the file, unless another program has it open.
    pub fn write_through(&mut self) {
        // Where a program has the database open, its write-ahead log cannot end, and does not have to: that one
        // keeps it. A file that cannot be written says so when it is.
        let _ = open::write_through(&self.connection, self.options.busy_timeout);
    }

    /// What the database is like now.
    pub fn facts(&mut self) -> Result<Facts, side::Error> {
        let maker = self.maker()?;
        Ok(Facts {
            stores: self.schema.has("store"),
            soft_deletes: self.schema.soft_deletes(),
            dimension: self.schema.vectors.and_then(|vectors| vectors.dimension),
            maker,
        })
    }

    /// Whether it keeps memories in named stores, as newer versions of the service do.
    #[must_use]
    pub fn has_stores(&self) -> bool {
        self.schema.has("store")
    }

    /// The transactions that [`Side::apply`] has committed so far.
    #[must_use]
    pub fn transactions(&self) -> Transactions {
        self.transactions
    }

    /// Asks for the schema again where the service has changed it.
    fn refresh(&mut self) -> Result<(), side::Error> {
        open::refresh(&self.connection, &mut self.schema, &self.options.path)
    }

    fn reading(&self, error: rusqlite::Error) -> side::Error {
        error::reading(&self.options.path, error)
    }
}

impl Side for Database {
    fn snapshot(&mut self, visit: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), side::Error> {
        let Self { connection, options, schema, .. } = self;
        let fail = |error| error::reading(&options.path, error);
        let transaction = connection.transaction().map_err(fail)?;
        open::refresh(&transaction, schema, &options.path)?;
        let mut statement = transaction.prepare(&schema.select()).map_err(fail)?;
        let mut rows = statement.query([]).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            let found = row::read(row, &options.bookkeeping).map_err(fail)?;
            if visit(found.into()).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Option<String> {
        self.unchanging_state()
    }

    fn changes(
        &mut self,
        marks: Option<Marks>,
        visit: &mut dyn FnMut(Change) -> ControlFlow<()>,
    ) -> Result<Option<Marks>, side::Error> {
        self.changed_rows(marks, visit)
    }

    fn get(&mut self, keys: &[ContentHash]) -> Result<Vec<Option<Found>>, side::Error> {
        let Self { connection, options, schema, .. } = self;
        let fail = |error| error::reading(&options.path, error);
        let transaction = connection.transaction().map_err(fail)?;
        open::refresh(&transaction, schema, &options.path)?;
        keys.iter()
            .map(|key| write::find(&transaction, schema, &options.bookkeeping, key))
            .map(|found| found.map(|found| found.map(Found::from)).map_err(fail))
            .collect()
    }

    fn apply(&mut self, edits: Vec<Edit>, witness: &mut dyn Witness) -> Result<(), side::Error> {
        self.apply_edits(edits, witness)
    }
}
