//! `kill -9` in the middle of a thousand writes: what was acknowledged is there, and the database is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use reqwest::Method;
use serde_json::{Value, json};

use super::requests::key_of;
use super::wire::Request;
use crate::support::{Hub, TestEnvironment};

const WRITERS: usize = 8;
const WRITES: usize = 1000;

/// What a memory was last told to be: its marker, or to be gone.
type State = Option<String>;

/// What one writer knows of its memories.
#[derive(Default)]
struct Told {
    /// What was acknowledged, by text.
    acknowledged: BTreeMap<String, State>,
    /// What was sent and never answered: it may have been done or not, but whole.
    unanswered: BTreeMap<String, State>,
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let environment = TestEnvironment::new();
    let mut hub = Hub::start(&environment.folder("hub"));
    let mut unanswered = 0;
    // Early, amid the growth, and near the end: after that many acknowledged writes.
    for (round, acknowledged) in [3, 170, 620, 940].into_iter().enumerate() {
        let told = write_until_killed(&mut hub, round, acknowledged);
        unanswered += told.iter().map(|told| told.unanswered.len()).sum::<usize>();
        hub.resume();
        check_served(&hub, &told);
        hub.kill();
        check_database(&hub, &told);
        hub.resume();
    }
    assert!(unanswered > 0, "no kill came in the midst of a write");
}

/// Writes from all sides, kills the hub when enough was acknowledged, and returns what it was told.
fn write_until_killed(hub: &mut Hub, round: usize, enough: usize) -> Vec<Told> {
    let address = hub.address();
    let acknowledged = AtomicUsize::new(0);
    let hub = Mutex::new(hub);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (acknowledged, hub) = (&acknowledged, &hub);
                scope.spawn(move || {
                    let mut told = Told::default();
                    for number in 0..WRITES / WRITERS {
                        if !write(address, &mut told, round, writer, number) {
                            break;
                        }
                        // Whoever is the one to reach the number kills, while the others are in the midst.
                        if acknowledged.fetch_add(1, Ordering::SeqCst) + 1 == enough {
                            hub.lock().unwrap().kill();
                        }
                    }
                    told
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    })
}

/// Sends one write of a writer's own memories; whether it was acknowledged.
fn write(address: SocketAddr, told: &mut Told, round: usize, writer: usize, number: usize) -> bool {
    let marker = format!("{round}-{writer}-{number}");
    let earlier = told.acknowledged.iter().find(|(_, state)| state.is_some()).map(|(text, _)| text.clone());
    let (request, changes) = match (number % 5, earlier) {
        (3, Some(text)) => {
            let request = Request::new("PUT", format!("/api/memories/{}", key_of(&text)));
            (request.json(&json!({ "metadata": { "marker": marker } })), vec![(text, Some(marker))])
        }
        (4, Some(text)) => {
            (Request::new("DELETE", format!("/api/memories/{}", key_of(&text))), vec![(text, None)])
        }
        (2, _) => push(&marker),
        _ => {
            let text = format!("Written by {marker} with words {number}");
            let body = json!({ "content": text, "tags": ["crash"], "metadata": { "marker": marker } });
            (Request::new("POST", "/api/memories").json(&body), vec![(text, Some(marker))])
        }
    };
    let Ok(answer) = request.send(address) else {
        told.unanswered.extend(changes);
        return false;
    };
    assert_eq!(answer.status, 200, "{request}: {}", answer.text());
    let body = answer.json().unwrap();
    assert!(body["success"] == true || body["applied"] == changes.len(), "{request}: {body}");
    told.acknowledged.extend(changes);
    true
}

/// A handful of events in one request, each a memory of its own.
fn push(marker: &str) -> (Request, Vec<(String, State)>) {
    let texts: Vec<String> = (0..5).map(|part| format!("Pushed by {marker} part {part}")).collect();
    let events: Vec<Value> = texts.iter().map(|text| event(text, marker)).collect();
    let request = Request::new("POST", "/api/sync/events").json(&json!({ "events": events }));
    (request, texts.into_iter().map(|text| (text, Some(marker.to_owned()))).collect())
}

fn event(text: &str, marker: &str) -> Value {
    json!({
        "schema_version": 1, "agent_id": "device", "event_id": text, "op": "create", "content_hash": key_of(text),
        "hlc_physical": 1_700_000_000_000_u64, "hlc_logical": 0, "embedding_model": null, "embedding_dim": null,
        "payload": { "content_hash": key_of(text), "content": text, "memory_type": "note", "tags": ["crash"],
            "metadata": { "marker": marker }, "created_at": 1.6e9, "updated_at": 1.6e9, "store": "default" },
    })
}

/// The hub that was started again answers as it was told.
fn check_served(hub: &Hub, told: &[Told]) {
    let listed = hub.list();
    for told in told {
        for (text, state) in &told.acknowledged {
            let marker = listed.get(&key_of(text)).map(|memory| memory["metadata"]["marker"].clone());
            let expected = |state: &State| state.as_ref().map(|marker| json!(marker));
            let unanswered = told.unanswered.get(text).is_some_and(|other| marker == expected(other));
            assert!(marker == expected(state) || unanswered, "{text}: {marker:?} instead of {state:?}");
        }
    }
    // And finds what it has by its vector.
    for memory in listed.values().step_by(listed.len() / 20 + 1) {
        let query = json!({ "query": memory["content"], "n_results": 1 });
        let (_, found) = hub.call(Method::POST, "/api/search", Some(&query)).unwrap();
        assert_eq!(found["results"][0]["memory"]["content_hash"], memory["content_hash"], "{found}");
    }
}

/// The file itself is whole: SQLite's own check, the full-text index, a vector for each memory, and the log.
fn check_database(hub: &Hub, told: &[Told]) {
    let database = hub.database();
    database.check();
    for row in database.rows() {
        assert_eq!(row.vector, !row.deleted, "{row:?}");
    }
    // A push is one acknowledgement for all its events, and none of an unacknowledged one is there in part.
    let keys: BTreeSet<String> = database.live().into_iter().map(|row| row.content_hash).collect();
    for told in told {
        for (text, state) in told.unanswered.iter().filter(|(text, _)| text.starts_with("Pushed")) {
            let together = told.unanswered.keys().filter(|other| keys.contains(&key_of(other))).count();
            assert!([0, told.unanswered.len()].contains(&together), "{text} {state:?}: {together}");
        }
    }
}
