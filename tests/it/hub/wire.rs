//! HTTP on the wire, with nothing made right on the way: what a test writes is what the server reads.

use std::fmt::{self, Write as _};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::support::Hub;

/// One request, header by header.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method, in any case.
    pub method: String,
    /// Path and query, as they go onto the wire.
    pub target: String,
    /// Headers besides `Host`, `Connection` and `Content-Length`.
    pub headers: Vec<(String, String)>,
    /// The body; `None` sends no `Content-Length` either.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// A request with the right key and no body.
    pub fn new(method: &str, target: impl Into<String>) -> Self {
        let headers = vec![("X-API-Key".to_owned(), Hub::KEY.to_owned())];
        Self { method: method.to_owned(), target: target.into(), headers, body: None }
    }

    /// The same with a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").raw(body.to_string())
    }

    /// The same with any bytes as its body.
    pub fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The same with one header set, which replaces those of that name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same without the headers of that name.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    /// What goes onto the wire for a server at `host`.
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if let Some(body) = &self.body {
            write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        head += "\r\n";
        let mut bytes = head.into_bytes();
        bytes.extend(self.body.iter().flatten());
        bytes
    }

    /// Sends it over a connection of its own and reads the whole answer.
    pub fn send(&self, to: SocketAddr) -> io::Result<Answer> {
        let mut stream = connect(to)?;
        // A server may answer and close before it has read everything; its answer counts, not our error.
        let sent = stream.write_all(&self.bytes(&to.to_string()));
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes);
        if let Some(answer) = Answer::parse(&bytes, self.method == "HEAD") {
            return Ok(answer);
        }
        sent?;
        read?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("no whole answer: {text:?}")))
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)?;
        for (name, value) in &self.headers {
            let usual = [("X-API-Key", Hub::KEY), ("Content-Type", "application/json")];
            if !usual.contains(&(name, value)) {
                write!(f, " [{name}: {value}]")?;
            }
        }
        let carries = |name: &str| self.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        if !carries("X-API-Key") && !carries("Authorization") {
            write!(f, " [no key]")?;
        }
        if let Some(body) = &self.body {
            write!(f, " {}", shortened(&String::from_utf8_lossy(body), 400))?;
        }
        Ok(())
    }
}

/// A connection whose reads and writes give up after a while.
pub fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    stream.set_write_timeout(Some(Duration::from_mins(1)))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, chunks put together.
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads a whole answer; `None` where there is none, or only a part of one.
    pub fn parse(bytes: &[u8], without_body: bool) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let headers = lines
            .map(|line| {
                line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            })
            .collect::<Option<Vec<_>>>()?;
        let mut answer = Self { status, headers, body: Vec::new() };
        let rest = &bytes[end + 4..];
        if without_body || status == 204 || status == 304 {
            return Some(answer);
        }
        answer.body = if answer.header("transfer-encoding") == Some("chunked") {
            unchunked(rest)?
        } else {
            let length: usize = answer.header("content-length")?.parse().ok()?;
            rest.get(..length)?.to_vec()
        };
        Some(answer)
    }

    /// The value of the first header of that name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `None` where it is none.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as text, for people to read.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?.trim(), 16).ok()?;
        rest = &rest[line + 2..];
        body.extend(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
        if size == 0 {
            return Some(body);
        }
    }
}

/// The text, or its start where it is long.
pub fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
