//! A server without conditions: what another device writes between the reading and a write, and what only looks
//! like that.

use super::writing::{apply, now};
use super::*;
use crate::object::{Edit, Memory, Outcome};

#[test]
fn what_changed_since_it_was_read_is_not_written_over() {
    let edits: [fn(&Memory) -> Option<Memory>; 3] = [
        |_| None,
        |held| Some(Memory { memory_type: None, ..held.clone() }),
        |held| Some(Memory { store: Some("work".to_owned()), ..held.clone() }),
    ];
    for target in edits {
        let server = Server::start(|asked| {
            let mut row = item("k");
            match asked.path.as_str() {
                "/openapi.json" => Reply::Json(
                    json!({"paths": {"/api/memories": {}, "/api/sync/baseline": {}, "/api/sync/events": {}}}),
                ),
                "/api/sync/baseline" => {
                    let event = json!({"op": "create", "content_hash": "k", "payload": row});
                    Reply::Json(json!({"events": [event]}))
                }
                _ => {
                    // Another device's PUT arrived right after the reading.
                    row["updated_at"] = json!(2.500_000_1);
                    Reply::Json(row)
                }
            }
        });
        let mut http = server.connect();
        let Some(Found::Memory(held)) = http.get(&[key("k")]).unwrap().remove(0) else { panic!("no memory") };
        let expected = Some(held.memory.id());
        let edit = Edit { key: held.key, expected, target: target(&held.memory), row: None };
        assert_eq!(apply(&mut http, vec![edit]).unwrap(), [Outcome::Stale]);
        assert_eq!(http.writes(), 0);
    }
}

/// A server with events whose baseline shows `row` and whose answer about the one memory is `shown`.
fn server_showing(row: Value, mut shown: impl FnMut(Value) -> Value + Send + 'static) -> Server {
    Server::start(move |asked| match (asked.method.as_str(), asked.path.as_str()) {
        (_, "/openapi.json") => Reply::Json(
            json!({"paths": {"/api/memories": {}, "/api/sync/baseline": {}, "/api/sync/events": {}}}),
        ),
        ("GET", "/api/sync/baseline") => {
            let event = json!({"op": "create", "content_hash": "k", "payload": row});
            Reply::Json(json!({"events": [event]}))
        }
        ("GET", _) => Reply::Json(shown(row.clone())),
        _ => Reply::Json(json!({"success": true, "results": [{"status": "applied"}]})),
    })
}

/// The requests for an edit of the memory `k` as `server` shows it, and the edit's outcome.
fn edit_shown(server: &Server, change: impl Fn(&mut Memory)) -> (Vec<String>, Outcome) {
    let mut http = server.connect();
    let Some(Found::Memory(held)) = http.get(&[key("k")]).unwrap().remove(0) else { panic!("no memory") };
    let mut target = held.memory.clone();
    change(&mut target);
    let edit = Edit { key: held.key, expected: Some(held.memory.id()), target: Some(target), row: None };
    let before = server.asked().len();
    let outcome = apply(&mut http, vec![edit]).unwrap().remove(0);
    (server.asked().split_off(before), outcome)
}

#[test]
fn an_edit_in_between_that_moves_no_time_is_not_written_over() {
    let theirs: [(&str, Value); 5] = [
        ("tags", json!(["theirs"])),
        ("memory_type", json!("decision")),
        ("metadata", json!({"theirs": 1})),
        ("metadata", json!({"memsync": {"created_at": 9.5}})),
        ("content", json!("TEXT OF K")),
    ];
    let edits: [fn(&mut Memory); 2] =
        [|memory| memory.memory_type = None, |memory| memory.store = Some("work".to_owned())];
    for change in edits {
        for (field, value) in theirs.clone() {
            let arrived = Arc::new(Mutex::new(item("k")));
            let rows = Arc::clone(&arrived);
            let mut baselines = 0;
            let server = Server::start(move |asked| match asked.path.as_str() {
                "/openapi.json" => Reply::Json(
                    json!({"paths": {"/api/memories": {}, "/api/sync/baseline": {}, "/api/sync/events": {}}}),
                ),
                "/api/sync/baseline" => {
                    let mut row = rows.lock().unwrap();
                    let event = json!({"op": "create", "content_hash": "k", "payload": *row});
                    baselines += 1;
                    if baselines == 2 {
                        // Another device's PUT arrives right after the reading.
                        row[field] = value.clone();
                    }
                    Reply::Json(json!({"events": [event]}))
                }
                _ => Reply::Json(rows.lock().unwrap().clone()),
            });
            let (asked, outcome) = edit_shown(&server, change);
            assert_eq!(outcome, Outcome::Stale, "{field}");
            assert!(asked.iter().all(|asked| asked.starts_with("GET")), "{field}: {asked:?}");
        }
    }
}

#[test]
fn what_the_service_shows_in_other_words_stands_in_no_edits_way() {
    let row = |field: &str, value: Value| {
        let mut row = item("k");
        row[field] = value;
        row
    };
    let shown: [(Value, &str, Value); 4] = [
        (row("tags", json!([])), "tags", json!(["untagged"])),
        (row("memory_type", json!("my-own")), "memory_type", json!("observation")),
        (row("memory_type", json!("Note")), "memory_type", json!("note")),
        (item("k"), "metadata", json!({"access_count": 5, "gone": null})),
    ];
    for (row, field, value) in shown {
        let server = server_showing(row, move |mut row| {
            row[field] = value.clone();
            row
        });
        let (asked, _) = edit_shown(&server, |memory| memory.tags = ["mine".to_owned()].into());
        insta::allow_duplicates! {
            insta::assert_snapshot!(asked.join("\n"), @"
            GET /api/sync/baseline
            GET /api/memories/k?store=all
            PUT /api/memories/k
            GET /api/sync/baseline
            ");
        }
    }
    // What no rule explains is settled by the reading that the edit was compared with.
    let server = server_showing(item("k"), |mut row| {
        row["metadata"] = json!({"shown": "otherwise"});
        row
    });
    let (asked, _) = edit_shown(&server, |memory| memory.tags = ["mine".to_owned()].into());
    insta::assert_snapshot!(asked.join("\n"), @"
    GET /api/sync/baseline
    GET /api/memories/k?store=all
    GET /api/sync/baseline
    PUT /api/memories/k
    GET /api/sync/baseline
    ");
}

#[test]
fn what_went_since_it_was_read_is_not_created_anew() {
    let mut readings = 0;
    let server = Server::rest(move |_| {
        readings += 1;
        if readings > 2 { Reply::Status(404, "", Value::Null) } else { Reply::Json(item("k")) }
    });
    let mut http = server.connect();
    let Some(Found::Memory(held)) = http.get(&[key("k")]).unwrap().remove(0) else { panic!("no memory") };
    let target = Some(Memory { memory_type: None, ..held.memory.clone() });
    let edit = Edit { key: held.key, expected: Some(held.memory.id()), target, row: None };
    assert_eq!(apply(&mut http, vec![edit]).unwrap(), [Outcome::Stale]);
    assert_eq!(http.writes(), 0);
}

#[test]
fn a_time_that_the_server_makes_up_stands_in_no_edits_way() {
    let mut clock = 784_111_777.0;
    let server = Server::rest(move |_| {
        clock += 0.25;
        let mut row = item("k");
        row["updated_at"] = json!(clock);
        Reply::Json(row)
    });
    let mut http = server.connect();
    let Some(Found::Memory(held)) = http.get(&[key("k")]).unwrap().remove(0) else { panic!("no memory") };
    let target = Some(Memory { memory_type: None, ..held.memory.clone() });
    let edit = Edit { key: held.key, expected: Some(held.memory.id()), target, row: None };
    now(&apply(&mut http, vec![edit]).unwrap()[0]);
    assert_eq!(http.writes(), 1);
}
