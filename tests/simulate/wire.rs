//! The model of the server behind HTTP on loopback, with the faults of a network and of a server in trouble.
//!
//! Guarantees: which request meets which fault depends on the seed, on what the request says and on how often that was
//! said before, never on the order in which requests arrive: eight are under way at once. For the same reason what is
//! asked of one memory among others is never refused for good, because that ends the others at any point.
//!
//! Must never: answer otherwise than the model while there is no seed.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use jiff::fmt::rfc2822::DateTimePrinter;
use memsync::object::{ContentHash, Memory};
use serde_json::Value;

use crate::model::{Request, Response, Server};
use crate::place::Visit;
use crate::real::held;

/// How many requests of a hundred meet a fault, how many that write, and how many that ask for a page.
const FAULTY: u64 = 12;
const FAULTY_WRITES: u64 = 30;
const FAULTY_PAGES: u64 = 50;

/// How often the client asks before it gives up; one request in as many is left alone where giving up would end
/// others, too.
pub(crate) const ATTEMPTS: u32 = 3;

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It never arrives, as at a server that restarts.
    Lost,
    /// It is carried out, and nobody hears of it.
    AnswerLost,
    /// It arrives twice.
    Doubled,
    /// It is refused and not carried out.
    Refused(u16),
    /// It is answered as if it were carried out, and is not.
    Ignored,
    /// It is carried out, and half of the answer arrives.
    Truncated,
    /// It is carried out, and the answer is a page for people.
    NotJson,
    /// A row is missing on a page, because another was deleted meanwhile; the count agrees.
    RowMissing,
    /// A row comes twice on a page.
    RowDoubled,
}

/// What may befall a request about one memory, which is asked together with others.
const OF_ONE: &[Fault] = &[
    Fault::Lost,
    Fault::AnswerLost,
    Fault::AnswerLost,
    Fault::Doubled,
    Fault::Truncated,
    Fault::Refused(408),
    Fault::Refused(429),
    Fault::Refused(500),
    Fault::Refused(503),
];

/// What may befall a write of one memory besides: its outcome alone is a failure then.
const OF_A_WRITE: &[Fault] = &[
    Fault::NotJson,
    Fault::Refused(409),
    Fault::AnswerLost,
    Fault::AnswerLost,
    Fault::Ignored,
    Fault::Ignored,
    Fault::Ignored,
    Fault::Ignored,
    Fault::Ignored,
    Fault::Ignored,
    Fault::Ignored,
    Fault::Ignored,
];

/// What may befall a page of a listing besides.
const OF_A_PAGE: &[Fault] =
    &[Fault::RowMissing, Fault::RowMissing, Fault::RowMissing, Fault::RowMissing, Fault::RowDoubled];

/// What may befall a request that is asked alone: it may end the whole run.
const OF_ALL: &[Fault] = &[Fault::NotJson, Fault::Refused(401), Fault::Refused(409)];

/// A request as it stood on the wire.
struct Asked {
    method: String,
    target: String,
    key: Option<String>,
    body: Vec<u8>,
}

impl Asked {
    /// The faults that it may meet, and whether giving up on it would end others.
    fn faults(&self) -> (Vec<Fault>, bool) {
        let is_write = self.method != "GET";
        let more = match self.target.strip_prefix("/api/memories") {
            Some(rest) if rest.starts_with('?') && !is_write => {
                return ([OF_ONE, OF_A_PAGE, OF_A_PAGE, OF_A_PAGE].concat(), true);
            }
            Some(_) if is_write => OF_A_WRITE,
            Some(_) => &[],
            None if is_write => return ([OF_ONE, OF_ALL, OF_A_WRITE].concat(), false),
            None => return ([OF_ONE, OF_ALL].concat(), false),
        };
        ([OF_ONE, more].concat(), true)
    }

    /// The fault that it meets when this was asked so often `before`.
    fn fault(&self, seed: u64, before: u32) -> Option<Fault> {
        let (faults, is_one_of_many) = self.faults();
        if is_one_of_many && before % ATTEMPTS == ATTEMPTS - 1 {
            return None;
        }
        let drawn = self.number(&(seed, before));
        let at = usize::try_from(drawn / 100 % 1000).expect("a small number");
        let often = match () {
            () if faults.contains(&Fault::RowMissing) => FAULTY_PAGES,
            () if faults.contains(&Fault::Ignored) => FAULTY_WRITES,
            () => FAULTY,
        };
        let fault = (drawn % 100 < often).then(|| faults[at % faults.len()])?;
        // What a page lacks twice in the same way is what the server cannot show.
        let is_again = fault == Fault::RowMissing && before % 2 == 1;
        (!is_again).then_some(fault)
    }

    /// A number that depends on what it says, and on `more`.
    fn number(&self, more: &impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.method, &self.target, &self.body).hash(&mut hasher);
        more.hash(&mut hasher);
        hasher.finish()
    }

    fn to_request(&self) -> Request {
        let body = serde_json::from_slice(&self.body).unwrap_or_default();
        Request::new(&self.method, &self.target, self.key.as_deref(), body)
    }
}

/// The server, and what is on its way to it.
pub(crate) struct State {
    pub(crate) server: Server,
    /// The server's clock, in seconds since 1970.
    pub(crate) now: f64,
    /// How many requests a restart of the service loses from now on, whichever come first.
    pub(crate) restarting: u32,
    /// What decides about faults; without it there are none.
    pub(crate) seed: Option<u64>,
    /// Whether there was one since somebody last looked.
    pub(crate) has_struck: bool,
    /// How many requests arrived, or were lost on the way.
    pub(crate) requests: u64,
    /// The number of the last request before memsync began to write.
    pub(crate) written_at: Option<u64>,
    /// Who is to come, and who came.
    pub(crate) expected: Vec<Visit>,
    pub(crate) visits: Vec<(ContentHash, Option<Memory>, Option<Memory>)>,
    /// How often each was asked.
    seen: HashMap<u64, u32>,
    is_closed: bool,
}

impl State {
    /// What goes back over the wire; nothing where the connection breaks.
    fn exchange(&mut self, asked: &Asked) -> Vec<u8> {
        self.requests += 1;
        if asked.method == "GET" {
            self.receive();
        }
        let seen = self.seen.entry(asked.number(&())).or_default();
        let fault = self.seed.and_then(|seed| asked.fault(seed, *seen));
        *seen += 1;
        self.has_struck |= fault.is_some();
        match fault {
            Some(Fault::Lost) => return Vec::new(),
            Some(Fault::Refused(status)) => {
                let detail = serde_json::json!({ "detail": "not now" });
                return self.bytes(status, &detail.to_string());
            }
            _ => {}
        }
        let request = asked.to_request();
        if fault == Some(Fault::Ignored) {
            let answer = self.server.clone().answer(&request, self.now);
            return self.bytes(answer.status, &answer.body.to_string());
        }
        let mut answer = self.server.answer(&request, self.now);
        if fault == Some(Fault::Doubled) {
            answer = self.server.answer(&request, self.now);
        }
        match fault {
            Some(Fault::AnswerLost) => Vec::new(),
            Some(Fault::Truncated) => {
                let bytes = self.bytes(answer.status, &answer.body.to_string());
                bytes[..bytes.len() - answer.body.to_string().len() / 2 - 1].to_vec()
            }
            Some(Fault::NotJson) => self.bytes(200, "<html>Please wait</html>"),
            Some(row @ (Fault::RowMissing | Fault::RowDoubled)) => {
                disturb(&mut answer, row, asked.number(&"row"));
                self.bytes(answer.status, &answer.body.to_string())
            }
            _ => self.bytes(answer.status, &answer.body.to_string()),
        }
    }

    /// Whoever is due comes, before a question: between the last question and the write that it is about no client can see
    /// them where the server knows no conditions.
    fn receive(&mut self) {
        let Some(written_at) = self.written_at else { return };
        let now = self.requests - written_at;
        for visit in self.expected.extract_if(.., |visit| visit.request <= now).collect::<Vec<_>>() {
            let before = held(&self.server, &visit.key);
            let metadata = serde_json::json!({ "metadata": { visit.member: visit.value } });
            let target = format!("/api/memories/{}", visit.key);
            let request = Request::new("PUT", &target, Some(Server::KEY), metadata);
            self.server.answer(&request, self.now);
            let after = held(&self.server, &visit.key);
            self.visits.push((visit.key, before, after));
        }
    }

    /// An answer as it stands on the wire.
    fn bytes(&self, status: u16, body: &str) -> Vec<u8> {
        let now = jiff::Timestamp::from_duration(jiff::SignedDuration::from_secs_f64(self.now));
        let now = now.ok().and_then(|now| DateTimePrinter::new().timestamp_to_rfc9110_string(&now).ok());
        let date = now.map(|now| format!("Date: {now}\r\n")).unwrap_or_default();
        let length = body.len();
        format!(
            "HTTP/1.1 {status} X\r\n{date}Content-Type: application/json\r\nContent-Length: {length}\r\n\
             Retry-After: 0\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// Lets a row of a page be missing, or come twice.
fn disturb(answer: &mut Response, fault: Fault, number: u64) {
    let Some(rows) = answer.body.get_mut("memories").and_then(Value::as_array_mut) else { return };
    if rows.is_empty() {
        return;
    }
    let count = u64::try_from(rows.len()).expect("few rows");
    let at = usize::try_from(number % count).expect("few rows");
    if fault == Fault::RowMissing {
        rows.remove(at);
    } else {
        let row = rows[at].clone();
        rows.push(row);
    }
}

/// The model behind a port of this machine, until it is dropped.
pub(crate) struct Wire {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    listening: Option<JoinHandle<()>>,
}

impl Wire {
    /// Starts to listen.
    pub(crate) fn new(server: Server, now: f64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = State {
            server,
            now,
            restarting: 0,
            seed: None,
            has_struck: false,
            requests: 0,
            written_at: None,
            expected: Vec::new(),
            visits: Vec::new(),
            seen: HashMap::new(),
            is_closed: false,
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let listening = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if lock(&shared).is_closed {
                    break;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        Self { address, state, listening: Some(listening) }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The server itself, past the wire.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.state().is_closed = true;
        // It looks at that when the next connection comes.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers the requests of a connection, until one of them gets no whole answer: nobody who is answered loses a
/// connection that the next request would be sent over.
fn serve(mut stream: &TcpStream, state: &Mutex<State>) {
    // What is small is sent at once, too; where that cannot be said, it is only slower.
    let _ = stream.set_nodelay(true);
    while let Some(asked) = read(stream) {
        let mut held = lock(state);
        if held.restarting > 0 {
            held.restarting -= 1;
            held.requests += 1;
            held.has_struck = true;
            break;
        }
        let bytes = held.exchange(&asked);
        drop(held);
        // Whoever has gone away hears nothing.
        if stream.write_all(&bytes).is_err() || !is_whole(&bytes) {
            break;
        }
    }
}

/// Whether an answer is as long as it says.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let length = text.split_once("Content-Length: ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
    text.split_once("\r\n\r\n").is_some_and(|(_, body)| length == Some(body.len()))
}

/// Reads a request; `None` where there is no whole one.
fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let (method, rest) = line.split_once(' ')?;
    let (target, _) = rest.split_once(' ')?;
    let (mut length, mut key) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => key = value.strip_prefix("Bearer ").map(str::to_owned),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method: method.to_owned(), target: target.to_owned(), key, body })
}
