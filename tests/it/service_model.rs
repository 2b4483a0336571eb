//! The simulator's model of the service, held against the real 12.2.0 and 10.20.6: the same random requests, the same
//! answers.
//!
//! `MEMSYNC_MODEL=SEED,COUNT` replays another sequence. What the model leaves out stands in [`SIMPLIFIED`], each with
//! its reason; everything else that differs fails the test, and so does a reason that nothing shows any more.

#[path = "../simulate/model/mod.rs"]
mod model;

use std::fmt::Write as _;

use serde_json::{Map, Number, Value, json};

use crate::hub::differential::{self, Difference};
use crate::hub::normal::Normaliser;
use crate::hub::requests::Requests;
use crate::hub::wire::{Answer, Request, shortened};
use crate::support::service::Options;
use crate::support::{Services, TestEnvironment, Version};
use model::Server;

/// Something that the model leaves out.
struct Simplified {
    reason: &'static str,
    /// The start of the paths of the requests that show it.
    path: &'static str,
    /// Where the answers differ.
    at: fn(&Difference) -> bool,
}

const SIMPLIFIED: &[Simplified] = &[
    Simplified {
        reason: "a search tells nothing but that it happened; no device asks what it found",
        path: "/api/search",
        at: |difference| difference.is_in("/body"),
    },
    Simplified {
        reason: "the model runs on no machine and since no moment; a device asks only what stores the memories",
        path: "/api/health",
        at: |difference| difference.is_in("/body") && difference.is_left_out(),
    },
    Simplified {
        reason: "of what a server can do a device looks only for the paths that it uses",
        path: "/openapi.json",
        at: |difference| difference.is_left_out() && !is_used(difference),
    },
];

/// The paths that tell a device what a server can do.
const USED: [&str; 4] = ["/api/memories", "/api/memories/hashes", "/api/sync/baseline", "/api/sync/events"];

/// Whether the difference is whether there is a path that devices look for.
fn is_used(difference: &Difference) -> bool {
    USED.iter().any(|path| difference.is_exactly(&format!("/body/paths/{path}")))
}

#[test]
fn the_model_answers_as_the_service_does() {
    let Some(services) = Services::available() else { return };
    let mut used = [0; SIMPLIFIED.len()];
    for (version, model) in
        [(Version::V12_2_0, model::Version::V12_2_0), (Version::V10_20_6, model::Version::V10_20_6)]
    {
        let environment = TestEnvironment::new();
        let service = services.start_with(version, &environment.folder("service"), Options::default());
        let differing = replay(differential::address(&service), Server::new(model), &mut used);
        // Its log would bury the report.
        drop(service);
        assert!(differing.is_empty(), "{version:?}, sequence {:?}:\n{differing}", sequence());
    }
    for (simplified, used) in SIMPLIFIED.iter().zip(used) {
        assert!(used > 0, "no request shows this difference any more: {}", simplified.reason);
    }
}

/// The seed, and how many requests.
fn sequence() -> (u64, usize) {
    let asked = std::env::var("MEMSYNC_MODEL").unwrap_or_else(|_| "1,600".to_owned());
    let (seed, count) = asked.split_once(',').expect("MEMSYNC_MODEL=SEED,COUNT");
    (seed.parse().unwrap(), count.parse().unwrap())
}

/// Asks both the same and reports what they answered differently.
fn replay(service: std::net::SocketAddr, mut model: Server, used: &mut [usize]) -> String {
    let started = jiff::Timestamp::now();
    let normaliser = Normaliser { started, host: service.to_string() };
    let (seed, count) = sequence();
    let mut report = String::new();
    let requests = Requests::of_devices(seed, count, started).chain(similar(started));
    for (number, request) in requests.enumerate() {
        // No device names a program.
        let request = request.without("X-Agent-ID");
        if searches_in_vain(&model, &request) {
            continue;
        }
        let theirs = told(&normaliser, &request.send(service).unwrap());
        let ours = told(&normaliser, &answer(&mut model, &request));
        let mut differences = Difference::between(&theirs, &ours);
        differences.retain(|difference| !is_simplified(&request, difference, used));
        if !differences.is_empty() {
            writeln!(report, "{number}: {}", shortened(&request.to_string(), 500)).unwrap();
            for difference in differences.iter().take(4) {
                writeln!(report, "    {}", shortened(&format!("{difference:?}"), 700)).unwrap();
            }
        }
    }
    report
}

/// A text under a name of its own, where the service takes events, and twice the same under its usual one: to hash vectors
/// nothing else is similar. The second belongs to a conversation.
fn similar(started: jiff::Timestamp) -> impl Iterator<Item = Request> {
    let (text, name) = ("similar to nothing else", "a-name-of-its-own");
    let now = started.as_duration().as_secs_f64();
    let event = json!({
        "schema_version": 1, "agent_id": "laptop", "event_id": name, "op": "create", "content_hash": name,
        "hlc_physical": started.as_millisecond(), "hlc_logical": 0, "embedding_model": null, "embedding_dim": null,
        "payload": {
            "content_hash": name, "content": text, "memory_type": "note", "tags": [], "created_at": now,
            "updated_at": now, "metadata": {}, "store": "default", "recreate_of": "",
        },
    });
    let post = |target: &str, body: Value| Request::new("POST", target).json(&body);
    [
        post("/api/sync/events", json!({ "events": [event] })),
        post("/api/memories", json!({ "content": text })),
        post("/api/memories", json!({ "content": text, "conversation_id": "laptop" })),
    ]
    .into_iter()
}

/// Whether this is a search for a text that nobody can find: the service finds another, the nearest, instead.
fn searches_in_vain(model: &Server, request: &Request) -> bool {
    let body = request.body.as_deref().and_then(|body| serde_json::from_slice::<Value>(body).ok());
    let query = body.filter(|_| request.target == "/api/search").map(|body| body["query"].clone());
    query.is_some_and(|query| model.finds(query.as_str().unwrap_or_default()).is_none())
}

fn is_simplified(request: &Request, difference: &Difference, used: &mut [usize]) -> bool {
    let explains =
        |simplified: &Simplified| request.target.starts_with(simplified.path) && (simplified.at)(difference);
    let at = SIMPLIFIED.iter().position(explains);
    at.inspect(|at| used[*at] += 1).is_some()
}

/// Asks the model what was asked of the service.
fn answer(model: &mut Server, request: &Request) -> Answer {
    let key = request.headers.iter().find(|(name, _)| name == "X-API-Key").map(|(_, key)| key.as_str());
    let body = request.body.as_deref().map(|body| serde_json::from_slice(body).unwrap()).unwrap_or_default();
    let request = model::Request::new(&request.method, &request.target, key, body);
    let response = model.answer(&request, jiff::Timestamp::now().as_duration().as_secs_f64());
    Answer { status: response.status, headers: Vec::new(), body: response.body.to_string().into_bytes() }
}

/// What an answer says: its status and its body, each number in one spelling.
fn told(normaliser: &Normaliser, answer: &Answer) -> Value {
    let Value::Object(mut told) = normaliser.answer(answer) else { unreachable!("an answer is an object") };
    told.remove("headers");
    spelled(Value::Object(told))
}

fn spelled(value: Value) -> Value {
    match value {
        Value::Number(number) if number.to_string().contains(['.', 'e', 'E']) => {
            json!(number.as_f64().and_then(Number::from_f64))
        }
        Value::Array(elements) => elements.into_iter().map(spelled).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, spelled(value))).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}
