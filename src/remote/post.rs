//! Creating memories by POST, on servers that take no events from this device.
//!
//! POST stamps its own time (the memory's travels in the `memsync` member), names the memory by its text,
//! rewrites tags and type (the PUT that follows puts them right as far as it can), and refuses a text that is
//! similar to another of the last day, unless a conversation id says that this is meant.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::Remote;
use super::attempt::{Attempt, failed, settle};
use super::condition::{self, Condition};
use super::failure::Failure;
use super::record::{self, Record};
use crate::local::service::content_hash;
use crate::object::{ContentHash, Memory, Outcome, Refusal};
use crate::planted::{self, Mistake};

impl Remote {
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
        let read = answer.and_then(|answer| Ok((answer.value()?, answer.etag)));
        let (mut answer, etag) = match read {
            Ok(read) => read,
            // What an earlier POST created may still lack its PUT, and is ours all the same.
            Err(failure) if failure.status() == Some(StatusCode::PRECONDITION_FAILED) => {
                return Ok(Attempt::Doubled);
            }
            Err(failure) => return settle(failure),
        };
        if answer["success"] != Value::Bool(true) {
            if planted::makes(Mistake::RetryACreateBlindly) {
                return Ok(Attempt::Final(Outcome::Done { now: Some(target.clone()) }));
            }
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

/// Refuses a memory that POST would file under another name than its own.
pub(super) fn check_name(key: &ContentHash, target: &Memory) -> Result<(), Refusal> {
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
