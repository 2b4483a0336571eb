//! What the entries of one memory come to, whatever order they arrived in.
//!
//! Guarantees: pure functions of the set of entries, so that every peer that holds the same entries holds the
//! same memory. The rules are those of mcp-memory-service 12.2.0.
//!
//! Must never: look at the memory's row, or at a clock.

use std::cmp::Reverse;

use rusqlite::Row;
use serde_json::{Map, Value};

use super::log::Operation;

/// A hybrid logical clock: later is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Clock {
    /// Milliseconds since 1970.
    pub(super) physical: i64,
    /// Counts what happens within one millisecond, or while the computer's clock is behind.
    pub(super) logical: i64,
}

/// An entry of the log, as far as it decides about its memory.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) clock: Clock,
    pub(super) agent_id: Option<String>,
    pub(super) event_id: String,
    /// `None` for what is not known here, which changes nothing.
    pub(super) operation: Option<Operation>,
    /// Empty where it is no JSON object.
    pub(super) payload: Map<String, Value>,
}

impl Entry {
    /// Reads a row of `hlc_physical, hlc_logical, agent_id, event_id, op, payload`.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let number = |index| row.get_ref(index).map(|value| value.as_i64().unwrap_or(0));
        let text = |index| -> rusqlite::Result<String> {
            Ok(row.get_ref(index)?.as_str().unwrap_or_default().to_owned())
        };
        Ok(Self {
            clock: Clock { physical: number(0)?, logical: number(1)? },
            agent_id: row.get_ref(2)?.as_str().ok().map(str::to_owned),
            event_id: text(3)?,
            operation: Operation::from_name(&text(4)?),
            payload: serde_json::from_str(&text(5)?).unwrap_or_default(),
        })
    }

    /// Of entries that contradict each other the least counts: the later one, a deletion where both are
    /// equally late, and then by author and id, so that the order is total.
    pub(super) fn rank(&self) -> impl Ord + use<'_> {
        let Self { clock, agent_id, event_id, operation, .. } = self;
        let lives = *operation != Some(Operation::Delete);
        (Reverse(*clock), lives, agent_id.is_none(), agent_id.as_deref(), event_id.as_str())
    }
}
