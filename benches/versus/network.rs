//! The lines beside the real service's own sync, and beside curl and the sqlite3 shell.
//!
//! All get the same memories from the same running service 12.2.0, and all make the same hash vectors, which cost
//! nothing beside those of a model. The service's own time is counted without the start of Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::header::CONTENT_TYPE;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::memories::{self, Indexes, Made};
use crate::run::{Device, text, time};
use crate::support::service::Options;
use crate::support::{Database, Service, Services, Version};
use crate::table::{Goal, Sample, Table, Unit};
use crate::{Bench, fresh, machine};

const FIRST: [&str; 2] = ["sync, first", "sync, first, by hand"];
const NOTHING: &str = "sync, nothing to do";
const PUSH: &str = "push";

/// Events in one request, to find the fastest; 12.2.0 takes no body above 1 MiB.
const BATCHES: [usize; 5] = [50, 100, 200, 500, 1_000];

/// Measures the lines that are wanted.
pub fn measure(bench: &Bench, table: &mut Table) {
    if !bench.wants(&[FIRST[0], FIRST[1], NOTHING, PUSH]) {
        return;
    }
    let Some(services) = Services::available() else {
        return table.skip("everything beside the service", "the service cannot be had");
    };
    if bench.wants(&[FIRST[0], FIRST[1], NOTHING]) {
        let folder = bench.folder("server");
        memories::fill(
            Database::in_folder(&folder).path(),
            Made::range(0..bench.scale.network),
            Indexes::All,
        );
        let service = start(&services, &folder);
        first(bench, table, &services, &service);
        nothing(bench, table, &service);
    }
    if bench.wants(&[PUSH]) {
        push(bench, table, &services);
    }
}

fn start(services: &Services, folder: &Path) -> Service {
    // A line in the log for each request would only slow the service down.
    let environment = vec![("UVICORN_ACCESS_LOG", "false".to_owned())];
    services.start_with(Version::V12_2_0, folder, Options { environment, tls: None })
}

/// A device with an empty database, which is about to sync with that server.
fn empty_device(folder: &Path, service: &Service) -> Device {
    let device = Device::new(&fresh(folder));
    memsync::local::prepare(device.database.path()).unwrap();
    device.text(&["init", &service.url()]);
    device
}

fn first(bench: &Bench, table: &mut Table, services: &Services, service: &Service) {
    let folder = bench.folder("first");
    let by_hand = ByHand::new(bench, services, service);
    let mut samples = [(); 3].map(|()| Sample::of(Unit::Seconds));
    for _ in 0..bench.scale.rounds[0] {
        let device = empty_device(&folder.join("memsync"), service);
        samples[0].push(device.time(&["sync"]));
        check(&device.database, bench.scale.network);
        if bench.wants(&FIRST[..1]) {
            samples[1].push(official(services, service, &folder.join("official")));
            check(&Database::in_folder(&folder.join("official")), bench.scale.network);
        }
        if let Ok(by_hand) = &by_hand {
            samples[2].push(by_hand.time());
            check(&Database::in_folder(&by_hand.folder), bench.scale.network);
        }
    }
    if bench.wants(&FIRST[..1]) {
        table.add(bench, [FIRST[0], "sync_from_peer"], &samples[0], Some(&samples[1]), Goal::AtMost(0.15));
    }
    match by_hand {
        Ok(by_hand) => {
            table.add(
                bench,
                [FIRST[1], "curl, then sqlite3"],
                &samples[0],
                Some(&samples[2]),
                Goal::AtMost(1.3),
            );
            table.note(by_hand.what());
        }
        Err(why) => table.skip(FIRST[1], &why),
    }
}

/// Fails the benchmark where not every memory has arrived, vector and index entry included.
fn check(database: &Database, count: usize) {
    let connection = Connection::open_with_flags(database.path(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    for table in ["memories", "memory_embeddings_rowids", "memory_content_fts_docsize"] {
        let sql = format!("SELECT count(*) FROM {table}");
        let found: i64 = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(usize::try_from(found), Ok(count), "{}: {table}", database.path().display());
    }
}

/// The service's own first sync into a database of its own, in seconds.
fn official(services: &Services, service: &Service, folder: &Path) -> f64 {
    let device = Device::new(&fresh(folder));
    let mut command = Command::new(&services.newest.python);
    command
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/versus/official.py"))
        .args([&service.url(), Service::KEY])
        .arg(device.database.path())
        .env_clear()
        .current_dir(folder)
        .envs(device.environment())
        .envs([("MCP_SYNC_EVENTLOG", "on"), ("HF_HUB_OFFLINE", "1"), ("TZ", "UTC")])
        .env("MCP_MEMORY_BASE_DIR", folder);
    text(&mut command).trim().parse().unwrap()
}

/// What somebody would do who has the rows already: fetch the bytes, and insert the rows.
struct ByHand {
    folder: PathBuf,
    script: PathBuf,
    fetch: Vec<String>,
}

impl ByHand {
    /// Writes the statements, which are ready before the clock starts; an error says what is missing.
    fn new(bench: &Bench, services: &Services, service: &Service) -> Result<Self, String> {
        for program in ["curl", "sqlite3"] {
            if !machine::has(program) {
                return Err(format!("there is no {program}"));
            }
        }
        let extension =
            machine::vectors_extension(&services.newest.python).ok_or("there is no sqlite-vec")?;
        let folder = bench.folder("by-hand");
        let script = folder.join("insert.sql");
        fs::write(&script, statements(&service.database(), &extension)).unwrap();
        let fetch = vec![
            "-sS".to_owned(),
            "-H".to_owned(),
            format!("X-API-Key: {}", Service::KEY),
            "-o".to_owned(),
            folder.join("baseline.json").to_str().unwrap().to_owned(),
            format!("{}/api/sync/baseline", service.url()),
        ];
        Ok(Self { folder: folder.join("device"), script, fetch })
    }

    fn time(&self) -> f64 {
        let database = Database::in_folder(&fresh(&self.folder));
        memsync::local::prepare(database.path()).unwrap();
        let fetched = time(Command::new("curl").args(&self.fetch));
        let mut shell = Command::new("sqlite3");
        shell.arg("-bail").arg(database.path()).arg(format!(".read {}", self.script.display()));
        fetched + time(&mut shell)
    }

    fn what(&self) -> String {
        format!(
            "{}: curl of /api/sync/baseline into a file, and one transaction of the sqlite3 shell with sqlite-vec from \
             PyPI loaded: finished INSERT statements for rows and vectors, the service's own triggers filling its index",
            FIRST[1]
        )
    }
}

fn statements(database: &Database, extension: &str) -> String {
    let connection = Connection::open_with_flags(database.path(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let columns = "content_hash, content, tags, memory_type, metadata, created_at, updated_at, created_at_iso, \
                   updated_at_iso, store";
    let quoted: Vec<String> = columns.split(", ").map(|column| format!("quote({column})")).collect();
    let sql = format!(
        "SELECT 'INSERT INTO memories ({columns}) VALUES (' || {} || ');' FROM memories ORDER BY id",
        quoted.join(" || ',' || ")
    );
    let vectors =
        "SELECT 'INSERT INTO memory_embeddings (rowid, content_embedding, store) VALUES (' || rowid || ',' ||
                   quote(content_embedding) || ',''default'');' FROM memory_embeddings ORDER BY rowid";
    let mut script = format!(".load {extension}\nBEGIN IMMEDIATE;\n");
    for sql in [&sql, vectors] {
        let mut statement = connection.prepare(sql).unwrap();
        for line in statement.query_map([], |row| row.get::<_, String>(0)).unwrap() {
            script.extend([line.unwrap().as_str(), "\n"]);
        }
    }
    script + "COMMIT;\n"
}

fn nothing(bench: &Bench, table: &mut Table, service: &Service) {
    if !bench.wants(&[NOTHING]) {
        return;
    }
    if !machine::has("curl") {
        return table.skip(NOTHING, "there is no curl");
    }
    let device = empty_device(&bench.folder("nothing"), service);
    device.text(&["sync"]);
    device.text(&["sync"]);
    let (mut a, mut b) = (Sample::of(Unit::Seconds), Sample::of(Unit::Seconds));
    for _ in 0..bench.scale.rounds[1] {
        a.push(device.time(&["sync"]));
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-o", "/dev/null", "-H", &format!("X-API-Key: {}", Service::KEY)]);
        b.push(time(curl.arg(format!("{}/api/sync/baseline", service.url()))));
    }
    table.add(bench, [NOTHING, "curl of the baseline"], &a, Some(&b), Goal::AtMost(3.0));
    table.note(format!(
        "{NOTHING}: the baseline is the cheapest request that can tell: the event log lacks what REST writes, a PUT of \
         tags, type or metadata leaves updated_at as it was, and counts and hashes do not show edits"
    ));
}

/// Each measurement gets a service of its own without any memory, which has answered before.
fn push(bench: &Bench, table: &mut Table, services: &Services) {
    let count = bench.scale.push;
    let memories: Vec<Made> = Made::range(0..count).collect();
    let folder = bench.folder("push");
    let device = Device::new(&fresh(&folder.join("device")));
    memories::fill(device.database.path(), memories.iter().cloned(), Indexes::All);
    let events: Vec<Value> = memories.iter().enumerate().map(|(number, made)| made.event(number)).collect();
    let server = folder.join("server");
    let load = |batch: usize| bare(&start(services, &fresh(&server)), &events, batch);
    let batches = BATCHES.into_iter().filter(|batch| *batch <= count);
    let fastest = batches.map(|batch| (load(batch), batch)).min_by(|one, other| one.0.total_cmp(&other.0));
    let (_, batch) = fastest.expect("there are batches of that size");
    let (mut a, mut b) = (Sample::of(Unit::PerSecond), Sample::of(Unit::PerSecond));
    #[expect(clippy::cast_precision_loss, reason = "a thousand memories")]
    let rate = |seconds: f64| count as f64 / seconds;
    for _ in 0..bench.scale.rounds[0] {
        let service = start(services, &fresh(&server));
        warm(&client(), &service);
        device.forget();
        device.text(&["init", &service.url()]);
        a.push(rate(device.time(&["push"])));
        check_server(&service, count);
        drop(service);
        b.push(rate(load(batch)));
    }
    table.add(bench, [PUSH, "a bare loader"], &a, Some(&b), Goal::AtLeast(0.9));
    table.note(format!(
        "{PUSH}: the loader posts {batch} events at a time, its bodies ready, on one kept connection"
    ));
}

fn check_server(service: &Service, count: usize) {
    let rows = service.database().rows();
    assert_eq!(rows.iter().filter(|row| !row.deleted).count(), count);
}

fn client() -> (tokio::runtime::Runtime, reqwest::Client) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    (runtime, reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(2)).build().unwrap())
}

/// Makes the service import what it imports when it is first asked.
fn warm((runtime, http): &(tokio::runtime::Runtime, reqwest::Client), service: &Service) {
    for path in ["/openapi.json", "/api/sync/baseline"] {
        let request = http.get(format!("{}{path}", service.url())).header("X-API-Key", Service::KEY);
        runtime
            .block_on(async { request.send().await.unwrap().error_for_status().unwrap().bytes().await })
            .unwrap();
    }
}

/// Posts the events in batches of that size, one after the other; in seconds.
fn bare(service: &Service, events: &[Value], batch: usize) -> f64 {
    let client = client();
    warm(&client, service);
    let (runtime, http) = &client;
    let bodies: Vec<String> =
        events.chunks(batch).map(|events| json!({"events": events}).to_string()).collect();
    let start = Instant::now();
    for body in bodies {
        let request = http
            .post(format!("{}/api/sync/events", service.url()))
            .header("X-API-Key", Service::KEY)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let exchange =
            async { request.send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap() };
        let answer: Value = serde_json::from_slice(&runtime.block_on(exchange)).unwrap();
        assert!(answer["results"].as_array().unwrap().iter().all(|result| result["status"] == "applied"));
    }
    start.elapsed().as_secs_f64()
}
