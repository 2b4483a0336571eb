//! One process at a time, and a name for the one that is in.
//!
//! The operating system holds the lock, so that a crash releases it; the lock file only says who holds it, and
//! stays when the lock is released, because removing it would let two processes lock two different files.
#![expect(clippy::disallowed_methods, reason = "the store owns its lock file")]

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::{Error, open};

/// A process that works with the staging database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// The words of its command line that say what it does, as `memsync sync`.
    pub command: String,
    /// When it began, in seconds since 1970 in UTC.
    pub since: i64,
}

impl Holder {
    fn to_text(&self) -> String {
        let command = self.command.replace(char::is_control, " ");
        format!("pid {}\nsince {}\ncommand {command}\n", self.pid, self.since)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut value = |name| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        Some(Self {
            pid: value("pid")?.parse().ok()?,
            since: value("since")?.parse().ok()?,
            command: value("command")?.to_owned(),
        })
    }
}

impl fmt::Display for Holder {
    /// As a message names it: `memsync sync` (process 4711, since 2026-01-31T12:00:00Z).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` (process {}", self.command, self.pid)?;
        if let Ok(since) = jiff::Timestamp::from_second(self.since) {
            write!(f, ", since {since}")?;
        }
        f.write_str(")")
    }
}

/// The lock on a staging database, released when it is dropped or the process ends.
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock that belongs to the staging database at `path`, or says who has it.
    pub(super) fn take(path: &Path, holder: &Holder) -> Result<Self, Error> {
        let name = file_name(path);
        let failed = |cause| Error::io(&name, cause);
        let mut file = open::private_file().read(true).write(true).open(&name).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                let lock = Self { file };
                lock.write(&holder.to_text()).map_err(failed)?;
                Ok(lock)
            }
            Err(TryLockError::WouldBlock) => {
                // Where the other process locked a moment ago or its text cannot be read, it stays unnamed.
                let mut text = String::new();
                let holder = file.read_to_string(&mut text).ok().and_then(|_| Holder::parse(&text));
                Err(Error::Locked { path: path.to_owned(), holder })
            }
            Err(TryLockError::Error(cause)) => Err(failed(cause)),
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let mut file = &self.file;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text.as_bytes())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // An empty file names nobody; where it cannot be emptied, the text is only read while somebody locks.
        let _ = self.file.set_len(0);
        // Closing the file would not do while a program that another thread starts holds a copy of it, until it runs.
        let _ = self.file.unlock();
    }
}

fn file_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_started_meanwhile_does_not_hold_the_lock_on() {
        let folder = tempfile::tempdir().unwrap();
        let (path, holder) =
            (folder.path().join("staging.db"), Holder { pid: 1, command: "test".to_owned(), since: 0 });
        let lock = Lock::take(&path, &holder).unwrap();
        // What a process has between `fork` and `exec`.
        let inherited = lock.file.try_clone().unwrap();
        drop(lock);
        Lock::take(&path, &holder).unwrap();
        drop(inherited);
    }
}
