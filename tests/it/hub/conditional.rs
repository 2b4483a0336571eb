//! Sixteen clients write the same fifty memories at once, each on condition of what it has read.
//!
//! Every version of a memory carries a marker of its own, so what an acknowledged write replaced is known: the
//! version whose tag the writer sent. No version may be replaced twice, and only the last one may be current.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use serde_json::json;

use super::random::Random;
use super::requests::key_of;
use super::wire::{Answer, Request};
use crate::support::{Hub, TestEnvironment};

const CLIENTS: usize = 16;
const MEMORIES: usize = 50;
const WRITES: usize = 60;

/// One state of a memory: the marker of its version, or that it is absent.
type Version = Option<String>;

/// An acknowledged write: what its writer had seen, and what it made of it.
#[derive(Debug)]
struct Step {
    memory: usize,
    seen: Version,
    made: Version,
}

/// What a client last read of a memory: its marker and its tag.
#[derive(Clone)]
struct Seen {
    marker: Version,
    tag: Option<String>,
}

#[test]
fn nothing_is_overwritten_unseen() {
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("hub"));
    let address = hub.address();
    let first: Vec<Step> = (0..MEMORIES).filter_map(|memory| create(address, memory, "first").0).collect();
    assert_eq!(first.len(), MEMORIES);

    let steps: Vec<Step> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || play(address, client))).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });

    let current = |memory: usize| read(address, memory).marker;
    for memory in 0..MEMORIES {
        let of_memory = first.iter().chain(&steps).filter(|step| step.memory == memory);
        check(memory, &of_memory.collect::<Vec<_>>(), &current(memory));
    }
    // Enough was refused and enough went through that the conditions mattered.
    let attempts = CLIENTS * WRITES;
    assert!((attempts / 10..attempts).contains(&steps.len()), "{} of {attempts}", steps.len());
}

/// Each version was made once, was replaced at most once, and all but the current one were replaced.
fn check(memory: usize, steps: &[&Step], current: &Version) {
    let mut replaced: BTreeMap<&str, usize> = BTreeMap::new();
    for marker in steps.iter().filter_map(|step| step.seen.as_deref()) {
        *replaced.entry(marker).or_default() += 1;
    }
    let made: Vec<&str> = steps.iter().filter_map(|step| step.made.as_deref()).collect();
    for marker in &made {
        let expected = usize::from(current.as_deref() != Some(marker));
        let times = replaced.get(marker).copied().unwrap_or_default();
        assert_eq!(times, expected, "memory {memory}: {marker} was replaced {times} times: {steps:#?}");
    }
    assert!(replaced.keys().all(|marker| made.contains(marker)), "memory {memory}: {steps:#?}");
    // It went away once more often than it came back if and only if it is away now; it was away at first.
    let came = steps.iter().filter(|step| step.seen.is_none()).count();
    let went = steps.iter().filter(|step| step.made.is_none()).count();
    assert_eq!(came - went, usize::from(current.is_some()), "memory {memory}: {steps:#?}");
}

/// One client: reads some, writes some, often on condition of what it read long ago.
fn play(address: SocketAddr, client: usize) -> Vec<Step> {
    let mut random = Random::new(client as u64);
    let mut known: BTreeMap<usize, Seen> = BTreeMap::new();
    let mut steps = Vec::new();
    for write in 0..WRITES {
        let memory = random.below(MEMORIES);
        let seen = match known.remove(&memory) {
            Some(seen) if random.chance(50) => seen,
            _ => read(address, memory),
        };
        // Others write while this one thinks.
        known.entry(random.below(MEMORIES)).or_insert_with_key(|other| read(address, *other));
        let marker = format!("client {client} write {write}");
        let (step, after) = match &seen {
            Seen { marker: None, .. } if random.chance(50) => create(address, memory, &marker),
            Seen { marker: None, .. } => create_by_event(address, memory, &marker),
            seen if random.chance(20) => delete(address, memory, seen),
            seen => change(address, memory, seen, &marker),
        };
        steps.extend(step);
        known.extend(after.map(|after| (memory, after)));
    }
    steps
}

fn text(memory: usize) -> String {
    format!("Memory {memory} of all clients")
}

fn path(memory: usize) -> String {
    format!("/api/memories/{}", key_of(&text(memory)))
}

/// What the hub holds now.
fn read(address: SocketAddr, memory: usize) -> Seen {
    let answer = Request::new("GET", path(memory)).send(address).unwrap();
    if answer.status == 404 {
        return Seen { marker: None, tag: None };
    }
    assert_eq!(answer.status, 200, "{}", answer.text());
    let tag = Some(answer.header("etag").expect("every memory has a tag").to_owned());
    let marker = answer.json().unwrap()["metadata"]["marker"].as_str().unwrap().to_owned();
    Seen { marker: Some(marker), tag }
}

/// The step and what is known afterwards, if the write was acknowledged; otherwise it must have failed for its condition.
fn outcome(answer: &Answer, step: Step) -> (Option<Step>, Option<Seen>) {
    if answer.status == 412 {
        return (None, None);
    }
    assert_eq!(answer.status, 200, "{step:?}: {}", answer.text());
    assert_eq!(answer.json().unwrap()["success"], true, "{step:?}: {}", answer.text());
    let tag = answer.header("etag").map(str::to_owned);
    assert_eq!(tag.is_some(), step.made.is_some(), "{step:?}: {tag:?}");
    let seen = Seen { marker: step.made.clone(), tag };
    (Some(step), Some(seen))
}

fn create(address: SocketAddr, memory: usize, marker: &str) -> (Option<Step>, Option<Seen>) {
    // A conversation of its own keeps the service's search for similar memories out of it.
    let body =
        json!({ "content": text(memory), "metadata": { "marker": marker }, "conversation_id": "conditions" });
    let request = Request::new("POST", "/api/memories").json(&body).header("If-None-Match", "*");
    let step = Step { memory, seen: None, made: Some(marker.to_owned()) };
    outcome(&request.send(address).unwrap(), step)
}

fn change(address: SocketAddr, memory: usize, seen: &Seen, marker: &str) -> (Option<Step>, Option<Seen>) {
    let tag = seen.tag.as_deref().expect("what is there has a tag");
    let body = json!({ "metadata": { "marker": marker } });
    let request = Request::new("PUT", path(memory)).json(&body).header("If-Match", tag);
    let step = Step { memory, seen: seen.marker.clone(), made: Some(marker.to_owned()) };
    outcome(&or_absent(request.send(address).unwrap()), step)
}

fn delete(address: SocketAddr, memory: usize, seen: &Seen) -> (Option<Step>, Option<Seen>) {
    let tag = seen.tag.as_deref().expect("what is there has a tag");
    let request = Request::new("DELETE", path(memory)).header("If-Match", tag);
    outcome(
        &or_absent(request.send(address).unwrap()),
        Step { memory, seen: seen.marker.clone(), made: None },
    )
}

/// A condition on a tag fails where there is no memory any more, whether the hub says so or that it is gone.
fn or_absent(answer: Answer) -> Answer {
    if answer.status == 404 { Answer { status: 412, ..answer } } else { answer }
}

/// Creates it through the event log, with a clock ahead of every other.
fn create_by_event(address: SocketAddr, memory: usize, marker: &str) -> (Option<Step>, Option<Seen>) {
    static AHEAD: AtomicI64 = AtomicI64::new(3_600_000);
    let clock = jiff::Timestamp::now().as_millisecond() + AHEAD.fetch_add(1_000, Ordering::SeqCst);
    let key = key_of(&text(memory));
    let event = json!({
        "schema_version": 1, "agent_id": "device", "event_id": marker, "op": "create", "content_hash": key,
        "hlc_physical": clock, "hlc_logical": 0,
        "embedding_model": null, "embedding_dim": null, "if_none_match": "*",
        "payload": { "content_hash": key, "content": text(memory), "memory_type": "note", "tags": [],
            "metadata": { "marker": marker }, "created_at": 1.6e9, "updated_at": 1.6e9, "store": "default" },
    });
    let request = Request::new("POST", "/api/sync/events").json(&json!({ "events": [event] }));
    let answer = request.send(address).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json().unwrap();
    let status = answer["results"][0]["status"].as_str().unwrap();
    // Behind the clock of a deletion that came in between, the event loses and nothing is made.
    assert!(["applied", "precondition_failed", "skipped_duplicate"].contains(&status), "{answer}");
    let step = Step { memory, seen: None, made: Some(marker.to_owned()) };
    ((status == "applied").then_some(step), None)
}
