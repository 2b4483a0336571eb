//! The JSON of a server: what it says of memories, in the baseline and page by page.
//!
//! The input is what the server says of one memory. Whatever it is, as long as it is JSON, it hides no other memory.
#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use memsync::object::{Bookkeeping, Memory};
use memsync::remote::{read_baseline, read_page};
use memsync::side::Found;
use serde_json::value::RawValue;

fn memory(name: &str) -> String {
    format!(
        r#"{{"content_hash":"{name}","content":"text of {name}","tags":["a"],"metadata":{{}},"created_at":1.5}}"#
    )
}

fn event(name: &str, payload: &str) -> String {
    format!(r#"{{"op":"create","content_hash":"{name}","payload":{payload}}}"#)
}

/// Every memory that is shown has one canonical text.
fn look_at(found: &[Found]) {
    for found in found {
        if let Found::Memory(held) = found {
            assert_eq!(Memory::parse(&held.memory.to_blob()).as_ref(), Ok(&held.memory));
        }
    }
}

fn is_shown(found: &[Found], name: &str) -> bool {
    let is_it = |found: &Found| matches!(found, Found::Memory(held) if held.key.as_str() == name);
    found.iter().any(is_it)
}

fn baseline(body: &str) -> Result<Vec<Found>, String> {
    let mut shown = Vec::new();
    let rows = read_baseline(body.as_bytes(), &Bookkeeping::default(), &mut |found| {
        shown.push(found);
        ControlFlow::Continue(())
    })?;
    assert!(shown.len() <= rows);
    look_at(&shown);
    Ok(shown)
}

fuzz_target!(|bytes: &[u8]| {
    let _ = read_baseline(bytes, &Bookkeeping::default(), &mut |_| ControlFlow::Continue(()));
    let _ = read_page(bytes, &Bookkeeping::default());
    let Ok(text) = str::from_utf8(bytes) else { return };
    if serde_json::from_str::<&RawValue>(text).is_err() {
        return;
    }
    let (first, last) = (event("first", &memory("first")), event("last", &memory("last")));
    for said in [text.to_owned(), event("odd", text)] {
        let shown = baseline(&format!(r#"{{"events":[{first},{said},{last}],"watermark":9}}"#)).unwrap();
        assert!(is_shown(&shown, "first") && is_shown(&shown, "last"));
    }
    let (first, last) = (memory("first"), memory("last"));
    let body = format!(r#"{{"memories":[{first},{text},{last}],"total":3}}"#);
    let (shown, total) = read_page(body.as_bytes(), &Bookkeeping::default()).unwrap();
    look_at(&shown);
    assert!(is_shown(&shown, "first") && is_shown(&shown, "last"));
    assert_eq!((shown.len(), total), (3, 3));
});
