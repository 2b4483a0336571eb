//! The row of an object in the staging database, as damage or another program may have left it.
//!
//! Four bytes say kind, size and dictionary, the rest is the data; what is read must have the id that it is read by.
#![no_main]

use std::cell::LazyCell;

use libfuzzer_sys::fuzz_target;
use memsync::object::{Memory, ObjectId};
use memsync::store::{Holder, Store};
use rusqlite::{Connection, params};
use tempfile::TempDir;

struct Bench {
    reader: Store,
    /// Another program's hand in the file.
    writer: Connection,
    id: Vec<u8>,
    _folder: TempDir,
}

thread_local! {
    static BENCH: LazyCell<Bench> = LazyCell::new(Bench::new);
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::with_prefix("memsync-fuzz-").unwrap();
        let path = folder.path().join("staging.db");
        let holder = Holder { pid: 1, command: "fuzz".to_owned(), since: 0 };
        let (store, _) = Store::create(&path, &holder).unwrap();
        let id = store.put_memory(&Memory { content: "tea".to_owned(), ..Memory::default() }).unwrap();
        drop(store);
        let writer = Connection::open(&path).unwrap();
        writer.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY").unwrap();
        let dictionary = b"tag home\ntag note\ntype note\ncreated 17".repeat(9);
        writer.execute("INSERT INTO dictionaries VALUES (1, ?1)", [dictionary]).unwrap();
        let reader = Store::open_read_only(&path, &holder).unwrap();
        Self { reader, writer, id: id.as_bytes().to_vec(), _folder: folder }
    }

    fn read(&self, kind: u8, size: u16, dictionary: u8, data: &[u8]) {
        let kind = ["blob", "tree", "commit", "tag"][usize::from(kind % 4)];
        let dictionary = [None, Some(1), Some(2)][usize::from(dictionary % 3)];
        let sql = "UPDATE objects SET kind = ?1, size = ?2, dictionary = ?3, data = ?4";
        self.writer.execute(sql, params![kind, size, dictionary, data]).unwrap();
        if let Ok(found) = self.reader.object(&self.id) {
            let (kind, bytes) = found.expect("there is a row");
            assert_eq!(memsync::object::BlobId::of(&bytes).as_bytes(), self.id, "{kind}");
        }
        assert!(
            !self.reader.fsck(false).unwrap().findings.is_empty() || self.reader.object(&self.id).is_ok()
        );
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Some(([kind, high, low, dictionary], data)) = bytes.split_first_chunk() {
        BENCH.with(|bench| bench.read(*kind, u16::from_be_bytes([*high, *low]), *dictionary, data));
    }
});
