//! Servers that fail, stall, break off, send elsewhere or say no.

use std::cell::Cell;
use std::time::Instant;

use tokio::net::TcpSocket;

use super::*;

/// Asks one server for one memory, whose first answers are `replies` and whose later ones are fine.
fn ask(replies: Vec<Reply>) -> (Server, Result<Vec<Option<Found>>, Error>) {
    let mut replies = replies.into_iter();
    let server = Server::rest(move |_| replies.next().unwrap_or_else(|| Reply::Json(item("k"))));
    let mut http = server.connect();
    let answer = http.get(&[key("k")]);
    (server, answer)
}

fn is_found(answer: Result<Vec<Option<Found>>, Error>) -> bool {
    matches!(answer.unwrap().as_slice(), [Some(Found::Memory(_))])
}

#[test]
fn a_passing_failure_is_tried_again() {
    let passing = [
        Reply::Status(500, "", json!({"detail": "busy"})),
        Reply::Status(408, "", Value::Null),
        Reply::Status(429, "Retry-After: 0\r\n", Value::Null),
        Reply::Status(503, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", Value::Null),
        Reply::Cut,
    ];
    for reply in passing {
        let (server, answer) = ask(vec![reply]);
        assert!(is_found(answer));
        assert_eq!(server.asked(), ["GET /api/memories/k?store=all", "GET /api/memories/k?store=all"]);
    }
}

#[test]
fn a_lasting_failure_ends_after_the_retries() {
    let (server, answer) = ask((0..9).map(|_| Reply::Status(503, "", json!({"detail": "closed"}))).collect());
    insta::assert_snapshot!(server.words(&answer.unwrap_err()), @r#"Unreachable { address: "SERVER", cause: "it answered 503 Service Unavailable: closed" }: cannot reach SERVER"#);
    assert_eq!(server.asked().len(), 3);

    let (server, answer) = ask((0..9).map(|_| Reply::Cut).collect());
    assert!(matches!(answer, Err(Error::Unreachable { .. })));
    assert_eq!(server.asked().len(), 3);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the wait that a server asks for is measured")]
fn a_retry_waits_as_long_as_the_server_asks() {
    let asks = [
        "Retry-After: 1\r\n",
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:38 GMT\r\n",
    ];
    for header in asks {
        let mut replies = vec![Reply::Status(503, header, Value::Null)].into_iter();
        let server = Server::rest(move |_| replies.next().unwrap_or_else(|| Reply::Json(item("k"))));
        let mut options = options(&server.url);
        options.patience.longest_wait = Duration::from_secs(1);
        let mut http = Http::connect(options).unwrap();
        let start = Instant::now();
        assert!(is_found(http.get(&[key("k")])));
        assert!(start.elapsed() >= Duration::from_secs(1), "{header}");
    }
}

#[test]
fn a_server_that_asks_for_too_long_a_wait_is_not_asked_again() {
    let (server, answer) = ask(vec![Reply::Status(429, "Retry-After: 120\r\n", Value::Null)]);
    insta::assert_snapshot!(server.words(&answer.unwrap_err()), @r#"Unreachable { address: "SERVER", cause: "it answered 429 Too Many Requests and asks to be left alone for 120 s" }: cannot reach SERVER"#);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_server_that_starts_to_listen_meanwhile_is_reached_by_a_retry() {
    let socket = TcpSocket::new_v4().unwrap();
    // A port that is bound and not listened at is reserved, and refuses connections.
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut options = options(&format!("http://{}", socket.local_addr().unwrap()));
    options.patience.retries = 10_000;
    let http = Http::connect(options).unwrap();
    let client = &http.remote.client;
    let answered = Cell::new(false);
    let ask = async {
        let answer = client.get::<Value>("/api/memories/k").await;
        answered.set(true);
        answer
    };
    let listen_after_the_first_attempt = async {
        while client.requests() < 2 {
            assert!(!answered.get(), "it was not tried again");
            tokio::task::yield_now().await;
        }
        let listener = socket.listen(16).unwrap().into_std().unwrap();
        listener.set_nonblocking(false).unwrap();
        Server::start_at(listener, |_| Reply::Json(item("k")))
    };
    let (answer, server) = http.runtime.block_on(async { tokio::join!(ask, listen_after_the_first_attempt) });
    assert_eq!(answer.unwrap(), item("k"));
    assert_eq!(server.asked.lock().unwrap().len(), 1);
}

#[test]
fn silence_is_an_unreachable_server() {
    let server = Server::start(|_| Reply::Silence);
    let mut options = options(&server.url);
    options.patience.answer = Duration::from_millis(50);
    options.patience.retries = 1;
    let mut http = Http::connect(options).unwrap();
    assert!(matches!(snapshot(&mut http), Err(Error::Unreachable { .. })));
    assert_eq!((http.requests(), http.writes()), (2, 0));
}

#[test]
fn nobody_at_the_address_is_an_unreachable_server() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut http = Http::connect(options(&format!("http://{free}"))).unwrap();
    assert!(matches!(http.get(&[key("k")]), Err(Error::Unreachable { .. })));
}

#[test]
fn a_wrong_key_is_refused_at_once() {
    let refusal = json!({"detail": {"error": "authorization_required", "error_description": "Key\nneeded."}});
    let (server, answer) = ask(vec![Reply::Status(401, "", refusal)]);
    insta::assert_snapshot!(server.words(&answer.unwrap_err()), @r#"Unauthorized { address: "SERVER", detail: "the API key is wrong" }: SERVER does not let this device in: the API key is wrong"#);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_redirect_is_named_and_neither_request_nor_key_goes_there() {
    let elsewhere = Server::start(|_| Reply::Json(item("k")));
    let other_port = elsewhere.url.clone();
    let other_host = elsewhere.url.replace("127.0.0.1", "localhost");
    let redirects =
        [(301, &other_port), (302, &other_host), (303, &other_port), (307, &other_host), (308, &other_port)];
    for (status, place) in redirects {
        let header: &'static str = format!("Location: {place}/api\r\n").leak();
        let (server, answer) = ask(vec![Reply::Status(status, header, Value::Null)]);
        let words = server.words(&answer.unwrap_err()).replace(place, "ELSEWHERE");
        insta::allow_duplicates! {
            insta::assert_snapshot!(words, @r#"Protocol { address: "SERVER", detail: "it redirects to ELSEWHERE/api, and the key is sent to no other place: if that is the server, give its URL instead" }: SERVER does not answer like mcp-memory-service: it redirects to ELSEWHERE/api, and the key is sent to no other place: if that is the server, give its URL instead"#);
        }
        let asked = server.asked.lock().unwrap();
        assert!(asked.iter().all(|asked| asked.authorization.as_deref() == Some("Bearer secret")));
    }
    assert!(elsewhere.asked.lock().unwrap().is_empty(), "no request arrived there, and so no key");
}

#[test]
fn something_else_that_answers_is_not_taken_for_the_service() {
    let (server, answer) = ask(vec![Reply::Text("<html>\n<h1>Router\u{1b}[31m</h1>".to_owned())]);
    insta::assert_snapshot!(server.words(&answer.unwrap_err()), @r#"Protocol { address: "SERVER", detail: "expected value at line 1 column 1, in an answer that starts with \"<html> <h1>Router [31m</h1>\"" }: SERVER does not answer like mcp-memory-service: expected value at line 1 column 1, in an answer that starts with "<html> <h1>Router [31m</h1>""#);

    let server = Server::start(|_| Reply::Json(json!({"paths": {"/pets": {}}})));
    let error = snapshot(&mut server.connect()).unwrap_err();
    insta::assert_snapshot!(error.to_string().replace(&server.url, "SERVER"), @"SERVER does not answer like mcp-memory-service: its /openapi.json names no /api/memories");
}

#[test]
fn a_server_that_fails_to_say_what_it_can_do_is_not_taken_for_one_that_can_less() {
    for status in [401, 429, 500, 503] {
        let server = Server::start(move |asked| match asked.path.as_str() {
            "/openapi.json" => Reply::Status(status, "", Value::Null),
            _ => Reply::Json(json!({"events": [], "memories": [], "total": 0})),
        });
        let error = snapshot(&mut server.connect()).unwrap_err();
        let is_expected = match status {
            401 => matches!(error, Error::Unauthorized { .. }),
            _ => matches!(error, Error::Unreachable { .. }),
        };
        assert!(is_expected, "{status}: {error:?}");
        assert!(server.asked().iter().all(|asked| asked == "GET /openapi.json"), "{status}");
    }
}
