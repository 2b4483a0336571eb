//! Two devices and a server, every one of them with a running service.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::environment::Device;
use super::{Service, Services, TestEnvironment, Version};

/// A laptop and a desktop that are kept in step with one server, and users who write on all three.
pub struct World {
    /// The server.
    pub server: Service,
    /// One device.
    pub laptop: Member,
    /// The other one.
    pub desktop: Member,
    _services: Services,
    _environment: TestEnvironment,
}

/// A device with the service that runs on its database.
pub struct Member {
    /// Where `memsync` runs.
    pub device: Device,
    /// Where the device's user writes.
    pub service: Service,
}

/// One memory as a user sees it: what every member must agree on.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The text.
    pub content: String,
    /// The tags, in no order.
    pub tags: BTreeSet<String>,
    /// The type.
    pub memory_type: Value,
    /// The metadata without nulls and without bookkeeping.
    pub metadata: Map<String, Value>,
}

impl World {
    /// Starts all three, with nothing in them; `None` where the test must be skipped.
    #[track_caller]
    pub fn start(server: Version, laptop: Version, desktop: Version) -> Option<Self> {
        let services = Services::available()?;
        let environment = TestEnvironment::new();
        let server = services.start(server, &environment.folder("server"));
        let member = |name: &str, version| {
            let device = environment.device(name).with_remote(&server);
            Member { service: services.start(version, &device.folder), device }
        };
        Some(Self {
            laptop: member("laptop", laptop),
            desktop: member("desktop", desktop),
            server,
            _services: services,
            _environment: environment,
        })
    }

    /// The members, the server last.
    pub fn everyone(&self) -> [&Service; 3] {
        [&self.laptop.service, &self.desktop.service, &self.server]
    }

    /// Both devices.
    pub fn devices(&self) -> [&Member; 2] {
        [&self.laptop, &self.desktop]
    }

    /// `memsync init` on both devices.
    #[track_caller]
    pub fn init(&self) {
        for member in self.devices() {
            member.device.memsync(["init"]).success();
        }
    }

    /// Each device syncs, and again, as the second one's changes reach the first one only then.
    #[track_caller]
    pub fn sync(&self) {
        for member in [&self.laptop, &self.desktop, &self.laptop, &self.desktop] {
            member.device.memsync(["sync"]).success();
        }
    }

    /// Fails the test unless all three hold the same memories with the same fields, both devices the same
    /// moments of creation too, and one more sync on each writes nothing anywhere; gives what they hold.
    #[track_caller]
    pub fn agreement(&self) -> BTreeMap<String, Seen> {
        let [laptop, desktop, server] = self.everyone().map(seen);
        assert_eq!(laptop, server, "laptop and server");
        assert_eq!(desktop, server, "desktop and server");
        assert_eq!(created(&self.laptop.service), created(&self.desktop.service), "moments of creation");
        self.assert_quiet();
        server
    }

    /// Fails the test unless one more sync on each device writes nothing on any side.
    #[track_caller]
    pub fn assert_quiet(&self) {
        for member in self.devices() {
            let asked = self.server.requests().len();
            let database = member.device.database.watch();
            let output = member.device.memsync(["sync"]).success();
            assert_eq!(self.server.writes_since(asked), [""; 0], "to the server\n{output}");
            assert!(!database.has_changed(), "in the database of {}\n{output}", member.device.name);
        }
    }
}

/// What a service shows its user, by key.
#[track_caller]
pub fn seen(service: &Service) -> BTreeMap<String, Seen> {
    let memories = service.list().into_iter();
    memories
        .map(|(key, memory)| {
            let text = |name: &str| memory[name].as_str().unwrap().to_owned();
            let tags = memory["tags"].as_array().unwrap().iter();
            let mut metadata = memory["metadata"].as_object().cloned().unwrap_or_default();
            metadata.retain(|key, value| !value.is_null() && !is_bookkeeping(key));
            let seen = Seen {
                content: text("content"),
                tags: tags.map(|tag| tag.as_str().unwrap().to_owned()).collect(),
                memory_type: memory["memory_type"].clone(),
                metadata,
            };
            (key, seen)
        })
        .collect()
}

/// The texts that a service holds.
#[track_caller]
pub fn contents(service: &Service) -> BTreeSet<String> {
    seen(service).into_values().map(|memory| memory.content).collect()
}

fn created(service: &Service) -> BTreeMap<String, Value> {
    service.list().into_iter().map(|(key, memory)| (key, memory["created_at"].clone())).collect()
}

/// What the service, or memsync, keeps in the metadata for itself.
fn is_bookkeeping(key: &str) -> bool {
    matches!(key, "access_count" | "last_accessed_at" | "access_queries" | "memsync")
        || key.starts_with("quality_")
}
