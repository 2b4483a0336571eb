//! A hub whose vectors take long, fail, or are of another model.

use std::path::PathBuf;
use std::sync::Condvar;
use std::thread::ThreadId;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::*;
use crate::embed::{Maker, ModelId, hash_vector};
use crate::hub::database::WRITER;
use crate::hub::{Clock, Hub, Key, router};
use crate::local;
use crate::object::Timestamp;

/// What a maker is to do, and what it was asked to.
#[derive(Debug, Default)]
struct Told {
    is_held: bool,
    fails: bool,
    /// The text at which it fails.
    fails_at: Option<&'static str>,
    batches: Vec<usize>,
    threads: Vec<(ThreadId, Option<String>)>,
}

/// A model of which tests decide when it is done.
#[derive(Debug)]
struct Model {
    name: &'static str,
    told: Mutex<Told>,
    changed: Condvar,
}

impl Model {
    fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self { name, told: Mutex::default(), changed: Condvar::new() })
    }

    fn tell(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told.lock().unwrap());
        self.changed.notify_all();
    }

    /// Waits until it was asked for so many batches.
    fn await_batches(&self, count: usize) {
        let told = self.told.lock().unwrap();
        drop(self.changed.wait_while(told, |told| told.batches.len() < count).unwrap());
    }
}

impl Maker for Model {
    fn name(&self) -> &str {
        self.name
    }

    fn id(&self) -> Result<Option<ModelId>, embed::Error> {
        Ok(Some(ModelId::new(self.name)))
    }

    fn vectors(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, embed::Error> {
        let mut told = self.told.lock().unwrap();
        told.batches.push(texts.len());
        let thread = thread::current();
        told.threads.push((thread.id(), thread.name().map(str::to_owned)));
        self.changed.notify_all();
        // A test that fails meanwhile must still end.
        let long = Duration::from_mins(1);
        let (told, _) = self.changed.wait_timeout_while(told, long, |told| told.is_held).unwrap();
        if told.fails || told.fails_at.is_some_and(|text| texts.contains(&text)) {
            return Err(embed::Error::Unusable { path: "model.onnx".into(), cause: "it is damaged".into() });
        }
        let vector = |text: &&str| hash_vector(&format!("{} {text}", self.name), 384);
        Ok(texts.iter().map(vector).collect())
    }
}

/// A database, and hubs over it.
struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { folder: TempDir::new().unwrap() };
        local::prepare(&scene.path()).unwrap();
        scene
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("hub.db")
    }

    /// Gives all memories vectors of the model of this name, in another table, as `memsync embed --all` does.
    fn replace_vectors(&self, model: &str) {
        let database = rusqlite::Connection::open(self.path()).unwrap();
        let sql = "SELECT sql FROM sqlite_schema WHERE name = 'memory_embeddings'";
        let layout: String = database.query_row(sql, [], |row| row.get(0)).unwrap();
        database.execute_batch(&format!("DROP TABLE memory_embeddings; {layout}")).unwrap();
        let mut texts = database.prepare("SELECT id, content FROM memories").unwrap();
        let texts = texts.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).unwrap();
        for (id, text) in texts.map(Result::unwrap) {
            let vector = embed::to_bytes(&hash_vector(&format!("{model} {text}"), 384));
            let insert =
                "INSERT INTO memory_embeddings (rowid, content_embedding, store) VALUES (?1, ?2, 'default')";
            database.execute(insert, (id, vector)).unwrap();
        }
    }

    /// How many vectors there are.
    fn vectors(&self) -> i64 {
        let database = rusqlite::Connection::open(self.path()).unwrap();
        database.query_row("SELECT count(*) FROM memory_embeddings", [], |row| row.get(0)).unwrap()
    }

    /// A hub on a machine with these models, once it has found out which one it uses.
    async fn hub(&self, models: &[&Arc<Model>]) -> Arc<Hub> {
        let models = models.iter().map(|model| Arc::clone(*model) as Arc<dyn Maker>);
        let clock: Clock = Arc::new(|| Timestamp::new(1_738_324_800.0).unwrap());
        let hub = Hub::open(&self.path(), Makers::new(models.collect()), clock).unwrap();
        hub.embedder.settled().await;
        Arc::new(hub.with_key(Key::new("K")))
    }
}

async fn ask(hub: &Arc<Hub>, method: &str, path: &str, body: &Value) -> Value {
    let request = Request::builder().method(method).uri(path).header("X-API-Key", "K");
    let request = request.header("Content-Type", "application/json");
    let answer = router(hub).oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
    serde_json::from_slice(&to_bytes(answer.into_body(), usize::MAX).await.unwrap()).unwrap()
}

async fn store(hub: &Arc<Hub>, text: &str) {
    let answer = ask(hub, "POST", "/api/memories", &json!({ "content": text })).await;
    assert_eq!(answer["success"], true, "{answer}");
}

/// How many memories are listed, how many of them lack a vector, how many a search finds, and by which model.
async fn state(hub: &Arc<Hub>) -> String {
    let listed = ask(hub, "GET", "/api/memories", &json!({})).await;
    let health = ask(hub, "GET", "/api/health/detailed", &json!({})).await;
    let found = ask(hub, "POST", "/api/search", &json!({ "query": "Tea", "n_results": 100 })).await;
    let (missing, model) =
        (&health["statistics"]["missing_embeddings"], &health["storage"]["embedding_model"]);
    format!("{} listed, {missing} lacking, {} found by {model}", listed["total"], found["total_found"])
}

#[tokio::test]
async fn who_reads_does_not_wait_for_those_who_embed_and_the_writer_never_does() {
    let scene = Scene::new();
    let model = Model::new("Slow (ONNX)");
    let hub = scene.hub(&[&model]).await;
    let before = model.told.lock().unwrap().batches.len();
    model.tell(|told| told.is_held = true);
    let posts = (0..64).map(|number| {
        let hub = Arc::clone(&hub);
        tokio::spawn(async move { store(&hub, &format!("Tea number {number}")).await })
    });
    let posts: Vec<_> = posts.collect();
    let entered = Arc::clone(&model);
    spawn_blocking(move || entered.await_batches(before + AT_ONCE)).await.unwrap();
    let listed = ask(&hub, "GET", "/api/memories", &json!({})).await;
    assert_eq!(listed["total"], 0, "none is written before it has its vector");
    assert_eq!(model.told.lock().unwrap().batches.len(), before + AT_ONCE, "the others wait for their turn");

    model.tell(|told| told.is_held = false);
    for post in posts {
        post.await.unwrap();
    }
    assert_eq!(state(&hub).await, r#"64 listed, 0 lacking, 64 found by "Slow""#);
    for (id, name) in &model.told.lock().unwrap().threads {
        assert_ne!(*id, thread::current().id(), "the thread that serves connections");
        assert_ne!(name.as_deref(), Some(WRITER));
    }
}

#[tokio::test]
async fn the_texts_of_a_push_are_made_in_batches_each_text_once() {
    let scene = Scene::new();
    let model = Model::new("Slow");
    let hub = scene.hub(&[&model]).await;
    model.tell(|told| told.batches.clear());
    let events: Vec<Value> = (0..BATCH + 9)
        .map(|number| {
            let (id, text) = (number.to_string(), format!("Tea number {}", number / 2 * 2));
            json!({ "agent_id": "cook", "event_id": id, "op": "create", "content_hash": id, "hlc_physical": 1,
                    "hlc_logical": 0, "payload": { "content": text } })
        })
        .collect();
    let answer = ask(&hub, "POST", "/api/sync/events", &json!({ "events": events })).await;
    assert_eq!(answer["applied"], BATCH + 9);
    assert_eq!(model.told.lock().unwrap().batches, [(BATCH + 9).div_ceil(2)]);
    assert_eq!(state(&hub).await, r#"41 listed, 0 lacking, 41 found by "Slow""#);
}

#[tokio::test]
async fn what_arrives_while_the_model_fails_is_there_and_gets_its_vector_later() {
    let scene = Scene::new();
    let model = Model::new("Frail");
    let hub = scene.hub(&[&model]).await;
    store(&hub, "Tea").await;
    model.tell(|told| told.fails = true);
    store(&hub, "Coffee").await;
    assert_eq!(state(&hub).await, r#"2 listed, 1 lacking, 0 found by "Frail""#);
    let asked = model.told.lock().unwrap().batches.len();
    store(&hub, "Water").await;
    hub.fill_all().await.unwrap();
    assert_eq!(model.told.lock().unwrap().batches.len(), asked, "it is left alone for a while");

    model.tell(|told| told.fails = false);
    *hub.embedder.rests_until.lock().unwrap() = None;
    hub.fill_all().await.unwrap();
    assert_eq!(state(&hub).await, r#"3 listed, 0 lacking, 3 found by "Frail""#);
}

#[tokio::test]
async fn a_text_at_which_the_model_fails_keeps_no_other_from_its_vector() {
    let scene = Scene::new();
    let model = Model::new("Short");
    let hub = scene.hub(&[&model]).await;
    model.tell(|told| told.fails_at = Some("Too long"));
    for text in ["Tea", "Too long", "Coffee"] {
        store(&hub, text).await;
    }
    assert_eq!(state(&hub).await, r#"3 listed, 1 lacking, 2 found by "Short""#);

    let database = rusqlite::Connection::open(scene.path()).unwrap();
    database.execute("DELETE FROM memory_embeddings WHERE rowid = 3", []).unwrap();
    hub.fill_all().await.unwrap();
    assert_eq!(state(&hub).await, r#"3 listed, 1 lacking, 2 found by "Short""#);
    model.tell(|told| told.fails_at = None);
    hub.fill_all().await.unwrap();
    assert_eq!(state(&hub).await, r#"3 listed, 0 lacking, 3 found by "Short""#);
}

#[tokio::test]
async fn filling_in_waits_for_a_model_that_takes_longer_than_any_request_does() {
    let scene = Scene::new();
    let model = Model::new("Slow");
    let hub = scene.hub(&[&model]).await;
    store(&hub, "Tea").await;
    rusqlite::Connection::open(scene.path()).unwrap().execute("DELETE FROM memory_embeddings", []).unwrap();
    let before = model.told.lock().unwrap().batches.len();
    model.tell(|told| told.is_held = true);
    let filling = tokio::spawn({
        let hub = Arc::clone(&hub);
        async move { hub.fill_all().await.is_ok() }
    });
    let entered = Arc::clone(&model);
    spawn_blocking(move || entered.await_batches(before + 1)).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(PATIENCE * 3).await;
    tokio::time::resume();
    model.tell(|told| told.is_held = false);
    assert!(filling.await.unwrap());
    assert_eq!(state(&hub).await, r#"1 listed, 0 lacking, 1 found by "Slow""#);
}

#[tokio::test]
async fn each_start_proves_the_maker_and_none_writes_beside_another() {
    let scene = Scene::new();
    let (one, other) = (Model::new("One"), Model::new("Other"));
    store(&scene.hub(&[&one, &other]).await, "Tea").await;
    let hub = scene.hub(&[&other]).await;
    store(&hub, "Coffee").await;
    hub.fill_all().await.unwrap();
    assert_eq!(state(&hub).await, r#"2 listed, 1 lacking, 0 found by "none""#);
    let hub = scene.hub(&[&other, &one]).await;
    hub.fill_all().await.unwrap();
    assert_eq!(state(&hub).await, r#"2 listed, 0 lacking, 2 found by "One""#);
}

#[tokio::test]
async fn tables_that_another_program_has_replaced_are_looked_at_again() {
    let scene = Scene::new();
    let (one, other) = (Model::new("One"), Model::new("Other"));
    let hub = scene.hub(&[&one, &other]).await;
    store(&hub, "Tea").await;
    scene.replace_vectors("Other");
    // Nobody has written meanwhile: who searches finds what is there.
    let found = ask(&hub, "POST", "/api/search", &json!({ "query": "Tea" })).await;
    assert_eq!(found["total_found"], 1);
    assert!(found["results"][0]["similarity_score"].as_f64().unwrap() > 0.999, "{found}");

    scene.replace_vectors("One");
    store(&hub, "Coffee").await;
    assert_eq!(scene.vectors(), 1, "none of another model");
    hub.fill_all().await.unwrap();
    assert_eq!(state(&hub).await, r#"2 listed, 0 lacking, 2 found by "One""#);
}

#[tokio::test]
async fn a_database_that_could_not_be_looked_at_is_looked_at_again() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("hub.db");
    let embedder = Embedder::start(path.clone(), Makers::default());
    assert!(embedder.settled().await.making.is_err());
    local::prepare(&path).unwrap();
    embedder.settle_for(1).await;
    assert!(embedder.settled().await.making.is_ok());
}
