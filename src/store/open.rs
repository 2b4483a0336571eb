//! Making and opening the file.
#![expect(clippy::disallowed_methods, reason = "the store owns the staging database")]

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::codec::Codec;
use super::lock::Lock;
use super::schema::{self, MIGRATIONS};
use super::{Error, Holder, Store, header};

/// How long to wait for another program's lock on the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many prepared statements are kept; the store has fewer.
const STATEMENTS: usize = 64;

impl Store {
    /// Makes a staging database at `path`, with its folder where that is missing, and opens it. The file is
    /// readable by its owner only. Returns whether it is new: a valid one that is there already is opened.
    pub fn create(path: &Path, holder: &Holder) -> Result<(Self, bool), Error> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_private_folder(folder).map_err(|cause| Error::io(folder, cause))?;
        }
        // Looked at before the lock, whose file must not appear beside something that is not ours, and again
        // under it, because another process may have been faster.
        is_absent(path)?;
        let lock = Lock::take(path, holder)?;
        let is_new = is_absent(path)?;
        if is_new {
            make_private_file(path).map_err(|cause| Error::io(path, cause))?;
        }
        let store = Self::open_locked(path, lock, holder, MIGRATIONS)?;
        if !is_new {
            store.check()?;
        }
        Ok((store, is_new))
    }

    /// Reads the whole file once, so that a damaged one is not kept as if nothing were wrong.
    fn check(&self) -> Result<(), Error> {
        let failed = |cause| Error::from_sqlite(&self.path, "the file", cause);
        let verdict: String =
            self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
        if verdict == "ok" { Ok(()) } else { Err(Error::damaged(&self.path, "its pages", verdict)) }
    }

    /// Opens the staging database at `path` for reading and writing, as the only process. `holder` is how other
    /// processes are told about this one. An older schema is brought to the current version.
    pub fn open(path: &Path, holder: &Holder) -> Result<Self, Error> {
        Self::open_with(path, holder, MIGRATIONS)
    }

    /// [`Store::open`] with another history of the schema.
    pub(super) fn open_with(path: &Path, holder: &Holder, migrations: &[&str]) -> Result<Self, Error> {
        header::check(path, schema::latest(migrations))?;
        let lock = Lock::take(path, holder)?;
        Self::open_locked(path, lock, holder, migrations)
    }

    fn open_locked(path: &Path, lock: Lock, holder: &Holder, migrations: &[&str]) -> Result<Self, Error> {
        let failed = |cause| Error::from_sqlite(path, "the schema", cause);
        let mut connection = connect_to_write(path).map_err(failed)?;
        if connection.is_readonly("main").map_err(failed)? {
            return Err(Error::Unwritable { path: path.to_owned(), cause: None });
        }
        schema::migrate(&mut connection, migrations).map_err(failed)?;
        Self::with_connection(path, connection, Some(lock), holder)
    }

    /// Opens the staging database at `path` without a lock, for reading. New objects are kept in memory and go
    /// with the returned value; anything else that would write is [`Error::Unwritable`].
    ///
    /// Where a crash left a transaction to roll back, or an older memsync an older schema, the file is opened
    /// once as [`Store::open`] does it; otherwise not a byte changes.
    pub fn open_read_only(path: &Path, holder: &Holder) -> Result<Self, Error> {
        Self::open_read_only_with(path, holder, MIGRATIONS)
    }

    /// [`Store::open_read_only`] with another history of the schema.
    pub(super) fn open_read_only_with(
        path: &Path,
        holder: &Holder,
        migrations: &[&str],
    ) -> Result<Self, Error> {
        header::check(path, schema::latest(migrations))?;
        if !is_current(path, migrations)? {
            drop(Self::open_with(path, holder, migrations)?);
        }
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .map_err(|cause| Error::from_sqlite(path, "the schema", cause))?;
        Self::with_connection(path, connection, None, holder)
    }

    fn with_connection(
        path: &Path,
        connection: Connection,
        lock: Option<Lock>,
        holder: &Holder,
    ) -> Result<Self, Error> {
        Ok(Self {
            connection,
            path: path.to_owned(),
            since: holder.since,
            codec: RefCell::new(Codec::new().map_err(|cause| Error::io(path, cause))?),
            unsaved: lock.is_none().then(RefCell::default),
            lock: lock.map(Arc::new),
        })
    }
}

/// Whether there is nothing at `path`, or an empty file; anything but a staging database is an error.
fn is_absent(path: &Path) -> Result<bool, Error> {
    match header::check(path, schema::latest(MIGRATIONS)) {
        Ok(()) => Ok(false),
        Err(Error::NotInitialised { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Whether the file can be read as it is.
fn is_current(path: &Path, migrations: &[&str]) -> Result<bool, Error> {
    let version =
        connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|connection| schema::version(&connection));
    match version {
        Ok(version) => Ok(version == schema::latest(migrations)),
        // SQLITE_READONLY_ROLLBACK, _RECOVERY and their kin: the file must be written before it can be read.
        Err(cause) if cause.sqlite_error_code() == Some(ErrorCode::ReadOnly) => Ok(false),
        Err(cause) => Err(Error::from_sqlite(path, "the schema", cause)),
    }
}

/// A connection that writes; whoever makes one holds the lock.
pub(super) fn connect_to_write(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Not DELETE: a journal that was removed can be back after a power cut, and would undo the last commit,
    // whereas SQLite syncs one that it empties. Also ends a WAL that somebody switched on by hand.
    connection.query_row("PRAGMA journal_mode = TRUNCATE", [], |_| Ok(()))?;
    Ok(connection)
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    // Without SQLITE_OPEN_URI, so that no path is ever taken for one.
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         -- On macOS, where an ordinary sync may stop in the disk's cache; elsewhere it says nothing.
         PRAGMA fullfsync = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cell_size_check = ON;
         -- In KiB: room for the index of some 100,000 new objects, whose ids come in no order.
         PRAGMA cache_size = -16384;",
    )?;
    Ok(connection)
}

/// Options that make a missing file readable and writable by its owner only.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes an empty file, which SQLite takes for an empty database and whose mode its journal inherits.
fn make_private_file(path: &Path) -> io::Result<File> {
    let file = private_file().write(true).open(path)?;
    // An empty file that was there may be open to others; nothing has been written to it yet.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Makes a folder that its owner alone may look into, with those above it that are missing.
pub(crate) fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
