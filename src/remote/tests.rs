//! Tiny servers on loopback that misbehave as a test says, for `embed` as well, and the tests that meet them.

mod condition;
mod exchange;
mod overtaken;
mod reading;
pub(crate) mod tls;
mod writing;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::{ApiKey, Http, KeySource, Options, Patience, Trust};
use crate::object::{Bookkeeping, ContentHash, Timestamp};
use crate::side::{Error, Found, Side};

/// A request as a server saw it.
#[derive(Clone)]
pub(crate) struct Asked {
    method: String,
    /// With its query.
    path: String,
    pub(crate) authorization: Option<String>,
    /// `If-Match` or `If-None-Match` with its value, in lower case.
    condition: Option<String>,
    pub(crate) body: Value,
}

/// How a server answers.
pub(crate) enum Reply {
    Json(Value),
    Status(u16, &'static str, Value),
    /// With an entity tag.
    Tagged(String, Value),
    Text(String),
    /// Half of an answer, then the connection breaks.
    Cut,
    /// No answer, and the connection stays open.
    Silence,
}

/// A server that does what a test says.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) fn start(answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        Self::start_at(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
    }

    fn start_at(listener: TcpListener, answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let answer = Arc::new(Mutex::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let Some(asked) = read_request(&stream) else { return };
                    log.lock().unwrap().push(asked.clone());
                    let reply = (answer.lock().unwrap())(&asked);
                    send_reply(&mut stream, reply);
                });
            }
        });
        Self { url, asked }
    }

    /// A server without a baseline and without events.
    fn rest(mut answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        Self::start(move |asked| match asked.path.as_str() {
            "/openapi.json" => Reply::Json(json!({"paths": {"/api/memories": {}}})),
            _ => answer(asked),
        })
    }

    /// The requests after the first, which asks what the server can do.
    fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().skip(1).map(|asked| format!("{} {}", asked.method, asked.path)).collect()
    }

    /// The bodies of all requests of one method.
    fn bodies(&self, method: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.method == method).map(|asked| asked.body.clone()).collect()
    }

    fn connect(&self) -> Http {
        Http::connect(options(&self.url)).unwrap()
    }

    /// An error's words with the server's address made stable.
    fn words(&self, error: &Error) -> String {
        format!("{error:?}: {error}").replace(&self.url, "SERVER")
    }
}

/// Options that lose no time.
fn options(url: &str) -> Options {
    Options {
        url: url.parse().unwrap(),
        key: KeySource::Given(ApiKey::new("secret").unwrap()),
        trust: Trust::default(),
        bookkeeping: Bookkeeping::default(),
        device: "laptop".to_owned(),
        now: Timestamp::new(1_700_000_000.5).unwrap(),
        deduplicate: true,
        patience: Patience {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(5),
            retries: 2,
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(5),
        },
    }
}

fn key(text: &str) -> ContentHash {
    ContentHash::new(text).unwrap()
}

/// A memory as the REST API shows it.
fn item(name: &str) -> Value {
    json!({
        "content_hash": name, "content": format!("text of {name}"), "tags": ["a"], "memory_type": "note",
        "metadata": {}, "created_at": 1.5, "created_at_iso": "", "updated_at": 2.5, "updated_at_iso": "",
    })
}

fn snapshot(http: &mut Http) -> Result<Vec<Found>, Error> {
    let mut all = Vec::new();
    http.snapshot(&mut |found| {
        all.push(found);
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

/// What was found as short texts: names, and why something could not be read.
fn names(found: &[Found]) -> Vec<String> {
    let name = |found: &Found| match found {
        Found::Memory(held) => held.key.to_string(),
        Found::Unreadable { key, why } => format!("{key:?}: {why}"),
    };
    found.iter().map(name).collect()
}

fn read_request(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let (method, rest) = line.split_once(' ')?;
    let (path, _) = rest.split_once(' ')?;
    let (mut length, mut authorization, mut condition) = (0, None, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => authorization = Some(value.to_owned()),
            name @ ("if-match" | "if-none-match") => condition = Some(format!("{name}: {value}")),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Some(Asked { method: method.to_owned(), path: path.to_owned(), authorization, condition, body })
}

fn send_reply(stream: &mut TcpStream, reply: Reply) {
    let (status, headers, body) = match reply {
        Reply::Json(value) => (200, String::new(), value.to_string()),
        Reply::Status(status, headers, value) => (status, headers.to_owned(), value.to_string()),
        Reply::Tagged(etag, value) => (200, format!("ETag: {etag}\r\n"), value.to_string()),
        Reply::Text(text) => (200, String::new(), text),
        Reply::Cut => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"memories\":");
            return;
        }
        Reply::Silence => {
            // Until the client hangs up.
            let _ = stream.read(&mut [0]);
            return;
        }
    };
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}", body.len());
    let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes());
}
