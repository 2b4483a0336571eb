//! Creating and replacing memories by events, on servers that take them.
//!
//! An event keeps the name, time, store, type and spelling of tags, and the server looks for no similar
//! memory.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::attempt::{Attempt, settle};
use super::condition::{Condition, Conditions};
use super::failure::Failure;
use super::read::{Known, Rows};
use super::record::{self, Record};
use super::trust::sha256;
use super::write::Step;
use super::{IN_FLIGHT, Remote};
use crate::object::{ContentHash, Edit, Memory, Outcome};

/// The most events in one request.
const BATCH_EVENTS: usize = 200;

/// The most bytes in one request, unless one event alone has more. 12.2.0 refuses bodies above 1 MiB.
const BATCH_BYTES: usize = 900 * 1024;

/// An event, ready to be sent.
struct Ready<'a> {
    /// Which edit it carries out.
    index: usize,
    /// The live memory that it replaces.
    replaced: Option<&'a Record>,
    /// Whether it carries a condition.
    is_guarded: bool,
    json: String,
}

#[derive(Deserialize)]
struct Ingested {
    results: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    status: String,
}

impl Remote {
    /// Sends all edits that are creations or replacements as events, and notes their attempts; a creation that the
    /// server skips gets none. `false` where the server takes no events from this device: then more may lack one.
    pub(super) async fn push_events(
        &self,
        edits: &[Edit],
        rows: &Rows,
        conditions: &Conditions,
        attempts: &mut [Option<Attempt>],
    ) -> Result<bool, Failure> {
        let mut ready = Vec::new();
        for (index, edit) in edits.iter().enumerate() {
            let known = rows.get(&edit.key);
            if let Step::Event(target, record) = self.plan(edit, known) {
                let condition = conditions.get(&edit.key);
                let mut event = self.event(&edit.key, target, record, known);
                if let Some((name, value)) = condition.map(Condition::event_member) {
                    event[name] = json!(value);
                }
                let is_guarded = condition.is_some();
                ready.push(Ready { index, replaced: record, is_guarded, json: event.to_string() });
            }
        }
        let mut batches = batches(&ready);
        while let Some(batch) = batches.pop() {
            let batch = self.drop_overtaken(batch, edits, attempts).await?;
            if batch.is_empty() {
                continue;
            }
            match self.push(&batch).await {
                Ok(Ingested { results }) => {
                    let rest = note(&batch, &results, attempts);
                    batches.extend((!rest.is_empty()).then(|| rest.to_vec()));
                }
                Err(failure) if no_events_from_here(&failure) => return Ok(false),
                Err(failure) if batch.len() > 1 && !failure.is_transient() && failure.status().is_some() => {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    batches.extend([second.to_vec(), first.to_vec()]);
                }
                Err(failure) => {
                    let attempt = settle(failure)?;
                    for event in batch {
                        attempts[event.index] = Some(attempt.clone());
                    }
                }
            }
        }
        Ok(true)
    }

    /// Takes out of a batch what would replace a memory that changed since it was read, and notes that.
    async fn drop_overtaken<'a>(
        &self,
        batch: Vec<&'a Ready<'a>>,
        edits: &[Edit],
        attempts: &mut [Option<Attempt>],
    ) -> Result<Vec<&'a Ready<'a>>, Failure> {
        let checked: Vec<_> = stream::iter(batch)
            .map(|event| async move {
                let attempt = match event.replaced {
                    Some(record) if !event.is_guarded => self.overtaken(&edits[event.index], record).await?,
                    _ => None,
                };
                Ok((event, attempt))
            })
            .buffered(IN_FLIGHT)
            .try_collect()
            .await?;
        let mut rest = Vec::with_capacity(checked.len());
        for (event, attempt) in checked {
            match attempt {
                None => rest.push(event),
                overtaken => attempts[event.index] = overtaken,
            }
        }
        Ok(rest)
    }

    async fn push(&self, batch: &[&Ready<'_>]) -> Result<Ingested, Failure> {
        let events: Vec<&str> = batch.iter().map(|event| event.json.as_str()).collect();
        let body = format!("{{\"events\":[{}]}}", events.join(","));
        self.client.send(Method::POST, "/api/sync/events", Some(body), &[]).await?.json()
    }

    /// A create event with a clock ahead of everything that the server shows for this memory. The event's
    /// id follows from what it says, so that one that is sent twice is applied once.
    fn event(
        &self,
        key: &ContentHash,
        target: &Memory,
        record: Option<&Record>,
        known: Option<&Known>,
    ) -> Value {
        let seen = known.map_or(0, |known| known.clock);
        let clock = self.now_milliseconds().max(seen.saturating_add(1));
        let kept = record.map(|record| record.kept_members(&self.bookkeeping)).unwrap_or_default();
        json!({
            "schema_version": 1,
            "agent_id": self.device,
            "event_id": event_id(&[&self.device, key.as_str(), &target.id().to_string(), &clock.to_string()]),
            "op": "create",
            "content_hash": key.as_str(),
            "hlc_physical": clock,
            "hlc_logical": 0,
            "embedding_model": null,
            "embedding_dim": null,
            "payload": record::event_payload(key, target, kept, self.now),
        })
    }
}

/// Notes what became of the events of a batch; gives back those that are to be sent again.
fn note<'a, 'b>(
    batch: &'b [&'a Ready<'a>],
    results: &[Status],
    attempts: &mut [Option<Attempt>],
) -> &'b [&'a Ready<'a>] {
    // The server stops at the first event that fails, and goes on after one whose condition does.
    let accepted = results.iter().take_while(|result| result.status != "failed").count();
    let (answered, rest) = batch.split_at(accepted.min(batch.len()));
    for (event, result) in answered.iter().zip(results) {
        attempts[event.index] = match result.status.as_str() {
            "precondition_failed" => Some(Attempt::Unmet),
            _ if event.replaced.is_some() => Some(Attempt::Replaced),
            "skipped_duplicate" => None,
            _ => Some(Attempt::Written),
        };
    }
    let Some((culprit, rest)) = rest.split_first() else {
        return rest;
    };
    let reason = "the server failed to apply it".to_owned();
    attempts[culprit.index] = Some(Attempt::Final(Outcome::Failed { reason }));
    rest
}

/// Cuts events into requests, the first request last.
fn batches<'a>(ready: &'a [Ready<'a>]) -> Vec<Vec<&'a Ready<'a>>> {
    let mut batches = Vec::new();
    let mut start = 0;
    let mut bytes = 0;
    for (index, event) in ready.iter().enumerate() {
        let full = index - start == BATCH_EVENTS || bytes + event.json.len() > BATCH_BYTES;
        if full && index > start {
            batches.push(ready[start..index].iter().collect());
            (start, bytes) = (index, 0);
        }
        bytes += event.json.len();
    }
    if start < ready.len() {
        batches.push(ready[start..].iter().collect());
    }
    batches.reverse();
    batches
}

/// Whether a failed push says that this device's events are not wanted, or that there is no such endpoint.
fn no_events_from_here(failure: &Failure) -> bool {
    failure.status() == Some(StatusCode::FORBIDDEN) || failure.is_missing_endpoint()
}

/// A UUID that follows from `parts`.
fn event_id(parts: &[&str]) -> String {
    let hex = sha256(format!("memsync\0{}", parts.join("\0")).as_bytes()).to_string();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}
