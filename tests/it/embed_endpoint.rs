//! What the service stores where it has its vectors from an endpoint, and what our own maker asks that endpoint.

use std::sync::Arc;

use memsync::embed::{Endpoint, Makers, NoMaker, Sample, from_bytes};

use crate::support::endpoint;
use crate::support::service::Options;
use crate::support::{Database, Services, TestEnvironment, Version};

const KEY: &str = "sk-0123456789";

/// The memories with their vectors, as a proof takes them.
fn samples(database: &Database) -> Vec<Sample> {
    let vectors = database.vectors();
    let sample = |(key, stored): (&String, &Vec<u8>)| {
        let row = database.live().into_iter().find(|row| row.content_hash == *key).unwrap();
        Sample { text: row.content, stored: from_bytes(stored) }
    };
    vectors.iter().map(sample).collect()
}

#[test]
fn the_vectors_that_a_service_had_from_an_endpoint_prove_that_endpoint() {
    let Some(services) = Services::available() else { return };
    for version in [Version::V12_2_0, Version::V10_20_6] {
        let (environment, endpoint) = (TestEnvironment::new(), endpoint::Endpoint::start());
        let variables = [
            ("MCP_EXTERNAL_EMBEDDING_URL", endpoint.url()),
            ("MCP_EXTERNAL_EMBEDDING_MODEL", "letters".to_owned()),
            ("MCP_EXTERNAL_EMBEDDING_API_KEY", KEY.to_owned()),
        ];
        let options = Options { environment: variables.into(), ..Options::default() };
        let service = services.start_with(version, &environment.folder("service"), options);
        for text in ["Tea is at four", "Привет, мир 🫖", &"A long walk along the river. ".repeat(300)]
        {
            service.post(text, &["endpoint"]);
        }
        let mut samples = samples(&service.database());
        assert_eq!(samples.len(), 3);
        let by_service = endpoint.asked().pop().unwrap();

        let maker = || Endpoint::new(&endpoint.url(), Some("letters"), Some(KEY));
        let makers = Makers::new(vec![Arc::new(maker())]);
        assert_eq!(makers.pick(384, &samples).unwrap().name(), format!("letters at {}", endpoint.url()));
        let by_us = endpoint.asked().pop().unwrap();
        assert_eq!(by_us.authorization, by_service.authorization);
        assert_eq!(by_us.authorization.as_deref(), Some("Bearer sk-0123456789"));
        let members =
            |asked: &endpoint::Asked| asked.body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(members(&by_us), members(&by_service), "nothing is sent that the service does not send");

        samples[0].stored.reverse();
        assert!(matches!(makers.pick(384, &samples), Err(NoMaker::Unproven)), "one foreign vector");
        drop(endpoint);
        assert!(matches!(makers.for_empty(384, true), Err(NoMaker::Failed(_))), "never another model");
    }
}
