//! `SIGTERM`: what was asked is answered, nothing is half-written, and the hub ends well.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::json;

use super::requests::key_of;
use super::wire::{Answer, Request, connect};
use crate::support::{Hub, TestEnvironment};

#[test]
fn requests_in_flight_end_with_their_answers() {
    let environment = TestEnvironment::new();
    let mut hub = Hub::start(&environment.folder("hub"));
    let address = hub.address();
    let half_sent: Vec<HalfSent> = (0..8).map(|number| HalfSent::start(address, number)).collect();
    // These would never end by themselves: a stream of events, and a connection kept for later.
    let mut stream = open_stream(address);
    let mut idle = connect(address).unwrap();

    hub.terminate();
    let texts: Vec<String> = half_sent.into_iter().map(HalfSent::finish).collect();
    assert!(hub.wait().success(), "{}", hub.log());
    read_to_end(&mut stream);
    read_to_end(&mut idle);
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");

    let database = hub.database();
    let held: Vec<String> = database.live().into_iter().map(|row| row.content).collect();
    assert!(texts.iter().all(|text| held.contains(text)), "{held:?}");
    database.check();
    // Nothing waits in the log beside the file: the file alone can be copied.
    let log = database.path().with_extension("db-wal");
    assert!(log.metadata().map_or(0, |log| log.len()) == 0, "{} is not empty", log.display());
}

#[test]
fn every_write_before_the_end_is_answered_or_was_not_done() {
    let environment = TestEnvironment::new();
    let mut hub = Hub::start(&environment.folder("hub"));
    let address = hub.address();
    let ended = AtomicBool::new(false);
    let acknowledged: Vec<String> = thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let ended = &ended;
                scope.spawn(move || write_until_refused(address, writer, ended))
            })
            .collect();
        while hub.list().len() < 50 {}
        hub.terminate();
        assert!(hub.wait().success(), "{}", hub.log());
        ended.store(true, Ordering::SeqCst);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let held: Vec<String> = hub.database().live().into_iter().map(|row| row.content).collect();
    assert!(acknowledged.iter().all(|text| held.contains(text)));
    assert!(held.len() >= 50);
    hub.database().check();
}

/// Writes as long as the hub takes it; what was acknowledged.
fn write_until_refused(address: SocketAddr, writer: usize, ended: &AtomicBool) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let text = format!("Writer {writer} text {number}");
        let request = Request::new("POST", "/api/memories").json(&json!({ "content": text }));
        match request.send(address) {
            Ok(answer) if answer.status == 200 => acknowledged.push(text),
            // On its way out the hub may say so.
            Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
            Err(_) => break,
        }
        assert!(!ended.load(Ordering::SeqCst), "answered after the end");
    }
    acknowledged
}

/// A request whose headers the hub has read, and whose body is still on its way.
struct HalfSent {
    stream: TcpStream,
    text: String,
    rest: Vec<u8>,
}

impl HalfSent {
    fn start(address: SocketAddr, number: usize) -> Self {
        let text = format!("Half-sent text {number}");
        let request = Request::new("POST", "/api/memories").json(&json!({ "content": text }));
        let bytes = request.header("Expect", "100-continue").bytes(&address.to_string());
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let mut stream = connect(address).unwrap();
        stream.write_all(&bytes[..head]).unwrap();
        // The hub asks for the body, so it has begun with the request.
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).unwrap();
        assert_eq!(String::from_utf8_lossy(&interim), "HTTP/1.1 100 Continue\r\n\r\n");
        Self { stream, text, rest: bytes[head..].to_vec() }
    }

    /// Sends the body and reads the answer; the text that was stored.
    fn finish(mut self) -> String {
        self.stream.write_all(&self.rest).unwrap();
        let answer = Answer::parse(&read_to_end(&mut self.stream), false).expect("a whole answer");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json().unwrap();
        assert_eq!(body["content_hash"], json!(key_of(&self.text)), "{body}");
        self.text
    }
}

/// A connection on which the hub tells what happens.
fn open_stream(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address).unwrap();
    stream.write_all(&Request::new("GET", "/api/events").bytes(&address.to_string())).unwrap();
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains("connection_established") {
        let mut part = [0; 1024];
        let count = stream.read(&mut part).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&read));
        read.extend(&part[..count]);
    }
    stream
}

/// Everything until the hub closes, which may be abruptly.
fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes
}
