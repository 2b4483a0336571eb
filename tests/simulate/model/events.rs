//! The event log of 12.2.0: what is pushed to it, what it hands out, and the baseline.
//!
//! The log holds what was pushed, nothing of what came over REST: `MCP_SYNC_EVENTLOG` is off, as it is by default.

use serde_json::{Map, Value, json};

use super::fold::{self, Entry, Liveness};
use super::{Request, Response, Row, Server, moment, rewrite};

/// Every event that was ever pushed, in the order of arrival.
#[derive(Clone, Debug, Default)]
pub(super) struct Log(Vec<Entry>);

/// What became of an event, in the service's words.
type Status = &'static str;

const APPLIED: Status = "applied";
const SKIPPED: Status = "skipped_duplicate";
const FAILED: Status = "failed";

impl Server {
    pub(super) fn ingest(&mut self, request: &Request, now: f64) -> Response {
        let events = request.body["events"].as_array().cloned().unwrap_or_default();
        let is_anonymous =
            |event: &Value| rewrite::strip(event["agent_id"].as_str().unwrap_or_default()).is_empty();
        if events.iter().any(is_anonymous) {
            return Response::error(403, "event missing agent_id");
        }
        let mut statuses: Vec<Status> = Vec::new();
        for event in &events {
            let has_failed = statuses.last() == Some(&FAILED);
            statuses.push(if has_failed { FAILED } else { self.apply(event, now) });
        }
        let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        let results = events.iter().zip(&statuses).map(|(event, status)| {
            json!({ "event_id": event["event_id"].as_str().unwrap_or_default(), "status": status })
        });
        Response::ok(json!({
            "results": results.collect::<Vec<_>>(),
            "applied": count(APPLIED), "skipped": count(SKIPPED), "failed": count(FAILED),
        }))
    }

    fn apply(&mut self, event: &Value, now: f64) -> Status {
        let Some(mut entry) = Entry::read(event) else { return FAILED };
        if event["schema_version"].as_i64().unwrap_or(1) > 1 {
            return FAILED;
        }
        let known = self.log.0.iter_mut().find(|known| known.is_same_event(&entry));
        match known {
            Some(known) if known.may_be_mended_by(&entry) => {
                known.payload.insert("content".to_owned(), entry.payload["content"].clone());
                entry.payload = known.payload.clone();
            }
            // Whether it says the same or not: the first version stays.
            Some(_) => return SKIPPED,
            None => self.log.0.push(entry.clone()),
        }
        self.resolve(&entry, now)
    }

    /// Carries out what the log comes to, now that `entry` is in it.
    fn resolve(&mut self, entry: &Entry, now: f64) -> Status {
        let entries = self.entries(&entry.content_hash);
        let leading = entries.iter().chain([entry]).min_by_key(|entry| entry.rank());
        let wins = leading.is_some_and(|leading| leading.is_same_event(entry));
        match entry.op.as_str() {
            "update_metadata" => {
                self.put_fields(entry, &entries, now);
                APPLIED
            }
            "create" if wins && entry.content().is_empty() => SKIPPED,
            "create" if wins => {
                self.insert(new_row(entry, now));
                self.put_liveness(&entry.content_hash, &entries, now);
                APPLIED
            }
            "create" | "delete" => {
                self.put_liveness(&entry.content_hash, &entries, now);
                if wins { APPLIED } else { SKIPPED }
            }
            _ if wins => FAILED,
            _ => SKIPPED,
        }
    }

    /// The entries about one memory.
    fn entries(&self, hash: &str) -> Vec<Entry> {
        self.log.0.iter().filter(|entry| entry.content_hash == hash).cloned().collect()
    }

    fn put_liveness(&mut self, hash: &str, entries: &[Entry], now: f64) {
        let Some(row) = self.find_mut(hash) else { return };
        match fold::liveness(entries) {
            Liveness::Unsaid => {}
            Liveness::Live => row.deleted_at = None,
            Liveness::Dead(moment) => row.deleted_at = Some(moment.unwrap_or(now)),
        }
    }

    /// What all entries since the memory was made come to. This is the trap: what REST changed in between is undone.
    fn put_fields(&mut self, entry: &Entry, entries: &[Entry], now: f64) {
        let Some(row) = self.find_mut(&entry.content_hash).filter(|row| row.is_live()) else { return };
        let fields = fold::fields(entries);
        if let Some(tags) = fields.tags {
            row.tags = column(&tags);
        }
        if let Some(memory_type) = fields.memory_type {
            row.memory_type = memory_type.as_str().map(str::to_owned);
        }
        row.metadata.extend(fields.metadata);
        let own = entry.payload.get("updated_at").map_or(Some(now), Value::as_f64);
        let updated_at = fields.updated_at.or(own);
        row.updated = (updated_at, moment::iso_seconds(updated_at.unwrap_or(now)));
    }

    pub(super) fn feed(&self, request: &Request) -> Response {
        let since = request.number("since_seq", 0);
        let limit = usize::try_from(request.number("limit", 100)).unwrap_or(0);
        if limit == 0 {
            return Response::error(500, "Internal server error");
        }
        let skipped = usize::try_from(since).unwrap_or(0);
        let shown: Vec<Value> = (1_i64..)
            .zip(&self.log.0)
            .skip(skipped)
            .take(limit)
            .map(|(seq, entry)| self.logged(seq, entry))
            .collect();
        let next_seq = shown.last().map_or(json!(since), |event| event["seq"].clone());
        let has_more = self.log.0.len() > skipped + shown.len() && !shown.is_empty();
        Response::ok(json!({ "events": shown, "next_seq": next_seq, "has_more": has_more }))
    }

    /// An entry as the log hands it out: a create with the memory's present text.
    fn logged(&self, seq: i64, entry: &Entry) -> Value {
        let mut payload = entry.payload.clone();
        let row = self.find(&entry.content_hash).map(|(_, row)| row).filter(|row| row.is_live());
        if let Some(row) = row.filter(|row| entry.op == "create" && !row.content.is_empty()) {
            payload.insert("content".to_owned(), json!(row.content));
        }
        json!({
            "seq": seq,
            "schema_version": 1,
            "event_id": entry.event_id,
            "op": entry.op,
            "content_hash": entry.content_hash,
            "agent_id": entry.agent_id,
            "hlc_physical": entry.physical,
            "hlc_logical": entry.logical,
            "embedding_model": entry.embedding.0,
            "embedding_dim": entry.embedding.1,
            "payload": payload,
        })
    }

    pub(super) fn baseline(&self) -> Response {
        let events: Vec<Value> = self.rows.values().map(|row| self.baseline_event(row)).collect();
        let (watermark, count) = (self.log.0.len(), events.len());
        Response::ok(json!({ "events": events, "watermark": watermark, "count": count }))
    }

    fn baseline_event(&self, row: &Row) -> Value {
        let clock = self.entries(&row.content_hash).iter().map(|entry| (entry.physical, entry.logical)).max();
        let (physical, logical) = clock.unwrap_or((milliseconds(row.created.0), 0));
        let (op, payload) = match row.deleted_at {
            Some(deleted_at) => {
                ("delete", json!({ "content_hash": row.content_hash, "deleted_at": deleted_at }))
            }
            None => ("create", baseline_payload(row)),
        };
        let agent_id = row.metadata.get("agent_id").and_then(Value::as_str).filter(|agent| !agent.is_empty());
        json!({
            "schema_version": 1,
            "agent_id": agent_id.unwrap_or("unattributed"),
            "event_id": baseline_id(row, op),
            "op": op,
            "content_hash": row.content_hash,
            "hlc_physical": physical,
            "hlc_logical": logical,
            "embedding_model": null,
            "embedding_dim": null,
            "payload": payload,
        })
    }
}

/// The row that a create makes.
fn new_row(entry: &Entry, now: f64) -> Row {
    let payload = &entry.payload;
    let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
    let created_at = payload.get("created_at").map_or(Some(now), Value::as_f64);
    let updated_at = payload.get("updated_at").map_or(created_at, Value::as_f64);
    let with_text = |moment: Option<f64>| (moment, moment::iso_seconds(moment.unwrap_or(now)));
    Row {
        content_hash: entry.content_hash.clone(),
        content: entry.content().to_owned(),
        tags: payload.get("tags").map(column).unwrap_or_default(),
        memory_type: if payload.contains_key("memory_type") {
            text("memory_type")
        } else {
            Some("general".to_owned())
        },
        metadata: rewrite::numbers(
            payload.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
        ),
        created: with_text(created_at),
        updated: with_text(updated_at),
        deleted_at: None,
        store: text("store").filter(|store| !store.is_empty()).unwrap_or_else(|| "default".to_owned()),
        superseded_by: text("superseded_by"),
        has_vector: true,
    }
}

/// The column that a list of tags makes.
fn column(tags: &Value) -> String {
    match tags {
        Value::Array(tags) => tags.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        Value::String(text) => text.clone(),
        _ => String::new(),
    }
}

fn baseline_payload(row: &Row) -> Value {
    json!({
        "content_hash": row.content_hash,
        "content": row.content,
        "memory_type": row.memory_type,
        "tags": rewrite::split(&row.tags),
        "created_at": row.created.0,
        "updated_at": row.updated.0,
        "metadata": row.metadata,
        "store": if row.store.is_empty() { "default" } else { row.store.as_str() },
        "superseded_by": row.superseded_by,
    })
}

/// The same as long as the row is.
fn baseline_id(row: &Row, op: &str) -> String {
    let updated_at = row.updated.0.map_or_else(|| "None".to_owned(), |seconds| format!("{seconds:?}"));
    let digest = rewrite::digest(format!("baseline:{op}:{}:{updated_at}", row.content_hash).as_bytes());
    format!("bl-{}", &digest[..32])
}

#[expect(clippy::cast_possible_truncation, reason = "the service cuts it, too")]
fn milliseconds(seconds: Option<f64>) -> i64 {
    (seconds.unwrap_or(0.0) * 1000.0) as i64
}

impl Entry {
    /// Reads an event; `None` where a member that must be there is not.
    fn read(event: &Value) -> Option<Self> {
        let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
        let payload =
            event.get("payload").map_or(Some(Map::new()), |payload| payload.as_object().cloned())?;
        Some(Self {
            physical: event.get("hlc_physical")?.as_i64()?,
            logical: event.get("hlc_logical")?.as_i64()?,
            agent_id: text("agent_id")?,
            event_id: text("event_id")?,
            op: text("op")?,
            content_hash: text("content_hash")?,
            embedding: (event["embedding_model"].clone(), event["embedding_dim"].clone()),
            payload: rewrite::numbers(payload),
        })
    }

    fn is_same_event(&self, other: &Self) -> bool {
        self.agent_id == other.agent_id && self.event_id == other.event_id
    }

    /// Whether `other` brings the text that this create lacks. Whatever else it says does not count.
    fn may_be_mended_by(&self, other: &Self) -> bool {
        let hash =
            |entry: &Self| entry.payload.get("content_hash").and_then(Value::as_str).map(str::to_owned);
        let name = Some(other.content_hash.clone());
        let lacks_it = self.content().is_empty() && !other.content().is_empty();
        lacks_it && other.op == "create" && hash(self) == name && hash(other) == name
    }
}
