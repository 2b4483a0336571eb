//! What every request goes through, whichever endpoint it is for.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, ETAG, RETRY_AFTER};
use axum::routing::get;
use futures_util::stream;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::*;

/// A hub over a new database, whose key is `K`.
fn hub() -> (Arc<Hub>, TempDir) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("hub.db");
    local::prepare(&path).unwrap();
    let clock: Clock = Arc::new(|| Timestamp::new(1_738_324_800.0).unwrap());
    let hub = Hub::open(&path, Makers::default(), clock).unwrap().with_key(Key::new("K"));
    (Arc::new(hub), folder)
}

fn request(method: &str, path: &str) -> Request {
    let request = Request::builder().method(method).uri(path).header("x-api-key", "K");
    request.body(Body::empty()).unwrap()
}

async fn text(response: Response) -> String {
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn the_document_lists_what_there_is_and_nothing_else() {
    let (hub, _folder) = hub();
    let router = router(&hub);
    let document: Value = serde_json::from_str(include_str!("openapi.json")).unwrap();
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["x-memsync"]["conditional_writes"], 1);
    for (path, operations) in document["paths"].as_object().unwrap() {
        let question = request("PROBE", &path.replace("{content_hash}", "a1"));
        let answer = router.clone().oneshot(question).await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed = answer.headers()[ALLOW].to_str().unwrap().to_owned();
        let allowed: BTreeSet<_> = allowed.split(',').filter(|method| *method != "HEAD").collect();
        let listed: BTreeSet<_> =
            operations.as_object().unwrap().keys().map(|key| key.to_uppercase()).collect();
        assert_eq!(allowed, listed.iter().map(String::as_str).collect(), "{path}");
    }
    // axum does not tell what it routes, but every route is named where it is made.
    let sources = [
        include_str!("memories/read.rs"),
        include_str!("memories/write.rs"),
        include_str!("search.rs"),
        include_str!("tags.rs"),
        include_str!("sync.rs"),
        include_str!("events.rs"),
        include_str!("health.rs"),
        include_str!("openapi.rs"),
    ];
    let declared = sources.iter().flat_map(|source| source.split(".route(\"").skip(1));
    let declared: BTreeSet<_> = declared.filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(declared, document["paths"].as_object().unwrap().keys().map(String::as_str).collect());
}

#[tokio::test]
async fn without_the_key_not_a_byte_of_a_body_is_read() {
    let (hub, _folder) = hub();
    let body =
        Body::from_stream(stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes, std::io::Error>>> {
            panic!("it is read")
        }));
    let request = Request::post("/api/search").header("content-type", "application/json").body(body).unwrap();
    let answer = router(&hub).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    insta::assert_snapshot!(text(answer).await, @r#"{"detail":{"error":"authorization_required","error_description":"Send the API key as 'X-API-Key: KEY' or as 'Authorization: Bearer KEY'"}}"#);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_in_the_services_words() {
    let (hub, _folder) = hub();
    let router = router(&hub);
    let mut said = Vec::new();
    for (method, path) in [
        ("GET", "/nothing"),
        ("GET", "/nothing/"),
        ("GET", "//evil.example/"),
        ("POST", "/api/health"),
        ("OPTIONS", "/api/health/model"),
        ("GET", "/api/health/?a=b&c"),
        ("GET", "/api/health//"),
        ("POST", "/api/search/"),
    ] {
        let answer = router.clone().oneshot(request(method, path)).await.unwrap();
        let (status, location) = (answer.status().as_u16(), answer.headers().get(LOCATION).cloned());
        let location = location.map(|location| location.to_str().unwrap().to_owned()).unwrap_or_default();
        said.push(format!("{method} {path} => {status} {location}{}", text(answer).await));
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    GET /nothing => 404 {"detail":"Not Found"}
    GET /nothing/ => 404 {"detail":"Not Found"}
    GET //evil.example/ => 404 {"detail":"Not Found"}
    POST /api/health => 405 {"detail":"Method Not Allowed"}
    OPTIONS /api/health/model => 405 {"detail":"Method Not Allowed"}
    GET /api/health/?a=b&c => 307 /api/health?a=b&c
    GET /api/health// => 307 /api/health
    POST /api/search/ => 307 /api/search
    "#);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_its_length_is_told_or_not() {
    let (hub, _folder) = hub();
    let post = |body| {
        let request = Request::post("/api/search").header("x-api-key", "K");
        request.header("content-type", "application/json").body(body).unwrap()
    };
    let large = vec![b' '; limits::LARGEST_BODY + 1];
    let pieces =
        large.chunks(1024 * 1024).map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)));
    let pieces = Body::from_stream(stream::iter(pieces.collect::<Vec<_>>()));
    for body in [Body::from(large), pieces] {
        let answer = router(&hub).oneshot(post(body)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(
            text(answer).await,
            r#"{"error":"payload_too_large","error_description":"Request body exceeds the maximum of 16777216 bytes"}"#
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_and_a_handler_that_does_not_end_have_their_time() {
    let (hub, _folder) = hub();
    let body = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let post = Request::post("/api/search").header("x-api-key", "K").body(body).unwrap();
    let answer = router(&hub).oneshot(post).await.unwrap();
    assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);

    let routes = Router::new().route("/", get(async || std::future::pending::<()>().await));
    let answer = limits::layer(routes).oneshot(request("GET", "/")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    assert!(!answer.headers().contains_key(RETRY_AFTER), "it may have been done");
}

#[tokio::test]
async fn a_handler_that_panics_costs_its_own_request() {
    let routes = Router::new().route("/", get(async || -> String { panic!("on purpose") }));
    let answer = limits::layer(routes).oneshot(request("GET", "/")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(text(answer).await, r#"{"detail":"Internal Server Error"}"#);
}

#[tokio::test]
async fn one_request_too_many_is_told_to_come_back() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let routes = limits::layer(Router::new().route("/", get(async move || opened.notified().await)));
    let requests = (0..300).map(|_| routes.clone().oneshot(request("GET", "/")));
    let answers = futures_util::future::join_all(requests);
    let open = async {
        // The others were all polled before, and wait or were refused.
        gate.notify_waiters();
    };
    let (answers, ()) = tokio::join!(answers, open);
    let refused: Vec<_> =
        answers.into_iter().map(Result::unwrap).filter(|a| !a.status().is_success()).collect();
    assert_eq!(refused.len(), 300 - 256);
    assert!(refused.iter().all(|answer| answer.status() == StatusCode::SERVICE_UNAVAILABLE));
    assert!(refused.iter().all(|answer| answer.headers()[RETRY_AFTER] == "1"));
}

#[tokio::test]
async fn a_large_answer_keeps_its_place_until_its_last_piece_is_sent() {
    use futures_util::StreamExt;
    let routes = Router::new().route("/small", get(async || "x"));
    let routes = limits::layer(routes.route("/large", get(async || "x".repeat(2000))));
    let ask = async |path| routes.clone().oneshot(request("GET", path)).await.unwrap();
    let mut unread = Vec::new();
    for _ in 0..256 {
        unread.push(ask("/small").await);
    }
    for _ in 0..256 {
        unread.push(ask("/large").await);
    }
    assert_eq!(ask("/small").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let mut pieces = unread.pop().unwrap().into_body().into_data_stream();
    let piece = pieces.next().await;
    assert!(pieces.next().await.is_none());
    drop(pieces);
    assert_eq!(ask("/small").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(piece);
    assert_eq!(ask("/small").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_want_it() {
    let (hub, _folder) = hub();
    let large = limits::layer(Router::new().route("/large", get(async || "x".repeat(2000))));
    let router = large.merge(router(&hub));
    let encoding = async |path: &str| {
        let mut request = request("GET", path);
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let answer = router.clone().oneshot(request).await.unwrap();
        answer.headers().get(CONTENT_ENCODING).cloned()
    };
    assert_eq!(encoding("/large").await.unwrap(), "gzip");
    assert_eq!(encoding("/api/health").await, None);
    assert_eq!(encoding("/api/events").await, None);
    // Everybody may ask for it: that costs no memory.
    assert_eq!(encoding("/openapi.json").await, None);
}

#[tokio::test]
async fn an_answer_whose_etag_names_its_bytes_is_sent_as_it_is() {
    let body = "tea ".repeat(1000);
    let routes = Router::new().route("/", get(async move || ([(ETAG, "\"a1\"")], body)));
    let mut request = request("GET", "/");
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    let answer = limits::layer(routes).oneshot(request).await.unwrap();
    assert_eq!(answer.headers().get(CONTENT_ENCODING), None);
}

#[tokio::test]
async fn a_name_that_is_no_utf_8_is_a_name_that_nothing_has() {
    let (hub, _folder) = hub();
    for (method, path) in [
        ("GET", "/api/memories/%FF"),
        ("DELETE", "/api/memories/a%2F%FF"),
        ("GET", "/api/search/similar/%FF"),
    ] {
        let answer = router(&hub).oneshot(request(method, path)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
        assert_eq!(text(answer).await, r#"{"detail":"Memory not found"}"#);
    }
}

#[tokio::test]
async fn health_is_open_and_says_nothing_details_need_the_key() {
    let (hub, _folder) = hub();
    let ask = async |path: &str, key: &str| {
        let request = Request::get(path).header("x-api-key", key).body(Body::empty()).unwrap();
        let answer = router(&hub).oneshot(request).await.unwrap();
        format!("{} {}", answer.status().as_u16(), text(answer).await)
    };
    assert_eq!(ask("/api/health", "none").await, r#"200 {"status":"healthy"}"#);
    assert!(ask("/api/health/detailed", "none").await.starts_with("401 "));
    insta::assert_snapshot!(ask("/api/health/model", "K").await, @r#"200 {"backend":"sqlite-vec","embedding_dimension":384,"embedding_model":"all-MiniLM-L6-v2"}"#);
    insta::assert_snapshot!(ask("/api/health/detailed", "K").await, @r#"200 {"performance":{"uptime_formatted":"0.0 seconds","uptime_seconds":0.0},"statistics":{"backend":"sqlite-vec","database_size_mb":0.18,"memories_this_week":0,"missing_embeddings":0,"total_memories":0,"unique_tags":0},"status":"healthy","storage":{"accessible":true,"backend":"sqlite-vec","database_size_bytes":184320,"database_size_mb":0.18,"embedding_dimension":384,"embedding_model":"all-MiniLM-L6-v2","memories_this_week":0,"status":"connected","total_memories":0,"unique_tags":0},"system":{},"timestamp":"2025-01-31T12:00:00+00:00","uptime_seconds":0.0,"version":"12.2.0"}"#);
}

/// Reads the next event of a stream, without its id.
async fn next(events: &mut axum::body::BodyDataStream) -> Option<String> {
    use futures_util::StreamExt;
    let event = tokio::time::timeout(Duration::from_mins(1), events.next()).await.unwrap()?.unwrap();
    let event = String::from_utf8(event.to_vec()).unwrap();
    Some(event.lines().filter(|line| !line.starts_with("id: ")).collect::<Vec<_>>().join("\n"))
}

async fn listen(hub: &Arc<Hub>, path: &str, last: &str) -> axum::body::BodyDataStream {
    let mut request = request("GET", path);
    request.headers_mut().insert("last-event-id", last.parse().unwrap());
    let answer = router(hub).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.into_body().into_data_stream()
}

fn stored(content: &str, store: &str) -> Announcement {
    Announcement::memory_stored("a1", content, &["home".to_owned()], Some("note"), store)
}

#[tokio::test]
async fn who_listens_hears_what_happens_in_the_stores_that_were_asked_for() {
    let (hub, _folder) = hub();
    let mut all = listen(&hub, "/api/events", "").await;
    let mut some = listen(&hub, "/api/events?store=work&store=", "").await;
    let welcome = next(&mut all).await.unwrap();
    assert!(welcome.starts_with("event: connection_established\ndata: {\"connection_id\":"), "{welcome}");
    next(&mut some).await.unwrap();

    hub.announce(stored(&"é".repeat(101), "default"));
    hub.announce(Announcement::memory_deleted("a1", "work"));
    hub.announce(Announcement::search_completed("tea", "semantic", 3, 1.5));
    insta::assert_snapshot!(next(&mut all).await.unwrap(), @r#"
    event: memory_stored
    data: {"content_hash":"a1","content_preview":"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé...","memory_type":"note","message":"New memory stored successfully","store":"default","tags":["home"],"timestamp":"2025-01-31T12:00:00+00:00"}
    "#);
    insta::assert_snapshot!(next(&mut all).await.unwrap(), @r#"
    event: memory_deleted
    data: {"content_hash":"a1","message":"Memory deleted successfully","store":"work","success":true,"timestamp":"2025-01-31T12:00:00+00:00"}
    "#);
    insta::assert_snapshot!(next(&mut all).await.unwrap(), @r#"
    event: search_completed
    data: {"message":"Search completed: 3 results found","processing_time_ms":1.5,"query":"tea","results_count":3,"search_type":"semantic","timestamp":"2025-01-31T12:00:00+00:00"}
    "#);
    assert!(next(&mut some).await.unwrap().starts_with("event: memory_deleted\n"));
    assert!(next(&mut some).await.unwrap().starts_with("event: search_completed\n"));

    hub.announcements.close();
    assert_eq!((next(&mut all).await, next(&mut some).await), (None, None));
    let late = router(&hub).oneshot(request("GET", "/api/events")).await.unwrap();
    assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn who_listens_to_silence_hears_that_the_hub_is_alive() {
    let (hub, _folder) = hub();
    let mut events = listen(&hub, "/api/events", "").await;
    next(&mut events).await.unwrap();
    let begin = tokio::time::Instant::now();
    insta::assert_snapshot!(next(&mut events).await.unwrap(), @r#"
    event: heartbeat
    data: {"active_connections":1,"server_status":"healthy","timestamp":"2025-01-31T12:00:00+00:00"}
    "#);
    assert_eq!(begin.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn who_comes_back_hears_what_was_missed_in_the_same_stores() {
    use futures_util::StreamExt;
    let (hub, _folder) = hub();
    let mut events = listen(&hub, "/api/events", "").await;
    next(&mut events).await.unwrap();
    hub.announce(stored("one", "work"));
    let seen = events.next().await.unwrap().unwrap();
    let seen = String::from_utf8(seen.to_vec()).unwrap();
    let id = seen.lines().next().unwrap().strip_prefix("id: ").unwrap();
    drop(events);
    hub.announce(stored("two", "home"));
    hub.announce(stored("three", "work"));

    let mut back = listen(&hub, "/api/events?store=work", id).await;
    let welcome = next(&mut back).await.unwrap();
    assert!(
        welcome.contains(r#""events_replayed":1"#) && welcome.contains(r#""status":"resumed""#),
        "{welcome}"
    );
    assert!(next(&mut back).await.unwrap().contains(r#""content_preview":"three""#));
    let mut stranger = listen(&hub, "/api/events", "unknown").await;
    let welcome = next(&mut stranger).await.unwrap();
    assert!(welcome.contains(r#""status":"id_not_in_buffer""#), "{welcome}");
}

#[tokio::test]
async fn who_falls_behind_is_cut_off_and_who_comes_too_late_finds_no_place() {
    let (hub, _folder) = hub();
    let mut slow = listen(&hub, "/api/events", "").await;
    next(&mut slow).await.unwrap();
    for _ in 0..300 {
        hub.announce(stored("news", "default"));
    }
    assert_eq!(next(&mut slow).await, None);
    drop(slow);

    let mut listeners = Vec::new();
    for _ in 0..256 {
        listeners.push(listen(&hub, "/api/events", "").await);
    }
    let refused = router(&hub).oneshot(request("GET", "/api/events")).await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    listeners.pop();
    drop(listen(&hub, "/api/events", "").await);
}
