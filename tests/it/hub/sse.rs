//! `/api/events`: who listens to the hub hears what a listener of the real service hears, and beyond that of updates
//! and of what devices push.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use super::differential::{self, Difference};
use super::normal::Normaliser;
use super::requests::key_of;
use super::wire::{Request, connect};
use crate::support::{Hub, Services, TestEnvironment};

/// One event: its id, its name and its data.
#[derive(Clone, Debug)]
struct Event {
    id: Option<String>,
    name: String,
    data: Value,
}

/// What the listeners of one server heard, without what no two servers share.
type Heard = Vec<(&'static str, Vec<Value>)>;

#[test]
fn listeners_hear_what_the_service_tells_and_updates() {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let service = differential::start(&services, &environment, "service");
    let hub = Hub::start(&environment.folder("hub"));
    let with_service = listen(differential::address(&service));
    let mut with_hub = listen(hub.address());
    drop(service);

    let updates: Vec<Vec<Value>> = with_hub
        .iter_mut()
        .map(|(_, events)| events.extract_if(.., |event| event["event"] == "memory_updated").collect())
        .collect();
    let differences = Difference::between(&json!(with_service), &json!(with_hub));
    assert!(differences.is_empty(), "{differences:#?}");
    // The update is of the default store: all hear it but those who listen to another one.
    assert_eq!(updates.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 1, 1, 0]);
    insta::assert_snapshot!(line(&updates[0][0]), @r#"memory_updated {"content_hash":"f35fde18a2e377c2d05ad09851909ea4b1d977bd5c7ee1e1f440edcfeb3abf43","content_preview":"The first text","memory_type":"observation","message":"Memory updated successfully","store":"default","tags":["three"],"timestamp":"<nowT.ffffff+00:00>"}"#);
}

#[test]
fn listeners_hear_what_devices_push() {
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("hub"));
    let normaliser = Normaliser { started: jiff::Timestamp::now(), host: hub.address().to_string() };
    let mut listener = Listener::open(hub.address(), "/api/events", None);
    let mut heard = vec![shown(&normaliser, &listener.next())];
    for op in ["create", "update_metadata", "delete"] {
        let request = Request::new("POST", "/api/sync/events").json(&json!({ "events": [pushed(op)] }));
        assert_eq!(request.send(hub.address()).unwrap().json().unwrap()["applied"], 1);
        heard.push(shown(&normaliser, &listener.next()));
    }
    insta::assert_snapshot!(heard[1..].iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
    memory_stored {"content_hash":"b77f399d988cdaefde8935e45fe96dc70fdd914b6b18d13bb87a84030b46fa5a","content_preview":"pushed","memory_type":"observation","message":"New memory stored successfully","store":"default","tags":["untagged"],"timestamp":"<nowT.ffffff+00:00>"}
    memory_updated {"content_hash":"b77f399d988cdaefde8935e45fe96dc70fdd914b6b18d13bb87a84030b46fa5a","content_preview":"pushed","memory_type":"observation","message":"Memory updated successfully","store":"default","tags":["a"],"timestamp":"<nowT.ffffff+00:00>"}
    memory_deleted {"content_hash":"b77f399d988cdaefde8935e45fe96dc70fdd914b6b18d13bb87a84030b46fa5a","message":"Memory deleted successfully","store":"default","success":true,"timestamp":"<nowT.ffffff+00:00>"}
    "#);
}

/// An event on one line.
fn line(event: &Value) -> String {
    format!("{} {}", event["event"].as_str().unwrap(), event["data"])
}

/// Listens in several ways while the server is told the same things.
fn listen(server: SocketAddr) -> Heard {
    let started = jiff::Timestamp::now();
    let normaliser = Normaliser { started, host: server.to_string() };
    let everything = Listener::open(server, "/api/events", None);
    let archive = Listener::open(server, "/api/events?store=archive", None);
    let two = Listener::open(server, "/api/events?store=archive&store=default&store=", None);
    tell(server);
    let everything = everything.until("the end");
    let archive = archive.until("the end");
    let two = two.until("the end");
    // Coming back with the id of the first stored memory: what came after it is told again.
    let first = everything.iter().find(|event| event.name == "memory_stored").unwrap().id.clone();
    let resumed = Listener::open(server, "/api/events", first.as_deref()).until("the end");
    let stranger = Listener::open(server, "/api/events", Some("no-such-event")).first();
    let normal = |events: Vec<Event>| events.iter().map(|event| shown(&normaliser, event)).collect();
    vec![
        ("everything", normal(everything)),
        ("one store", normal(archive)),
        ("two stores", normal(two)),
        ("resumed", normal(resumed)),
        ("resumed from nowhere", normal(vec![stranger])),
    ]
}

/// Does a little of everything, the last thing in the store that everybody listens to.
fn tell(server: SocketAddr) {
    let send = |request: Request| {
        let answer = request.send(server).unwrap();
        assert!(answer.status < 500, "{request}: {}", answer.text());
    };
    let post = |body: Value| send(Request::new("POST", "/api/memories").json(&body));
    let (first, second) = ("The first text", "Größe ".repeat(40));
    let path = |text: &str| format!("/api/memories/{}", key_of(text));
    post(json!({ "content": first, "tags": ["One", "two"], "memory_type": "nonsense" }));
    post(json!({ "content": first }));
    post(json!({ "content": second, "store": "archive" }));
    post(json!({ "content": "wrong", "tags": 5 }));
    send(Request::new("PUT", path(first)).json(&json!({ "tags": ["three"], "metadata": { "a": 1 } })));
    send(Request::new("PUT", path("absent")).json(&json!({ "tags": ["three"] })));
    send(Request::new("POST", "/api/search").json(&json!({ "query": first, "quality_boost": true })));
    send(Request::new("POST", "/api/search").json(&json!({ "query": first, "store": "archive" })));
    send(
        Request::new("POST", "/api/search/by-tag")
            .json(&json!({ "tags": ["three"], "time_filter": "today" })),
    );
    send(Request::new("POST", "/api/search/by-time").json(&json!({ "query": "today" })));
    send(Request::new("DELETE", path(first)));
    send(Request::new("DELETE", path(first)));
    send(Request::new("DELETE", format!("{}?store=archive", path(&second))));
    post(json!({ "content": "the end", "store": "archive" }));
}

fn pushed(op: &str) -> Value {
    let key = key_of("pushed");
    let clock = ["create", "update_metadata", "delete"].iter().position(|other| *other == op);
    json!({ "schema_version": 1, "agent_id": "device", "event_id": op, "op": op, "content_hash": key,
        "hlc_physical": 1_700_000_000_000_u64, "hlc_logical": clock, "payload": { "content_hash": key,
            "content": "pushed", "tags": [], "metadata": {}, "updates": { "tags": ["a"] }, "deleted_at": 1.7e9 } })
}

fn shown(normaliser: &Normaliser, event: &Event) -> Value {
    let data = normaliser.value(&event.data);
    let mut shown = json!({ "event": event.name, "data": data, "has id": event.id.is_some() });
    if event.name == "connection_established" {
        shown["data"]["message"] = json!("<a greeting>");
    }
    // How many are told again follows from those told, updates among them.
    if let Some(count) = shown.pointer_mut("/data/replay/events_replayed") {
        *count = json!("<count>");
    }
    // Ids are random; which ones are meant shows in what is told again.
    for pointer in ["/data/replay/requested_last_event_id", "/data/replay/buffer_oldest_id"] {
        if let Some(id) = shown.pointer_mut(pointer)
            && id != "no-such-event"
        {
            *id = json!("<id>");
        }
    }
    shown
}

/// A connection to the stream of events.
struct Listener {
    stream: BufReader<TcpStream>,
    /// What came and was not read yet.
    text: String,
}

impl Listener {
    /// Connects and waits for the answer's headers, so that nothing told from now on is missed.
    fn open(server: SocketAddr, target: &str, last: Option<&str>) -> Self {
        let mut request = Request::new("GET", target);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let mut stream = connect(server).unwrap();
        stream.write_all(&request.bytes(&server.to_string())).unwrap();
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).unwrap() > 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(head.to_lowercase().contains("content-type: text/event-stream; charset=utf-8"), "{head}");
        assert!(head.to_lowercase().contains("cache-control: no-store"), "{head}");
        // The greeting only comes once the server tells us what happens.
        stream.fill_buf().unwrap();
        Self { stream, text: String::new() }
    }

    /// Every event up to the one that stores the text `last`.
    fn until(mut self, last: &str) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let event = self.next();
            let ends = event.data["content_preview"] == last;
            events.push(event);
            if ends {
                return events;
            }
        }
    }

    /// The next event only.
    fn first(mut self) -> Event {
        self.next()
    }

    /// The next event that is no sign of life.
    fn next(&mut self) -> Event {
        let mut event = Event { id: None, name: String::new(), data: Value::Null };
        loop {
            let line = self.line();
            match line.split_once(": ") {
                Some(("id", id)) => event.id = Some(id.to_owned()),
                Some(("event", name)) => name.clone_into(&mut event.name),
                Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                _ if line.is_empty() && !["", "ping", "heartbeat"].contains(&event.name.as_str()) => {
                    return event;
                }
                _ => {}
            }
        }
    }

    /// The next line of the stream, out of its chunks.
    fn line(&mut self) -> String {
        loop {
            if let Some((line, rest)) = self.text.split_once('\n') {
                let (line, rest) = (line.trim_end_matches('\r').to_owned(), rest.to_owned());
                self.text = rest;
                return line;
            }
            let mut size = String::new();
            self.stream.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim(), 16).expect("the size of a chunk");
            let mut chunk = vec![0; size + 2];
            self.stream.read_exact(&mut chunk).unwrap();
            self.text.push_str(std::str::from_utf8(&chunk[..size]).unwrap());
        }
    }
}
