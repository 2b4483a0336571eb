//! Makes a good request a bad one, in one of the ways that clients do.

use serde_json::{Value, json};

use super::random::Random;
use super::wire::Request;

/// A way to spoil a request.
type Way = fn(&mut Random, Request) -> Request;

/// The request with one thing wrong, or at least unusual.
pub fn spoil(random: &mut Random, request: Request) -> Request {
    let ways: &[(usize, Way)] = &[
        (4, wrong_key),
        (4, wrong_method),
        (4, wrong_path),
        (5, wrong_query),
        (9, wrong_body),
        (2, odd_header),
    ];
    random.weighted(ways)(random, request)
}

fn wrong_key(random: &mut Random, request: Request) -> Request {
    let key = crate::support::Hub::KEY;
    let bearer = |request: Request, value: &str| request.without("X-API-Key").header("Authorization", value);
    match random.below(10) {
        0 | 1 => request.without("X-API-Key"),
        2 => request.header("X-API-Key", "wrong"),
        3 => request.header("X-API-Key", ""),
        4 => request.header("X-API-Key", &"x".repeat(5000)),
        5 => bearer(request, &format!("Bearer {key}")),
        6 => bearer(request, &format!("bearer  {key}")),
        7 => bearer(request, "Bearer wrong"),
        8 => bearer(request, random.pick(&["Basic dXNlcjpwYXNz", "Bearer", "", key])),
        _ => {
            let joint = if request.target.contains('?') { '&' } else { '?' };
            let target = format!("{}{joint}api_key={key}", request.target);
            Request { target, ..request }.without("X-API-Key")
        }
    }
}

fn wrong_method(random: &mut Random, mut request: Request) -> Request {
    let methods =
        ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "HEAD", "OPTIONS", "TRACE", "BREW"];
    (random.pick(&methods)).clone_into(&mut request.method);
    if request.method == "OPTIONS" && random.chance(60) {
        let origin = random.pick(&["http://localhost:8000", "http://evil.example"]);
        return request.header("Origin", origin).header("Access-Control-Request-Method", "PUT");
    }
    request
}

fn wrong_path(random: &mut Random, mut request: Request) -> Request {
    let (path, query) = match request.target.split_once('?') {
        Some((path, query)) => (path.to_owned(), format!("?{query}")),
        None => (request.target.clone(), String::new()),
    };
    request.target = match random.below(8) {
        0..3 => format!("{path}/{query}"),
        3 => format!("{path}/more{query}"),
        4 => format!("{path}x{query}"),
        5 => format!("/{path}{query}"),
        6 => format!("{}{query}", path.to_uppercase()),
        _ => (random.pick(&["/api", "/api/nothing", "/nothing", "/api/memories/", "/api//memories"]))
            .to_owned(),
    };
    request
}

fn wrong_query(random: &mut Random, mut request: Request) -> Request {
    let names =
        ["page", "page_size", "limit", "cursor", "since_seq", "include_deleted", "store", "tag", "surplus"];
    let values = [
        "0",
        "-1",
        "1.5",
        "2.0",
        "abc",
        "",
        "101",
        "5001",
        "1001",
        "99999999999999999999999",
        "true",
        "%20",
        "%00",
        "+7",
        "%ff",
        "%E2%82",
        "1_000",
        " 3",
        "1e3",
        "null",
        "0x10",
    ];
    let joint = if request.target.contains('?') { '&' } else { '?' };
    let (name, value) = (random.pick(&names), random.pick(&values).replace(' ', "%20"));
    request.target = format!("{}{joint}{name}={value}", request.target);
    request
}

fn wrong_body(random: &mut Random, request: Request) -> Request {
    let body = request.body.as_ref().and_then(|body| serde_json::from_slice::<Value>(body).ok());
    let Some(body) = body else { return wrong_query(random, request) };
    match random.below(12) {
        0..6 => {
            let spoiled = one_member_wrong(random, body);
            request.raw(spoiled.to_string())
        }
        6 => Request { body: None, ..request },
        7 => request.raw(""),
        8 => request.without("Content-Type"),
        9 => {
            let kind =
                random.pick(&["text/plain", "application/x-www-form-urlencoded", "application/vnd.api+json"]);
            request.header("Content-Type", kind)
        }
        10 => request.raw(random.pick(NOT_JSON).to_vec()),
        _ => request
            .raw(random.pick(&[json!([]), json!("text"), json!(7), Value::Null, json!({})]).to_string()),
    }
}

const NOT_JSON: &[&[u8]] = &[
    b"{",
    b"}",
    b"{\"content\": }",
    b"{\"content\": \"x\",}",
    b"nonsense",
    b"{'content': 'x'}",
    b"{\"content\": \"\xff\xfe\"}",
    b"\xef\xbb\xbf{}",
    b"{\"content\": \"a\nb\"}",
    b"{\"content\": \"open",
    b" ",
    b"{\"content\": NaN}",
    b"{\"content\": \"x\"} more",
    b"[1, 2",
    b"{\"content\": \"\\ud800\"}",
    b"tru",
    b"{\"content\": \"x\", \"metadata\": {\"n\": Infinity}}",
    b"{\"content\" \"x\"}",
    b"{content: 1}",
    b"01",
    b"{\"content\": \"one\", \"content\": \"spelled twice\"}",
];

/// Takes one member away, or gives it a value of another kind, or adds one.
fn one_member_wrong(random: &mut Random, mut body: Value) -> Value {
    let Some(members) = body.as_object_mut() else { return body };
    let names = [
        "content",
        "tags",
        "memory_type",
        "metadata",
        "store",
        "conversation_id",
        "query",
        "n_results",
        "limit",
        "similarity_threshold",
        "quality_boost",
        "quality_weight",
        "match_all",
        "time_filter",
        "semantic_query",
    ];
    let own: Vec<String> = members.keys().cloned().collect();
    let name = match random.below(10) {
        0 => (random.pick(&names)).to_owned(),
        1 => "surplus".to_owned(),
        _ if own.is_empty() => return json!({ "surplus": 1 }),
        2 | 3 => {
            members.remove(&random.pick(&own));
            return body;
        }
        _ => random.pick(&own),
    };
    let values = [
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1),
        json!(101),
        json!(1.5),
        json!(2.0),
        json!("text"),
        json!("3"),
        json!("1.5"),
        json!("true"),
        json!("yes"),
        json!(""),
        json!([]),
        json!(["a", 1, null, ["b"]]),
        json!([1]),
        json!({}),
        json!({ "a": 1 }),
        json!([{}, { "agent_id": "laptop" }]),
        json!(9e99),
    ];
    members.insert(name, random.pick(&values));
    body
}

fn odd_header(random: &mut Random, request: Request) -> Request {
    match random.below(6) {
        0 => request.header("Accept", "text/html"),
        1 => request.header("Accept-Encoding", "gzip, br"),
        2 => request.header("Origin", "http://localhost:8000"),
        3 => request.header("Origin", "http://evil.example"),
        4 => request.header("Content-Type", "application/json; charset=utf-8"),
        _ => request.header("X-HTTP-Method-Override", "DELETE"),
    }
}
