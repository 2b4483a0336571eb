//! The hub and the real service take turns on one database file, and each finds everything that the other wrote.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::Path;

use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::requests::key_of;
use crate::support::client::Client;
use crate::support::service::Options;
use crate::support::{Hub, Service, Services, TestEnvironment, Version};

/// Whoever has its turn.
enum Server {
    Hub(Hub),
    Service(Service),
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        match self {
            Self::Hub(hub) => hub,
            Self::Service(service) => service,
        }
    }
}

/// What the database must hold, by key.
type Held = BTreeMap<String, Memory>;

#[derive(Clone, Debug, PartialEq)]
struct Memory {
    content: String,
    tags: Vec<String>,
    store: &'static str,
}

#[test]
fn hub_and_service_take_turns_on_one_database() {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let folder = environment.folder("server");
    let mut held = Held::new();
    let mut schema = None;
    for turn in 0..4 {
        let server = if turn % 2 == 0 {
            Server::Hub(Hub::start(&folder))
        } else {
            Server::Service(services.start_with(Version::V12_2_0, &folder, by_words_alone()))
        };
        finds_everything(&server, &held);
        write(&server, &mut held, turn);
        finds_everything(&server, &held);
        match server {
            // One turn ends in order, the other as in a power cut.
            Server::Hub(mut hub) if turn == 0 => hub.stop(),
            Server::Hub(mut hub) => hub.kill(),
            Server::Service(mut service) => service.stop(),
        }
        let database = crate::support::Database::in_folder(&folder);
        database.settle();
        if turn == 0 {
            // Later the full-text index holds what the service forgets to take out of it when a memory is
            // made again.
            database.check();
        }
        let now = self::schema(database.path());
        assert_eq!(*schema.get_or_insert_with(|| now.clone()), now, "the schema after turn {turn}");
    }
}

/// A service whose hybrid search looks at words alone, so that finding proves the full-text index.
fn by_words_alone() -> Options {
    let weights = [("MCP_HYBRID_KEYWORD_WEIGHT", "1.0"), ("MCP_HYBRID_SEMANTIC_WEIGHT", "0.0")];
    Options {
        environment: weights.map(|(name, weight)| (name, weight.to_owned())).to_vec(),
        ..Options::default()
    }
}

/// Asks for each memory in every way in which the server finds any.
fn finds_everything(server: &Server, held: &Held) {
    let listed: BTreeMap<String, Value> =
        server.list().into_iter().map(|(key, memory)| (key, memory["content"].clone())).collect();
    let expected: BTreeMap<String, Value> =
        held.iter().map(|(key, memory)| (key.clone(), json!(memory.content))).collect();
    assert_eq!(listed, expected);
    for (key, memory) in held {
        let first = |answer: &Value| answer["results"][0]["memory"]["content_hash"].clone();
        let found = ask(
            server,
            "/api/search",
            &json!({ "query": memory.content, "n_results": 1, "store": memory.store }),
        );
        assert_eq!(first(&found), json!(key), "by meaning: {found}");
        let similarity = found["results"][0]["similarity_score"].as_f64().unwrap();
        assert!(similarity > 0.99, "the vector is that of the text: {found}");
        for tag in &memory.tags {
            let found = ask(server, "/api/search/by-tag", &json!({ "tags": [tag], "store": memory.store }));
            let keys: Vec<&Value> = found["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|result| &result["memory"]["content_hash"])
                .collect();
            assert!(keys.contains(&&json!(key)), "by the tag {tag}: {found}");
        }
        if let Server::Service(service) = server {
            finds_by_words(service, key, memory);
        }
    }
}

/// Searches the full-text index, which only the service's tools do.
fn finds_by_words(service: &Service, key: &str, memory: &Memory) {
    let word = memory.content.split_whitespace().last().unwrap();
    let arguments = json!({ "query": word, "mode": "hybrid", "limit": 1, "store": memory.store });
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "memory_search", "arguments": arguments } });
    let found = ask(service, "/mcp", &call);
    let text = found["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains(key), "by the word {word}: {text}");
}

#[track_caller]
fn ask(server: &Client, path: &str, body: &Value) -> Value {
    let (status, answer) = server.call(Method::POST, path, Some(body)).unwrap();
    assert!(status.is_success(), "{path}: {status} {answer}");
    answer
}

/// A few of every kind of change, over REST and as events.
fn write(server: &Client, held: &mut Held, turn: usize) {
    for number in 0..4 {
        let store = if number == 3 { "archive" } else { "default" };
        let memory = Memory {
            content: format!("Turn {turn} wrote text number {number} Wort{turn}x{number}größe"),
            tags: vec![format!("turn-{turn}"), "all".to_owned()],
            store,
        };
        let body =
            json!({ "content": memory.content, "tags": memory.tags, "memory_type": "note", "store": store });
        held.insert(server.post_json(&body), memory);
    }
    let pushed = Memory {
        content: format!("Turn {turn} pushed an event Ereignis{turn}"),
        tags: vec![format!("pushed-{turn}")],
        store: "default",
    };
    push(
        server,
        turn,
        "create",
        json!({ "content": pushed.content, "tags": pushed.tags, "memory_type": "note",
        "metadata": {}, "created_at": 1.6e9, "updated_at": 1.6e9, "store": "default" }),
        &pushed.content,
    );
    held.insert(key_of(&pushed.content), pushed);
    if turn > 0 {
        change_what_the_other_wrote(server, held, turn);
    }
}

fn change_what_the_other_wrote(server: &Client, held: &mut Held, turn: usize) {
    let key = |number: usize| {
        let of = |held: &Held, text: &str| {
            held.iter().find(|(_, memory)| memory.content.contains(text)).map(|(key, _)| key.clone())
        };
        of(held, &format!("Turn {} wrote text number {number} ", turn - 1)).unwrap()
    };
    let (edited, deleted, again) = (key(0), key(1), key(2));
    let tags = vec![format!("edited-in-{turn}")];
    server.put(&edited, &json!({ "tags": tags }));
    server.delete(&deleted);
    server.delete(&again);
    held.get_mut(&edited).unwrap().tags = tags;
    held.remove(&deleted);
    let made_again = held.get_mut(&again).unwrap();
    made_again.tags = vec![format!("again-in-{turn}")];
    server.post_json(&json!({ "content": made_again.content, "tags": made_again.tags }));
    let gone = format!("Turn {} pushed an event Ereignis{}", turn - 1, turn - 1);
    push(server, turn, "delete", json!({ "deleted_at": 1.7e9 }), &gone);
    held.remove(&key_of(&gone));
}

/// Pushes one event about a text, with a clock ahead of those before.
fn push(server: &Client, turn: usize, op: &str, mut payload: Value, content: &str) {
    payload["content_hash"] = json!(key_of(content));
    let event = json!({ "schema_version": 1, "agent_id": "device", "event_id": format!("{op}-{turn}"), "op": op,
        "content_hash": key_of(content), "hlc_physical": 1_700_000_000_000_u64 + turn as u64, "hlc_logical": 0,
        "embedding_model": null, "embedding_dim": null, "payload": payload });
    let answer = ask(server, "/api/sync/events", &json!({ "events": [event] }));
    assert_eq!(answer["applied"], 1, "{answer}");
}

/// What the database consists of.
fn schema(path: &Path) -> Vec<(String, Option<String>)> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare("SELECT name, sql FROM sqlite_master ORDER BY name").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}
