//! Writes over HTTP, held against what mcp-memory-service 12.2.0 answered, stored and logged.

use std::sync::Mutex;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use http_body_util::BodyExt as _;
use rusqlite::Connection;
use rusqlite::types::Value as Column;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::*;
use crate::embed::Makers;
use crate::hub::{Clock, events};
use crate::object::Timestamp;

/// Made by `tests/fixtures/writes/record.py`.
const RECORDED: &str = include_str!("../../../../tests/fixtures/writes/answers.jsonl");

/// Method, path, body and headers.
type Question<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, &'a str)]);

/// A hub over a new database, with a clock that is set by hand.
struct Fixture {
    router: Router,
    now: Arc<Mutex<Timestamp>>,
    database: Connection,
    _folder: TempDir,
}

/// Status, entity tag and body of an answer.
struct Answer {
    status: u16,
    etag: Option<String>,
    body: Value,
}

impl Fixture {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("sqlite_vec.db");
        let now = Arc::new(Mutex::new(Timestamp::new(1_700_000_000.25).unwrap()));
        crate::local::prepare(&path).unwrap();
        let clock = Arc::clone(&now);
        let clock: Clock = Arc::new(move || *clock.lock().unwrap());
        let hub = Hub::open(&path, Makers::default(), clock).unwrap();
        let router = routes().merge(events::routes()).with_state(Arc::new(hub));
        Self { router, now, database: Connection::open(path).unwrap(), _folder: folder }
    }

    async fn send(&self, method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header("Content-Type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_bytes(&latin_1(value)).unwrap());
        }
        let answer = self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await;
        let (head, body) = answer.unwrap().into_parts();
        let etag = head.headers.get("etag").map(|etag| etag.to_str().unwrap().to_owned());
        let body = serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()).unwrap();
        Answer { status: head.status.as_u16(), etag, body }
    }

    async fn store(&self, text: &str) -> Answer {
        self.send("POST", "/api/memories", &json!({ "content": text }).to_string(), &[]).await
    }

    /// The rows of a query as JSON objects, texts in `json` read.
    fn rows(&self, sql: &str, value: &Value, json: &str) -> Vec<Value> {
        let mut statement = self.database.prepare(sql).unwrap();
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let value =
            value.as_str().map_or_else(|| Column::from(value.as_i64()), |text| text.to_owned().into());
        let rows = statement.query_map([value], |row| {
            let member = |(index, name): (usize, &String)| {
                let value = match row.get(index).unwrap() {
                    Column::Text(text) if name == json => serde_json::from_str(&text).unwrap(),
                    Column::Text(text) => json!(text),
                    Column::Real(number) => json!(number),
                    Column::Integer(number) => json!(number),
                    Column::Null => Value::Null,
                    Column::Blob(_) => panic!("a blob in {name}"),
                };
                (name.clone(), value)
            };
            Ok(names.iter().enumerate().map(member).collect())
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// The row of a memory, tombstones included.
    fn row(&self, key: &Value) -> Value {
        let mut rows = self.rows("SELECT * FROM memories WHERE content_hash = ?1", key, "metadata");
        rows.pop().unwrap_or_default()
    }

    /// What was logged after the entry `since`.
    fn logged(&self, since: i64) -> Vec<Value> {
        let sql = "SELECT op, content_hash, agent_id, payload FROM sync_events WHERE seq > ?1";
        self.rows(sql, &json!(since), "payload").into_iter().map(without_ids).collect()
    }

    fn last_entry(&self) -> i64 {
        self.database
            .query_row("SELECT coalesce(max(seq), 0) FROM sync_events", [], |row| row.get(0))
            .unwrap()
    }
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
}

/// Ids of entries are random, and their clocks run on while a request is served.
fn without_ids(mut entry: Value) -> Value {
    if let Some(id) = entry["payload"].get_mut("recreate_of").filter(|id| **id != "") {
        *id = json!("an id");
        entry["payload"]["recreate_of_hlc"] = json!("its clock");
    }
    entry
}

#[tokio::test]
async fn four_hundred_requests_are_answered_stored_and_logged_as_by_the_service() {
    let hub = Fixture::new();
    for (line, recorded) in (1..).zip(RECORDED.lines()) {
        let mut recorded: Value = serde_json::from_str(recorded).unwrap();
        let text = |name: &str| recorded[name].as_str().unwrap_or_default();
        *hub.now.lock().unwrap() = Timestamp::new(recorded["now"].as_f64().unwrap()).unwrap();
        let since = hub.last_entry();
        let agent = recorded["agent"].as_str().map(|agent| (AGENT, agent));
        let answer = hub.send(text("method"), text("path"), text("body"), agent.as_slice()).await;

        let shown = format!("request {line}: {} {} {}", text("method"), text("path"), text("body"));
        assert_eq!(recorded["status"], answer.status, "{shown}\n{}", answer.body);
        assert_eq!(recorded["answer"], answer.body, "{shown}");
        assert_eq!(answer.etag.is_some(), answer.body["memory"].is_object(), "{shown}");
        if let Some(metadata) = recorded["row"].get_mut("metadata") {
            *metadata = serde_json::from_str(metadata.as_str().unwrap()).unwrap();
        }
        assert_eq!(recorded["row"], hub.row(&recorded["key"]), "{shown}");
        let mut logged: Vec<Value> = recorded["logged"].as_array().unwrap().clone();
        for entry in &mut logged {
            entry["payload"] = serde_json::from_str(entry["payload"].as_str().unwrap()).unwrap();
        }
        let logged: Vec<Value> = logged.into_iter().map(without_ids).collect();
        assert_eq!(logged, hub.logged(since), "{shown}");
    }
}

#[tokio::test]
async fn what_was_written_is_announced() {
    let hub = Fixture::new();
    let request = Request::get("/api/events").body(Body::empty()).unwrap();
    let mut listener = hub.router.clone().oneshot(request).await.unwrap().into_body();

    let tea = hub.store("tea").await;
    let path = format!("/api/memories/{}", tea.body["content_hash"].as_str().unwrap());
    hub.store("Tea").await;
    hub.send("PUT", &path, "{}", &[]).await;
    hub.send("PUT", &path, r#"{"tags": ["hot"]}"#, &[("If-Match", "\"stale\"")]).await;
    hub.send("PUT", &path, r#"{"tags": ["hot"]}"#, &[]).await;
    hub.send("DELETE", &path, "", &[]).await;
    hub.send("DELETE", &path, "", &[]).await;

    let mut told = Vec::new();
    while !told.contains(&"memory_deleted".to_owned()) {
        let piece = listener.frame().await.unwrap().unwrap().into_data().unwrap();
        let text = String::from_utf8(piece.to_vec()).unwrap();
        told.extend(text.lines().filter_map(|line| line.strip_prefix("event: ")).map(str::to_owned));
    }
    assert_eq!(told, ["connection_established", "memory_stored", "memory_updated", "memory_deleted"]);
}

#[tokio::test]
async fn conditions_guard_every_write() {
    let hub = Fixture::new();
    let stored = hub.store("tea").await;
    let first = stored.etag.unwrap();
    let path = format!("/api/memories/{}", stored.body["content_hash"].as_str().unwrap());
    let second = hub.send("PUT", &path, r#"{"tags": ["a"]}"#, &[("If-Match", &first)]).await.etag.unwrap();
    let both = format!("W/{second}, {first}");
    let tea = r#"{"content": "tea"}"#;
    let requests: [Question<'_>; 14] = [
        ("PUT", &path, r#"{"tags": ["b"]}"#, &[("If-Match", &first)]),
        ("PUT", &path, r#"{"tags": ["b"]}"#, &[("If-Match", &both)]),
        ("PUT", &path, r#"{"tags": ["b"]}"#, &[("If-None-Match", &both)]),
        ("PUT", &path, r#"{"tags": ["b"]}"#, &[("If-Match", "*"), ("If-None-Match", "*")]),
        ("PUT", &path, "{}", &[("If-Match", &first)]),
        ("PUT", &path, "{}", &[("If-Match", &second)]),
        ("PUT", &path, r#"{"tags": ["b"]}"#, &[("If-Match", "tea")]),
        ("PUT", "/api/memories/none", r#"{"tags": ["b"]}"#, &[("If-Match", "*")]),
        ("POST", "/api/memories", tea, &[("If-None-Match", "*")]),
        ("POST", "/api/memories", tea, &[("If-Match", &second)]),
        ("POST", "/api/memories", r#"{"content": "cake"}"#, &[("If-Match", "*")]),
        ("DELETE", &path, "", &[("If-Match", &first)]),
        ("DELETE", &path, "", &[("If-Match", &first), ("If-Match", &second)]),
        ("DELETE", &path, "", &[("If-Match", &second)]),
    ];
    let mut shown = String::new();
    for (method, path, body, headers) in requests {
        let answer = hub.send(method, path, body, headers).await;
        let what = answer.body.get("detail").or(answer.body.get("message")).unwrap();
        shown.extend([format!("{method} {headers:?}: {} {:?} {what}\n", answer.status, answer.etag)]);
    }
    let shown = shown.replace(first.trim_matches('"'), "first").replace(second.trim_matches('"'), "second");
    insta::assert_snapshot!(shown.replace(path.trim_start_matches("/api/memories/"), "tea"), @r#"
    PUT [("If-Match", "\"first\"")]: 412 Some("\"second\"") "The memory is not the version that the request demands; nothing was changed"
    PUT [("If-Match", "W/\"second\", \"first\"")]: 412 Some("\"second\"") "The memory is not the version that the request demands; nothing was changed"
    PUT [("If-None-Match", "W/\"second\", \"first\"")]: 412 Some("\"second\"") "The memory is not the version that the request demands; nothing was changed"
    PUT [("If-Match", "*"), ("If-None-Match", "*")]: 412 Some("\"second\"") "The memory is not the version that the request demands; nothing was changed"
    PUT [("If-Match", "\"first\"")]: 412 Some("\"second\"") "The memory is not the version that the request demands; nothing was changed"
    PUT [("If-Match", "\"second\"")]: 200 Some("\"second\"") "No updates provided - memory unchanged"
    PUT [("If-Match", "tea")]: 400 None "If-Match is neither * nor a list of entity tags in double quotes"
    PUT [("If-Match", "*")]: 404 None "Memory with hash none not found"
    POST [("If-None-Match", "*")]: 412 Some("\"second\"") "The memory is not the version that the request demands; nothing was changed"
    POST [("If-Match", "\"second\"")]: 200 None "Duplicate content detected (exact match)"
    POST [("If-Match", "*")]: 412 None "The memory that the request demands does not exist; nothing was changed"
    DELETE [("If-Match", "\"first\"")]: 412 Some("\"second\"") "The memory is not the version that the request demands; nothing was changed"
    DELETE [("If-Match", "\"first\""), ("If-Match", "\"second\"")]: 200 None "Successfully deleted memory tea"
    DELETE [("If-Match", "\"second\"")]: 404 None "Memory not found"
    "#);
}

#[tokio::test]
async fn odd_bodies_are_refused_or_kept_whole() {
    let hub = Fixture::new();
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let mut shown = String::new();
    for metadata in [
        "1e400".to_owned(),
        "0.1000000000000000055511151231257827".to_owned(),
        "9".repeat(4300),
        "9".repeat(4301),
        "NaN".to_owned(),
        "-Infinity".to_owned(),
        r#""\ud800""#.to_owned(),
        r#""\ud83d\ude00""#.to_owned(),
        r#"{"\udfff": 1}"#.to_owned(),
        deep(99),
        deep(100),
        deep(100_000),
    ] {
        let body = format!(r#"{{"content": "{}", "metadata": {{"m": {metadata}}}}}"#, shown.lines().count());
        let answer = hub.send("POST", "/api/memories", &body, &[]).await;
        let kept = serde_json::from_str(&metadata)
            .is_ok_and(|sent: Value| answer.body["memory"]["metadata"]["m"] == sent);
        shown.extend([format!(
            "{metadata:.40}: {}, {}\n",
            answer.status,
            if kept { "kept" } else { "refused" }
        )]);
    }
    insta::assert_snapshot!(shown, @r#"
    1e400: 200, kept
    0.1000000000000000055511151231257827: 200, kept
    9999999999999999999999999999999999999999: 200, kept
    9999999999999999999999999999999999999999: 400, refused
    NaN: 422, refused
    -Infinity: 422, refused
    "\ud800": 422, refused
    "\ud83d\ude00": 200, kept
    {"\udfff": 1}: 422, refused
    [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[: 200, kept
    [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[: 400, refused
    [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[: 422, refused
    "#);
    for body in
        [r#"{"content": "\ud800"}"#, r#"{"content": "a", "tags": ["\ud800"]}"#, "{\"content\": \"a\u{0}\"}"]
    {
        assert_eq!(hub.send("POST", "/api/memories", body, &[]).await.status, 422, "{body}");
    }
    assert_eq!(
        hub.rows("SELECT content FROM memories WHERE ?1 = 1 AND content = 'a'", &json!(1), "").len(),
        0
    );
}
