//! What is sent for an edit, and what is made of the answers.

use std::collections::BTreeMap;

use super::*;
use crate::object::{Edit, Memory, Metadata, Outcome};
use crate::remote::IN_FLIGHT;
use crate::remote::address::escape;
use crate::remote::trust::sha256;

/// What a server without events holds: it answers as 10.x does.
#[derive(Default)]
struct Old {
    rows: BTreeMap<String, Value>,
    /// What to say to a POST instead of doing it.
    post: Option<Value>,
}

impl Old {
    fn answer(&mut self, asked: &Asked) -> Reply {
        let name = asked.path.trim_start_matches("/api/memories").trim_start_matches('/');
        let name = name.split('?').next().unwrap().to_owned();
        match asked.method.as_str() {
            "POST" => Reply::Json(self.post.clone().unwrap_or_else(|| self.create(&asked.body))),
            "GET" | "PUT" if !self.rows.contains_key(&name) => Reply::Status(404, "", Value::Null),
            "PUT" => {
                let row = self.rows.get_mut(&name).unwrap();
                for (field, value) in asked.body.as_object().unwrap() {
                    match value {
                        Value::Object(members) => {
                            for (member, value) in members {
                                row[field][member] = value.clone();
                            }
                        }
                        value => row[field] = value.clone(),
                    }
                }
                Reply::Json(json!({"success": true}))
            }
            "DELETE" => Reply::Json(json!({"success": self.rows.remove(&name).is_some()})),
            _ => Reply::Json(self.rows[&name].clone()),
        }
    }

    /// Lower-cases tags and knows no types, as POST does.
    fn create(&mut self, body: &Value) -> Value {
        let name = name_of(body["content"].as_str().unwrap());
        if self.rows.contains_key(&name) {
            return json!({"success": false, "message": "Duplicate content detected (exact match)"});
        }
        let mut row = item(&name);
        row["content"] = body["content"].clone();
        row["tags"] = serde_json::from_str(&body["tags"].to_string().to_lowercase()).unwrap();
        row["memory_type"] = json!("observation");
        row["metadata"] = body["metadata"].clone();
        self.rows.insert(name.clone(), row.clone());
        json!({"success": true, "content_hash": name, "memory": row})
    }
}

pub(super) fn name_of(content: &str) -> String {
    sha256(content.to_lowercase().as_bytes()).to_string()
}

fn old(server: Old) -> Server {
    let mut server = server;
    Server::rest(move |asked| server.answer(asked))
}

fn memory(content: &str) -> Memory {
    Memory {
        content: content.to_owned(),
        tags: ["Rust".to_owned()].into(),
        memory_type: Some("note".to_owned()),
        metadata: Metadata::from_text(r#"{"a":1,"b":{"c":2}}"#, &Bookkeeping::default()),
        created_at: Timestamp::new(1.5),
        ..Memory::default()
    }
}

pub(super) fn create(content: &str) -> Edit {
    Edit { key: key(&name_of(content)), expected: None, target: Some(memory(content)), row: None }
}

pub(super) fn apply(http: &mut Http, edits: Vec<Edit>) -> Result<Vec<Outcome>, Error> {
    let mut outcomes = BTreeMap::new();
    let keys: Vec<_> = edits.iter().map(|edit| edit.key.clone()).collect();
    http.apply(edits, &mut |key: ContentHash, outcome: Outcome| {
        assert!(outcomes.insert(key, outcome).is_none());
    })?;
    Ok(keys.iter().filter_map(|key| outcomes.remove(key)).collect())
}

pub(super) fn now(outcome: &Outcome) -> &Memory {
    let Outcome::Done { now: Some(memory) } = outcome else { panic!("{outcome:?}") };
    memory
}

#[test]
fn a_memory_survives_post_as_it_was() {
    let server = old(Old::default());
    let mut http = server.connect();
    let mut edit = create("Hello");
    let outcomes = apply(&mut http, vec![edit.clone()]).unwrap();
    assert_eq!(now(&outcomes[0]), edit.target.as_ref().unwrap(), "also its time, and its tag's capital");
    insta::assert_snapshot!(server.bodies("POST")[0]["metadata"], @r#"{"a":1,"b":{"c":2},"memsync":{"created_at":1.5}}"#);
    assert_eq!(server.bodies("PUT"), [json!({"memory_type": "note", "tags": ["Rust"]})]);

    // Once more: the server holds something, so nothing is written.
    edit.target.as_mut().unwrap().tags.clear();
    let writes = http.writes();
    assert_eq!(apply(&mut http, vec![edit]).unwrap(), [Outcome::Stale]);
    assert_eq!(http.writes(), writes);
}

#[test]
fn an_edit_sends_only_what_differs() {
    let server = old(Old::default());
    let mut http = server.connect();
    let outcomes = apply(&mut http, vec![create("Hello")]).unwrap();
    let mut held = now(&outcomes[0]).clone();
    let mut change = |change: &dyn Fn(&mut Memory)| {
        let mut target = held.clone();
        change(&mut target);
        let edit = Edit {
            key: key(&name_of("Hello")),
            expected: Some(held.id()),
            target: Some(target.clone()),
            row: None,
        };
        let outcomes = apply(&mut http, vec![edit]).unwrap();
        assert_eq!(now(&outcomes[0]), &target);
        held = target;
        server.bodies("PUT").pop().unwrap().to_string()
    };
    insta::assert_snapshot!(change(&|memory| memory.metadata = Metadata::from_text(r#"{"b":{"c":3}}"#, &Bookkeeping::default())), @r#"{"metadata":{"a":null,"b":{"c":3}}}"#);
    insta::assert_snapshot!(change(&|memory| memory.tags.clear()), @r#"{"tags":[]}"#);
    insta::assert_snapshot!(change(&|memory| memory.memory_type = None), @r#"{"memory_type":""}"#);
    insta::assert_snapshot!(change(&|memory| memory.created_at = Timestamp::new(0.5)), @r#"{"metadata":{"memsync":{"created_at":0.5}}}"#);
    insta::assert_snapshot!(change(&|memory| memory.metadata = Metadata::Opaque("{NaN".to_owned())), @r#"{"metadata":{"b":null,"memsync":{"created_at":0.5,"metadata":"{NaN"}}}"#);
    insta::assert_snapshot!(change(&|memory| memory.metadata = Metadata::default()), @r#"{"metadata":{"memsync":{"created_at":0.5}}}"#);
    insta::assert_snapshot!(change(&|memory| memory.content = "HELLO".to_owned()), @r#"{"metadata":{"memsync":{"content":"HELLO","created_at":0.5}}}"#);
    insta::assert_snapshot!(change(&|memory| memory.created_at = Timestamp::new(0.25)), @r#"{"metadata":{"memsync":{"content":"HELLO","created_at":0.25}}}"#);
    assert!(server.bodies("DELETE").is_empty());
}

#[test]
fn what_is_deleted_or_absent_already_is_done() {
    let server = old(Old::default());
    let mut http = server.connect();
    let held = now(&apply(&mut http, vec![create("Hello")]).unwrap()[0]).clone();
    let delete = Edit { key: key(&name_of("Hello")), expected: Some(held.id()), target: None, row: None };
    let stale = Edit { expected: Some(memory("other").id()), ..delete.clone() };
    assert_eq!(apply(&mut http, vec![stale]).unwrap(), [Outcome::Stale]);
    for _ in 0..2 {
        assert_eq!(apply(&mut http, vec![delete.clone()]).unwrap(), [Outcome::Done { now: None }]);
    }
    assert_eq!(server.bodies("DELETE").len(), 1);
}

#[test]
fn a_similar_memory_is_named_and_can_be_told_apart() {
    let message = "Duplicate content detected (semantically similar to abc123)";
    let post = Some(json!({"success": false, "message": message, "content_hash": null}));
    let server = old(Old { post, ..Old::default() });
    let outcomes = apply(&mut server.connect(), vec![create("Hello")]).unwrap();
    insta::assert_debug_snapshot!(outcomes[0], @r#"
    Refused(
        Similar {
            to: ContentHash("abc123"),
        },
    )
    "#);
    assert!(server.bodies("POST")[0].get("conversation_id").is_none());

    let server = old(Old::default());
    let mut http = Http::connect(Options { deduplicate: false, ..options(&server.url) }).unwrap();
    now(&apply(&mut http, vec![create("Hello")]).unwrap()[0]);
    assert_eq!(server.bodies("POST")[0]["conversation_id"], "memsync-laptop");
}

#[test]
fn a_server_that_takes_no_deleted_memory_back_says_so() {
    let message = "Failed to store memory: UNIQUE constraint failed: memories.content_hash";
    let post = Some(json!({"success": false, "message": message}));
    let server = old(Old { post, ..Old::default() });
    let outcomes = apply(&mut server.connect(), vec![create("Hello")]).unwrap();
    insta::assert_debug_snapshot!(outcomes[0], @r#"
    Refused(
        Rejected(
            "it was deleted there, and this version of the server takes no deleted memory back",
        ),
    )
    "#);
}

#[test]
fn a_lost_answer_to_a_post_creates_one_memory() {
    let mut service = Old::default();
    let mut posts = 0;
    let server = Server::rest(move |asked| {
        let reply = service.answer(asked);
        posts += u32::from(asked.method == "POST");
        if asked.method == "POST" && posts == 1 { Reply::Cut } else { reply }
    });
    let outcomes = apply(&mut server.connect(), vec![create("Hello")]).unwrap();
    assert_eq!(now(&outcomes[0]).created_at, Timestamp::new(1.5));
    assert_eq!(server.bodies("POST").len(), 2);
}

#[test]
fn one_failing_memory_does_not_stop_the_others() {
    let mut service = Old::default();
    let server = Server::rest(move |asked| match asked.body["content"].as_str() {
        Some("bad") => Reply::Status(422, "", json!({"detail": "x".repeat(500)})),
        Some("busy") => Reply::Status(500, "", json!({"detail": "locked"})),
        _ => service.answer(asked),
    });
    let mut renamed = create("renamed");
    renamed.key = key("another name");
    let mut endless = create("endless");
    endless.target.as_mut().unwrap().metadata =
        Metadata::from_text(r#"{"n":[1e999]}"#, &Bookkeeping::default());
    let edits = vec![create("bad"), create("busy"), create(""), renamed, endless, create("good")];
    let outcomes = apply(&mut server.connect(), edits).unwrap();
    let words = outcomes.iter().map(|outcome| match outcome {
        Outcome::Refused(refusal) => refusal.to_string(),
        Outcome::Failed { reason } => format!("failed: {reason}"),
        other => format!("{:?}", matches!(other, Outcome::Done { now: Some(_) })),
    });
    insta::assert_snapshot!(words.collect::<Vec<_>>().join("\n").replace(&"x".repeat(200), "XXX"), @"
    refused: it answered 422 Unprocessable Entity: XXX…
    failed: it answered 500 Internal Server Error: locked
    the service cannot hold a memory without text
    the server names a memory after its text, and this one has another name
    the metadata member n holds a number that the service cannot hold
    true
    ");
}

#[test]
fn a_server_that_asks_to_be_left_alone_is_sent_no_further_edit() {
    let server = Server::rest(|asked| match asked.method.as_str() {
        "GET" => Reply::Status(404, "", Value::Null),
        _ => Reply::Status(503, "Retry-After: 120\r\n", Value::Null),
    });
    let edits = (0..50).map(|index| create(&format!("text {index}"))).collect();
    let error = apply(&mut server.connect(), edits).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }));
    assert!(server.bodies("POST").len() <= IN_FLIGHT, "no more than were under way");
}

#[test]
fn a_server_that_goes_away_ends_the_whole_step() {
    let server = Server::rest(|asked| match asked.method.as_str() {
        "GET" => Reply::Status(404, "", Value::Null),
        _ => Reply::Cut,
    });
    let error = apply(&mut server.connect(), vec![create("Hello")]).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }));
}

/// A server that takes events, and what it holds.
fn event_server(mut ingest: impl FnMut(&Value, &mut Vec<Value>) -> Reply + Send + 'static) -> Server {
    let mut held: Vec<Value> = Vec::new();
    Server::start(move |asked| match (asked.method.as_str(), asked.path.as_str()) {
        (_, "/openapi.json") => Reply::Json(
            json!({"paths": {"/api/memories": {}, "/api/sync/baseline": {}, "/api/sync/events": {}}}),
        ),
        ("GET", "/api/sync/baseline") => Reply::Json(json!({"events": held})),
        ("POST", "/api/sync/events") => ingest(&asked.body["events"], &mut held),
        ("GET", path) => {
            let name = path.trim_start_matches("/api/memories/").trim_end_matches("?store=all");
            let event = held.iter().find(|event| escape(event["content_hash"].as_str().unwrap()) == name);
            event.map_or(Reply::Status(404, "", Value::Null), |event| Reply::Json(event["payload"].clone()))
        }
        _ => Reply::Status(500, "", Value::Null),
    })
}

#[test]
fn an_event_creates_and_replaces_with_a_clock_ahead() {
    let server = event_server(|events, held| {
        held.retain(|old| {
            events.as_array().unwrap().iter().all(|new| new["content_hash"] != old["content_hash"])
        });
        held.extend(events.as_array().unwrap().clone());
        Reply::Json(json!({"results": [{"status": "applied"}]}))
    });
    let mut http = server.connect();
    let edit = Edit { key: key("any name"), ..create("Hello") };
    let held = now(&apply(&mut http, vec![edit.clone()]).unwrap()[0]).clone();
    assert_eq!(Some(&held), edit.target.as_ref());
    insta::assert_snapshot!(format!("{:#}", server.bodies("POST")[0]["events"][0]), @r#"
    {
      "agent_id": "laptop",
      "content_hash": "any name",
      "embedding_dim": null,
      "embedding_model": null,
      "event_id": "4d58365f-a09c-63d2-a100-af1f3063ef22",
      "hlc_logical": 0,
      "hlc_physical": 1700000000500,
      "op": "create",
      "payload": {
        "content": "Hello",
        "content_hash": "any name",
        "created_at": 1.5,
        "memory_type": "note",
        "metadata": {
          "a": 1,
          "b": {
            "c": 2
          }
        },
        "store": "default",
        "superseded_by": null,
        "tags": [
          "Rust"
        ],
        "updated_at": 1700000000.5
      },
      "schema_version": 1
    }
    "#);
    let target = Memory { content: "HELLO".to_owned(), store: Some("work".to_owned()), ..held.clone() };
    let replace = Edit { expected: Some(held.id()), target: Some(target.clone()), ..edit };
    assert_eq!(now(&apply(&mut http, vec![replace]).unwrap()[0]), &target);
    assert_eq!(server.bodies("POST")[1]["events"][0]["hlc_physical"], json!(1_700_000_000_501_i64));
}

#[test]
fn an_acknowledged_event_that_replaced_nothing_is_stale() {
    let server = event_server(|events, held| {
        // The first creates the memory. The others are older than what the server holds, for once.
        if held.is_empty() {
            held.extend(events.as_array().unwrap().clone());
        }
        Reply::Json(json!({"results": [{"status": "applied"}]}))
    });
    let mut http = server.connect();
    let held = now(&apply(&mut http, vec![create("Hello")]).unwrap()[0]).clone();
    let edits: [fn(&mut Memory); 3] = [
        |memory| memory.store = Some("work".to_owned()),
        |memory| memory.created_at = Timestamp::new(0.5),
        |memory| memory.superseded_by = Some("another".to_owned()),
    ];
    for change in edits {
        let mut target = held.clone();
        change(&mut target);
        let edit = Edit { expected: Some(held.id()), target: Some(target), ..create("Hello") };
        assert_eq!(apply(&mut http, vec![edit]).unwrap(), [Outcome::Stale]);
    }
    assert_eq!(http.writes(), 4);
}

#[test]
fn the_events_after_a_failed_one_are_sent_again_and_applied_is_not_believed() {
    let server = event_server(|events, held| {
        let mut results = Vec::new();
        for event in events.as_array().unwrap() {
            let content = event["payload"]["content"].as_str().unwrap();
            let stopped = results.last() == Some(&json!({"status": "failed"}));
            let status = if content == "bad" || stopped { "failed" } else { "applied" };
            if status == "applied" && content != "lost" {
                held.push(event.clone());
            }
            results.push(json!({"status": status}));
        }
        Reply::Json(json!({"results": results}))
    });
    let edits = ["one", "bad", "lost", "two"].map(create).to_vec();
    let outcomes = apply(&mut server.connect(), edits).unwrap();
    now(&outcomes[0]);
    insta::assert_debug_snapshot!(&outcomes[1..3], @r#"
    [
        Failed {
            reason: "the server failed to apply it",
        },
        Failed {
            reason: "the server did not keep it",
        },
    ]
    "#);
    now(&outcomes[3]);
}

#[test]
fn too_large_a_request_is_split_and_too_large_a_memory_refused() {
    let server = event_server(|events, held| {
        let events = events.as_array().unwrap();
        if events.len() > 1 || events[0]["payload"]["content"] == "huge" {
            return Reply::Status(413, "", json!({"error_description": "too large"}));
        }
        held.extend(events.clone());
        Reply::Json(json!({"results": [{"status": "applied"}]}))
    });
    let outcomes = apply(&mut server.connect(), ["one", "two", "huge"].map(create).to_vec()).unwrap();
    now(&outcomes[0]);
    now(&outcomes[1]);
    insta::assert_debug_snapshot!(outcomes[2], @r#"
    Refused(
        Rejected(
            "it answered 413 Payload Too Large: too large",
        ),
    )
    "#);
}

#[test]
fn a_server_that_wants_no_events_from_this_device_gets_posts() {
    let mut service = Old::default();
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/openapi.json" => Reply::Json(json!({"paths": {"/api/memories": {}, "/api/sync/events": {}}})),
        "/api/sync/events" => Reply::Status(403, "", json!({"detail": "agent_id not allowed"})),
        _ => service.answer(asked),
    });
    let edit = create("Hello");
    let outcomes = apply(&mut server.connect(), vec![edit.clone()]).unwrap();
    assert_eq!(Some(now(&outcomes[0])), edit.target.as_ref());
}
