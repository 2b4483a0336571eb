//! Where a command's test begins: a device whose memories the real service wrote and, where one is needed, a
//! server.
//!
//! The device's memories are written once in a run of the tests and then copied; the server is one for
//! all who ask, one after the other, because a start takes seconds.

use std::fs;
use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, Weak};

use serde_json::{Value, json};

use super::environment::Device;
use super::{Database, Service, Services, TestEnvironment, Version};

/// A device with three memories in its database. A server that it does not need is not configured.
pub struct Scene {
    /// The device.
    pub device: Device,
    /// The folder that everything is in.
    pub environment: TestEnvironment,
}

/// The memory that nothing happens to: `reference`, tagged `physics`, with metadata.
pub const WATER: &str = "b5830158211ea7ad98e6aa74d6454f6458ec5f2cd8cea75e632c16805bde124e";
/// The memory that gets one tag more in the evening.
pub const GATE: &str = "962b5c9f17413a77621f67d0f7caab5bb8404763249365ff913f5eb3a9f364e4";
/// The memory that is deleted in the evening.
pub const ADA: &str = "1bdb863cf08dcd687af29d415ad2d887d7263e095dbc64362427f164d6eb89d8";
/// The memory that is new in the evening.
pub const BREAD: &str = "3d898a9e6c848864dd726e185eaf870df60c99879e453d119b1082c713548ca8";

/// A device's database, as it was in the morning and as it is in the evening.
struct Day {
    morning: Vec<u8>,
    evening: Vec<u8>,
}

impl Scene {
    /// The morning; `None` where the test must be skipped.
    #[track_caller]
    pub fn morning() -> Option<Self> {
        let day = Day::get()?;
        let environment = TestEnvironment::new();
        let device = environment.device("laptop");
        fs::write(device.database.path(), &day.morning).unwrap();
        Some(Self { device, environment })
    }

    /// The morning of a device that is initialised and has synced with `server`, which was empty.
    #[track_caller]
    pub fn synced(server: &Service) -> Option<Self> {
        let mut scene = Self::morning()?;
        scene.device = scene.device.with_remote(server);
        scene.device.memsync(["init"]).success();
        scene.device.memsync(["sync"]).success();
        Some(scene)
    }

    /// Lets the day pass on the device: one memory gets a tag, one is deleted, one is new. What a sync may have
    /// written there since the morning is gone.
    pub fn evening(&self) {
        let path = self.device.database.path();
        for suffix in ["-wal", "-shm"] {
            let beside = format!("{}{suffix}", path.display());
            assert!(fs::metadata(&beside).map_or(0, |file| file.len()) == 0, "{beside} holds something");
            let _ = fs::remove_file(beside);
        }
        fs::write(path, &Day::get().unwrap().evening).unwrap();
    }

    /// Every file of the device's folder with its bytes, to see that a command changed none.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(&self.device.folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            // The index of the write-ahead log is shared memory, made anew by whoever opens the database.
            .filter(|entry| !entry.file_name().to_string_lossy().ends_with("-shm"))
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
            .filter(|(name, bytes)| !(name.ends_with("-wal") && bytes.is_empty()))
            .collect();
        files.sort();
        files
    }
}

impl Day {
    fn get() -> Option<&'static Self> {
        static DAY: OnceLock<Option<Day>> = OnceLock::new();
        DAY.get_or_init(Self::pass).as_ref()
    }

    fn pass() -> Option<Self> {
        let services = Services::available()?;
        let environment = TestEnvironment::new();
        let mut service = services.start(Version::V12_2_0, &environment.folder("laptop"));
        let database = service.database();
        service.post_json(&json!({
            "content": "Water boils at 100 degrees\nAt sea level.",
            "tags": ["physics"], "memory_type": "reference", "metadata": { "source": "school" },
        }));
        let gate = service.post_json(
            &json!({ "content": "The garden gate sticks in winter", "tags": ["home"], "memory_type": "note" }),
        );
        let ada = service
            .post_json(&json!({ "content": "Call Ada on Monday", "tags": ["todo"], "memory_type": "note" }));
        service.stop();
        pin_times(&database);
        let morning = fs::read(database.path()).unwrap();
        service.resume();
        service.put(&gate, &json!({ "tags": ["home", "winter"] }));
        service.delete(&ada);
        service
            .post_json(&json!({ "content": "Bread needs salt", "tags": ["kitchen"], "memory_type": "note" }));
        service.stop();
        pin_times(&database);
        let evening = fs::read(database.path()).unwrap();
        Some(Self { morning, evening })
    }
}

/// Gives every memory a moment of creation that is the same in every run.
fn pin_times(database: &Database) {
    database.execute(
        "UPDATE memories SET created_at = 1735689600.0 + id, created_at_iso = '2025-01-01T00:00:00Z',
           updated_at = 1735689600.0 + id, updated_at_iso = '2025-01-01T00:00:00Z'",
        [],
    );
    database.settle();
}

/// The one server, for one test at a time.
pub struct Lease(Arc<Shared>);

struct Shared {
    service: Service,
    taken: Mutex<bool>,
    freed: Condvar,
    _services: Services,
    _environment: TestEnvironment,
}

/// Waits for the server and empties it; `None` where the test must be skipped.
#[track_caller]
pub fn server() -> Option<Lease> {
    // It ends with the last test that has it or waits for it: nothing that is static is ever dropped.
    static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
    // Made first, so that nobody waits for a seat while sitting on one.
    Day::get()?;
    let shared = {
        let mut weak = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = weak.upgrade() {
            shared
        } else {
            let shared = Arc::new(Shared::start()?);
            *weak = Arc::downgrade(&shared);
            shared
        }
    };
    let taken = shared.taken.lock().unwrap_or_else(PoisonError::into_inner);
    *shared.freed.wait_while(taken, |taken| *taken).unwrap_or_else(PoisonError::into_inner) = true;
    let lease = Lease(shared);
    lease.empty();
    Some(lease)
}

impl Shared {
    fn start() -> Option<Self> {
        let services = Services::available()?;
        let environment = TestEnvironment::new();
        Some(Self {
            service: services.start(Version::V12_2_0, &environment.folder("server")),
            taken: Mutex::new(false),
            freed: Condvar::new(),
            _services: services,
            _environment: environment,
        })
    }
}

impl Lease {
    /// Takes everything away, tombstones and the log of events too.
    fn empty(&self) {
        for key in self.list().keys() {
            self.delete(key);
        }
        let database = self.database();
        database.execute("DELETE FROM memories", []);
        database.execute("DELETE FROM sync_events", []);
        // The service's triggers leave the terms of what is deleted.
        database.execute("INSERT INTO memory_content_fts(memory_content_fts) VALUES ('rebuild')", []);
    }

    /// Stores a note with a moment of creation that is the same in every run, and returns its key.
    #[track_caller]
    pub fn note(&self, content: &str, tags: &[&str]) -> String {
        let key = self.post_json(&json!({ "content": content, "tags": tags, "memory_type": "note" }));
        let pin = "UPDATE memories SET created_at = 1735700000.0, created_at_iso = '2025-01-01T02:53:20Z'
                   WHERE content_hash = ?1";
        assert_eq!(self.database().execute(pin, [&key]), 1);
        key
    }

    /// What it holds, as one line for each memory: the first characters of its key, its tags, its first line.
    #[track_caller]
    pub fn page(&self) -> String {
        let line = |(key, memory): (String, Value)| {
            let tags: Vec<_> =
                memory["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
            let first = memory["content"].as_str().unwrap().lines().next().unwrap_or_default();
            format!("{}  [{}] {first}\n", &key[..8], tags.join(","))
        };
        self.list().into_iter().map(line).collect()
    }
}

impl Deref for Lease {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.0.service
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.freed.notify_one();
    }
}
