//! What both servers are asked for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::MEMORIES;
use crate::load::Request;
use crate::memories::{self, BATCH};

/// One kind of request, measured by itself.
pub struct Workload {
    pub name: &'static str,
    /// How many times the service's rate the hub should reach.
    pub goal: Option<f64>,
    /// What one request counts for: the memories that it writes, or 1.
    pub counts: usize,
    /// The requests of a round, which differ from round to round where they write.
    pub requests: Box<dyn Fn(usize) -> Vec<Request>>,
    pub is_right: fn(&Value) -> bool,
}

/// Every workload. Those that make the databases grow come last, the one that does so most at the end: on
/// 14,000 memories the service takes no more than four POSTs a second.
pub fn all() -> Vec<Workload> {
    vec![listing(), get_one(), hashes(), baseline(), post(), events()]
}

fn listing() -> Workload {
    let pages = MEMORIES / 100;
    Workload {
        name: "GET /api/memories?page_size=100",
        goal: Some(20.0),
        counts: 1,
        requests: reads(60, move |index| format!("/api/memories?page={}&page_size=100", index % pages + 1)),
        is_right: |answer| answer["memories"].as_array().is_some_and(|memories| memories.len() == 100),
    }
}

fn get_one() -> Workload {
    let names = memories::names(0..400);
    Workload {
        name: "GET /api/memories/{hash}",
        goal: None,
        counts: 1,
        requests: reads(400, move |index| format!("/api/memories/{}", names[index])),
        is_right: |answer| {
            answer["content"].as_str().map(memories::name_of).as_deref() == answer["content_hash"].as_str()
        },
    }
}

fn hashes() -> Workload {
    Workload {
        name: "GET /api/memories/hashes",
        goal: None,
        counts: 1,
        requests: reads(200, |_| "/api/memories/hashes?limit=5000".to_owned()),
        is_right: |answer| answer["hashes"].as_array().is_some_and(|hashes| hashes.len() == MEMORIES),
    }
}

fn baseline() -> Workload {
    Workload {
        name: "GET /api/sync/baseline (2,000 memories)",
        goal: None,
        counts: 1,
        requests: reads(40, |_| "/api/sync/baseline".to_owned()),
        is_right: |answer| answer["events"].as_array().is_some_and(|events| events.len() == MEMORIES),
    }
}

fn events() -> Workload {
    Workload {
        name: "POST /api/sync/events (memories, 500 each)",
        goal: Some(8.0),
        counts: BATCH,
        requests: Box::new(|round| {
            let start = MEMORIES + round * 4 * BATCH;
            let bodies = memories::batches(start..start + 4 * BATCH);
            bodies.iter().map(|body| write("/api/sync/events", body)).collect()
        }),
        is_right: |answer| {
            let applied = |result: &Value| result["status"] == "applied";
            answer["results"].as_array().is_some_and(|all| all.len() == BATCH && all.iter().all(applied))
        },
    }
}

fn post() -> Workload {
    const POSTS: usize = 50;
    Workload {
        name: "POST /api/memories",
        goal: None,
        counts: 1,
        requests: Box::new(|round| {
            let numbers = 1_000_000 + round * POSTS..1_000_000 + (round + 1) * POSTS;
            let body = |number| json!({"content": memories::content(number), "tags": ["many"]});
            numbers.map(|number| write("/api/memories", &body(number))).collect()
        }),
        is_right: |answer| answer["success"] == true,
    }
}

fn reads(count: usize, path: impl Fn(usize) -> String + 'static) -> Box<dyn Fn(usize) -> Vec<Request>> {
    let request = move |index| Request { method: Method::GET, path: path(index), body: None };
    Box::new(move |_| (0..count).map(&request).collect())
}

fn write(path: &str, body: &Value) -> Request {
    Request { method: Method::POST, path: path.to_owned(), body: Some(body.to_string()) }
}
