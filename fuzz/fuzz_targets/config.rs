//! A configuration file.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use memsync::config::File;
use memsync::config::keys::{self, Name};

fn parse(bytes: &[u8]) -> Option<File> {
    File::parse(Path::new("/home/ada/.config/memsync/config"), bytes).ok()
}

/// A value that is written is read back, and everything else stays; taken away, it is gone.
fn written(file: &File, name: &Name, value: &str) {
    let others = |file: &File| {
        let entries = file.entries().into_iter().filter(|(other, _)| !is_same(other, name));
        entries.map(|(name, value)| (name.to_string(), value)).collect::<Vec<_>>()
    };
    let mut changed = file.clone();
    if changed.set(name, value).is_err() {
        return;
    }
    let mut changed = parse(&changed.to_bytes()).expect("what was written can be read");
    assert_eq!(changed.values(name).last().map(String::as_str), Some(value), "{name}");
    assert_eq!(others(&changed), others(file), "{name}");
    assert!(changed.unset(name));
    let changed = parse(&changed.to_bytes()).expect("what was written can be read");
    assert_eq!(changed.values(name), [""; 0], "{name}");
    assert_eq!(others(&changed), others(file), "{name}");
}

fn is_same(one: &Name, other: &Name) -> bool {
    one.section().eq_ignore_ascii_case(other.section())
        && one.variable().eq_ignore_ascii_case(other.variable())
        && one.subsection() == other.subsection()
}

fuzz_target!(|bytes: &[u8]| {
    let Some(file) = parse(bytes) else { return };
    let again = parse(&file.to_bytes()).expect("what was written can be read");
    assert_eq!(again.entries(), file.entries());
    for (name, value) in file.entries() {
        // A name that is no UTF-8 is shown with U+FFFD, and is another name then.
        if name.to_string().contains('\u{fffd}') {
            continue;
        }
        assert!(file.values(&name).contains(&value), "{name}");
        if let Ok((key, _)) = keys::find(&name.to_string()) {
            let _ = key.kind.check(&value);
        }
        written(&file, &name, &value);
        written(&file, &Name::new("core", "device"), &value);
        written(&file, &Name::of_remote(&value, "url"), "./memories.db");
    }
});
