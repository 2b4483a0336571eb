//! The replication endpoints over HTTP: shapes, refusals, conditions.

use std::fmt::Write as _;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::json;
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::*;
use crate::embed::Makers;
use crate::hub::Clock;
use crate::object::Timestamp;

/// A hub over a new database.
struct Fixture {
    router: Router,
    _folder: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("sqlite_vec.db");
        crate::local::prepare(&path).unwrap();
        let clock: Clock = Arc::new(|| Timestamp::new(1_700_000_000.25).unwrap());
        let router = routes().merge(crate::hub::memories::routes());
        let router = router.with_state(Arc::new(Hub::open(&path, Makers::default(), clock).unwrap()));
        Self { router, _folder: folder }
    }

    /// The status, the headers' entity tag and the body of an answer.
    async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, String, Value) {
        let request = Request::builder().method(method).uri(path).header("Content-Type", "application/json");
        let answer = self.router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await;
        let (head, body) = answer.unwrap().into_parts();
        let etag = head.headers.get("etag").map(|etag| etag.to_str().unwrap().to_owned());
        let body = serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()).unwrap();
        (head.status.as_u16(), etag.unwrap_or_default(), body)
    }

    async fn push(&self, events: Value) -> String {
        let (status, _, body) = self.send("POST", "/api/sync/events", &json!({ "events": events })).await;
        format!("{status} {body}")
    }
}

fn event(id: u8, changes: Value) -> Value {
    let mut event = json!({
        "agent_id": "cook", "event_id": id.to_string(), "op": "create", "content_hash": "tea",
        "hlc_physical": 1_000 + i64::from(id), "hlc_logical": 0, "payload": {"content": "Tea"},
    });
    let Value::Object(changes) = changes else { unreachable!() };
    event.as_object_mut().unwrap().extend(changes);
    event
}

#[tokio::test]
async fn a_page_has_bounds() {
    let hub = Fixture::new();
    let mut shown = String::new();
    for query in ["", "?limit=1000", "?since_seq=-1", "?limit=1001", "?limit=0", "?limit=-1", "?since_seq=x"]
    {
        let (status, _, body) = hub.send("GET", &format!("/api/sync/events{query}"), &Value::Null).await;
        let told = body["detail"][0]["msg"].as_str().map_or_else(|| body.to_string(), str::to_owned);
        writeln!(shown, "{query:<16} {status} {told}").unwrap();
    }
    insta::assert_snapshot!(shown, @r#"
                     200 {"events":[],"has_more":false,"next_seq":0}
    ?limit=1000      200 {"events":[],"has_more":false,"next_seq":0}
    ?since_seq=-1    200 {"events":[],"has_more":false,"next_seq":-1}
    ?limit=1001      422 Input should be less than or equal to 1000
    ?limit=0         400 {"detail":"limit must be positive"}
    ?limit=-1        400 {"detail":"limit must be positive"}
    ?since_seq=x     422 Input should be a valid integer, unable to parse string as an integer
    "#);
}

#[tokio::test]
async fn one_event_without_an_author_refuses_the_whole_request() {
    let hub = Fixture::new();
    for author in [Value::Null, json!(""), json!(" "), json!(5)] {
        let nameless = event(2, json!({ "agent_id": author }));
        let answer = hub.push(json!([event(1, json!({})), nameless])).await;
        assert_eq!(answer, r#"403 {"detail":"event missing agent_id"}"#);
    }
    let (_, _, feed) = hub.send("GET", "/api/sync/events", &Value::Null).await;
    assert_eq!(feed["events"], json!([]));
}

#[tokio::test]
async fn conditions_of_events_are_those_of_requests() {
    let hub = Fixture::new();
    let mut shown = String::new();
    for condition in [json!({"if_match": "*"}), json!({"if_none_match": "*"}), json!({"if_none_match": "*"})]
    {
        let id = u8::try_from(shown.lines().count()).unwrap();
        writeln!(shown, "{condition} {}", hub.push(json!([event(id, condition.clone())])).await).unwrap();
    }
    let (_, etag, _) = hub.send("GET", "/api/memories/tea", &Value::Null).await;
    let change = |id: u8, condition: Value| {
        let updates = json!({"updates": {"tags": [id.to_string()]}});
        let mut event = event(id, json!({"op": "update_metadata", "payload": updates}));
        event.as_object_mut().unwrap().extend(condition.as_object().unwrap().clone());
        event
    };
    let current = json!({ "if_match": etag });
    let both = json!([change(5, current.clone()), change(6, current), change(7, json!({"if_match": null}))]);
    writeln!(shown, "the version that is there, twice, and none {}", hub.push(both).await).unwrap();
    for nonsense in [json!(5), json!("tea"), json!(["*"])] {
        let condition = json!({ "if_match": nonsense });
        writeln!(shown, "{condition} {}", hub.push(json!([change(8, condition.clone())])).await).unwrap();
    }
    insta::assert_snapshot!(shown, @r#"
    {"if_match":"*"} 200 {"applied":0,"failed":1,"results":[{"event_id":"0","status":"precondition_failed"}],"skipped":0}
    {"if_none_match":"*"} 200 {"applied":1,"failed":0,"results":[{"event_id":"1","status":"applied"}],"skipped":0}
    {"if_none_match":"*"} 200 {"applied":0,"failed":1,"results":[{"event_id":"2","status":"precondition_failed"}],"skipped":0}
    the version that is there, twice, and none 200 {"applied":2,"failed":1,"results":[{"event_id":"5","status":"applied"},{"event_id":"6","status":"precondition_failed"},{"event_id":"7","status":"applied"}],"skipped":0}
    {"if_match":5} 200 {"applied":0,"failed":1,"results":[{"event_id":"8","status":"failed"}],"skipped":0}
    {"if_match":"tea"} 200 {"applied":0,"failed":1,"results":[{"event_id":"8","status":"failed"}],"skipped":0}
    {"if_match":["*"]} 200 {"applied":0,"failed":1,"results":[{"event_id":"8","status":"failed"}],"skipped":0}
    "#);
}

#[tokio::test]
async fn what_was_pushed_is_in_the_log_and_in_the_baseline() {
    let hub = Fixture::new();
    let delete = event(2, json!({"op": "delete", "content_hash": "old", "payload": {"deleted_at": 5.5}}));
    hub.push(json!([event(1, json!({})), delete])).await;
    let (_, _, feed) = hub.send("GET", "/api/sync/events?since_seq=1", &Value::Null).await;
    insta::assert_snapshot!(feed, @r#"{"events":[{"agent_id":"cook","content_hash":"old","embedding_dim":null,"embedding_model":null,"event_id":"2","hlc_logical":0,"hlc_physical":1002,"op":"delete","payload":{"deleted_at":5.5},"schema_version":1,"seq":2}],"has_more":false,"next_seq":2}"#);
    let (_, _, baseline) = hub.send("GET", "/api/sync/baseline", &Value::Null).await;
    insta::assert_snapshot!(baseline, @r#"{"count":1,"events":[{"agent_id":"unattributed","content_hash":"tea","embedding_dim":null,"embedding_model":null,"event_id":"bl-2b1613e7f0a897a5d8f1fa25c5ecd22f","hlc_logical":0,"hlc_physical":1001,"op":"create","payload":{"content":"Tea","content_hash":"tea","created_at":1700000000.25,"memory_type":"general","metadata":{},"store":"default","superseded_by":null,"tags":[],"updated_at":1700000000.25},"schema_version":1}],"watermark":2}"#);
}
