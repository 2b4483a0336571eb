//! The hub with the real model: what it finds by meaning, and how near that is, is what the service says.

use serde_json::json;

use crate::support::client::Client;
use crate::support::{Hub, Services, TestEnvironment, Version};

const TEXTS: [&str; 6] = [
    "Tea is at four, in the garden when it does not rain",
    "The database is backed up every night at two",
    "日本語のメモ: 猫は窓辺で寝る",
    "fn main() { println!(\"{}\", 6 * 7); }",
    "a",
    "The ferry leaves from the northern quay",
];

const QUERIES: [&str; 4] = ["when do we drink tea", "猫", "boats", ""];

#[test]
fn hub_and_service_give_the_same_scores_also_on_one_database() {
    let Some(services) = Services::with_model() else { return };
    let environment = TestEnvironment::new();
    let folder = environment.folder("hub");
    services.model().lay_onnx(&folder);
    let mut hub = Hub::start(&folder);
    let service = services.start_with_model(Version::V12_2_0, &environment.folder("service"));
    let long = "The boats left the harbour before the lamps were out. ".repeat(40);
    for text in TEXTS.into_iter().chain([long.as_str()]) {
        let memory = json!({ "content": text, "tags": ["meaning"] });
        assert_eq!(hub.post_json(&memory), service.post_json(&memory));
    }
    assert_same_scores(&hub, &service);

    hub.stop();
    let heir = services.start_with_model(Version::V12_2_0, &folder);
    assert_same_scores(&heir, &service);
    drop(heir);
    hub.resume();
    assert_same_scores(&hub, &service);
}

/// Fails the test unless both find all memories with scores that are equal to four decimals.
#[track_caller]
fn assert_same_scores(one: &Client, other: &Client) {
    for query in QUERIES {
        let (one, other) = (one.scores(query), other.scores(query));
        assert_eq!(one.len(), TEXTS.len() + 1, "{query}");
        for (key, score) in &one {
            assert!((score - other[key]).abs() < 0.000_05, "{query}: {score} and {} of {key}", other[key]);
        }
    }
}
