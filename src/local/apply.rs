//! Carries out edits in short transactions, so that the service can write between any two of them.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::TransactionBehavior;

use crate::embed::Maker;
use crate::object::{ContentHash, Edit, Outcome};
use crate::side;

use super::write::Writer;
use super::{Database, error, open};

/// After this time no further edit joins a transaction.
pub(super) const HOLD: Duration = Duration::from_millis(30);

/// How long the database is left to others between two transactions. Who waits for SQLite's lock looks at
/// it again and again, at most 100 ms apart, and gives up after some seconds: without a gap it may never
/// find the lock free.
const PAUSE: Duration = Duration::from_millis(15);

/// How the edits so far were grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transactions {
    /// How many transactions were committed.
    pub count: u64,
    /// For how long the longest of them held the write lock, its commit included.
    pub longest: Duration,
}

impl Database {
    pub(super) fn apply_edits(
        &mut self,
        edits: Vec<Edit>,
        report: &mut dyn FnMut(ContentHash, Outcome),
    ) -> Result<(), side::Error> {
        let maker = self.maker()?;
        let mut edits = edits.into_iter().peekable();
        while edits.peek().is_some() {
            for (key, outcome) in self.transaction(maker, &mut edits)? {
                report(key, outcome);
            }
            if edits.peek().is_some() {
                thread::sleep(PAUSE);
            }
        }
        Ok(())
    }

    /// One transaction with as many of `edits` as fit in; what came of each is final when this returns.
    fn transaction(
        &mut self,
        maker: Maker,
        edits: &mut impl Iterator<Item = Edit>,
    ) -> Result<Vec<(ContentHash, Outcome)>, side::Error> {
        let Self { connection, options, schema, hold, transactions } = self;
        let fail = |error| error::writing(&options.path, error);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let began = Instant::now();
        open::refresh(&transaction, schema, &options.path)?;
        let writer = Writer {
            connection: &transaction,
            schema,
            bookkeeping: &options.bookkeeping,
            maker,
            now: options.now,
        };
        let mut outcomes = Vec::new();
        for edit in edits {
            let outcome = carry_out(&writer, &edit).map_err(fail)?;
            outcomes.push((edit.key, outcome));
            if began.elapsed() >= *hold {
                break;
            }
        }
        transaction.commit().map_err(fail)?;
        transactions.count += 1;
        transactions.longest = transactions.longest.max(began.elapsed());
        Ok(outcomes)
    }
}

/// One edit, all of it or nothing; the error is one that concerns the whole database.
fn carry_out(writer: &Writer<'_>, edit: &Edit) -> rusqlite::Result<Outcome> {
    let execute = |sql| writer.connection.prepare_cached(sql)?.execute([]);
    execute("SAVEPOINT edit")?;
    let outcome = match writer.carry_out(edit) {
        Ok(outcome) => outcome,
        Err(error) if error::concerns_one_memory(&error) => {
            execute("ROLLBACK TO edit")?;
            Outcome::Failed { reason: error.to_string() }
        }
        Err(error) => return Err(error),
    };
    execute("RELEASE edit")?;
    Ok(outcome)
}
