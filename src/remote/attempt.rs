//! How far an edit got, and what became of it: the answers of the server, and then what is read back, turned
//! into an outcome.

use reqwest::StatusCode;
use serde_json::Value;

use super::failure::{Failure, describe, quote};
use super::read::Known;
use super::record::Row;
use crate::object::{Edit, Memory, Outcome, Refusal};
use crate::planted::{self, Mistake};

/// How far an edit got before it is read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// Nothing will change this any more.
    Final(Outcome),
    /// The server was told.
    Written,
    /// The server was told by an event that replaces a whole memory. It acknowledges one that is older than
    /// what it holds just the same, and carries nothing of it out.
    Replaced,
    /// The server said that it holds the text already, perhaps because an answer got lost and the memory
    /// was sent twice.
    Doubled,
    /// The server wrote nothing because the memory is not as it was compared, perhaps because an answer got
    /// lost and the write was sent twice.
    Unmet,
}

/// Judges an attempt by what was read back.
pub(super) fn confirm(edit: &Edit, attempt: Attempt, known: Option<&Known>) -> Outcome {
    let doubled = attempt == Attempt::Doubled;
    let row = known.map(|known| &known.row);
    let holds = match row {
        Some(Row::Live(record)) => Some(record.memory().id()),
        Some(Row::Tombstone | Row::Unreadable(_)) | None => None,
    };
    let wanted = edit.target.as_ref().map(Memory::id);
    let is_written = matches!(attempt, Attempt::Written | Attempt::Replaced);
    if is_written && planted::makes(Mistake::SkipTheReadBack) {
        return Outcome::Done { now: edit.target.clone() };
    }
    match attempt {
        Attempt::Final(outcome) => return outcome,
        Attempt::Unmet if holds != wanted => return Outcome::Stale,
        Attempt::Replaced if holds == edit.expected && holds != wanted => return Outcome::Stale,
        Attempt::Unmet | Attempt::Doubled | Attempt::Written | Attempt::Replaced => {}
    }
    match (&edit.target, row) {
        (_, Some(Row::Unreadable(why))) => {
            Outcome::Failed { reason: format!("it cannot be read back: {why}") }
        }
        (Some(target), Some(Row::Live(record))) => {
            let now = record.memory();
            let ours = now.content == target.content && (!doubled || now.created_at == target.created_at);
            if ours { Outcome::Done { now: Some(now.clone()) } } else { Outcome::Stale }
        }
        (Some(target), Some(Row::Tombstone) | None) if planted::makes(Mistake::BelieveA200) => {
            Outcome::Done { now: Some(target.clone()) }
        }
        (Some(_), Some(Row::Tombstone) | None) => {
            Outcome::Failed { reason: "the server did not keep it".to_owned() }
        }
        (None, Some(Row::Live(_))) => Outcome::Failed { reason: "the server still holds it".to_owned() },
        (None, Some(Row::Tombstone) | None) => Outcome::Done { now: None },
    }
}

/// What a failed request means for the one memory that it was about; an error where it means more.
pub(super) fn settle(failure: Failure) -> Result<Attempt, Failure> {
    if failure.status() == Some(StatusCode::PRECONDITION_FAILED) {
        return Ok(Attempt::Unmet);
    }
    let outcome = match &failure {
        Failure::Status { status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, .. }
        | Failure::Transport(_)
        | Failure::Certificate(_)
        | Failure::Spool(_)
        | Failure::Busy { .. } => return Err(failure),
        Failure::Malformed(_) => Outcome::Failed { reason: describe(&failure) },
        Failure::Status { .. } if failure.is_transient() => Outcome::Failed { reason: describe(&failure) },
        Failure::Status { .. } => Outcome::Refused(Refusal::Rejected(describe(&failure))),
    };
    Ok(Attempt::Final(outcome))
}

/// The outcome of an answer that says `success: false`.
pub(super) fn failed(answer: &Value) -> Attempt {
    let words = answer["message"].as_str().unwrap_or("the server says that it failed, not why");
    Attempt::Final(Outcome::Failed { reason: quote(words) })
}

/// What becomes of a memory whose name no endpoint takes.
pub(super) fn unaskable() -> Attempt {
    let why = "the server's API has no way to name this memory".to_owned();
    Attempt::Final(Outcome::Refused(Refusal::Unrepresentable(why)))
}
