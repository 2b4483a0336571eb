//! `memsync embed`: which memories can be found by meaning, and seeing to the rest.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::documents::{self, Coverage, Embedded, Verified};
use crate::support::endpoint::Endpoint;
use crate::support::environment::Device;
use crate::support::service::Options;
use crate::support::terminal::Terminal;
use crate::support::{Service, Services, TestEnvironment, Version};

/// The setting that names an endpoint, to memsync and to the service.
const ENDPOINT: &str = "MCP_EXTERNAL_EMBEDDING_URL";

/// A device with some memories, the last of which has no vector; the others have hash vectors.
fn device(environment: &TestEnvironment) -> Device {
    let device = environment.device("laptop");
    memsync::local::prepare(device.database.path()).unwrap();
    for (number, text) in (0_i64..).zip(["Tea is at four", "The gate sticks", "Water boils"]) {
        let sql =
            "INSERT INTO memories (id, content_hash, content, tags, created_at) VALUES (?1, ?2, ?3, '', 1.5)";
        device.database.execute(sql, (number + 1, format!("{number}a{number}b{number}c{number}d"), text));
        if number < 2 {
            put_vector(&device, number + 1, text);
        }
    }
    device
}

/// Gives a row the hash vector of a text.
fn put_vector(device: &Device, id: i64, text: &str) {
    let vector = memsync::embed::to_bytes(&memsync::embed::hash_vector(text, 384));
    let sql = "INSERT INTO memory_embeddings (rowid, content_embedding, store) VALUES (?1, ?2, 'default')";
    device.database.execute("DELETE FROM memory_embeddings WHERE rowid = ?1", [id]);
    device.database.execute(sql, (id, vector));
}

#[test]
fn what_is_missing_is_shown_and_made_without_init() {
    let environment = TestEnvironment::new();
    let device = device(&environment);
    assert_snapshot!(device.memsync(["embed"]), @"
    exit status: 0
    ----- stdout -----
    [TMP]/laptop/sqlite_vec.db
            3 memories
            2 with a vector: found by meaning too
            1 without: found by list, tag and text only
          384 numbers in a vector

    Made by, of a sample of 2 vectors:
            2 hash vectors
    ----- stderr -----
    memories that arrive get hash vectors, which find equal texts only
    hint: `memsync embed --missing` gives the others theirs
    ");
    let coverage: Coverage = documents::parse(&device.memsync(["embed", "--json"]).success());
    assert_eq!((coverage.memories, coverage.with_vector, coverage.without_vector), (3, 2, 1));
    assert_eq!(coverage.maker.as_deref(), Some("hash vectors"));
    assert_eq!(coverage.sample.makers[0].vectors, 2);

    assert_snapshot!(device.memsync(["embed", "--missing"]), @"
    exit status: 0
    ----- stderr -----
    1 memory got a vector; all have one now
    ");
    assert_snapshot!(device.memsync(["embed", "--missing"]), @"
    exit status: 0
    ----- stderr -----
    every memory has a vector
    ");
    let made: Embedded = documents::parse(&device.memsync(["embed", "--missing", "--json"]).success());
    assert_eq!((made.made, made.without_vector, made.why), (0, 0, None));
    assert!(!device.staging.exists(), "it needs no staging database");
}

#[test]
fn vectors_of_two_models_are_told_and_nothing_is_written() {
    let environment = TestEnvironment::new();
    let device = device(&environment);
    put_vector(&device, 2, "Something else");
    let before = device.database.dump();
    assert_snapshot!(device.memsync(["embed"]), @"
    exit status: 0
    ----- stdout -----
    [TMP]/laptop/sqlite_vec.db
            3 memories
            2 with a vector: found by meaning too
            1 without: found by list, tag and text only
          384 numbers in a vector

    Made by, of a sample of 2 vectors:
            1 hash vectors
            1 no model on this device
            1 hash vectors in the whole table
    ----- stderr -----
    memories that arrive get no vector: the database's vectors are not all of one model: of a sample 1 of hash vectors, 1 of a model that is not on this device
    hint: `memsync embed --verify=all` lists those that differ
    hint: `memsync embed --all` gives all memories vectors of one model
    ");
    assert_snapshot!(device.memsync(["embed", "--missing"]), @"
    exit status: 6
    ----- stderr -----
    1 memory without a vector: found by list, tag and text, not by meaning
    warning: the database's vectors are not all of one model: of a sample 1 of hash vectors, 1 of a model that is not on this device
    hint: `memsync embed --verify=all` lists those that differ
    hint: `memsync embed --all` gives all memories vectors of one model
    ");
    assert_snapshot!(device.memsync(["embed", "--verify"]), @"
    exit status: 1
    ----- stdout -----
    2 vectors looked at: 1 not of hash vectors
    1a1b1c1d  (unknown) The gate sticks
    ----- stderr -----
    hint: `memsync embed --all` gives all memories vectors of one model
    ");
    let verified: Verified =
        documents::parse(&device.memsync(["embed", "--verify=all", "--json"]).expect_status(1));
    assert_eq!((verified.checked, verified.differing.len()), (2, 1));
    assert_eq!(device.database.dump(), before);
    device.memsync(["embed", "--verify=1"]).success();
    device.memsync(["embed", "--verify=none"]).expect_status(2);

    let mut narrow = device.command();
    let narrow = narrow.args(["embed", "--verify=2"]).env("COLUMNS", "34").output().unwrap();
    assert_snapshot!(device.output(&narrow).stdout, @"
    2 vectors looked at: 1 not of hash vectors
    1a1b1c1d  (unknown) The gate stic…
    ");
}

#[test]
fn all_vectors_are_made_anew_only_where_somebody_says_so() {
    let environment = TestEnvironment::new();
    let device = device(&environment);
    put_vector(&device, 2, "Something else");
    let before = device.database.dump();
    assert_snapshot!(device.memsync(["embed", "--all", "--yes"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no embedding model on this device
    hint: looked in [TMP]/laptop/.cache/mcp_memory/onnx_models/all-MiniLM-L6-v2/onnx
    hint: looked in [TMP]/laptop/.cache/huggingface/hub/models--sentence-transformers--all-MiniLM-L6-v2
    hint: `memsync config embed.model FOLDER` names a folder with a model
    hint: `memsync embed --all --model hash` makes vectors without one, which find equal texts only
    ");
    assert_snapshot!(device.memsync(["embed", "--all", "--model", "hash"]), @"
    exit status: 2
    ----- stderr -----
    would make the vectors of 3 memories anew: hash vectors, 384 numbers each
    instead of hash vectors and a model that is not on this device, 384 numbers each
    takes less than a minute; the old ones stay until all are made
    stop mcp-memory-service before, and start it with the new model afterwards
    error: nothing was changed
    hint: repeat with --yes to do it without asking
    ");
    assert_snapshot!(device.memsync(["embed", "--all", "--model", "gpt"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no model `gpt` on this device
    hint: give the folder that holds it
    ");
    device.memsync(["embed", "--all", "--yes", "--model", ""]).expect_status(2);
    assert_snapshot!(device.memsync(["embed", "--all", "--model", "endpoint"]), @"
    exit status: 2
    ----- stderr -----
    error: MCP_EXTERNAL_EMBEDDING_URL names no endpoint
    ");
    assert_eq!(device.database.dump(), before);

    assert_snapshot!(device.memsync(["embed", "--all", "--model", "hash", "--yes"]), @"
    exit status: 0
    ----- stderr -----
    all vectors are of hash vectors now, 384 numbers each
    warning: mcp-memory-service works with its old model until it is restarted: restart it now, with hash vectors
    3 memories got a vector; all have one now
    ");
    device.memsync(["embed", "--verify=all"]).success();
    device.database.check();
}

#[test]
fn a_person_is_asked_before_all_vectors_are_made_anew() {
    let environment = TestEnvironment::new();
    let device = device(&environment);
    for (answer, code, lacking) in [("n", 2, 1), ("y", 0, 0)] {
        let arguments = ["embed", "--all", "--model", "hash"];
        let Some(mut terminal) = Terminal::start(&device, &arguments) else { return };
        assert!(terminal.wait_for("Make all vectors anew?"));
        terminal.type_in(answer);
        terminal.finish(&device).expect_status(code);
        let rows = device.database.live();
        assert_eq!(rows.iter().filter(|row| !row.vector).count(), lacking);
    }
}

#[test]
fn another_database_is_named_by_its_file() {
    let environment = TestEnvironment::new();
    let (laptop, server) = (environment.device("desktop"), device(&environment));
    let path = server.database.path().to_str().unwrap();
    laptop.memsync(["embed"]).expect_status(5);
    laptop.memsync(["embed", "--missing", "--db", path]).success();
    assert!(server.database.live().iter().all(|row| row.vector));
}

#[test]
fn the_service_works_with_the_vectors_of_another_model() {
    let Some(services) = Services::available() else { return };
    let environment = TestEnvironment::new();
    let endpoint = Endpoint::with_dimension(8);
    let device = environment.device("laptop");
    let texts = ["Tea is at four", "The garden gate sticks in winter", "Water boils at 100 degrees"];
    {
        let service = services.start(Version::V12_2_0, &device.folder);
        for text in texts {
            service.post(text, &[]);
        }
    }
    // From hash vectors to a model of another size.
    let output =
        device.command().args(["embed", "--all", "--yes"]).env(ENDPOINT, endpoint.url()).output().unwrap();
    device.output(&output).success();
    {
        let options = Options { environment: vec![(ENDPOINT, endpoint.url())], ..Options::default() };
        let service = services.start_with(Version::V12_2_0, &device.folder, options);
        assert_finds_each(&service, &texts);
        // A memory of a conversation may be like another one.
        let memory = json!({ "content": "Stored by the service afterwards", "conversation_id": "talk" });
        service.post_json(&memory);
        assert_finds_each(&service, &["Stored by the service afterwards"]);
    }
    // And back: the service's hash fits itself into the size that it finds.
    device.memsync(["embed", "--all", "--model", "hash", "--yes"]).success();
    let options = Options {
        environment: vec![("MCP_MEMORY_ALLOW_HASH_EMBEDDINGS", "1".to_owned())],
        ..Options::default()
    };
    let service = services.start_with(Version::V12_2_0, &device.folder, options);
    assert_finds_each(&service, &texts);
}

/// That a search by meaning for each text finds it before all others.
#[track_caller]
fn assert_finds_each(service: &Service, texts: &[&str]) {
    for text in texts {
        let scores = service.scores(text);
        let key = memsync::local::service::content_hash(text);
        assert!(scores[&key] > 0.99, "{text}: {scores:?}");
        assert!(scores.values().all(|score| *score <= scores[&key]), "{text}: {scores:?}");
    }
}
