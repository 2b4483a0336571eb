//! A database file as a remote, on a stick or in a shared folder, as git takes a path.
//!
//! Guarantees: reading makes no file; the database is made by the first write. A file that is not there is an empty
//! remote only for a device that never synced with it. Once a value is dropped, all that it wrote is on the medium
//! and no file lies beside the database, unless another program has it open.
//!
//! Must never: make a folder, since the one of a drive that is not mounted would hide the drive.
#![expect(
    clippy::disallowed_methods,
    reason = "whether the file and its folder are there decides what it means"
)]

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use crate::local::{self, Database};
use crate::object::{ContentHash, Edit};
use crate::side::{Error, Found, Side, Witness};

/// A database file that is a remote.
#[derive(Debug)]
pub struct File {
    options: local::Options,
    is_known: bool,
    database: Option<Database>,
}

impl File {
    /// The file of `options`, which need not be there. `is_known` says that this device has memories in common with
    /// it, so that its absence means that something is wrong. Nothing is opened before the first use.
    #[must_use]
    pub fn new(options: local::Options, is_known: bool) -> Self {
        Self { options, is_known, database: None }
    }

    /// The database; `None` where it is yet to be made.
    fn database(&mut self) -> Result<Option<&mut Database>, Error> {
        if self.database.is_none() {
            self.database = match Database::open(self.options.clone()) {
                Ok(database) => Some(database),
                Err(error) if is_absent(&self.options.path, &error)? && !self.is_known => None,
                Err(error) => return Err(error),
            };
        }
        Ok(self.database.as_mut())
    }
}

/// Whether `error` comes from there being nothing yet. An empty file is what a killed creation leaves.
fn is_absent(path: &Path, error: &Error) -> Result<bool, Error> {
    let folder = path.parent().filter(|folder| !folder.is_dir());
    match (error, folder) {
        (Error::Missing { path }, Some(folder)) => {
            Err(Error::Unmounted { path: path.clone(), folder: folder.to_owned() })
        }
        (Error::Missing { .. }, None) => Ok(true),
        (Error::Unsupported { .. }, _) => {
            Ok(fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0))
        }
        _ => Ok(false),
    }
}

impl Side for File {
    fn snapshot(&mut self, visit: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), Error> {
        match self.database()? {
            Some(database) => database.snapshot(visit),
            None => Ok(()),
        }
    }

    fn get(&mut self, keys: &[ContentHash]) -> Result<Vec<Option<Found>>, Error> {
        match self.database()? {
            Some(database) => database.get(keys),
            None => Ok(vec![None; keys.len()]),
        }
    }

    fn apply(&mut self, edits: Vec<Edit>, witness: &mut dyn Witness) -> Result<(), Error> {
        if self.database()?.is_none() {
            local::prepare(&self.options.path)?;
        }
        let Some(database) = self.database()? else {
            return Err(Error::Missing { path: self.options.path.clone() });
        };
        database.write_through();
        database.apply(edits, witness)
    }
}

/// Whether both paths lead to one file, by whichever of its names.
#[must_use]
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    match (identity(one), identity(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// What is the same for all names of a file, hard links and bind mounts included.
#[cfg(unix)]
fn identity(path: &Path) -> io::Result<impl PartialEq> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// What is the same for all names of a file but its hard links.
#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<impl PartialEq> {
    path.canonicalize()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;
    use crate::embed::Makers;
    use crate::object::{Bookkeeping, Memory, Outcome, Timestamp};

    fn file(path: &Path, is_known: bool) -> File {
        let options = local::Options {
            path: path.to_owned(),
            bookkeeping: Bookkeeping::default(),
            busy_timeout: Duration::from_mins(1),
            now: Timestamp::new(1_700_000_000.0).unwrap(),
            makers: Makers::default(),
        };
        File::new(options, is_known)
    }

    fn count(file: &mut File) -> Result<usize, Error> {
        let mut count = 0;
        file.snapshot(&mut |_| {
            count += 1;
            ControlFlow::Continue(())
        })?;
        Ok(count)
    }

    fn add(file: &mut File, name: &str) -> Vec<Outcome> {
        let memory = Memory { content: name.to_owned(), ..Memory::default() };
        let edit =
            Edit { key: ContentHash::new(name).unwrap(), expected: None, target: Some(memory), row: None };
        let mut outcomes = Vec::new();
        file.apply(vec![edit], &mut |_: ContentHash, outcome: Outcome| outcomes.push(outcome)).unwrap();
        outcomes
    }

    fn names(folder: &TempDir) -> Vec<String> {
        let names =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn what_a_killed_creation_leaves_is_an_empty_remote() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("memories.db");
        for empty in [false, true] {
            if empty {
                fs::write(&path, "").unwrap();
            }
            assert_eq!(count(&mut file(&path, false)).unwrap(), 0);
            assert!(count(&mut file(&path, true)).is_err());
            assert_eq!(path.exists(), empty);
        }
        assert!(matches!(add(&mut file(&path, false), "first")[..], [Outcome::Done { .. }]));
        assert_eq!(count(&mut file(&path, true)).unwrap(), 1);
        assert_eq!(names(&folder), ["memories.db"]);
    }

    #[test]
    fn a_file_is_the_same_by_any_of_its_names() {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("one"), "").unwrap();
        fs::write(path("other"), "").unwrap();
        fs::hard_link(path("one"), path("link")).unwrap();
        assert!(is_same_file(&path("one"), &folder.path().join(".").join("one")));
        assert!(!is_same_file(&path("one"), &path("other")));
        assert!(!is_same_file(&path("one"), &path("missing")));
        assert!(is_same_file(&path("missing"), &path("missing")));
        #[cfg(unix)]
        assert!(is_same_file(&path("one"), &path("link")));
    }

    #[test]
    fn a_log_that_another_program_keeps_is_left_to_it() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("memories.db");
        local::prepare(&path).unwrap();
        let service = rusqlite::Connection::open(&path).unwrap();
        let live =
            || service.query_row("SELECT count(*) FROM memories", [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(live(), 0);
        add(&mut file(&path, false), "beside a service");
        assert_eq!(live(), 1);
        assert_eq!(names(&folder), ["memories.db", "memories.db-shm", "memories.db-wal"]);

        service.close().unwrap();
        let mut alone = file(&path, true);
        add(&mut alone, "alone");
        assert_eq!(names(&folder), ["memories.db"], "while it is still open");
    }
}
