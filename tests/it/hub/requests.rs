//! The requests of the differential test: everything that a client may ask, well or badly, from one seed.
//!
//! The sequence depends on the seed and the moment of the start alone, never on an answer, so both servers are
//! told exactly the same. It names few memories, so that they meet: duplicates, edits of what another request
//! made, deletions, and memories that are made again.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::events;
use super::random::Random;
use super::searches;
use super::spoil;
use super::wire::Request;

/// What requests are made from.
pub struct Requests {
    pub random: Random,
    /// Seconds since 1970 when the test started, a whole number.
    pub now: f64,
    texts: Vec<String>,
    /// How many requests were made, so that later ones can be bolder.
    pub made: usize,
    /// How many there will be.
    pub count: usize,
    /// What is asked, and how often.
    choices: &'static [(usize, Make)],
    /// How many of a hundred are spoiled.
    spoiled: usize,
}

type Make = fn(&mut Requests) -> Request;

/// What any client asks.
const OF_ANYBODY: &[(usize, Make)] = &[
    (12, list),
    (18, create),
    (8, get),
    (10, put),
    (9, delete),
    (3, hashes),
    (3, tags),
    (1, |_| Request::new("GET", "/api/types")),
    (7, searches::search),
    (6, searches::by_tag),
    (8, searches::by_time),
    (4, events::read),
    (12, events::write),
    (2, |_| Request::new("GET", "/api/sync/baseline")),
    (1, |_| Request::new("GET", "/api/health").without("X-API-Key")),
    (1, |_| Request::new("GET", "/api/health/detailed")),
    (1, |_| Request::new("GET", "/api/health/model")),
];

/// What devices ask, and people who search.
const OF_DEVICES: &[(usize, Make)] = &[
    (8, page),
    (18, create),
    (8, get),
    (14, put),
    (9, delete),
    (3, |requests| without_nonsense(hashes(requests))),
    (4, events::read),
    (14, events::write),
    (6, |_| Request::new("GET", "/api/sync/baseline")),
    (1, |_| Request::new("GET", "/api/health").without("X-API-Key")),
    (1, |_| Request::new("GET", "/api/memories").without("X-API-Key")),
    (1, |_| Request::new("GET", "/api/health/detailed")),
    (1, |_| Request::new("GET", "/openapi.json")),
    (5, searches::exact),
];

impl Requests {
    /// `count` requests from a seed.
    pub fn new(seed: u64, count: usize, started: Timestamp) -> Self {
        let now = started.as_duration().as_secs_f64().floor();
        let random = Random::new(seed);
        Self { random, now, texts: texts(), made: 0, count, choices: OF_ANYBODY, spoiled: 18 }
    }

    /// `count` requests from a seed that are as memsync and the tools of people send them.
    pub fn of_devices(seed: u64, count: usize, started: Timestamp) -> Self {
        Self { choices: OF_DEVICES, spoiled: 0, ..Self::new(seed, count, started) }
    }

    fn make(&mut self) -> Request {
        self.random.weighted(self.choices)(self)
    }

    /// One of the few texts that memories have.
    pub fn text(&mut self) -> String {
        self.random.pick(&self.texts)
    }

    /// The key of one of the texts; now and then one that no memory has.
    pub fn key(&mut self) -> String {
        match self.random.below(40) {
            0 => "0".repeat(64),
            1 => "nothing-like-a-hash".to_owned(),
            2 => "sp%20ace%2Fslash".to_owned(),
            _ => key_of(&self.text()),
        }
    }

    /// A tag, odd ones among them.
    pub fn tag(&mut self) -> String {
        let long = "long".repeat(40);
        let tags = [
            "work",
            "home",
            "work",
            "home",
            "Work",
            " padded ",
            "a,b",
            "",
            "  ",
            "größe",
            "two words",
            "100%",
            "under_score",
            "under-score",
            "agent:x",
            "ümläut",
            "tag\nline",
            "\"quoted\"",
            "emoji 🎈",
            "source:pc",
            &long,
        ];
        (self.random.pick(&tags)).to_owned()
    }

    /// A few tags.
    pub fn tags(&mut self) -> Vec<String> {
        (0..self.random.below(5)).map(|_| self.tag()).collect()
    }

    /// A type: of the ontology, of none, or odd.
    pub fn memory_type(&mut self) -> &'static str {
        self.random.pick(&[
            "observation",
            "decision",
            "learning",
            "error",
            "note",
            "architecture",
            "bug",
            "session",
            "recipe",
            "Note",
            "",
            " note ",
            "general",
            "conversation_turn",
            "größe",
        ])
    }

    /// The store: nearly always the default one.
    pub fn store(&mut self) -> &'static str {
        self.random.pick(&[
            "default",
            "default",
            "default",
            "default",
            "archive",
            "archive",
            "Größe 1",
            "all",
            "",
        ])
    }

    /// Metadata with members of every kind of JSON.
    pub fn metadata(&mut self) -> Value {
        let members = [
            ("stars", json!(3)),
            ("stars", json!(4.5)),
            ("stars", json!(1e300)),
            ("stars", json!(-0.0)),
            ("big", json!(9_007_199_254_740_993_i64)),
            ("flag", json!(true)),
            ("none", Value::Null),
            ("text", json!("äöü 🎈 \" \\ \n \u{7f} \u{2028}")),
            ("list", json!([1, "two", null, [3.5], {}])),
            ("nested", json!({ "a": { "b": [] }, "c": null })),
            ("nested", json!({ "a": 1 })),
            ("tags", json!(["from-metadata", "Work"])),
            ("tags", json!("one, Two")),
            ("type", json!("note")),
            ("quality_score", json!(0.9)),
            ("quality_score", json!(0.1)),
            ("agent_id", json!("writer")),
            ("access_count", json!(7)),
            ("", json!("empty name")),
            ("Größe", json!("name")),
            ("created_at", json!(5)),
            ("memory_type", json!("bug")),
            ("content", json!("other")),
        ];
        let chosen = self.random.some(&members, 4);
        Value::Object(chosen.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

impl Iterator for Requests {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        if self.made == self.count {
            return None;
        }
        self.made += 1;
        // The first ones fill the database, so that there is something to ask for.
        if self.made <= self.count / 20 {
            return Some(create(self));
        }
        let request = self.make();
        let request =
            if self.random.chance(self.spoiled) { spoil::spoil(&mut self.random, request) } else { request };
        Some(if creates_nothing(&request) { create(self) } else { request })
    }
}

/// Requests to end with, one for each difference on purpose that a short sequence may not come across.
pub fn last() -> Vec<Request> {
    let json = |target: &str, body: &str| {
        Request::new("POST", target).header("Content-Type", "application/json").raw(body)
    };
    let preflight = Request::new("OPTIONS", "/api/memories").header("Origin", "http://localhost:8000");
    let odd = key_of("An odd key");
    vec![
        json(
            "/api/memories",
            r#"{"content": "An odd key", "metadata": {"a": {"$serde_json::private::Number": "5"}}}"#,
        ),
        Request::new("GET", format!("/api/memories/{odd}")),
        Request::new("GET", "/api/memories?page_size=100").header("Accept-Encoding", "gzip"),
        Request::new("HEAD", "/api/memories"),
        Request::new("PATCH", "/api/memories"),
        Request::new("GET", "/api/memories/"),
        Request::new("GET", "/api/memories").without("X-API-Key"),
        preflight.header("Access-Control-Request-Method", "PUT"),
        Request::new("GET", "/api/memories/a%2Fb"),
        Request::new("PUT", "/api/memories/hashes"),
        Request::new("GET", "/api/memories?tag=%00"),
        Request::new("GET", "/api/sync/events?limit=0"),
        json("/api/search", r#"{"query": "", "n_results": 100, "store": "all"}"#),
        json("/api/search/by-tag", r#"{"tags": ["work"], "surplus": NaN}"#),
    ]
}

/// Whether a request stores an empty text, which is one of the differences that last.
fn creates_nothing(request: &Request) -> bool {
    let body = request.body.as_ref().and_then(|body| serde_json::from_slice::<Value>(body).ok());
    request.method == "POST" && body.is_some_and(|body| body["content"] == "")
}

/// The service's name for a text.
pub fn key_of(text: &str) -> String {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha256);
    hasher.update(text.trim().to_lowercase().as_bytes());
    hasher.try_finalize().unwrap().to_string()
}

/// A value as a part of a query.
pub fn encoded(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

fn texts() -> Vec<String> {
    let mut texts: Vec<String> = (0..40)
        .map(|number| {
            format!("Note {number}: the {} of {}", ["cat", "boat", "house"][number % 3], number * 7)
        })
        .collect();
    let odd = [
        "Tea is at four",
        "tea is at four",
        "  TEA IS AT FOUR \n",
        "x",
        "ab",
        "ÄÖÜ ß straße",
        "日本語のメモ",
        "🎈",
        "two\nlines",
        "tab\there",
        "quote \" and \\ backslash",
        "<b>html</b>",
        "%41%42",
        "NUL \u{0} inside",
        "e\u{301} combining",
        "0",
        "null",
    ];
    texts.extend(odd.map(str::to_owned));
    texts.push("long words ".repeat(300));
    texts
}

fn list(requests: &mut Requests) -> Request {
    let mut query = Vec::new();
    if requests.random.chance(60) {
        query.push(format!("page_size={}", requests.random.pick(&[1, 2, 5, 20, 50, 100, 100])));
    }
    if requests.random.chance(40) {
        query.push(format!("page={}", requests.random.pick(&[1, 1, 2, 3, 9, 1000])));
    }
    if requests.random.chance(45) {
        let mut tags = vec![requests.tag()];
        while requests.random.chance(35) {
            tags.push(requests.tag());
        }
        query.push(format!("tag={}", encoded(&tags.join(","))));
        if requests.random.chance(50) {
            query.push(format!("tag_match={}", requests.random.pick(&["any", "all", "ALL", "", "other"])));
        }
    }
    if requests.random.chance(30) {
        query.push(format!("memory_type={}", encoded(requests.memory_type())));
    }
    if requests.random.chance(40) {
        query.push(format!("store={}", encoded(requests.store())));
    }
    let query = query.join("&");
    Request::new(
        "GET",
        if query.is_empty() { "/api/memories".to_owned() } else { format!("/api/memories?{query}") },
    )
}

/// The request with a value that can be read where there is one that cannot.
fn without_nonsense(request: Request) -> Request {
    Request { target: request.target.replace("=maybe", "=true"), ..request }
}

/// A page of all memories, or of those of one store.
fn page(requests: &mut Requests) -> Request {
    let size = requests.random.pick(&[1, 2, 5, 20, 100, 100]);
    let page = requests.random.pick(&[1, 1, 2, 3, 9]);
    let store = if requests.random.chance(60) { "all" } else { requests.store() };
    Request::new("GET", format!("/api/memories?page={page}&page_size={size}&store={}", encoded(store)))
}

/// `path`, for one store or for the one that is meant without saying so.
fn in_store(requests: &mut Requests, path: String) -> String {
    if requests.random.chance(30) { format!("{path}?store={}", encoded(requests.store())) } else { path }
}

fn create(requests: &mut Requests) -> Request {
    let content = if requests.random.chance(3) { " \n\t ".to_owned() } else { requests.text() };
    let mut body = Map::from_iter([("content".to_owned(), json!(content))]);
    if requests.random.chance(75) {
        body.insert("tags".to_owned(), json!(requests.tags()));
    }
    if requests.random.chance(60) {
        body.insert("memory_type".to_owned(), json!(requests.memory_type()));
    }
    if requests.random.chance(60) {
        body.insert("metadata".to_owned(), requests.metadata());
    }
    if requests.random.chance(15) {
        let conversation = requests.random.pick(&["talk-1", "", "größe"]);
        body.insert("conversation_id".to_owned(), json!(conversation));
    }
    if requests.random.chance(10) {
        body.insert("client_hostname".to_owned(), json!("laptop"));
    }
    if requests.random.chance(30) {
        body.insert("store".to_owned(), json!(requests.store()));
    }
    let request = Request::new("POST", "/api/memories").json(&Value::Object(body));
    if requests.random.chance(10) {
        let agent = requests.random.pick(&["claude", "a,b", "UPPER", "x y"]);
        return request.header("X-Agent-ID", agent);
    }
    request
}

fn get(requests: &mut Requests) -> Request {
    let path = format!("/api/memories/{}", requests.key());
    Request::new("GET", in_store(requests, path))
}

fn put(requests: &mut Requests) -> Request {
    let mut body = Map::new();
    if requests.random.chance(60) {
        body.insert("tags".to_owned(), json!(requests.tags()));
    }
    if requests.random.chance(35) {
        body.insert("memory_type".to_owned(), json!(requests.memory_type()));
    }
    if requests.random.chance(60) {
        body.insert("metadata".to_owned(), requests.metadata());
    }
    let path = format!("/api/memories/{}", requests.key());
    Request::new("PUT", in_store(requests, path)).json(&Value::Object(body))
}

fn delete(requests: &mut Requests) -> Request {
    let path = format!("/api/memories/{}", requests.key());
    Request::new("DELETE", in_store(requests, path))
}

fn hashes(requests: &mut Requests) -> Request {
    let mut query = Vec::new();
    if requests.random.chance(60) {
        query.push(format!("limit={}", requests.random.pick(&[1, 3, 10, 1000, 5000])));
    }
    if requests.random.chance(50) {
        query.push(format!("cursor={}", requests.random.pick(&[0, 1, 7, 20, 100_000])));
    }
    if requests.random.chance(40) {
        query.push(format!(
            "include_deleted={}",
            requests.random.pick(&["true", "false", "1", "no", "maybe"])
        ));
    }
    Request::new("GET", format!("/api/memories/hashes?{}", query.join("&")))
}

fn tags(requests: &mut Requests) -> Request {
    let path = in_store(requests, "/api/tags".to_owned());
    Request::new("GET", path)
}
