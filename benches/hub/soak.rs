//! Half a minute of reads and conditional writes from many connections at once, each answer checked.
//!
//! Every write adds one to a number in the metadata of one of a few memories, on condition that the memory is
//! as it was read. So the numbers at the end tell whether a single acknowledged write was lost.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use futures_util::future;
use reqwest::header::{ETAG, IF_MATCH};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::load::{Load, Peer};
use crate::memories;

const CONNECTIONS: u64 = 64;
const SECONDS: u64 = 30;

/// How many memories are written to.
const CONTENDED: usize = 50;

/// The load's connections and what they did.
struct Soak<'a> {
    load: &'a Load,
    peer: &'a Peer,
    names: Vec<String>,
    seen: RefCell<Seen>,
}

#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    /// The writes that were acknowledged, for each contended memory.
    acknowledged: Vec<u64>,
    refused: u64,
}

/// Runs it and returns a sentence about it. A wrong answer ends the program.
pub fn run(load: &Load, peer: &Peer) -> String {
    let seen = Seen { acknowledged: vec![0; CONTENDED], ..Seen::default() };
    let soak = Soak { load, peer, names: memories::names(0..1_000), seen: RefCell::new(seen) };
    load.runtime.block_on(async {
        let end = Instant::now() + Duration::from_secs(SECONDS);
        future::join_all((0..CONNECTIONS).map(|number| soak.connection(number, end))).await;
        soak.check().await;
    });
    soak.seen.into_inner().describe()
}

impl Soak<'_> {
    /// One after the other, in an order that follows from the connection's number.
    async fn connection(&self, number: u64, end: Instant) {
        let mut state = number;
        while Instant::now() < end {
            // Knuth's MMIX generator; its high bits are good enough to choose by.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let choice = usize::try_from(state >> 40).expect("24 bits fit");
            match choice % 10 {
                0 => self.list(choice / 10 % 20 + 1).await,
                1 | 2 => self.hashes().await,
                3..6 => self.increment(choice / 10 % CONTENDED).await,
                _ => drop(self.read(&self.names[choice / 10 % self.names.len()]).await),
            }
        }
    }

    async fn list(&self, page: usize) {
        let path = format!("/api/memories?page={page}&page_size=100");
        let answer = body(self.get(&path).await).await;
        let memories = answer["memories"].as_array().unwrap();
        assert_eq!(memories.len(), 100, "{path}");
        memories.iter().for_each(check);
    }

    async fn hashes(&self) {
        let answer = body(self.get("/api/memories/hashes?limit=1000").await).await;
        assert_eq!(answer["hashes"].as_array().map(Vec::len), Some(1_000));
    }

    /// The memory's entity tag and how often it was counted up.
    async fn read(&self, name: &str) -> (String, u64) {
        let response = self.get(&format!("/api/memories/{name}")).await;
        let etag = response.headers()[ETAG].to_str().unwrap().to_owned();
        let memory = body(response).await;
        check(&memory);
        assert_eq!(memory["content_hash"], name);
        (etag, memory["metadata"]["count"].as_u64().unwrap_or(0))
    }

    async fn increment(&self, index: usize) {
        let name = &self.names[index];
        let (etag, count) = self.read(name).await;
        let request = self.load.request(self.peer, Method::PUT, &format!("/api/memories/{name}"));
        let request = request.header(IF_MATCH, etag).json(&json!({"metadata": {"count": count + 1}}));
        let response = self.timed(request).await;
        let mut seen = self.seen.borrow_mut();
        match response.status() {
            StatusCode::OK => seen.acknowledged[index] += 1,
            StatusCode::PRECONDITION_FAILED => seen.refused += 1,
            status => panic!("PUT was answered {status}"),
        }
    }

    async fn get(&self, path: &str) -> Response {
        let response = self.timed(self.load.request(self.peer, Method::GET, path)).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response
    }

    async fn timed(&self, request: reqwest::RequestBuilder) -> Response {
        let start = Instant::now();
        let response = request.send().await.unwrap();
        self.seen.borrow_mut().latencies.push(start.elapsed());
        response
    }

    /// Whether each memory was counted up as often as that was acknowledged.
    async fn check(&self) {
        let acknowledged = self.seen.borrow().acknowledged.clone();
        for (name, acknowledged) in self.names.iter().zip(acknowledged) {
            assert_eq!(self.read(name).await.1, acknowledged, "acknowledged writes to {name}");
        }
    }
}

impl Seen {
    fn describe(mut self) -> String {
        self.latencies.sort();
        let requests = self.latencies.len();
        let at = |hundredths: usize| self.latencies[(requests - 1) * hundredths / 100];
        let acknowledged: u64 = self.acknowledged.iter().sum();
        format!(
            "hub, {CONNECTIONS} connections, {SECONDS} s, reads and conditional writes: {requests} requests, \
             {acknowledged} writes acknowledged and all kept, {} refused; half within {:.1?}, 99 % within \
             {:.1?}, all within {:.1?}",
            self.refused,
            at(50),
            at(99),
            at(100),
        )
    }
}

/// Whether a memory is whole: nobody changes the text that its name follows from.
fn check(memory: &Value) {
    let name = memory["content"].as_str().map(memories::name_of);
    assert_eq!(memory["content_hash"].as_str(), name.as_deref(), "{memory}");
}

async fn body(response: Response) -> Value {
    response.json().await.unwrap()
}
