//! Bodies of any size, made while they are sent.

use std::io::{self, Write};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use crate::hub::failure::Failure;
use crate::side;

/// How large a piece is, in bytes.
const PIECE: usize = 64 * 1024;

/// How many pieces may wait for the client.
const WAITING: usize = 4;

/// How long a client may take for one piece.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a client may take for the whole: as long as it is under way, the write-ahead log only grows.
const WHOLE: Duration = Duration::from_mins(10);

/// Where a body is written to. An error of [`Write`] means that nobody reads any more: stop, without a failure.
pub(in crate::hub) struct Chunks {
    pieces: mpsc::Sender<Bytes>,
    runtime: Handle,
    piece: Vec<u8>,
    /// When it must be done.
    deadline: Instant,
    is_abandoned: bool,
}

/// Why a body was cut off: an answer that looks whole but is not would be taken for the truth.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the answer could not be finished")]
struct CutOff;

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.piece.is_empty() {
            let piece = std::mem::take(&mut self.piece).into();
            let now = Instant::now();
            let deadline = self.deadline.min(now + PATIENCE);
            let sent = self.runtime.block_on(async { timeout_at(deadline, self.pieces.send(piece)).await });
            // Where there is always room for one more piece, the time is not looked at.
            self.is_abandoned |= now >= self.deadline || !matches!(sent, Ok(Ok(())));
        }
        if self.is_abandoned { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}

/// The body that `job` writes.
pub(super) async fn body(
    job: impl FnOnce(&mut Chunks) -> Result<(), side::Error> + Send + 'static,
) -> Result<Body, Failure> {
    let (pieces, mut sent) = mpsc::channel(WAITING);
    let (end, ending) = oneshot::channel();
    let (runtime, deadline) = (Handle::current(), Instant::now() + WHOLE);
    let mut chunks = Chunks { pieces, runtime, piece: Vec::new(), deadline, is_abandoned: false };
    spawn_blocking(move || {
        let result = job(&mut chunks)
            .map_err(Failure::from)
            .and_then(|()| chunks.flush().map_err(|_| Failure::busy("The answer was not read")));
        // Nobody waits for the end where nobody reads.
        let _ = end.send(result);
    });
    let Some(first) = sent.recv().await else {
        // The job panicked where it said nothing.
        return ending.await.unwrap_or_else(|_| Err(Failure::bug())).map(|()| Body::empty());
    };
    let parts = Parts { first: Some(first), sent, ending: Some(ending) };
    Ok(Body::from_stream(stream::try_unfold(parts, Parts::next)))
}

/// What is still to be sent.
struct Parts {
    first: Option<Bytes>,
    sent: mpsc::Receiver<Bytes>,
    ending: Option<oneshot::Receiver<Result<(), Failure>>>,
}

impl Parts {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, CutOff> {
        let piece = match self.first.take() {
            Some(first) => Some(first),
            None => self.sent.recv().await,
        };
        if let Some(piece) = piece {
            return Ok(Some((piece, self)));
        }
        match self.ending.take() {
            Some(ending) => matches!(ending.await, Ok(Ok(()))).then_some(None).ok_or(CutOff),
            None => Ok(None),
        }
    }
}
