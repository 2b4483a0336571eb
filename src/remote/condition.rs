//! Writes that the server carries out only while it still holds what the edit was compared with.
//!
//! A memory is compared in one request and written in a later one. What another device writes in between
//! would be lost, and a server without conditions leaves no way to shut that window: asking once more right
//! before the write (see [`super::write`]) makes it as small as one round trip.
//!
//! A server whose `/openapi.json` says `"x-memsync": {"conditional_writes": 1}` shuts it:
//! - The entity tag of each memory that is to be written over is fetched *before* the reading that the edit
//!   is compared with, and goes with the write as `If-Match`. So a tag is never newer than what was compared,
//!   and whatever was written since the tag was given makes the server answer 412 and write nothing. (A tag
//!   that is fetched after the reading may stand for a version that nobody compared.)
//! - What is to be created goes with `If-None-Match: *`.
//! - Where one edit takes two writes, the second goes with the tag that the first was answered with.
//! - An event has no headers: it says the same in its members `if_match` and `if_none_match`, and is answered
//!   `precondition_failed`.
//!
//! A write whose answer got lost is sent again and then fails by its own success. So a failed condition is
//! judged by what is read back: what was wanted is done, everything else is stale.
//!
//! A memory whose tag cannot be had (its name fits no endpoint, a proxy made its tags weak) is written as on a
//! server without conditions. So is every memory where the announced number is another than 1: then writes
//! depend on something else, and asking once more is better than a condition that may mean nothing there.
//!
//! A tag says nothing of time: a memory that was changed before the reading and changed back to the very same
//! after it passes for unchanged.

use std::collections::HashMap;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use reqwest::header::{ACCEPT_ENCODING, HeaderName, IF_MATCH, IF_NONE_MATCH};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::attempt::settle;
use super::failure::Failure;
use super::{IN_FLIGHT, Remote, address};
use crate::object::{ContentHash, Edit};

/// What must hold on the server for a write to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// There is no memory of this name.
    Absent,
    /// The memory's entity tag is still this one, quotes included.
    Unchanged(String),
}

/// The conditions of a round of edits. One that is not here is carried out without.
pub(super) type Conditions = HashMap<ContentHash, Condition>;

/// Asks for an answer as it is: a proxy that compresses one may give it another entity tag.
const AS_IT_IS: (HeaderName, &str) = (ACCEPT_ENCODING, "identity");

/// Whether a server that says this about itself takes conditions.
pub(super) fn are_understood(extensions: &Value) -> bool {
    extensions["conditional_writes"] == 1
}

/// The headers of a write.
pub(super) fn headers(condition: Option<&Condition>) -> Vec<(HeaderName, &str)> {
    match condition {
        None => Vec::new(),
        Some(Condition::Absent) => vec![(IF_NONE_MATCH, "*"), AS_IT_IS],
        Some(Condition::Unchanged(etag)) => vec![(IF_MATCH, etag), AS_IT_IS],
    }
}

impl Condition {
    /// The member of an event that says the same.
    pub(super) fn event_member(&self) -> (&'static str, &str) {
        match self {
            Self::Absent => ("if_none_match", "*"),
            Self::Unchanged(etag) => ("if_match", etag),
        }
    }
}

impl Remote {
    /// The conditions for `edits`. To be called before the reading that they are compared with.
    pub(super) async fn conditions(&self, edits: &[Edit]) -> Result<Conditions, Failure> {
        if !self.has_conditions.get() {
            return Ok(Conditions::new());
        }
        let conditions: Vec<_> = stream::iter(edits)
            .map(|edit| async move { Ok((&edit.key, self.condition(edit).await?)) })
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await?;
        Ok(conditions.into_iter().filter_map(|(key, condition)| Some((key.clone(), condition?))).collect())
    }

    async fn condition(&self, edit: &Edit) -> Result<Option<Condition>, Failure> {
        if edit.expected.is_none() {
            return Ok(Some(Condition::Absent));
        }
        let Some(endpoint) = address::memory_endpoint(&edit.key) else {
            // There is no way to ask.
            return Ok(None);
        };
        let endpoint = format!("{endpoint}?store=all");
        match self.client.send(Method::GET, &endpoint, None, &[AS_IT_IS]).await {
            Ok(answer) => Ok(answer.etag.map(Condition::Unchanged)),
            Err(failure) if failure.status() == Some(StatusCode::NOT_FOUND) => Ok(Some(Condition::Absent)),
            // What is wrong with this one memory shows when it is compared and written.
            Err(failure) => settle(failure).map(|_| None),
        }
    }
}
