//! Carrying out edits: what was read is compared with what each edit expects, written, and judged by what
//! is read back afterwards. An answer of the server is never taken for the deed.
//!
//! A reading serves a whole round of edits. A server that takes conditions carries a write out only while it
//! still holds what was compared (see [`super::condition`]). The service takes none: there, just before each
//! write over something that lives, the server is asked whether that changed since, and what another device
//! writes between that answer and the write is lost.
//!
//! | edit | with the event endpoint | without |
//! |---|---|---|
//! | create | create event; where the server skips it, POST | POST, then PUT of what POST rewrote |
//! | other spelling or time | create event over the live memory | PUT, in the `memsync` member |
//! | other store or successor | create event over the live memory | left as they are |
//! | tags, type, metadata | PUT | PUT |
//! | delete | DELETE | DELETE |
//!
//! `update_metadata` events are never sent: the server folds them with a memory's older events and so takes
//! back what was changed by PUT in between. And a text is never changed by DELETE and POST: 10.20.6 takes no
//! memory back whose name it remembers as deleted, so the server would lose it for good.

use std::collections::HashSet;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use serde_json::value::RawValue;

use super::attempt::{Attempt, failed, settle, unaskable};
use super::condition::{self, Condition, Conditions};
use super::failure::Failure;
use super::read::{Known, Rows};
use super::record::{self, Record, Row};
use super::{IN_FLIGHT, Remote, address, pages, post};
use crate::object::{Edit, Memory, Outcome, Refusal};
use crate::planted::{self, Mistake};

/// What an edit needs.
pub(super) enum Step<'a> {
    Settled(Outcome),
    Event(&'a Memory, Option<&'a Record>),
    Post(&'a Memory),
    Put(Value, &'a Record),
    Delete(&'a Record),
}

impl Remote {
    /// Carries out `edits` on what `rows` says that the server holds; an attempt for each, in their order.
    pub(super) async fn write(
        &self,
        edits: &[Edit],
        rows: &Rows,
        conditions: &Conditions,
    ) -> Result<Vec<Attempt>, Failure> {
        let mut attempts = vec![None; edits.len()];
        if self.has_events.get() && !self.push_events(edits, rows, conditions, &mut attempts).await? {
            // The server takes no events from this device: what they were for is planned again without.
            self.has_events.set(false);
        }
        let open = edits.iter().enumerate().filter(|(index, _)| attempts[*index].is_none());
        let done: Vec<_> = stream::iter(open.collect::<Vec<_>>())
            .map(|(index, edit)| async move {
                let step = self.plan(edit, rows.get(&edit.key));
                Ok((index, self.carry_out(edit, step, conditions.get(&edit.key)).await?))
            })
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await?;
        for (index, attempt) in done {
            attempts[index] = Some(attempt);
        }
        Ok(attempts.into_iter().flatten().collect())
    }

    /// Compares an edit with what the server holds, and chooses how to carry it out.
    pub(super) fn plan<'a>(&self, edit: &'a Edit, known: Option<&'a Known>) -> Step<'a> {
        let current = match known.map(|known| &known.row) {
            Some(Row::Unreadable(why)) => {
                return Step::Settled(Outcome::Failed { reason: format!("it cannot be read: {why}") });
            }
            Some(Row::Live(record)) => Some(record.as_ref()),
            Some(Row::Tombstone) | None => None,
        };
        if edit.target.is_none() && current.is_none() {
            return Step::Settled(Outcome::Done { now: None });
        }
        let is_expected = current.map(|record| record.memory().id()) == edit.expected;
        if !is_expected && !planted::makes(Mistake::OverwriteRemotely) {
            return Step::Settled(Outcome::Stale);
        }
        match (current, &edit.target) {
            (Some(record), None) => Step::Delete(record),
            (_, Some(target)) => match record::check(target) {
                Err(refusal) => Step::Settled(Outcome::Refused(refusal)),
                Ok(()) => self.plan_target(current, target),
            },
            (None, None) => Step::Settled(Outcome::Done { now: None }),
        }
    }

    fn plan_target<'a>(&self, current: Option<&'a Record>, target: &'a Memory) -> Step<'a> {
        let Some(record) = current else {
            return if self.has_events.get() { Step::Event(target, None) } else { Step::Post(target) };
        };
        let now = record.memory();
        let other_text = now.content != target.content;
        let other_place = now.created_at != target.created_at
            || now.store != target.store
            || now.superseded_by != target.superseded_by;
        if self.has_events.get() && (other_text || other_place) {
            return Step::Event(target, Some(record));
        }
        if other_text && !post::is_respelled(&now.content, &target.content) {
            let why = "this server has no way to give a memory another text";
            return Step::Settled(Outcome::Refused(Refusal::Unrepresentable(why.to_owned())));
        }
        match record.changes(target, &self.bookkeeping) {
            Some(body) => Step::Put(body, record),
            None => Step::Settled(Outcome::Done { now: Some(now.clone()) }),
        }
    }

    async fn carry_out(
        &self,
        edit: &Edit,
        step: Step<'_>,
        condition: Option<&Condition>,
    ) -> Result<Attempt, Failure> {
        if condition.is_none()
            && let Step::Put(_, record) | Step::Delete(record) = step
            && let Some(attempt) = self.overtaken(edit, record).await?
        {
            return Ok(attempt);
        }
        match step {
            Step::Settled(outcome) => Ok(Attempt::Final(outcome)),
            Step::Put(body, record) => self.put(record, &body, condition).await,
            Step::Delete(record) => self.delete(record, condition).await,
            Step::Post(target) => {
                let apart = (!self.deduplicate).then(|| post::conversation_of(target, &self.device));
                self.post(&edit.key, target, apart.as_deref(), condition).await
            }
            // The server has skipped it: as one that was sent twice, or because its log knows a later clock for the
            // name, left by a device that was ahead, which nothing shows once the memory's trace is purged. POST needs
            // no clock; what it cannot make, reading back judges.
            Step::Event(target, None) if post::check_name(&edit.key, target).is_ok() => {
                Box::pin(self.carry_out(edit, Step::Post(target), condition)).await
            }
            Step::Event(_, None) => Ok(Attempt::Written),
            Step::Event(..) => {
                let reason = "the server stopped taking events".to_owned();
                Ok(Attempt::Final(Outcome::Failed { reason }))
            }
        }
    }

    /// What becomes of an edit that must not be written, because the server no longer holds what it was
    /// compared with; `None` where it may be. REST and the baseline show the same `updated_at` to the last
    /// digit, and asking does not change it; but a PUT of tags, type or metadata does not either, so that what
    /// the memory holds is compared too.
    pub(super) async fn overtaken(&self, edit: &Edit, record: &Record) -> Result<Option<Attempt>, Failure> {
        let Some(endpoint) = address::memory_endpoint(&record.held.key) else {
            // There is no way to ask.
            return Ok(None);
        };
        let endpoint = format!("{endpoint}?store=all");
        let seen = match self.shown(&endpoint).await {
            Ok(seen) => seen,
            Err(failure) if failure.status() == Some(StatusCode::NOT_FOUND) => {
                // For a deletion, reading back decides.
                let is_deletion = edit.target.is_none();
                return Ok(Some(if is_deletion { Attempt::Written } else { Attempt::Final(Outcome::Stale) }));
            }
            Err(failure) => return settle(failure).map(Some),
        };
        // REST makes up a time for a row that has none: then it cannot be compared.
        let read = record.held.updated_at;
        let same_time = read.is_none() || seen.held.updated_at == read;
        let is_shown = record.is_shown_as(&seen) || planted::makes(Mistake::CompareUpdatedAt);
        let same_version = seen.held.key == record.held.key
            && (same_time || self.makes_up_times(&endpoint, &seen).await?)
            && (is_shown || self.still_holds(edit).await?);
        Ok((!same_version).then_some(Attempt::Final(Outcome::Stale)))
    }

    /// One memory as REST shows it.
    async fn shown(&self, endpoint: &str) -> Result<Record, Failure> {
        let item = self.client.get::<Box<RawValue>>(endpoint).await?;
        pages::decode(&item, &self.bookkeeping).map_err(|(_, why)| Failure::Malformed(why))
    }

    /// Whether REST shows the present time for this memory, another one each time, as it does where a row's
    /// times contradict each other.
    async fn makes_up_times(&self, endpoint: &str, seen: &Record) -> Result<bool, Failure> {
        match self.shown(endpoint).await {
            Ok(again) => Ok(again.held.key == seen.held.key && again.held.updated_at != seen.held.updated_at),
            Err(failure) if failure.status().is_some() => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Whether a reading as the edit was compared with shows the same once more: what REST shows otherwise is
    /// then the service's own wording.
    async fn still_holds(&self, edit: &Edit) -> Result<bool, Failure> {
        let rows = self.read(HashSet::from([&edit.key])).await?;
        let row = rows.get(&edit.key).map(|known| &known.row);
        Ok(matches!(row, Some(Row::Live(record)) if Some(record.memory().id()) == edit.expected))
    }

    /// Sends a PUT for what differs.
    pub(super) async fn put(
        &self,
        record: &Record,
        body: &Value,
        condition: Option<&Condition>,
    ) -> Result<Attempt, Failure> {
        let Some(endpoint) = address::memory_endpoint(&record.held.key) else {
            return Ok(unaskable());
        };
        let endpoint = format!("{endpoint}{}", record.store_query());
        let headers = condition::headers(condition);
        let answer = self.client.send(Method::PUT, &endpoint, Some(body.to_string()), &headers).await;
        match answer.and_then(|answer| answer.value()) {
            Ok(answer) if answer["success"] == Value::Bool(false) => Ok(failed(&answer)),
            Ok(_) => Ok(Attempt::Written),
            Err(failure) if failure.status() == Some(StatusCode::NOT_FOUND) => {
                Ok(Attempt::Final(Outcome::Stale))
            }
            Err(failure) => settle(failure),
        }
    }

    async fn delete(&self, record: &Record, condition: Option<&Condition>) -> Result<Attempt, Failure> {
        let Some(endpoint) = address::memory_endpoint(&record.held.key) else {
            return Ok(unaskable());
        };
        let endpoint = format!("{endpoint}{}", record.store_query());
        let answer = self.client.send(Method::DELETE, &endpoint, None, &condition::headers(condition)).await;
        match answer.and_then(|answer| answer.value()) {
            // Absent already, as 10.x (`success: false`) or 12.x (404) says it: reading back decides.
            Ok(_) => Ok(Attempt::Written),
            Err(failure) if failure.status() == Some(StatusCode::NOT_FOUND) => Ok(Attempt::Written),
            Err(failure) => settle(failure),
        }
    }
}
