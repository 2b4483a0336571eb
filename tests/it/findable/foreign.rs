//! Vectors of a model that memsync cannot make, or of several: nothing is written into such a table.

use serde_json::{Value, json};

use crate::support::Version::V12_2_0;
use crate::support::endpoint::Endpoint;
use crate::support::service::Options;
use crate::support::{Hub, Services, TestEnvironment};

use super::{Member, assert_finds_itself};

/// What the server has for the device.
const ARRIVING: [&str; 3] = [
    "The ferry leaves from the northern quay",
    "Lamps along the harbour are lit at dusk",
    "Bread is baked on Tuesdays and on Fridays",
];

#[test]
fn a_table_of_another_model_is_left_alone() {
    let Some(services) = Services::with_model() else { return };
    let environment = TestEnvironment::new();
    let endpoint = Endpoint::start();
    let hub = Hub::start(&environment.folder("hub"));
    let device = environment.device("laptop").with_hub(&hub);
    // memsync finds the model here, but the service does not use it.
    services.model().lay_onnx(&device.folder);
    let address = ("MCP_EXTERNAL_EMBEDDING_URL", endpoint.url());
    let options = Options { environment: vec![address.clone()], ..Options::default() };
    let service = services.start_with(V12_2_0, &device.folder, options);
    let laptop = Member::new(device, service);
    laptop.service.post("Written on the laptop itself", &[]);
    laptop.service.post("And one more of its own, about the weather", &[]);

    let keys = arrive_without_vectors(&laptop, &hub);
    assert_eq!(sample(&laptop), json!({ "size": 2, "makers": [], "unknown": 2 }));

    // Whoever says where the vectors come from gets them.
    let mut memsync = laptop.device.command();
    memsync.args(["sync"]).env(address.0, address.1);
    laptop.device.output(&memsync.output().unwrap()).success();
    assert_eq!(laptop.device.database.vectors().len(), 5);
    for key in keys {
        assert_finds_itself(&laptop.service, &key);
    }
}

#[test]
fn a_table_of_two_models_is_left_alone() {
    let Some(services) = Services::with_model() else { return };
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("hub"));
    let device = environment.device("laptop").with_hub(&hub);
    let mut service = services.start_with_model(V12_2_0, &device.folder);
    service.post("Written while the service had its model", &[]);
    service.post("And one more, about the weather", &[]);
    service.stop();
    // What happens to a service that loses its model and is allowed to go on.
    let service = services.start(V12_2_0, &device.folder);
    service.post("Written with hash vectors", &[]);

    let laptop = Member::new(device, service);
    arrive_without_vectors(&laptop, &hub);
    let sample = sample(&laptop);
    let count = |maker: &str| {
        let makers = sample["makers"].as_array().unwrap().iter();
        let mut named = makers.filter(|made| made["name"].as_str().unwrap().starts_with(maker));
        named.next().map(|made| made["vectors"].clone())
    };
    assert_eq!(count("hash"), Some(json!(1)), "{sample:#}");
    assert_eq!(count("all-MiniLM-L6-v2"), Some(json!(2)), "{sample:#}");
    assert_eq!(sample["unknown"], 0, "{sample:#}");
}

/// What `memsync embed` counts in a sample of the vectors, none of which may have won.
fn sample(laptop: &Member) -> Value {
    let output = laptop.device.memsync(["embed", "--json"]).success();
    let mut document: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(document["maker"], Value::Null, "{document:#}");
    assert_eq!(document["without_vector"], ARRIVING.len(), "{document:#}");
    document["sample"].take()
}

/// Syncs [`ARRIVING`] to a device whose table of vectors must not be written, and returns their keys.
fn arrive_without_vectors(laptop: &Member, hub: &Hub) -> Vec<String> {
    let keys: Vec<_> = ARRIVING.iter().map(|text| hub.post(text, &["new"])).collect();
    let before = laptop.device.database.vectors();
    let said = laptop.sync();
    assert_eq!(laptop.device.database.vectors(), before, "{said}");
    assert_eq!(laptop.device.database.live().len(), before.len() + ARRIVING.len());
    assert!(said.contains("memsync embed"), "it says how to get vectors:\n{said}");
    for (key, text) in keys.iter().zip(ARRIVING) {
        assert_eq!(laptop.service.get(key).unwrap()["content"], text, "seen by list");
        let word = text.split_once(' ').unwrap().0;
        assert!(laptop.service.search_text(word, "exact").contains(key), "found by text");
        assert!(laptop.service.search_text(text, "hybrid").contains(key), "found by the full-text index");
    }
    keys
}
