//! The files that a hub keeps beside its database: its API key, its certificate, what starts it.
//!
//! Guarantees: a file is there whole or not at all, whenever the process dies, and readable by its owner alone from
//! its first moment on. (Where the file system has no hard links, as exFAT, a process that dies within [`create`] may
//! leave a part of a file.) A killed process leaves at most a draft, `NAME.*.tmp`, which is readable by its owner alone too.
//!
//! Must never: replace a file that [`create`] finds, or show what is in one.
#![expect(clippy::disallowed_methods, reason = "this module owns the files beside a hub's database")]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why a file beside the database could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that is there cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// A file or its folder cannot be made.
    #[error("cannot write {}", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// A file that is there holds something else. What it holds is not repeated.
    #[error("{} holds no {expected}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// Others than its owner may read or write a file with a secret.
    #[error("others can read {} (mode {mode:03o})", .path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A certificate without its key cannot be used, and making another one would lock out every device that trusts it.
    #[error("the certificate {} is there, but not its private key {}", .certificate.display(), .key.display())]
    NoPrivateKey {
        /// The certificate.
        certificate: PathBuf,
        /// Where the key was looked for.
        key: PathBuf,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// The system has no random bytes for a key.
    #[error("the system gives no random bytes")]
    Random(#[from] getrandom::Error),
}

/// The file `name` beside the database at `database`.
#[must_use]
pub fn beside(database: &Path, name: &str) -> PathBuf {
    database.with_file_name(name)
}

/// Makes the folder of `path`, where it is missing, for its owner alone.
pub fn create_folder(path: &Path) -> Result<(), Error> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|cause| Error::Unwritable { path: folder.to_owned(), cause })
}

/// Writes `text` to a new file. Says whether it did: a file that is there, or that another process makes at the same
/// time, is left as it is.
pub fn create(path: &Path, text: &str) -> Result<bool, Error> {
    let linked = write_draft(path, text, |draft| match fs::hard_link(draft, path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        // Systems differ in how they say that there are no hard links; what else is wrong shows again.
        Err(_) => create_in_place(path, text),
    });
    linked.map_err(|cause| Error::Unwritable { path: path.to_owned(), cause })
}

/// Writes `text` to a file in one step, in the place of what is there.
pub fn replace(path: &Path, text: &str) -> Result<(), Error> {
    write_draft(path, text, |draft| fs::rename(draft, path))
        .map_err(|cause| Error::Unwritable { path: path.to_owned(), cause })
}

/// What a file holds; `None` where there is none.
pub fn read(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::Unreadable { path: path.to_owned(), cause }),
    }
}

/// What a file holds that nobody but its owner may read or write; `None` where there is none.
pub fn read_private(path: &Path) -> Result<Option<String>, Error> {
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(path) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::Exposed { path: path.to_owned(), mode });
        }
    }
    read(path)
}

/// The number of the user who owns the file at `path`; that of nobody in particular where the system numbers none.
pub fn owner(path: &Path) -> Result<u32, Error> {
    let metadata = fs::metadata(path).map_err(|cause| Error::Unreadable { path: path.to_owned(), cause })?;
    Ok(owner_in(&metadata))
}

#[cfg(unix)]
fn owner_in(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::uid(metadata)
}

#[cfg(not(unix))]
const fn owner_in(_: &fs::Metadata) -> u32 {
    0
}

/// Does what [`create`] does where there are no hard links.
fn create_in_place(path: &Path, text: &str) -> io::Result<bool> {
    match write_new(path, text) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes `text` to a file that must not be there, for its owner alone, and through to the disk.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.inspect_err(|_| drop(fs::remove_file(path)))
}

/// Writes `text` to a file of its own beside `path`, and takes that away again once `place` has put it there.
fn write_draft<T>(path: &Path, text: &str, place: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let draft = path.with_added_extension(format!("{}.tmp", uuid::Uuid::new_v4()));
    write_new(&draft, text)?;
    let placed = place(&draft);
    // After a rename there is none.
    let _ = fs::remove_file(&draft);
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_once_for_its_owner_alone_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/hub/key");
        create_folder(&path).unwrap();
        assert!(create(&path, "first").unwrap());
        assert!(!create(&path, "second").unwrap());
        assert_eq!(read(&path).unwrap().as_deref(), Some("first"));
        replace(&path, "third").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("third"));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
    }

    #[test]
    fn where_there_are_no_hard_links_a_file_is_made_once_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert!(create_in_place(&path, "first").unwrap());
        assert!(!create_in_place(&path, "second").unwrap());
        assert_eq!(read_private(&path).unwrap().as_deref(), Some("first"));
    }

    #[test]
    fn of_many_that_make_a_file_at_once_one_does_and_its_text_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let made = std::thread::scope(|scope| {
            let make = |number: u8| {
                scope.spawn({
                    let path = &path;
                    move || create(path, &number.to_string()).unwrap()
                })
            };
            let threads: Vec<_> = (0..8).map(make).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        let winners: Vec<_> = (0..8_u8).filter(|number| made[usize::from(*number)]).collect();
        assert_eq!(winners.len(), 1);
        assert_eq!(read(&path).unwrap(), Some(winners[0].to_string()));
        assert_eq!(read(&folder.path().join("none")).unwrap(), None);
    }
}
