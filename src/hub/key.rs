//! The hub's API key: made once from the system's randomness and kept in a file.
//!
//! Must never: replace a key that is there, give one to anything but its file, or take one that others could read.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::access::Key;
use super::files::{self, Error};

/// How much chance is in a key, in bytes: as much as in an AES-256 key.
const LENGTH: usize = 32;

/// Where the key of the hub with this database is kept.
#[must_use]
pub fn path(database: &Path) -> PathBuf {
    files::beside(database, "memsync-hub.api-key")
}

/// Writes a new key to `path`, as one line of hexadecimal digits. Says whether it did: a file that is there stays.
pub fn create(path: &Path) -> Result<bool, Error> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes)?;
    let mut text = bytes.iter().fold(String::with_capacity(2 * LENGTH + 1), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    text.push('\n');
    files::create(path, &text)
}

/// Reads the key in a file that its owner alone may read or write; `None` where there is no file.
pub fn read(path: &Path) -> Result<Option<Key>, Error> {
    let malformed =
        || Error::Malformed { path: path.to_owned(), expected: "API key of visible ASCII characters" };
    let text = files::read_private(path)?;
    text.map(|text| Key::new(&text).ok_or_else(malformed)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = folder.path().join(name);
            let is_new = create(&path).unwrap();
            (is_new, files::read(&path).unwrap().unwrap())
        };
        let (is_new, key) = make("key");
        assert!(is_new && key.len() == 65 && key.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(make("key"), (false, key.clone()));
        assert_ne!(make("another").1, key);
    }
}
