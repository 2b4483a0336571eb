//! Creating memories: by events where the server takes them, by POST elsewhere.
//!
//! An event keeps the name, time, store, type and spelling of tags, and the server looks for no similar
//! memory. POST stamps its own time (the memory's travels in the `memsync` member), names the memory by its
//! text, rewrites tags and type (the PUT that follows puts them right as far as it can), and refuses a text
//! that is similar to another of the last day, unless a conversation id says that this is meant.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::condition::{self, Condition, Conditions};
use super::failure::Failure;
use super::read::{Known, Rows};
use super::record::{self, Record};
use super::trust::sha256;
use super::write::{Attempt, Step, failed, settle};
use super::{IN_FLIGHT, Remote};
use crate::object::{ContentHash, Edit, Memory, Outcome, Refusal};

/// The most events in one request.
const BATCH_EVENTS: usize = 200;

/// The most bytes in one request, unless one event alone has more. 12.2.0 refuses bodies above 1 MiB.
const BATCH_BYTES: usize = 900 * 1024;

/// An event, ready to be sent.
struct Ready<'a> {
    /// Which edit it carries out.
    index: usize,
    /// The live memory that it replaces without a condition.
    unguarded: Option<&'a Record>,
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
    /// Sends all edits that are creations or replacements as events, and notes their attempts. `false`
    /// where the server takes no events from this device: then some may lack an attempt.
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
                let unguarded = record.filter(|_| condition.is_none());
                ready.push(Ready { index, unguarded, json: event.to_string() });
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
                let attempt = match event.unguarded {
                    Some(record) => self.overtaken(&edits[event.index], record).await?,
                    None => None,
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

    /// Creates a memory by POST. A `conversation_id` keeps the server from looking for similar ones.
    pub(super) async fn post(
        &self,
        key: &ContentHash,
        target: &Memory,
        conversation_id: Option<&str>,
        condition: Option<&Condition>,
    ) -> Result<Attempt, Failure> {
        if let Err(refusal) = check_name(key, target) {
            return Ok(Attempt::Final(Outcome::Refused(refusal)));
        }
        let body = record::post_body(target, &self.device, conversation_id);
        let headers = condition::headers(condition);
        let answer = self.client.send(Method::POST, "/api/memories", Some(body.to_string()), &headers).await;
        let read = answer.and_then(|answer| Ok((answer.json::<Value>()?, answer.etag)));
        let (mut answer, etag) = match read {
            Ok(read) => read,
            // What an earlier POST created may still lack its PUT, and is ours all the same.
            Err(failure) if failure.status() == Some(StatusCode::PRECONDITION_FAILED) => {
                return Ok(Attempt::Doubled);
            }
            Err(failure) => return settle(failure),
        };
        if answer["success"] != Value::Bool(true) {
            return Ok(not_created(&answer));
        }
        if answer["content_hash"].as_str() != Some(key.as_str()) {
            let why = "the server split it into several memories of its own".to_owned();
            return Ok(Attempt::Final(Outcome::Refused(Refusal::Rejected(why))));
        }
        let Ok(record) = Record::decode(answer["memory"].take(), &self.bookkeeping) else {
            return Ok(Attempt::Written);
        };
        match record.changes(target, &self.bookkeeping) {
            Some(changes) => {
                // Without conditions the server's tag, if it gives one, means nothing.
                let condition = etag.filter(|_| condition.is_some()).map(Condition::Unchanged);
                self.put(&record, &changes, condition.as_ref()).await
            }
            None => Ok(Attempt::Written),
        }
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
        let unmet = result.status == "precondition_failed";
        attempts[event.index] = Some(if unmet { Attempt::Unmet } else { Attempt::Written });
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

/// Refuses a memory that POST would file under another name than its own.
fn check_name(key: &ContentHash, target: &Memory) -> Result<(), Refusal> {
    if content_hash(&target.content) == key.as_str() {
        return Ok(());
    }
    let why = "the server names a memory after its text, and this one has another name";
    Err(Refusal::Unrepresentable(why.to_owned()))
}

/// Whether two texts differ in letter case and surrounding space at most, so that the service gives them one
/// name.
pub(super) fn is_respelled(one: &str, other: &str) -> bool {
    content_hash(one) == content_hash(other)
}

/// The name that the service gives a text: the SHA-256 of what Python's `strip().lower()` makes of it.
fn content_hash(content: &str) -> String {
    // Python counts the four separators below as white space, Unicode's property does not.
    let is_space = |c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c);
    sha256(content.trim_matches(is_space).to_lowercase().as_bytes()).to_string()
}

/// The conversation that a memory is said to belong to, so that no similar memory stands in its way.
pub(super) fn conversation_of(target: &Memory, device: &str) -> String {
    let members = target.metadata.members();
    let own = members.and_then(|members| members.get("conversation_id")).and_then(Value::as_str);
    own.filter(|id| !id.is_empty()).map_or_else(|| format!("memsync-{device}"), str::to_owned)
}

/// What `success: false` means after a POST. The service says it in words only.
fn not_created(answer: &Value) -> Attempt {
    let message = answer["message"].as_str().unwrap_or_default();
    let similar = message.split_once("semantically similar to ").map(|(_, rest)| rest.trim_end_matches(')'));
    if let Some(Ok(to)) = similar.map(ContentHash::new) {
        return Attempt::Final(Outcome::Refused(Refusal::Similar { to }));
    }
    if message.contains("UNIQUE constraint failed: memories.content_hash") {
        let why = "it was deleted there, and this version of the server takes no deleted memory back";
        return Attempt::Final(Outcome::Refused(Refusal::Rejected(why.to_owned())));
    }
    if message.contains("(exact match)") { Attempt::Doubled } else { failed(answer) }
}
