//! Carries out edits in short transactions, so that the service can write between any two of them.
#![expect(clippy::disallowed_methods, reason = "a write transaction ends when it has lasted long enough")]

use std::collections::HashSet;
use std::iter::Peekable;
use std::slice;
use std::time::{Duration, Instant};

use rusqlite::TransactionBehavior;

use crate::object::{ContentHash, Edit, Outcome};
use crate::planted::{self, Mistake};
use crate::side::{self, Witness};

#[cfg(doc)]
use super::pace::Pace;
use super::rows::Rows;
use super::vectors::Made;
use super::write::{Done, Writer};
use super::{Database, error, open};

/// After this time no further edit joins a transaction, but at the beginning of a run (see [`Pace::hold`]).
pub(super) const HOLD: Duration = Duration::from_millis(30);

/// How many memories that arrive are written by one statement, and with how much text: a transaction lasts for one of
/// these at least, be it longer than [`HOLD`].
pub(super) const BATCH: usize = 256;
const BATCH_BYTES: usize = 256 * 1024;

/// How the edits so far were grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transactions {
    /// How many transactions were committed.
    pub count: u64,
    /// For how long the longest of them held the write lock, its commit included.
    pub longest: Duration,
}

impl Transactions {
    /// Counts a transaction that held the write lock for this long.
    pub(super) fn note(&mut self, held: Duration) {
        self.count += 1;
        self.longest = self.longest.max(held);
    }
}

impl Database {
    pub(super) fn apply_edits(
        &mut self,
        edits: Vec<Edit>,
        witness: &mut dyn Witness,
    ) -> Result<(), side::Error> {
        let returning: HashSet<ContentHash> = edits
            .iter()
            .filter(|edit| edit.row.is_some() && edit.target.is_some())
            .map(|edit| edit.key.clone())
            .collect();
        let mut edits = edits.into_iter();
        loop {
            let window = self.look_ahead(&mut edits)?;
            if window.edits.is_empty() {
                return Ok(());
            }
            let mut rest = window.edits.into_iter().peekable();
            while rest.peek().is_some() {
                self.pace.wait();
                let outcomes = self.transaction(&window.made, &returning, &mut rest, witness)?;
                self.pace.rest();
                for (key, outcome) in outcomes {
                    witness.report(key, outcome);
                }
            }
        }
    }

    /// One transaction with as many of `edits` as fit in; what came of each is final when this returns.
    fn transaction(
        &mut self,
        made: &Made,
        returning: &HashSet<ContentHash>,
        edits: &mut Peekable<impl Iterator<Item = Edit>>,
        witness: &mut dyn Witness,
    ) -> Result<Vec<(ContentHash, Outcome)>, side::Error> {
        let Self { connection, file, options, schema, pace, hold, transactions, .. } = self;
        let fail = |error| error::writing(&options.path, error);
        // With a write-ahead log SQLite itself does not look whether its file is still the one at the path.
        let in_place = || match *file {
            Some(file) if !file.is_at(&options.path) => {
                Err(side::Error::Replaced { path: options.path.clone() })
            }
            _ => Ok(()),
        };
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let (began, hold) = (Instant::now(), pace.hold(*hold));
        open::refresh(&transaction, schema, &options.path)?;
        let writer = Writer {
            rows: Rows { connection: &transaction, schema },
            bookkeeping: &options.bookkeeping,
            made: (made.version == schema.version).then_some(made),
            now: options.now,
            returning,
        };
        let (mut outcomes, mut replaced) = (Vec::new(), Vec::new());
        while let Some(batch) = batch(edits) {
            let done = carry_out(&writer, &batch).map_err(fail)?;
            for (edit, (outcome, image)) in batch.into_iter().zip(done) {
                outcomes.push((edit.key, outcome));
                replaced.extend(image);
            }
            if began.elapsed() >= hold {
                break;
            }
        }
        if !replaced.is_empty() && !planted::makes(Mistake::KeepNoRows) {
            let unkept = |cause| side::Error::Unkept { path: options.path.clone(), cause };
            witness.keep(replaced).map_err(unkept)?;
        }
        in_place()?;
        transaction.commit().map_err(fail)?;
        // Again, since only what is in the file at the path may count as done.
        in_place()?;
        transactions.note(began.elapsed());
        Ok(outcomes)
    }
}

/// The edits that are carried out together: a run of memories that arrive, or one other edit.
fn batch(edits: &mut Peekable<impl Iterator<Item = Edit>>) -> Option<Vec<Edit>> {
    let mut batch = vec![edits.next()?];
    let mut bytes = arrival(&batch[0]);
    while let Some(more) = bytes.filter(|bytes| *bytes < BATCH_BYTES && batch.len() < BATCH)
        && let Some(edit) = edits.next_if(|edit| arrival(edit).is_some())
    {
        bytes = arrival(&edit).map(|length| more + length);
        batch.push(edit);
    }
    Some(batch)
}

/// The length of a memory that shall arrive as a new row; `None` for every other edit.
fn arrival(edit: &Edit) -> Option<usize> {
    edit.target
        .as_ref()
        .filter(|_| edit.expected.is_none() && edit.row.is_none())
        .map(|memory| memory.content.len())
}

/// Each edit, all of it or nothing; the error is one that concerns the whole database.
fn carry_out(writer: &Writer<'_>, batch: &[Edit]) -> rusqlite::Result<Vec<Done>> {
    match attempt(writer, batch)? {
        Ok(outcomes) => Ok(outcomes),
        Err(reason) if batch.len() == 1 => Ok(vec![(Outcome::Failed { reason }, None)]),
        // One of them will not go in; find out which.
        Err(_) => {
            let each = batch.iter().map(|edit| carry_out(writer, slice::from_ref(edit)));
            each.collect::<Result<Vec<_>, _>>().map(|outcomes| outcomes.concat())
        }
    }
}

/// All edits or none; the inner error says why one of them will not go in.
fn attempt(writer: &Writer<'_>, edits: &[Edit]) -> rusqlite::Result<Result<Vec<Done>, String>> {
    let execute = |sql| writer.rows.connection.prepare_cached(sql)?.execute([]);
    execute("SAVEPOINT edits")?;
    let outcomes = match writer.carry_out(edits) {
        Ok(outcomes) => Ok(outcomes),
        Err(error) if error::concerns_one_memory(&error) => {
            execute("ROLLBACK TO edits")?;
            Err(error.to_string())
        }
        Err(error) => return Err(error),
    };
    execute("RELEASE edits")?;
    Ok(outcomes)
}
