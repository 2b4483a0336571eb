//! Requests that search: by meaning, by tags, and by a time as people say it.

use serde_json::{Map, Value, json};

use super::requests::Requests;
use super::wire::Request;

/// A search by meaning.
pub fn search(requests: &mut Requests) -> Request {
    let query = match requests.random.below(10) {
        0 => String::new(),
        1 => "nothing that is there".to_owned(),
        2 => "x".repeat(5000),
        _ => requests.text(),
    };
    let mut body = Map::from_iter([("query".to_owned(), json!(query))]);
    if requests.random.chance(60) {
        body.insert("n_results".to_owned(), json!(requests.random.pick(&[1, 2, 5, 33, 50, 100])));
    }
    if requests.random.chance(40) {
        let threshold = requests.random.pick(&[0.0, 0.05, 0.5, 0.99, 1.0]);
        body.insert("similarity_threshold".to_owned(), json!(threshold));
    }
    if requests.random.chance(30) {
        body.insert("quality_boost".to_owned(), json!(true));
        if requests.random.chance(60) {
            body.insert("quality_weight".to_owned(), json!(requests.random.pick(&[0.0, 0.5, 1.0])));
        }
    }
    if requests.random.chance(30) {
        body.insert("store".to_owned(), json!(requests.store()));
    }
    Request::new("POST", "/api/search").json(&Value::Object(body))
}

/// A search by tags.
pub fn by_tag(requests: &mut Requests) -> Request {
    let mut body = Map::from_iter([("tags".to_owned(), json!(requests.tags()))]);
    if requests.random.chance(50) {
        body.insert("match_all".to_owned(), json!(requests.random.chance(70)));
    }
    if requests.random.chance(40) {
        body.insert("time_filter".to_owned(), json!(moment(requests)));
    }
    if requests.random.chance(40) {
        body.insert("limit".to_owned(), json!(requests.random.pick(&[1, 2, 10, 100])));
    }
    if requests.random.chance(30) {
        body.insert("store".to_owned(), json!(requests.store()));
    }
    Request::new("POST", "/api/search/by-tag").json(&Value::Object(body))
}

/// A search by time.
pub fn by_time(requests: &mut Requests) -> Request {
    let mut body = Map::from_iter([("query".to_owned(), json!(moment(requests)))]);
    if requests.random.chance(50) {
        body.insert("n_results".to_owned(), json!(requests.random.pick(&[1, 5, 20, 100])));
    }
    if requests.random.chance(35) {
        let query = if requests.random.chance(20) { " ".to_owned() } else { requests.text() };
        body.insert("semantic_query".to_owned(), json!(query));
    }
    if requests.random.chance(30) {
        body.insert("store".to_owned(), json!(requests.store()));
    }
    Request::new("POST", "/api/search/by-time").json(&Value::Object(body))
}

/// A moment as people write it, or something that is none.
fn moment(requests: &mut Requests) -> &'static str {
    let moments: Vec<&str> = TIMES.split(';').collect();
    requests.random.pick(&moments)
}

/// Moments as people write them, and some that are none, with semicolons between them.
const TIMES: &str = "today;yesterday;Yesterday evening;today morning;3 days ago;1 day ago;9999 days ago;2 weeks ago;\
    1 month ago;13 months ago;2 years ago;9999 years ago;last day;last week;last month;last year;\
    last summer;last winter;last spring;last fall;last autumn;this day;this week;this month;this year;\
    this summer;this winter;last 3 days;last 2 weeks;last 6 months;last 10 years;last 0 days;january;\
    in June;december;recently;lately;morning;night;midnight;noon;summer;winter;spring;autumn;christmas;\
    new year;newyear;valentine;halloween;thanksgiving;spring break;first half of 2024;\
    second half of 2025;first quarter;4th quarter of 2023;3rd quarter 2024;second quarter of;2024-02-29;\
    2023-02-29;2025-1-5;12/25;2/29;2/30;13/45;1/2/23;1/2/1999;07-04-2024;between yesterday and today;\
    between 2020-01-01 and today;between 1/31 and 12/25;between 2/29 and 12/25;between march and june;\
    between;tomorrow;whenever;;   ;2 hours ago;last decade;0 days ago;LAST WEEK;last  month;\
    a few days ago";

/// A search for exactly the text of a memory, which finds that one first.
pub fn exact(requests: &mut Requests) -> Request {
    let query = requests.text();
    Request::new("POST", "/api/search").json(&json!({ "query": query, "n_results": 1 }))
}
