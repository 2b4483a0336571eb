//! A server that takes conditions, and what other devices do to it in the worst moment.

use std::collections::BTreeMap;

use super::writing::{apply, create, name_of, now};
use super::*;
use crate::object::{Edit, Memory, Outcome};
use crate::remote::trust::sha256;

type Rows = BTreeMap<String, Value>;

/// What another device does right before a request, which is told by its number from 0.
type Intruder = Box<dyn FnMut(usize, &Asked, &mut Rows) + Send>;

/// A server that keeps memories and takes conditions. No write moves a memory's `updated_at`, so that only
/// its entity tag tells what it holds.
struct Hub {
    rows: Arc<Mutex<Rows>>,
    extensions: Value,
    intruder: Intruder,
    takes_events: bool,
    requests: usize,
}

impl Hub {
    fn new() -> Self {
        Self {
            rows: Arc::default(),
            extensions: json!({"conditional_writes": 1}),
            intruder: Box::new(|_, _, _| {}),
            takes_events: true,
            requests: 0,
        }
    }

    /// A server that holds the memory of [`change_text`] and the other edits below.
    fn with_a_memory() -> Self {
        let hub = Self::new();
        hub.rows.lock().unwrap().insert(name_of("Hello"), row("Hello"));
        hub
    }

    fn answer(&mut self, asked: &Asked) -> Reply {
        let rows = Arc::clone(&self.rows);
        let mut rows = rows.lock().unwrap();
        (self.intruder)(self.requests, asked, &mut rows);
        self.requests += 1;
        let name = asked.path.trim_start_matches("/api/memories").trim_start_matches('/');
        let name = name.split('?').next().unwrap();
        match (asked.method.as_str(), asked.path.as_str()) {
            (_, "/openapi.json") => self.describe(),
            ("GET", "/api/sync/baseline") => {
                let event = |(name, row)| json!({"op": "create", "content_hash": name, "payload": row});
                Reply::Json(json!({"events": rows.iter().map(event).collect::<Vec<_>>()}))
            }
            ("POST", "/api/sync/events") if !self.takes_events => Reply::Status(403, "", Value::Null),
            ("POST", "/api/sync/events") => {
                let events = asked.body["events"].as_array().unwrap();
                let status = |event| json!({"status": ingest(event, &mut rows)});
                Reply::Json(json!({"results": events.iter().map(status).collect::<Vec<_>>()}))
            }
            ("POST", _) => {
                let name = name_of(asked.body["content"].as_str().unwrap());
                if !is_met(asked.condition.as_deref(), rows.get(&name)) {
                    return Reply::Status(412, "", Value::Null);
                }
                let mut row = item(&name);
                row["content"] = asked.body["content"].clone();
                row["metadata"] = asked.body["metadata"].clone();
                rows.insert(name.clone(), row.clone());
                let answer = json!({"success": true, "content_hash": name, "memory": row});
                Reply::Tagged(etag(&row), answer)
            }
            (_, _) if !rows.contains_key(name) => Reply::Status(404, "", Value::Null),
            ("GET", _) => Reply::Tagged(etag(&rows[name]), rows[name].clone()),
            _ if !is_met(asked.condition.as_deref(), rows.get(name)) => Reply::Status(412, "", Value::Null),
            ("DELETE", _) => Reply::Json(json!({"success": rows.remove(name).is_some()})),
            _ => {
                let row = rows.get_mut(name).unwrap();
                for (field, value) in asked.body.as_object().unwrap() {
                    row[field] = value.clone();
                }
                Reply::Tagged(etag(row), json!({"success": true}))
            }
        }
    }

    fn describe(&self) -> Reply {
        let paths = json!({"/api/memories": {}, "/api/sync/baseline": {}, "/api/sync/events": {}});
        Reply::Json(json!({"paths": paths, "x-memsync": self.extensions}))
    }

    fn start(mut self) -> Server {
        Server::start(move |asked| self.answer(asked))
    }
}

fn ingest(event: &Value, rows: &mut Rows) -> &'static str {
    let name = event["content_hash"].as_str().unwrap();
    let member = |name: &str| event[name].as_str();
    let condition = member("if_match").map(|etag| format!("if-match: {etag}"));
    let condition = condition.or(member("if_none_match").map(|any| format!("if-none-match: {any}")));
    if !is_met(condition.as_deref(), rows.get(name)) {
        return "precondition_failed";
    }
    let mut row = event["payload"].clone();
    row["updated_at"] = json!(2.5);
    rows.insert(name.to_owned(), row);
    "applied"
}

fn is_met(condition: Option<&str>, row: Option<&Value>) -> bool {
    match condition {
        None => true,
        Some("if-none-match: *") => row.is_none(),
        Some(condition) => row.is_some_and(|row| condition == format!("if-match: {}", etag(row))),
    }
}

fn etag(row: &Value) -> String {
    format!("\"{}\"", &sha256(row.to_string().as_bytes()).to_string()[..8])
}

fn row(content: &str) -> Value {
    let mut row = item(&name_of(content));
    row["content"] = json!(content);
    row
}

fn held() -> Memory {
    Memory {
        content: "Hello".to_owned(),
        tags: ["a".to_owned()].into(),
        memory_type: Some("note".to_owned()),
        created_at: Timestamp::new(1.5),
        ..Memory::default()
    }
}

fn edit(target: Option<Memory>) -> Edit {
    Edit { key: key(&name_of("Hello")), expected: Some(held().id()), target, row: None }
}

fn change_text() -> Edit {
    edit(Some(Memory { content: "HELLO".to_owned(), ..held() }))
}

fn change_tags() -> Edit {
    edit(Some(Memory { tags: ["b".to_owned()].into(), ..held() }))
}

/// The edits of every kind, and whether the server holds [`held`] before.
fn kinds() -> [(&'static str, Edit, bool); 4] {
    [
        ("PUT", change_tags(), true),
        ("DELETE", edit(None), true),
        ("replacing event", change_text(), true),
        ("creating event", create("Hello"), false),
    ]
}

/// The requests that were sent, with their conditions.
fn log(server: &Server) -> String {
    let asked = server.asked.lock().unwrap();
    let line = |asked: &Asked| {
        let event = asked.body["events"][0].clone();
        let members = ["if_match", "if_none_match"].map(|name| (name, event[name].as_str()));
        let members = members.iter().filter_map(|(name, value)| Some(format!("{name}: {}", (*value)?)));
        let conditions: Vec<_> = asked.condition.clone().into_iter().chain(members).collect();
        format!("{} {} {}", asked.method, asked.path, conditions.join(" ")).trim_end().to_owned()
    };
    let name = name_of("Hello");
    asked.iter().skip(1).map(line).collect::<Vec<_>>().join("\n").replace(&name, "NAME")
}

fn sent_for(hub: Hub, edit: Edit) -> String {
    let server = hub.start();
    let outcome = apply(&mut server.connect(), vec![edit]).unwrap().remove(0);
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    log(&server)
}

#[test]
fn each_write_goes_with_the_tag_from_before_the_reading_it_was_compared_with() {
    insta::assert_snapshot!(sent_for(Hub::with_a_memory(), change_tags()), @r#"
    GET /api/memories/NAME?store=all
    GET /api/sync/baseline
    PUT /api/memories/NAME if-match: "c1a9cf5d"
    GET /api/sync/baseline
    "#);
    insta::assert_snapshot!(sent_for(Hub::with_a_memory(), edit(None)), @r#"
    GET /api/memories/NAME?store=all
    GET /api/sync/baseline
    DELETE /api/memories/NAME if-match: "c1a9cf5d"
    GET /api/sync/baseline
    "#);
    insta::assert_snapshot!(sent_for(Hub::with_a_memory(), change_text()), @r#"
    GET /api/memories/NAME?store=all
    GET /api/sync/baseline
    POST /api/sync/events if_match: "c1a9cf5d"
    GET /api/sync/baseline
    "#);
    insta::assert_snapshot!(sent_for(Hub::new(), create("Hello")), @"
    GET /api/sync/baseline
    POST /api/sync/events if_none_match: *
    GET /api/sync/baseline
    ");
    let without_events = Hub { takes_events: false, ..Hub::new() };
    insta::assert_snapshot!(sent_for(without_events, create("Hello")), @r#"
    GET /api/sync/baseline
    POST /api/sync/events if_none_match: *
    POST /api/memories if-none-match: *
    PUT /api/memories/NAME if-match: "02fd46cf"
    GET /api/sync/baseline
    "#);
}

#[test]
fn a_server_that_does_not_announce_what_is_understood_gets_no_conditions() {
    let others = [Value::Null, json!({}), json!(1), json!({"conditional_writes": 2})];
    for extensions in others {
        for (kind, edit, is_held) in kinds() {
            let hub = if is_held { Hub::with_a_memory() } else { Hub::new() };
            let sent = sent_for(Hub { extensions: extensions.clone(), ..hub }, edit);
            assert!(!sent.contains("if"), "{kind}, {extensions}:\n{sent}");
        }
    }
}

#[test]
fn nothing_that_another_device_writes_is_overwritten_whenever_it_writes() {
    for (kind, edit, is_held) in kinds() {
        for moment in 1.. {
            let mut hub = if is_held { Hub::with_a_memory() } else { Hub::new() };
            let rows = Arc::clone(&hub.rows);
            hub.intruder = Box::new(move |request, _, rows| {
                if request == moment {
                    let row = rows.entry(name_of("Hello")).or_insert_with(|| row("Hello"));
                    row["tags"] = json!(["theirs"]);
                }
            });
            let server = hub.start();
            let outcome = apply(&mut server.connect(), vec![edit.clone()]).unwrap().remove(0);
            let asked = server.asked.lock().unwrap();
            if moment >= asked.len() {
                break;
            }
            assert_eq!(
                rows.lock().unwrap()[&name_of("Hello")]["tags"],
                json!(["theirs"]),
                "{kind}, request {moment}"
            );
            let write = asked.iter().position(|asked| asked.method != "GET");
            let came_first = write.is_none_or(|write| moment <= write);
            assert_eq!(outcome == Outcome::Stale, came_first, "{kind}, request {moment}: {outcome:?}");
        }
    }
}

#[test]
fn what_post_created_is_corrected_only_while_nobody_else_changed_it() {
    let mut hub = Hub { takes_events: false, ..Hub::new() };
    let rows = Arc::clone(&hub.rows);
    hub.intruder = Box::new(|_, asked, rows| {
        if asked.method == "PUT" {
            rows.get_mut(&name_of("Hello")).unwrap()["tags"] = json!(["theirs"]);
        }
    });
    assert_eq!(apply(&mut hub.start().connect(), vec![create("Hello")]).unwrap(), [Outcome::Stale]);
    assert_eq!(rows.lock().unwrap()[&name_of("Hello")]["tags"], json!(["theirs"]));
}

#[test]
fn an_event_whose_condition_fails_stops_no_other() {
    let mut hub = Hub::new();
    hub.intruder = Box::new(|_, asked, rows| {
        if asked.path == "/api/sync/events" {
            rows.insert(name_of("two"), row("TWO"));
        }
    });
    let server = hub.start();
    let outcomes = apply(&mut server.connect(), ["one", "two", "three"].map(create).to_vec()).unwrap();
    now(&outcomes[0]);
    assert_eq!(outcomes[1], Outcome::Stale);
    now(&outcomes[2]);
    assert_eq!(server.bodies("POST").len(), 1);
}

/// Applies an edit whose first write is carried out and not answered, with `meanwhile` happening before the
/// write is sent again.
fn lose_the_answer(edit: Edit, mut hub: Hub, meanwhile: fn(&mut Rows)) -> Outcome {
    let mut writes = 0;
    let server = Server::start(move |asked| {
        let is_write = asked.method != "GET";
        writes += usize::from(is_write);
        if is_write && writes == 2 {
            meanwhile(&mut hub.rows.lock().unwrap());
        }
        let reply = hub.answer(asked);
        if is_write && writes == 1 { Reply::Cut } else { reply }
    });
    let outcome = apply(&mut server.connect(), vec![edit]).unwrap().remove(0);
    assert_eq!(server.asked.lock().unwrap().iter().filter(|asked| asked.method != "GET").count(), 2);
    outcome
}

#[test]
fn a_write_that_fails_by_its_own_success_is_done() {
    for (kind, edit, is_held) in kinds() {
        let hub = || if is_held { Hub::with_a_memory() } else { Hub::new() };
        let target = edit.target.clone();
        assert_eq!(lose_the_answer(edit.clone(), hub(), |_| {}), Outcome::Done { now: target }, "{kind}");

        let overtaken = lose_the_answer(edit, hub(), |rows| {
            rows.insert(name_of("Hello"), row("hello"));
        });
        assert_eq!(overtaken, Outcome::Stale, "{kind}");
    }
}

#[test]
fn a_lost_answer_to_a_conditional_post_creates_one_memory() {
    let hub = Hub { takes_events: false, ..Hub::new() };
    let mut service = hub;
    let mut posts = 0;
    let server = Server::start(move |asked| {
        let reply = service.answer(asked);
        let is_post = asked.method == "POST" && asked.path == "/api/memories";
        posts += usize::from(is_post);
        if is_post && posts == 1 { Reply::Cut } else { reply }
    });
    let outcome = apply(&mut server.connect(), vec![create("Hello")]).unwrap().remove(0);
    assert_eq!(now(&outcome).content, "Hello");
}
