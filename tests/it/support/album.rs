//! A device with a history, made without any service: its remote is a file.

use memsync::local::prepare;

use super::TestEnvironment;
use super::environment::Device;

/// A laptop that has synced with a stick on three days.
pub struct Album {
    /// The device.
    pub laptop: Device,
    _environment: TestEnvironment,
}

/// Names that no service gives, and that a file system or git could stumble over.
pub const ODD_KEYS: [&str; 10] = [
    ".git",
    "..",
    "a/b\nc",
    "%2e%2e",
    "-rf",
    "\"quoted\"",
    "naïve 日本",
    "CON.txt",
    "refs/heads/x",
    "nul\0nul",
];

impl Album {
    /// A device that is initialised and holds nothing.
    pub fn empty() -> Self {
        let environment = TestEnvironment::new();
        let laptop = environment.device("laptop");
        prepare(laptop.database.path()).unwrap();
        environment.folder("stick");
        laptop.memsync(["init", "../stick/sqlite_vec.db"]).success();
        laptop.memsync(["config", "sync.maxDelete", "100%"]).success();
        Self { laptop, _environment: environment }
    }

    /// Three days: memories arrive; one is changed, one is deleted and one is new; one gets a tag.
    pub fn readable() -> Self {
        let mut album = Self::empty();
        album.write(1, "Water boils at 100 degrees\nAt sea level.");
        album.write(2, "The garden gate sticks in winter");
        album.write(3, "Call Ada on Monday");
        album.sync("2025-01-02T03:04:05Z");
        album.laptop.database.respell(&key(2), "The garden gate sticks\nin winter and in spring");
        album.delete(3);
        album.write(4, "Bread needs salt");
        album.sync("2025-01-03T03:04:05Z");
        album.set(1, "tags", "physics,school");
        album.sync("2025-01-04T03:04:05Z");
        album
    }

    /// Many memories with odd names and texts, fewer and more of them on each day than fit into one tree.
    pub fn large() -> Self {
        let mut album = Self::empty();
        let long = "k".repeat(1024);
        for (number, name) in ODD_KEYS.iter().copied().chain([long.as_str()]).enumerate() {
            album.insert(name, &format!("odd {number}\r\n\0\u{1b}[31m\u{202e}"));
        }
        (0..40).for_each(|number| album.write(number, &format!("memory {number}\n")));
        album.sync("2025-01-02T03:04:05Z");
        (40..150).for_each(|number| album.write(number, &format!("memory {number}")));
        album.set(7, "memory_type", "decision");
        album.sync("2025-01-03T03:04:05Z");
        (20..140).for_each(|number| album.delete(number));
        album.sync("2025-01-04T03:04:05Z");
        album.insert("same text twice", "memory 1\n");
        album.sync("2025-01-05T03:04:05Z");
        album
    }

    /// Writes a memory as the service would.
    pub fn write(&self, number: usize, content: &str) {
        self.insert(&key(number), content);
    }

    /// Writes a memory under any name.
    pub fn insert(&self, key: &str, content: &str) {
        let sql =
            "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at, updated_at)
             VALUES (?1, ?2, 'first', 'note', '{}', 1735689600.0, 1735689600.0)";
        self.laptop.database.execute(sql, [key, content]);
    }

    /// Sets a column.
    pub fn set(&self, number: usize, column: &str, value: &str) {
        let sql = format!("UPDATE memories SET {column} = ?2 WHERE content_hash = ?1");
        assert_eq!(self.laptop.database.execute(&sql, [&key(number), value]), 1);
    }

    /// Deletes a memory.
    pub fn delete(&self, number: usize) {
        let sql = "UPDATE memories SET deleted_at = 1735689600.0 WHERE content_hash = ?1";
        assert_eq!(self.laptop.database.execute(sql, [key(number)]), 1);
    }

    /// Syncs at that moment.
    #[track_caller]
    pub fn sync(&mut self, now: &str) {
        now.clone_into(&mut self.laptop.now);
        self.laptop.memsync(["sync"]).success();
    }

    /// What `memsync` prints, byte for byte.
    #[track_caller]
    pub fn bytes(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.laptop.command().args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// The same as text.
    #[track_caller]
    pub fn text(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.bytes(arguments)).unwrap()
    }
}

/// A name as the service gives it.
pub fn key(number: usize) -> String {
    format!("{number:064x}").chars().rev().collect()
}
