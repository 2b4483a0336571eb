//! Clients that are slow, broken or too many: the hub ends with them and goes on answering everybody else.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::wire::{Answer, Request, connect};
use crate::support::{Hub, TestEnvironment};

/// No client may hold a connection without sending a whole request for longer than this.
const PATIENCE: Duration = Duration::from_secs(90);

/// What the hub made of a client.
#[derive(Debug)]
enum End {
    /// It closed the connection without an answer.
    Closed,
    /// It answered that.
    Answered(u16),
}

#[test]
fn slow_clients_are_let_go_and_hold_up_nobody() {
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("hub"));
    let address = hub.address();
    let started = Instant::now();
    let whole = Request::new("POST", "/api/memories").json(&json!({ "content": "slow" }));
    let whole = whole.bytes(&address.to_string());
    let head = whole.len() - 18;
    // Nothing at all, headers that never end, a body that never comes, and one that stops half-way.
    let mut waiting: Vec<TcpStream> = [0, 40, head, whole.len() - 5]
        .map(|sent| {
            let mut stream = connect(address).unwrap();
            stream.write_all(&whole[..sent]).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream
        })
        .into();
    // And one that sends its headers byte by byte, for ever.
    let mut dripping = connect(address).unwrap();
    dripping.set_nonblocking(true).unwrap();
    dripping.write_all(b"GET /api/health HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    while drips(&mut dripping) {
        assert!(started.elapsed() < PATIENCE, "headers byte by byte hold a connection");
        answers(address);
        thread::sleep(Duration::from_millis(500));
    }
    for stream in &mut waiting {
        let end = end(stream);
        assert!(matches!(end, End::Closed | End::Answered(408 | 400)), "{end:?}");
    }
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    answers(address);
}

/// Sends one more byte; whether the hub still takes it.
fn drips(stream: &mut TcpStream) -> bool {
    if stream.write_all(b"x").is_err() {
        return false;
    }
    let unanswered =
        |error: &std::io::Error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
    stream.peek(&mut [0]).as_ref().is_err_and(unanswered)
}

#[test]
fn broken_and_oversized_requests_are_refused() {
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("hub"));
    let address = hub.address();
    let key = Hub::KEY;
    let head =
        |rest: &str| format!("POST /api/memories HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n{rest}\r\n");
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("noise", (0..=255).cycle().take(20_000).collect()),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(50)),
        ("no HTTP", b"HELO there\r\n\r\n".to_vec()),
        ("another version", b"GET /api/health HTTP/9.9\r\n\r\n".to_vec()),
        ("a line without end", vec![b'G'; 10_000_000]),
        ("10 MB of headers", head(&"X-Filler: 0123456789abcdef\r\n".repeat(370_000)).into_bytes()),
        ("one long header", head(&format!("X-Filler: {}\r\n", "x".repeat(10_000_000))).into_bytes()),
        ("a long target", format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1_000_000)).into_bytes()),
        ("two lengths", head("Content-Length: 5\r\nContent-Length: 6\r\n").into_bytes()),
        ("no number", head("Content-Length: many\r\n").into_bytes()),
        ("less than nothing", head("Content-Length: -1\r\n").into_bytes()),
        (
            "a length and chunks",
            [head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n").as_bytes(), b"0\r\n\r\n"].concat(),
        ),
        (
            "broken chunks",
            [head("Transfer-Encoding: chunked\r\n").as_bytes(), b"zz\r\n{}\r\n0\r\n\r\n"].concat(),
        ),
        ("a header folded", head("X-Folded: one\r\n two\r\nContent-Length: 0\r\n").into_bytes()),
        ("a NUL in a header", head("X-Nul: a\0b\r\nContent-Length: 0\r\n").into_bytes()),
    ];
    for (name, bytes) in cases {
        let mut stream = connect(address).unwrap();
        // The hub may close before it has taken everything.
        let _ = stream.write_all(&bytes);
        let end = end(&mut stream);
        assert!(matches!(end, End::Closed | End::Answered(400..=499 | 505)), "{name}: {end:?}");
        answers(address);
    }
}

#[test]
fn a_body_above_the_limit_is_refused() {
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("hub"));
    let request = Request::new("POST", "/api/memories").header("Content-Type", "application/json");
    // By its length alone, without waiting for what never comes.
    let mut stream = connect(hub.address()).unwrap();
    stream.write_all(&request.clone().header("Content-Length", "99999999999").bytes("x")).unwrap();
    let answer = read_answer(&mut stream);
    assert_eq!(answer.map(|answer| answer.status), Some(413));

    // And without a length, where the limit shows only while reading.
    let body = json!({ "content": "x".repeat(17 * 1024 * 1024) }).to_string();
    let mut stream = connect(hub.address()).unwrap();
    stream.write_all(&request.header("Transfer-Encoding", "chunked").bytes("x")).unwrap();
    let _ = stream.write_all(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).as_bytes());
    let answer = read_answer(&mut stream).expect("an answer");
    insta::assert_snapshot!(format!("{} {}", answer.status, answer.text()), @r#"413 {"error":"payload_too_large","error_description":"Request body exceeds the maximum of 16777216 bytes"}"#);
    assert!(hub.list().is_empty());
}

#[test]
fn too_many_connections_do_not_keep_out_the_next() {
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("hub"));
    let address = hub.address();
    // More than a process may have files open by default, so the hub must let go of some.
    let mut held: Vec<TcpStream> = Vec::new();
    for _ in 0..900 {
        let Ok(mut stream) = TcpStream::connect(address) else { break };
        let _ = stream.write_all(b"GET /api/health HTTP/1.1\r\nHost: x\r\n");
        held.push(stream);
    }
    let started = Instant::now();
    while Request::new("GET", "/api/health").send(address).map_or(0, |answer| answer.status) != 200 {
        assert!(started.elapsed() < PATIENCE, "nobody else is answered");
    }
    drop(held);
    answers(address);
}

/// An ordinary client is answered, and soon.
#[track_caller]
fn answers(address: SocketAddr) {
    let started = Instant::now();
    let answer = Request::new("GET", "/api/memories").send(address).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

/// Waits for what the hub makes of a connection.
#[track_caller]
fn end(stream: &mut TcpStream) -> End {
    read_answer(stream).map_or(End::Closed, |answer| End::Answered(answer.status))
}

/// Reads until there is an answer or the connection ends.
#[track_caller]
fn read_answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        if let Some(answer) = Answer::parse(&bytes, false) {
            return Some(answer);
        }
        match stream.read(&mut part) {
            Ok(0) => return None,
            Ok(count) => bytes.extend(&part[..count]),
            Err(error) => {
                let waiting = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                assert!(!waiting, "the hub neither answers nor closes");
                return None;
            }
        }
    }
}
