//! Clients that are slow, broken or too many: the hub ends with them and goes on answering everybody else.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

use super::wire::{Answer, Request, connect};
use crate::support::{Hub, TestEnvironment};

/// No client may hold a connection without sending a whole request for longer than this.
const PATIENCE: Duration = Duration::from_secs(50);

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
            stream
        })
        .into();
    // And one that sends its headers byte by byte, for ever.
    let mut dripping = connect(address).unwrap();
    dripping.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    dripping.write_all(b"GET /api/health HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    while drips(&mut dripping) {
        assert!(started.elapsed() < PATIENCE, "headers byte by byte hold a connection");
        answers(address);
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
    match stream.read(&mut [0; 1024]) {
        Ok(_) => false,
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
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
        ("a length and chunks", head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n").into_bytes()),
        (
            "broken chunks",
            [head("Transfer-Encoding: chunked\r\n").as_bytes(), b"zz\r\n{}\r\n0\r\n\r\n"].concat(),
        ),
        (
            "a huge length",
            head("Content-Length: 99999999999\r\nContent-Type: application/json\r\n").into_bytes(),
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
fn a_body_above_the_limit_is_refused_as_the_service_refuses_it() {
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("hub"));
    let body = json!({ "content": "x".repeat(1024 * 1024) });
    let request = Request::new("POST", "/api/memories").json(&body);
    let answer = request.send(hub.address()).unwrap();
    insta::assert_snapshot!(format!("{} {}", answer.status, answer.text()), @"");

    // The same without a length, where the limit shows only while reading.
    let mut stream = connect(hub.address()).unwrap();
    let mut head = request.header("Transfer-Encoding", "chunked");
    let body = head.body.take().unwrap();
    let mut bytes = head.bytes("x");
    bytes.extend(format!("{:x}\r\n", body.len()).into_bytes());
    bytes.extend(body);
    bytes.extend(b"\r\n0\r\n\r\n");
    let _ = stream.write_all(&bytes);
    let end = end(&mut stream);
    assert!(matches!(end, End::Answered(413)), "{end:?}");
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
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(count) => bytes.extend(&part[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                // An answer on a connection that stays open is an answer.
                assert!(Answer::parse(&bytes, false).is_some(), "the hub neither answers nor closes");
                break;
            }
            Err(_) => break,
        }
        if let Some(answer) = Answer::parse(&bytes, false) {
            return End::Answered(answer.status);
        }
    }
    let status = || std::str::from_utf8(bytes.get(9..12)?).ok()?.parse().ok();
    status().map_or(End::Closed, End::Answered)
}
