//! Requests to the event log: what devices push, and what they pull.

use serde_json::{Map, Value, json};

use super::requests::{Requests, key_of};
use super::wire::Request;

/// Reads a part of the log.
pub fn read(requests: &mut Requests) -> Request {
    let since = requests.random.pick(&[0, 0, 3, 20, 50, 100, 100_000, -5]);
    let limit = requests.random.pick(&[1, 5, 100, 1000]);
    Request::new(
        "GET",
        match requests.random.below(4) {
            0 => "/api/sync/events".to_owned(),
            1 => format!("/api/sync/events?since_seq={since}"),
            _ => format!("/api/sync/events?since_seq={since}&limit={limit}"),
        },
    )
}

/// Pushes a few events, good ones for most of the time.
pub fn write(requests: &mut Requests) -> Request {
    let count = requests.random.pick(&[0, 1, 1, 1, 2, 3, 6]);
    let events: Vec<Value> = (0..count)
        .map(|_| {
            let event = event(requests);
            if requests.random.chance(8) { damaged(requests, event) } else { event }
        })
        .collect();
    Request::new("POST", "/api/sync/events").json(&json!({ "events": events }))
}

fn event(requests: &mut Requests) -> Value {
    let text = requests.text();
    let key = key_of(&text);
    let op =
        requests.random.pick(&["create", "create", "create", "update_metadata", "update_metadata", "delete"]);
    let payload = match op {
        "create" => create(requests, &key, &text),
        "delete" => json!({ "content_hash": key, "deleted_at": moment(requests) }),
        _ => update(requests, &key),
    };
    let mut event = json!({
        "schema_version": 1,
        "agent_id": requests.random.pick(&["laptop", "laptop", "phone", "unknown", "größe"]),
        // An id says the same thing in every event, as ids do: only what it says of it differs between two of them.
        "event_id": format!("{op}-{}", requests.random.below(150)),
        "op": op,
        "content_hash": key,
        "hlc_physical": clock(requests),
        "hlc_logical": requests.random.below(3),
        "embedding_model": null,
        "embedding_dim": null,
        "payload": payload,
    });
    match requests.random.below(12) {
        0 => event["embedding_dim"] = json!(384),
        1 => event["surplus"] = json!("member"),
        _ => {}
    }
    event
}

fn create(requests: &mut Requests, key: &str, text: &str) -> Value {
    let created = moment(requests);
    let tags: Vec<String> = (0..requests.random.below(3)).map(|_| requests.tag()).collect();
    let mut payload = json!({
        "content_hash": key,
        "content": if requests.random.chance(4) { "" } else { text },
        "memory_type": requests.memory_type(),
        "tags": tags,
        "created_at": created,
        "updated_at": created + 1.5,
        "metadata": requests.metadata(),
        "store": requests.random.pick(&["default", "default", "default", "archive", "", "Größe 1"]),
    });
    match requests.random.below(16) {
        0 => payload["superseded_by"] = json!("0".repeat(64)),
        1 => payload["recreate_of"] = json!(null),
        2 => payload["recreate_of"] = json!(format!("delete-{}", requests.random.below(150))),
        3 => payload["recreate_of_hlc"] = json!([clock(requests), 0, "laptop"]),
        4..8 => {
            let member = requests.random.pick(&[
                "memory_type",
                "tags",
                "created_at",
                "updated_at",
                "metadata",
                "store",
                "content_hash",
            ]);
            payload.as_object_mut().unwrap().remove(member);
        }
        _ => {}
    }
    payload
}

fn update(requests: &mut Requests, key: &str) -> Value {
    let mut updates = Map::new();
    if requests.random.chance(50) {
        let tags: Vec<String> = (0..requests.random.below(3)).map(|_| requests.tag()).collect();
        updates.insert("tags".to_owned(), json!(tags));
    }
    if requests.random.chance(40) {
        updates.insert("memory_type".to_owned(), json!(requests.memory_type()));
    }
    if requests.random.chance(50) {
        updates.insert("metadata".to_owned(), requests.metadata());
    }
    json!({ "content_hash": key, "updates": updates, "updated_at": moment(requests) })
}

/// When a memory was made: never twice the same, so that lists have one order, and far enough from any border
/// that a search by time may draw.
fn moment(requests: &mut Requests) -> f64 {
    let hours =
        requests.random.pick(&[2_u32, 3, 27, 30, 51, 75, 200, 800, 2_000, 5_000, 9_000, 20_000, 100_000]);
    let apart =
        f64::from(u32::try_from(requests.made * 8 + requests.random.below(8)).expect("a small number"));
    requests.now - f64::from(hours) * 3600.0 - 617.0 - apart / 16.0
}

/// Milliseconds of a device's clock: behind every other, in their midst, or, late in the sequence, ahead of all.
fn clock(requests: &mut Requests) -> i64 {
    let around =
        1_700_000_000_000 + i64::try_from(requests.random.below(50)).expect("a small number") * 1_000;
    #[expect(clippy::cast_possible_truncation, reason = "a moment of this century")]
    let now = (requests.now * 1000.0) as i64;
    let late = requests.made * 3 > requests.count * 2;
    match requests.random.below(10) {
        0 => 0,
        1 => 1_000,
        2 | 3 if late => now + 3_600_000 + around % 100_000,
        _ => around,
    }
}

/// An event that a server should not take as it is.
fn damaged(requests: &mut Requests, mut event: Value) -> Value {
    match requests.random.below(6) {
        0 | 1 => event["agent_id"] = requests.random.pick(&[json!(""), json!("  "), Value::Null]),
        2 => event["schema_version"] = json!(2),
        _ => {
            let member = requests.random.pick(&[
                "agent_id",
                "event_id",
                "op",
                "content_hash",
                "hlc_physical",
                "hlc_logical",
                "payload",
                "schema_version",
            ]);
            event.as_object_mut().unwrap().remove(member);
        }
    }
    event
}
