//! The canonical text of a memory, as `cat-file` prints it and `hash-object` takes it, and metadata as a column holds it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use memsync::object::{Bookkeeping, Memory, Metadata};

/// Where a text is canonical, it is the only text of its memory; where it is another spelling, the memory has one.
fn parsed(bytes: &[u8]) {
    let Ok(memory) = Memory::parse(bytes) else { return };
    let canonical = memory.to_blob();
    assert_eq!(Memory::parse(&canonical).as_ref(), Ok(&memory), "{}", canonical.escape_ascii());
    let again = Memory::parse(&canonical).unwrap().to_blob();
    assert_eq!(again, canonical, "{}", again.escape_ascii());
}

/// Any text is metadata, and is read back as what it was taken for.
fn metadata(text: &str) {
    let metadata = Metadata::from_text(text, &Bookkeeping::default());
    let memory =
        Memory { metadata, content: text.to_owned(), tags: [text.to_owned()].into(), ..Memory::default() };
    assert_eq!(Memory::parse(&memory.to_blob()).as_ref(), Ok(&memory));
}

fuzz_target!(|bytes: &[u8]| {
    parsed(bytes);
    if let Ok(text) = str::from_utf8(bytes) {
        metadata(text);
    }
});
