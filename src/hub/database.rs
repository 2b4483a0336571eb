//! The database behind the requests: readers in a pool, and one thread that writes.
//!
//! Guarantees: [`Database::write`] reports success only once its transaction is on the disk. Requests that write at
//! the same moment share one transaction, each in a savepoint of its own: one that fails, or panics, leaves nothing
//! behind, and the others fail with it only where the whole transaction does, as on a full disk. Readers never wait
//! for the writer. What waits for the writer has a limit here; what waits for a reader, that of requests in flight.

mod stream;
#[cfg(test)]
mod tests;
mod writer;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::local::service::{Changes, Reader, Writer};
use crate::side;

use super::Clock;
use super::failure::Failure;
use writer::WriterThread;

pub(super) use stream::Chunks;
#[cfg(test)]
pub(super) use writer::NAME as WRITER;

/// How long to wait while another program holds the database: less than a client waits for an answer.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// How many long answers may be under way. Each keeps a reader and a thread for as long as its client reads.
const STREAMS: usize = 8;

/// How long a long answer may wait for its turn: the others are done by then, unless their clients are slow.
const TURN: Duration = Duration::from_secs(15);

/// The database of a hub.
pub(super) struct Database {
    readers: Arc<Readers>,
    free: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    writer: WriterThread,
}

impl Database {
    /// Opens the database that is there, and starts the thread that writes.
    pub(super) fn open(path: &Path, clock: Clock) -> Result<Self, side::Error> {
        let size = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 16);
        let readers = Arc::new(Readers { path: path.to_owned(), idle: Mutex::default() });
        let reader = readers.take()?;
        readers.idle().push(reader);
        let writer = WriterThread::start(Writer::open(path.to_owned(), BUSY)?, clock);
        let (free, streams) = (Arc::new(Semaphore::new(size)), Arc::new(Semaphore::new(STREAMS)));
        Ok(Self { readers, free, streams, writer })
    }

    /// Asks the database.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Reader) -> Result<T, side::Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(|_| Failure::bug())?;
        let readers = Arc::clone(&self.readers);
        let result = spawn_blocking(move || job(&*Borrowed::take(readers, permit)?)).await;
        Ok(result.map_err(|_| Failure::bug())??)
    }

    /// Changes the database; the answer is there once the change is on the disk.
    ///
    /// A job that fails leaves nothing behind. It runs on the one thread that writes: it should do there only
    /// what needs the database.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Changes<'_>) -> Result<T, side::Error> + Send + 'static,
    ) -> Result<T, Failure> {
        self.writer.run(job).await
    }

    /// Answers with a body of any size, written by `job` piece by piece; slow readers make it wait, and readers
    /// that have stopped end it. A failure before the first piece is the answer, a later one cuts the body off.
    pub(super) async fn stream(
        &self,
        job: impl FnOnce(&Reader, &mut Chunks) -> Result<(), side::Error> + Send + 'static,
    ) -> Result<axum::body::Body, Failure> {
        let turn = timeout(TURN, Arc::clone(&self.streams).acquire_owned()).await;
        let permit = turn
            .map_err(|_| Failure::busy("Too many long answers are under way"))?
            .map_err(|_| Failure::bug())?;
        let readers = Arc::clone(&self.readers);
        stream::body(move |chunks| job(&*Borrowed::take(readers, permit)?, chunks)).await
    }

    /// Ends the thread that writes, once it has done what waits, and moves everything into the database file.
    pub(super) async fn close(&self) {
        // What still reads would keep its part of the write-ahead log.
        self.readers.idle().clear();
        self.writer.close().await;
    }
}

/// The connections that read, and are not in use.
struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Reader>>,
}

impl Readers {
    fn take(&self) -> Result<Reader, side::Error> {
        let idle = self.idle().pop();
        idle.map_or_else(|| Reader::open(self.path.clone(), BUSY), Ok)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use; it goes back even if what uses it panics.
struct Borrowed {
    reader: Option<Reader>,
    readers: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Borrowed {
    fn take(readers: Arc<Readers>, permit: OwnedSemaphorePermit) -> Result<Self, side::Error> {
        let reader = Some(readers.take()?);
        Ok(Self { reader, readers, _permit: permit })
    }
}

impl Deref for Borrowed {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        self.reader.as_ref().expect("it is taken out when this is dropped")
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.readers.idle().push(reader);
        }
    }
}
