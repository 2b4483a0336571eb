//! What an assistant does to a device's memories, written as its service would write it, without starting one.

use std::sync::Arc;
use std::time::Duration;

use memsync::embed::{Hash, hash_vector, to_bytes};
use memsync::local::DIMENSION;
use memsync::local::service::{
    Change, Changes, Condition, Creation, Draft, New, Updates, Vectors, Writer, content_hash,
};
use memsync::object::Timestamp;
use serde_json::{Map, Value};

use super::Database;

/// An assistant with its hand in one database.
pub struct Assistant<'a> {
    database: &'a Database,
    now: f64,
}

impl<'a> Assistant<'a> {
    /// Everything that it does happens at `now`, seconds since 1970.
    pub fn new(database: &'a Database, now: f64) -> Self {
        Self { database, now }
    }

    /// Stores a memory under the name that the service gives it, which is returned.
    #[track_caller]
    pub fn remember(&self, content: &str, tags: &[&str]) -> String {
        assert!(self.try_remember(content, tags), "{content:?} is there already");
        content_hash(content)
    }

    /// The same; `false` where there is a memory of that name.
    #[track_caller]
    pub fn try_remember(&self, content: &str, tags: &[&str]) -> bool {
        let draft = Draft {
            content: content.to_owned(),
            tags: owned(tags),
            memory_type: Some("note".to_owned()),
            // Otherwise one of the same meaning would stand in its way.
            conversation_id: Some("tests".to_owned()),
            store: "default".to_owned(),
            ..Draft::default()
        };
        let new = New::try_from(draft).unwrap();
        let vectors = Vectors::instant(Arc::new(Hash::new(DIMENSION)));
        let created = self.write(|changes| changes.store(&new, &vectors, &Condition::default()));
        matches!(created, Creation::Stored(_))
    }

    /// Gives a memory all its tags; `false` where there is none.
    pub fn tag(&self, key: &str, tags: &[&str]) -> bool {
        self.update(key, &Updates::new(Some(owned(tags)), None, None).unwrap())
    }

    /// Gives a memory another type; `false` where there is none.
    pub fn classify(&self, key: &str, memory_type: &str) -> bool {
        self.update(key, &Updates::new(None, Some(memory_type.to_owned()), None).unwrap())
    }

    /// Sets a member of a memory's metadata; `false` where there is none.
    pub fn note(&self, key: &str, member: &str, value: Value) -> bool {
        let members = Map::from_iter([(member.to_owned(), value)]);
        self.update(key, &Updates::new(None, None, Some(members)).unwrap())
    }

    /// Gives a memory another spelling under the same name, and that the vector which the service's hash makes of it.
    #[track_caller]
    pub fn respell(&self, key: &str, content: &str) {
        self.database.respell(key, content);
        let vector = to_bytes(&hash_vector(content, 384));
        let rows = "SELECT id, ?2, store FROM memories WHERE content_hash = ?1";
        self.database.execute(
            "DELETE FROM memory_embeddings WHERE rowid = (SELECT id FROM memories WHERE content_hash = ?1)",
            [key],
        );
        self.database.execute(
            &format!("INSERT INTO memory_embeddings (rowid, content_embedding, store) {rows}"),
            (key, vector),
        );
    }

    /// Deletes a memory, which leaves a tombstone; `false` where there is none.
    pub fn forget(&self, key: &str) -> bool {
        let change = self.write(|changes| changes.delete(key, "default", &Condition::default()));
        matches!(change, Change::Done(()))
    }

    fn update(&self, key: &str, updates: &Updates) -> bool {
        let change = self.write(|changes| changes.update(key, "default", updates, &Condition::default()));
        matches!(change, Change::Done(_))
    }

    fn write<T>(&self, change: impl FnOnce(&Changes<'_>) -> Result<T, memsync::side::Error>) -> T {
        let mut writer = Writer::open(self.database.path().to_owned(), Duration::from_secs(30)).unwrap();
        let changes = writer.begin(Timestamp::new(self.now).unwrap()).unwrap();
        let outcome = change(&changes).unwrap();
        changes.commit().unwrap();
        outcome
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().copied().map(str::to_owned).collect()
}
