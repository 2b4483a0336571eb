//! Servers whose listing moves, hides memories or fails, and servers with a baseline.

use super::*;

/// The page of `rows` that was asked for.
fn page(rows: &[Value], asked: &Asked) -> Reply {
    let number = |name: &str| -> usize {
        let (_, rest) = asked.path.split_once(&format!("{name}=")).unwrap();
        rest.split('&').next().unwrap().parse().unwrap()
    };
    let (number, size) = (number("page"), number("page_size"));
    let memories: Vec<_> = rows.iter().skip((number - 1) * size).take(size).collect();
    Reply::Json(json!({"memories": memories, "total": rows.len()}))
}

fn rows(count: usize) -> Vec<Value> {
    (0..count).map(|index| item(&format!("{index:03}"))).collect()
}

#[test]
fn a_memory_that_slips_between_two_pages_is_found_by_reading_again() {
    let mut rows = rows(150);
    let mut pages = 0;
    let server = Server::rest(move |asked| {
        let reply = page(&rows, asked);
        pages += 1;
        if pages == 1 {
            // Everything moves up by one: what opened the second page is on the first now.
            rows.remove(0);
        }
        reply
    });
    let found = snapshot(&mut server.connect()).unwrap();
    let mut names = names(&found);
    names.sort();
    assert_eq!(names.len(), 150, "each once, also the one that went meanwhile");
    assert!(names.contains(&"100".to_owned()));
}

#[test]
fn a_listing_that_never_settles_is_taken_as_it_was_seen() {
    let mut total = 100;
    let server = Server::rest(move |_| {
        total += 1;
        Reply::Json(json!({"memories": [item("a"), item("a")], "total": total}))
    });
    assert_eq!(names(&snapshot(&mut server.connect()).unwrap()), ["a"]);
    assert_eq!(server.asked().len(), 10, "five readings of two pages");
}

#[test]
fn what_the_server_counts_but_does_not_show_is_not_absent() {
    let server = Server::rest(|asked| match asked.path.as_str() {
        path if path.starts_with("/api/memories?") => {
            Reply::Json(json!({"memories": [item("a")], "total": 2}))
        }
        _ => Reply::Status(404, "", json!({"detail": "Memory not found"})),
    });
    let mut http = server.connect();
    assert_eq!(names(&snapshot(&mut http).unwrap()), ["a"]);
    assert_eq!(server.asked().len(), 2, "the same gap twice is no drift");
    let answers: Vec<_> = http.get(&[key("b")]).unwrap().into_iter().flatten().collect();
    insta::assert_snapshot!(names(&answers).join("\n"), @"Some(ContentHash(\"b\")): the server counts memories that it does not show, and this may be one");
}

#[test]
fn one_memory_that_the_server_fails_on_does_not_hide_the_others() {
    let rows = rows(30);
    let server = Server::rest(move |asked| match page(&rows, asked) {
        Reply::Json(page) if page.to_string().contains("text of 017") => {
            Reply::Status(500, "", json!("Internal Server Error"))
        }
        reply => reply,
    });
    let names = names(&snapshot(&mut server.connect()).unwrap());
    assert_eq!(names.len(), 30);
    let unreadable: Vec<_> = names.iter().filter(|name| name.contains(':')).collect();
    insta::assert_debug_snapshot!(unreadable, @r#"
    [
        "None: the server cannot show it: it answered 500 Internal Server Error: Internal Server Error",
    ]
    "#);
}

#[test]
fn a_question_tells_absent_from_unreadable() {
    let server = Server::rest(|asked| match asked.path.as_str() {
        "/api/memories/gone?store=all" => Reply::Status(404, "", Value::Null),
        "/api/memories/broken?store=all" => Reply::Status(500, "", Value::Null),
        "/api/memories/odd?store=all" => Reply::Json(json!({"content_hash": "odd", "content": 5})),
        "/api/memories/a%20b?store=all" => Reply::Json(item("a b")),
        _ => Reply::Json(item("another")),
    });
    let keys = ["gone", "broken", "odd", "a b", "x", "a/b"].map(key);
    let answers = server.connect().get(&keys).unwrap();
    assert!(answers[0].is_none());
    let answers: Vec<_> = answers.into_iter().flatten().collect();
    insta::assert_snapshot!(names(&answers).join("\n"), @r#"
    Some(ContentHash("broken")): the server cannot show it: it answered 500 Internal Server Error: null
    Some(ContentHash("odd")): invalid type: number, expected a string
    a b
    Some(ContentHash("x")): the server answered with another memory
    Some(ContentHash("a/b")): the server cannot be asked about a memory of this name
    "#);
}

#[test]
fn a_time_that_the_server_makes_up_at_each_reading_is_none() {
    let mut clock = 784_111_777.0;
    let server = Server::start(move |asked| {
        clock += 0.25;
        let mut damaged = item("damaged");
        damaged["created_at"] = json!(clock);
        let mut fresh = item("fresh");
        fresh["created_at"] = json!(784_111_777.5);
        let body = match asked.path.as_str() {
            "/openapi.json" => json!({"paths": {"/api/memories": {}}}),
            "/api/memories/old?store=all" => item("old"),
            "/api/memories/damaged?store=all" => damaged,
            "/api/memories/fresh?store=all" => fresh,
            _ => json!({"memories": [item("old"), damaged, fresh], "total": 3}),
        };
        Reply::Status(200, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", body)
    });
    let mut http = server.connect();
    let found = snapshot(&mut http).unwrap();
    let created = found.iter().map(|found| match found {
        Found::Memory(held) => held.memory.created_at.map(Timestamp::seconds),
        Found::Unreadable { .. } => panic!("{found:?}"),
    });
    assert_eq!(created.collect::<Vec<_>>(), [Some(1.5), None, Some(784_111_777.5)]);
    let answers = http.get(&["old", "damaged", "fresh"].map(key)).unwrap();
    assert_eq!(answers, found.into_iter().map(Some).collect::<Vec<_>>());
}

/// A baseline event for a live memory.
fn event(payload: &Value) -> Value {
    json!({"op": "create", "content_hash": payload["content_hash"], "hlc_physical": 7, "payload": payload})
}

fn baseline_server(events: Value) -> Server {
    Server::start(move |asked| match asked.path.as_str() {
        "/openapi.json" => Reply::Json(json!({"paths": {"/api/memories": {}, "/api/sync/baseline": {}}})),
        "/api/sync/baseline" => Reply::Json(json!({"events": events, "watermark": 9})),
        _ => Reply::Status(404, "", Value::Null),
    })
}

#[test]
fn a_snapshot_and_a_question_show_the_same_form_of_a_memory() {
    let mut raw = item("raw");
    raw["memory_type"] = json!("Unknown Type");
    raw["store"] = json!("work");
    raw["tags"] = json!([]);
    raw["metadata"] = json!({
        "b": 1, "gone": null, "access_count": 3, "memsync": {"created_at": 0.25, "metadata": "{\"x\": NaN}"},
    });
    let server = baseline_server(json!([
        event(&raw),
        {"op": "delete", "content_hash": "dead", "payload": {}},
        event(&json!({"content_hash": "odd", "content": null})),
        {"op": "create", "content_hash": "", "payload": item("x")},
        event(&item("last")),
    ]));
    let mut http = server.connect();
    let found = snapshot(&mut http).unwrap();
    let Found::Memory(held) = &found[0] else { panic!("{:?}", found[0]) };
    insta::assert_snapshot!(String::from_utf8(held.memory.to_blob()).unwrap(), @r#"
    created 0.25
    metadata {"x": NaN}
    store work
    type Unknown Type

    text of raw
    "#);
    insta::assert_snapshot!(names(&found).join("\n"), @r#"
    raw
    Some(ContentHash("odd")): missing field `content`
    None: its name is none
    last
    "#);
    let answers = http.get(&["raw", "dead", "never", "odd"].map(key)).unwrap();
    assert_eq!(answers, [Some(found[0].clone()), None, None, Some(found[1].clone())]);
    let asked = ["/api/sync/baseline", "/api/sync/baseline", "/api/memories/never?store=all"];
    assert_eq!(server.asked(), asked.map(|path| format!("GET {path}")), "what has no tombstone is asked for");
}

#[test]
fn what_the_baseline_leaves_out_is_gone_only_where_the_server_says_so() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/openapi.json" => Reply::Json(json!({"paths": {"/api/memories": {}, "/api/sync/baseline": {}}})),
        "/api/sync/baseline" => Reply::Json(json!({"events": [event(&item("shown"))]})),
        "/api/memories/left%20out?store=all" => Reply::Json(item("left out")),
        "/api/memories/broken?store=all" => Reply::Status(500, "", Value::Null),
        _ => Reply::Status(404, "", Value::Null),
    });
    let answers = server.connect().get(&["gone", "shown", "left out", "broken", "a/b"].map(key)).unwrap();
    assert!(answers[0].is_none());
    let answers: Vec<_> = answers.into_iter().flatten().collect();
    insta::assert_snapshot!(names(&answers).join("\n"), @r#"
    shown
    Some(ContentHash("left out")): the server holds it, but its baseline leaves it out
    Some(ContentHash("broken")): the server cannot show it: it answered 500 Internal Server Error: null
    Some(ContentHash("a/b")): the server cannot be asked about a memory of this name
    "#);
}

#[test]
fn a_reader_that_has_seen_enough_stops_a_snapshot() {
    let server = baseline_server(json!([event(&item("a")), event(&item("b"))]));
    let mut seen = 0;
    let stop = |_| {
        seen += 1;
        ControlFlow::Break(())
    };
    server.connect().snapshot(&mut { stop }).unwrap();
    assert_eq!(seen, 1);
}

#[test]
fn a_broken_baseline_is_an_error_unless_the_storage_never_had_one() {
    let server = |backend: &'static str| {
        Server::start(move |asked| match asked.path.as_str() {
            "/openapi.json" => Reply::Status(404, "", Value::Null),
            "/api/sync/baseline" => Reply::Status(500, "", json!({"detail": "baseline generation failed"})),
            "/api/health/detailed" => Reply::Json(json!({"storage": {"backend": backend}})),
            _ => Reply::Json(json!({"memories": [item("a")], "total": 1})),
        })
    };
    let damaged = server("sqlite-vec");
    let error = snapshot(&mut damaged.connect()).unwrap_err().to_string();
    insta::assert_snapshot!(error.replace(&damaged.url, "SERVER"), @"SERVER does not answer like mcp-memory-service: GET /api/sync/baseline fails, as it does when one row of the database is damaged (it answered 500 Internal Server Error: baseline generation failed); nothing was changed on the server, and its log says what is wrong");
    assert_eq!(names(&snapshot(&mut server("cloudflare").connect()).unwrap()), ["a"]);
}

#[test]
fn a_name_that_is_asked_for_twice_is_answered_twice() {
    let server = Server::rest(|_| Reply::Json(item("k")));
    let found = server.connect().get(&[key("k"), key("k")]).unwrap();
    assert!(found.iter().all(Option::is_some), "{found:?}");
}

/// A memory that the service takes and gives back, and whose lists go deeper than `serde_json` reads.
fn nested(name: &str) -> String {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    format!(r#"{{"content_hash":"{name}","content":"x","metadata":{{"deep":{deep}}}}}"#)
}

#[test]
fn a_deletion_is_known_however_deep_what_was_deleted_goes() {
    let (a, deep) = (event(&item("a")), nested("deep"));
    let deletion = format!(r#"{{"op":"delete","content_hash":"deep","hlc_physical":7,"payload":{deep}}}"#);
    let baseline = format!(r#"{{"events":[{a},{deletion}]}}"#);
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/openapi.json" => Reply::Json(json!({"paths": {"/api/memories": {}, "/api/sync/baseline": {}}})),
        _ => Reply::Text(baseline.clone()),
    });
    let mut http = server.connect();
    assert_eq!(names(&snapshot(&mut http).unwrap()), ["a"]);
    assert_eq!(http.get(&[key("deep")]).unwrap(), [None]);
}

#[test]
fn a_memory_that_is_nested_too_deeply_does_not_hide_the_others() {
    let (a, b, deep) = (item("a"), item("b"), nested("deep"));
    let page = format!(r#"{{"memories":[{a},{deep},{b}],"total":3}}"#);
    let (a, b) = (event(&a), event(&b));
    let event = format!(r#"{{"op":"create","content_hash":"deep","payload":{deep}}}"#);
    let baseline = format!(r#"{{"events":[{a},{event},{b}]}}"#);
    let with_baseline = Server::start(move |asked| match asked.path.as_str() {
        "/openapi.json" => Reply::Json(json!({"paths": {"/api/memories": {}, "/api/sync/baseline": {}}})),
        _ => Reply::Text(baseline.clone()),
    });
    let without = Server::rest(move |asked| match asked.path.as_str() {
        "/api/memories/deep?store=all" => Reply::Text(deep.clone()),
        _ => Reply::Text(page.clone()),
    });
    for server in [with_baseline, without] {
        let mut http = server.connect();
        let told = names(&snapshot(&mut http).unwrap());
        assert_eq!((told[0].as_str(), told[2].as_str()), ("a", "b"));
        assert!(told[1].starts_with(r#"Some(ContentHash("deep")): recursion limit exceeded"#), "{told:?}");
        let answer = http.get(&[key("deep")]).unwrap();
        assert!(matches!(answer[..], [Some(Found::Unreadable { .. })]), "{answer:?}");
    }
}
