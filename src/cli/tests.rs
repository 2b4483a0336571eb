//! The command line as a whole.

use super::*;
use std::path::Path;

#[test]
fn the_command_line_is_consistent() {
    command().debug_assert();
}

/// Compares the files in `folder` with `files`, or writes them where `MEMSYNC_UPDATE` is set.
#[expect(clippy::disallowed_methods, reason = "a test looks at committed files, and may renew them")]
fn assert_fresh(folder: &str, files: &[(String, String)]) {
    use std::collections::BTreeMap;
    use std::fs;

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    if std::env::var_os("MEMSYNC_UPDATE").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let committed: BTreeMap<String, String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    let stale: Vec<&str> = files
        .iter()
        .filter(|(name, text)| committed.get(name) != Some(text))
        .map(|(name, _)| name.as_str())
        .chain(
            committed.keys().map(String::as_str).filter(|name| !files.iter().any(|(known, _)| known == name)),
        )
        .collect();
    assert!(
        stale.is_empty(),
        "stale in {}: {stale:?}; `MEMSYNC_UPDATE=1 cargo test --lib cli::` renews them",
        folder.display()
    );
}

#[test]
fn completions_are_those_of_this_command_line() {
    assert_fresh("completions", &completions::files(&command()));
}

#[test]
fn manual_pages_are_those_of_this_command_line() {
    assert_fresh("man", &man::files(&command()));
}
