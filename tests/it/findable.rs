//! What arrives is findable: a service finds what was made elsewhere as it is found where it was made.
//!
//! The services are real, and so is the model: `support::model` says where it comes from. Only sentence-transformers is
//! left out, because torch takes gigabytes. What is particular about it is held by a service whose tokenizer cuts texts
//! where sentence-transformers would.

mod foreign;
mod interrupted;
mod later;
mod moved;
mod texts;

use serde_json::json;

use crate::support::Version::{V10_20_6, V12_2_0};
use crate::support::client::Client;
use crate::support::environment::Device;
use crate::support::{Hub, Service, Services, TestEnvironment};

/// What is asked of the services.
const QUERIES: [&str; 6] = [
    "when do we drink tea",
    "How is the database backed up?",
    "猫はどこで寝ますか",
    "fn main() { println!(\"🦀\") }",
    "a",
    "the harbour at night, the lamps along the quay and the boats that come home late",
];

/// How far two scores may be from each other and still be the same to four decimals.
const SAME: f64 = 0.000_05;

/// A device with the service that runs on its database.
struct Member {
    device: Device,
    service: Service,
}

impl Member {
    #[track_caller]
    fn new(device: Device, service: Service) -> Self {
        device.memsync(["init"]).success();
        Self { device, service }
    }

    #[track_caller]
    fn sync(&self) -> String {
        self.device.memsync(["sync"]).success().to_string()
    }
}

#[test]
fn with_the_real_model() {
    let Some(services) = Services::with_model() else { return };
    let environment = TestEnvironment::new();
    services.model().lay_onnx(&environment.folder("hub"));
    let hub = Hub::start(&environment.folder("hub"));
    let [maker, other, old] =
        [("maker", V12_2_0), ("other", V12_2_0), ("old", V10_20_6)].map(|(name, version)| {
            let device = environment.device(name).with_hub(&hub);
            let service = services.start_with_model(version, &device.folder);
            Member::new(device, service)
        });
    let keys = post_all(&maker.service);
    is_found_elsewhere(&maker, other, &old, &hub, &keys);
}

#[test]
fn with_hash_vectors() {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let server = services.start(V12_2_0, &environment.folder("server"));
    let [maker, other, old] =
        [("maker", V12_2_0), ("other", V12_2_0), ("old", V10_20_6)].map(|(name, version)| {
            let device = environment.device(name).with_remote(&server);
            let service = services.start(version, &device.folder);
            Member::new(device, service)
        });
    let keys = post_all(&maker.service);
    is_found_elsewhere(&maker, other, &old, &server, &keys);
}

/// Syncs what one service holds to the others and the server, then their changes, and compares what all of them find.
fn is_found_elsewhere(maker: &Member, mut other: Member, old: &Member, server: &Client, keys: &[String]) {
    for member in [maker, &other, old] {
        member.sync();
        assert_eq!(member.device.database.vectors().len(), keys.len(), "of {}", member.device.name);
        member.device.database.check();
    }
    assert_same_scores(&maker.service, &other.service);
    assert_same_scores(&maker.service, &old.service);
    assert_same_scores(&maker.service, server);
    assert_same_text_search(&maker.service, &other.service);

    // What is made where everything else has arrived goes back.
    let own = other.service.post("The second device writes something of its own", &[]);
    other.sync();
    maker.sync();
    assert!(maker.service.scores("something of its own").contains_key(&own));
    assert_same_scores(&maker.service, &other.service);

    // Tags are no text; another spelling under the same name is.
    let before = other.device.database.vectors();
    let [tagged, respelled] = [&keys[0], &keys[1]];
    maker.service.put(tagged, &json!({ "tags": ["moved"], "memory_type": "note" }));
    maker
        .device
        .database
        .respell(respelled, "Something else altogether: the tide tables of the northern coast");
    maker.sync();
    other.sync();
    assert_eq!(other.service.get(tagged).unwrap()["tags"], json!(["moved"]));
    let after = other.device.database.vectors();
    let changed = before.iter().filter(|(key, vector)| after[*key] != **vector);
    assert_eq!(changed.map(|(key, _)| key).collect::<Vec<_>>(), [respelled]);
    assert_finds_itself(&other.service, respelled);

    other.service.restart();
    assert_finds_itself(&other.service, tagged);
    assert_finds_itself(&other.service, respelled);
}

/// Stores the texts of [`texts::varied`] and returns their keys.
fn post_all(service: &Service) -> Vec<String> {
    // A conversation keeps the service from taking similar texts for one.
    let body = |text: &String| json!({ "content": text, "tags": ["varied"], "conversation_id": "texts" });
    texts::varied().iter().map(|text| service.post_json(&body(text))).collect()
}

/// Fails the test unless both find the same memories with the same scores.
#[track_caller]
fn assert_same_scores(one: &Client, other: &Client) {
    for query in QUERIES {
        let (one, other) = (one.scores(query), other.scores(query));
        let differing: Vec<_> = one
            .iter()
            .map(|(key, score)| (key, *score, other.get(key).copied().unwrap_or(f64::INFINITY)))
            .filter(|(_, one, other)| (one - other).abs() >= SAME)
            .collect();
        assert!(differing.is_empty(), "{query}: {differing:#?}");
        assert_eq!(one.len(), other.len(), "{query}");
    }
}

/// Fails the test unless both find the same by text, the best in the same order.
#[track_caller]
fn assert_same_text_search(one: &Client, other: &Client) {
    for (query, mode) in
        [("harbour", "exact"), ("日本語", "exact"), ("harbour lamps", "hybrid"), ("println", "hybrid")]
    {
        // Behind the best, the texts that are equal as far as the model looks are in no order.
        let best = |client: &Client| -> Vec<String> {
            client.search_text(query, mode).into_iter().take(3).collect()
        };
        let found = best(one);
        assert!(!found.is_empty(), "{query}");
        assert_eq!(found, best(other), "{query} ({mode})");
    }
}

/// Fails the test unless the service itself would give this memory the vector that it has.
#[track_caller]
fn assert_finds_itself(service: &Client, key: &str) {
    let text = service.get(key).unwrap()["content"].as_str().unwrap().to_owned();
    let score = service.scores(&text)[key];
    assert!((score - 1.0).abs() < SAME, "{score}: {text}");
}
