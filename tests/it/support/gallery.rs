//! Texts that are read by people, in `snapshots/`, and compared with what the program says now.

use std::fs;
use std::path::Path;

/// Compares `text` with the reviewed file `snapshots/<name>`; `UPDATE_SNAPSHOTS=1` writes it instead.
#[track_caller]
pub fn assert_gallery(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        return;
    }
    let reviewed = fs::read_to_string(&path).unwrap_or_default();
    let differing = reviewed.lines().zip(text.lines()).position(|(before, now)| before != now);
    let line = differing.unwrap_or_else(|| reviewed.lines().count().min(text.lines().count()));
    assert!(
        reviewed == text,
        "snapshots/{name}, line {}: reviewed was {:?}, now it is {:?}; UPDATE_SNAPSHOTS=1 rewrites the file for a \
         new review",
        line + 1,
        reviewed.lines().nth(line),
        text.lines().nth(line),
    );
}
