//! Differences on purpose that last: after them the hub and the service hold different things, so the random
//! sequence leaves them out. Each is shown on its own, with the reason for it.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::differential;
use super::requests::key_of;
use super::wire::Request;
use crate::support::{Hub, Services, TestEnvironment};

/// What the hub does otherwise on purpose, with other contents afterwards.
struct Lasting {
    reason: &'static str,
    requests: Vec<Request>,
    /// Where the last answer shows it.
    at: &'static str,
    service: Value,
    hub: Value,
}

fn lasting() -> Vec<Lasting> {
    vec![
        Lasting {
            reason: "an empty text can be kept; the service's fallback vectors cannot compare it, and it fails",
            requests: vec![post(&json!({ "content": "before" })), post(&json!({ "content": "" }))],
            at: "/success",
            service: json!(false),
            hub: json!(true),
        },
        Lasting {
            reason: "operations other than the three are refused, where the service keeps what it does not know",
            requests: vec![push(&event("unknown", "create", 2)), push(&event("unknown", "merge", 1))],
            at: "/results/0/status",
            service: json!("skipped_duplicate"),
            hub: json!("failed"),
        },
        Lasting {
            reason: "a memory can be found whichever model its device uses, where the service hides it until it has \
                     made a vector of its own",
            requests: vec![
                push(&with(event("other model", "create", 1), "embedding_model", json!("some/other-model"))),
                Request::new("POST", "/api/search/by-tag").json(&json!({ "tags": ["other-model"] })),
            ],
            at: "/total_found",
            service: json!(0),
            hub: json!(1),
        },
        Lasting {
            reason: "Infinity is no JSON, so what holds it is refused before anything is kept",
            requests: vec![
                Request::new("POST", "/api/memories")
                    .header("Content-Type", "application/json")
                    .raw(r#"{"content": "infinite", "metadata": {"n": Infinity}}"#),
                Request::new("GET", "/api/memories/hashes?limit=5000"),
            ],
            at: "/hashes",
            service: json!(true),
            hub: json!(false),
        },
    ]
}

#[test]
fn what_differs_for_good_does_so_on_purpose() {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let service = differential::start(&services, &environment, "service");
    let hub = Hub::start(&environment.folder("hub"));
    for Lasting { reason, requests, at, service: theirs, hub: ours } in lasting() {
        let last = |server: SocketAddr| {
            let answers: Vec<_> = requests.iter().map(|request| request.send(server).unwrap()).collect();
            let last = answers.last().unwrap().json().unwrap_or_default();
            let value = last.pointer(at).cloned().unwrap_or_default();
            // A list of keys tells whether the infinite one is among them.
            value.as_array().map_or(value.clone(), |keys| json!(keys.contains(&json!(key_of("infinite")))))
        };
        assert_eq!((last(differential::address(&service)), last(hub.address())), (theirs, ours), "{reason}");
    }
}

fn post(body: &Value) -> Request {
    Request::new("POST", "/api/memories").json(body)
}

fn push(event: &Value) -> Request {
    Request::new("POST", "/api/sync/events").json(&json!({ "events": [event] }))
}

fn event(text: &str, op: &str, clock: u64) -> Value {
    json!({ "schema_version": 1, "agent_id": "device", "event_id": format!("{text} {op}"), "op": op,
        "content_hash": key_of(text), "hlc_physical": 1_700_000_000_000 + clock, "hlc_logical": 0,
        "payload": { "content_hash": key_of(text), "content": text, "tags": [text.replace(' ', "-")],
            "metadata": {}, "created_at": 1.6e9, "updated_at": 1.6e9, "updates": { "tags": ["changed"] } } })
}

fn with(mut event: Value, member: &str, value: Value) -> Value {
    event[member] = value;
    event
}
