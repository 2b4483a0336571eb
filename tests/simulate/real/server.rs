//! The server: the model behind HTTP on loopback, reached by `remote::Http`.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

use memsync::object::{Bookkeeping, ContentHash, Edit, Memory, Outcome, Timestamp};
use memsync::remote::{ApiKey, Fingerprint, Http, KeySource, Options, Patience, Trust};
use memsync::side::{self, Cause, Found, Replaced, Side, Witness};
use serde_json::{Map, Value, json};

use super::{Kept, seconds, with_members};
use crate::model::{self, Request, Row, content_hash, moment};
use crate::place::{Backup, Bytes, Caller, Memories, Place, Version, Visit, Work};
use crate::wire::{ATTEMPTS, Wire};

/// When every server begins.
const START: f64 = 1_700_000_000.25;

/// How many requests a restart loses: one fewer than a client sends of each before it gives up.
const LOST: u32 = ATTEMPTS - 1;

/// The model behind a wire.
pub(crate) struct Server {
    wire: Wire,
    /// What was found wrong so far.
    complaints: Rc<RefCell<Vec<String>>>,
}

/// A server with an empty database and a model to which two of the texts in histories are alike, whatever their letter case.
fn empty(version: model::Version) -> model::Server {
    let mut server = model::Server::new(version);
    server.alike = |one, other| {
        let [one, other] = [one, other].map(|text| text.to_lowercase().replace("the thing 5", "the thing 4"));
        one == other
    };
    server
}

impl Server {
    pub(crate) fn new() -> Self {
        let wire = Wire::new(empty(model::Version::V12_2_0), START);
        Self { wire, complaints: Rc::default() }
    }

    /// Asks the model, past the wire, as the tools of people do.
    fn ask(&self, method: &str, target: &str, body: Value) {
        let request = Request::new(method, target, Some(model::Server::KEY), body);
        let mut state = self.wire.state();
        let now = state.now;
        state.server.answer(&request, now);
    }

    /// The metadata of a live memory, and the query that names its store.
    fn standing(&self, key: &ContentHash) -> Option<(Row, String)> {
        let state = self.wire.state();
        let row = state.server.rows.values().find(|row| row.is_live() && row.content_hash == key.as_str())?;
        let query: String = url::form_urlencoded::byte_serialize(row.store.as_bytes()).collect();
        Some((row.clone(), format!("?store={query}")))
    }

    /// Stores a memory: over REST where the service would give it this name.
    fn create(&self, key: &ContentHash, memory: &Memory) {
        if content_hash(&memory.content) != key.as_str() {
            return self.insert(key, memory);
        }
        self.ask(
            "POST",
            "/api/memories",
            json!({
                "content": memory.content,
                "tags": memory.tags,
                "memory_type": memory.memory_type,
                "metadata": memory.metadata.members(),
                "store": memory.store.as_deref().unwrap_or(Memory::DEFAULT_STORE),
            }),
        );
    }

    /// Stores a memory under a name of its own, as older versions and other programs did.
    fn insert(&self, key: &ContentHash, memory: &Memory) {
        let mut state = self.wire.state();
        let moment = (Some(state.now), moment::iso(state.now));
        let tags: Vec<&str> = memory.tags.iter().map(String::as_str).collect();
        let row = Row {
            content_hash: key.to_string(),
            content: memory.content.clone(),
            tags: tags.join(","),
            memory_type: memory.memory_type.clone(),
            metadata: with_members(&Map::new(), memory),
            created: moment.clone(),
            updated: moment,
            deleted_at: None,
            store: memory.store.clone().unwrap_or_else(|| Memory::DEFAULT_STORE.to_owned()),
            superseded_by: memory.superseded_by.clone(),
            has_vector: true,
        };
        if state.server.rows.values().all(|row| row.content_hash != key.as_str() || !row.is_live()) {
            state.server.insert(row);
        }
    }

    /// Makes tags, type and metadata these. A text cannot be changed over REST.
    fn change(&self, key: &ContentHash, memory: &Memory) {
        let Some((row, query)) = self.standing(key) else { return };
        let mut metadata = with_members(&row.metadata, memory);
        // A member cannot be removed, only be made null.
        let gone = row.metadata.keys().filter(|name| !metadata.contains_key(*name));
        let gone: Map<String, Value> = gone.map(|name| (name.clone(), Value::Null)).collect();
        metadata.extend(gone);
        self.ask(
            "PUT",
            &format!("/api/memories/{key}{query}"),
            json!({
                "tags": memory.tags,
                "memory_type": memory.memory_type.as_deref().unwrap_or_default(),
                "metadata": metadata,
            }),
        );
    }
}

impl Place for Server {
    fn memories(&self) -> Memories {
        let state = self.wire.state();
        let version = state.server.version;
        let live = state.server.rows.values().filter(|row| row.is_live());
        live.filter_map(|row| Some((ContentHash::new(&*row.content_hash).ok()?, shown(row, version))))
            .collect()
    }

    fn memory(&self, key: &ContentHash) -> Option<Memory> {
        let version = self.wire.state().server.version;
        self.standing(key).map(|(row, _)| shown(&row, version))
    }

    fn work(&self, work: &Work, now: i64) {
        {
            let mut state = self.wire.state();
            state.now = (state.now + 1.0).max(seconds(now));
        }
        match work {
            Work::Create(key, memory) => self.create(key, memory),
            Work::Change(key, memory) => self.change(key, memory),
            Work::Delete(key) => {
                if let Some((_, query)) = self.standing(key) {
                    self.ask("DELETE", &format!("/api/memories/{key}{query}"), Value::Null);
                }
            }
            Work::Search(key) => {
                if let Some((row, _)) = self.standing(key) {
                    self.ask("POST", "/api/search", json!({ "query": row.content, "n_results": 1 }));
                }
            }
            Work::Purge => self.wire.state().server.rows.retain(|_, row| row.is_live()),
        }
    }

    fn side(&self, caller: &Caller) -> Result<Box<dyn Side>, side::Error> {
        self.wire.state().now += 1.0;
        let http = Http::connect(Options {
            url: self.wire.url().parse().expect("it is a URL"),
            key: KeySource::Given(ApiKey::new(model::Server::KEY).expect("it is a key")),
            // Nothing is encrypted here, and a pin spares the reading of the system's certificates.
            trust: Trust { pinned: Some(Fingerprint::of(b"")), ..Trust::default() },
            bookkeeping: Bookkeeping::default(),
            device: caller.device.clone(),
            now: Timestamp::new(seconds(caller.now)).expect("a moment is finite"),
            deduplicate: caller.deduplicate,
            patience: Patience {
                connect: Duration::from_secs(20),
                answer: Duration::from_secs(20),
                retries: usize::try_from(ATTEMPTS - 1).expect("a small number"),
                first_wait: Duration::ZERO,
                longest_wait: Duration::ZERO,
            },
        })?;
        Ok(Box::new(Watched { http, complaints: Rc::clone(&self.complaints) }))
    }

    fn edits_at_once(&self) -> usize {
        100
    }

    fn back_up(&self) -> Backup {
        Backup(Rc::new(self.wire.state().server.clone()))
    }

    fn restore(&self, backup: &Backup) {
        let kept = backup.0.downcast_ref::<model::Server>().expect("a place restores its own backups");
        let mut state = self.wire.state();
        let version = state.server.version;
        state.server = kept.clone();
        state.server.version = version;
    }

    fn replace_by_empty(&self) {
        let mut state = self.wire.state();
        state.server = empty(state.server.version);
    }

    fn set_version(&self, version: Version) {
        self.wire.state().server.version = match version {
            Version::Old => model::Version::V10_20_6,
            Version::New => model::Version::V12_2_0,
        };
    }

    fn restart(&self) {
        self.wire.state().restarting = LOST;
    }

    fn misbehave(&self, seed: Option<u64>) -> bool {
        let mut state = self.wire.state();
        state.seed = seed;
        std::mem::take(&mut state.has_struck)
    }

    fn bytes(&self) -> Bytes {
        [("the model".to_owned(), format!("{:?}", self.wire.state().server).into_bytes())].into()
    }

    fn complaints(&self) -> Vec<String> {
        self.complaints.borrow().clone()
    }

    fn has_barred(&self, key: &ContentHash) -> bool {
        let state = self.wire.state();
        let is_buried = |row: &Row| row.content_hash == key.as_str() && !row.is_live();
        state.server.version == model::Version::V10_20_6 && state.server.rows.values().any(is_buried)
    }

    fn expect(&self, visit: Visit) {
        self.wire.state().expected.push(visit);
    }

    fn begin_writing(&self) {
        let mut state = self.wire.state();
        state.written_at = state.written_at.or(Some(state.requests));
    }

    fn visits(&self) -> Vec<(ContentHash, Option<Memory>, Option<Memory>)> {
        let mut state = self.wire.state();
        state.expected.clear();
        state.written_at = None;
        std::mem::take(&mut state.visits)
    }

    fn requests(&self) -> u64 {
        self.wire.state().requests
    }
}

/// A live memory as a device sees it.
pub(crate) fn held(server: &model::Server, key: &ContentHash) -> Option<Memory> {
    let row = server.rows.values().find(|row| row.is_live() && row.content_hash == key.as_str())?;
    Some(shown(row, server.version))
}

/// A row as a device sees it: 12.2.0's as it is, 10.20.6's through REST.
fn shown(row: &Row, version: model::Version) -> Memory {
    let rest = row.shown(version, 0.0);
    let is_old = version == model::Version::V10_20_6;
    let tags: Vec<&str> = rest["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let tags = tags.join(",");
    Kept {
        content: &row.content,
        tags: if is_old { &tags } else { &row.tags },
        memory_type: if is_old { rest["memory_type"].as_str() } else { row.memory_type.as_deref() },
        metadata: &row.metadata,
        created_at: if is_old { rest["created_at"].as_f64() } else { row.created.0 },
        store: if is_old { "" } else { &row.store },
        superseded_by: row.superseded_by.as_deref().filter(|_| !is_old),
    }
    .memory()
}

/// A connection whose words are looked through for the key.
struct Watched {
    http: Http,
    complaints: Rc<RefCell<Vec<String>>>,
}

impl Watched {
    fn look_through(&self, words: &str) {
        if words.contains(model::Server::KEY) {
            self.complaints.borrow_mut().push(format!("the key stands in {words:?}"));
        }
    }

    fn checked<T>(&self, result: Result<T, side::Error>) -> Result<T, side::Error> {
        result.inspect_err(|error| {
            self.look_through(&format!("{error:?}"));
            let mut cause = Some(error as &dyn std::error::Error);
            while let Some(error) = cause {
                self.look_through(&error.to_string());
                cause = error.source();
            }
        })
    }
}

impl Side for Watched {
    fn snapshot(&mut self, visit: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), side::Error> {
        let result = self.http.snapshot(visit);
        self.checked(result)
    }

    fn get(&mut self, keys: &[ContentHash]) -> Result<Vec<Option<Found>>, side::Error> {
        let result = self.http.get(keys);
        self.checked(result)
    }

    fn apply(&mut self, edits: Vec<Edit>, witness: &mut dyn Witness) -> Result<(), side::Error> {
        let mut heard = Heard { witness, words: Vec::new() };
        let result = self.http.apply(edits, &mut heard);
        for words in heard.words {
            self.look_through(&words);
        }
        self.checked(result)
    }
}

/// Listens to what a witness is told.
struct Heard<'a> {
    witness: &'a mut dyn Witness,
    words: Vec<String>,
}

impl Witness for Heard<'_> {
    fn keep(&mut self, replaced: Vec<Replaced>) -> Result<(), Cause> {
        self.witness.keep(replaced)
    }

    fn report(&mut self, key: ContentHash, outcome: Outcome) {
        if !matches!(outcome, Outcome::Done { .. }) {
            self.words.push(format!("{outcome:?}"));
        }
        self.witness.report(key, outcome);
    }
}
