//! A connection that may not waste time: a peer that is gone, slow on purpose, or silent, is let go.
//!
//! With HTTP/1.1, the head of a request must arrive within [`HEAD`] of its first byte, the first one's within
//! [`HEAD`] of the connection; and no connection may stand still, without a byte in either direction, for [`STILL`].
//! With HTTP/2, where heads come at any time and both sides may ask for ever whether the other is there, what moves is
//! a request that begins, a piece of an answer, or [`PROGRESS`] bytes sent of one: it is looked for whenever
//! something arrives, so that it may take [`STILL`] and the time between two such questions. How long the rest of a
//! request may take is for `limits` to say.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// How long a client may take for the head of a request.
pub(super) const HEAD: Duration = Duration::from_secs(30);

/// How long a connection may stand still: longer than clients keep one open for their next request, and than the
/// silence between two heartbeats of an event stream.
pub(super) const STILL: Duration = Duration::from_mins(2);

/// How many bytes sent over HTTP/2 are progress, whatever they are: many more than it takes to say that one is there.
const PROGRESS: usize = 16 * 1024;

/// What has become of the heads that arrived on a connection: with HTTP/1.1 an odd number while a request is being
/// answered, when what is sent is not the head of the next one, and another even number after it; with HTTP/2 just
/// another number with each sign of life.
#[derive(Debug, Default)]
pub(super) struct Answers {
    count: AtomicU32,
    is_multiplexed: AtomicBool,
}

impl Answers {
    /// The connection speaks HTTP/2.
    pub(super) fn multiplex(&self) {
        self.is_multiplexed.store(true, Ordering::Relaxed);
    }

    /// A head has arrived.
    pub(super) fn begin(&self) {
        self.progress();
    }

    /// Its request has been answered.
    pub(super) fn end(&self) {
        self.progress();
    }

    /// A piece of an answer is on its way, with HTTP/2.
    pub(super) fn progress(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn is_multiplexed(&self) -> bool {
        self.is_multiplexed.load(Ordering::Relaxed)
    }
}

/// A stream that fails once its peer has taken too long.
pub(super) struct Watched<S> {
    stream: S,
    head: Duration,
    still: Duration,
    answers: Arc<Answers>,
    seen: u32,
    /// When the head that is arriving began.
    begun: Option<Instant>,
    /// When something moved last.
    moved: Instant,
    /// How many bytes were sent since, with HTTP/2.
    sent: usize,
    alarm: Pin<Box<Sleep>>,
}

impl<S> Watched<S> {
    /// Watches `stream`, whose peer has just connected.
    pub(super) fn new(stream: S, head: Duration, still: Duration, answers: Arc<Answers>) -> Self {
        let now = Instant::now();
        let alarm = Box::pin(sleep(head));
        Self { stream, head, still, answers, seen: 0, begun: Some(now), moved: now, sent: 0, alarm }
    }

    /// Fails where the peer has taken too long; otherwise sees to it that this is asked again in time.
    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            let answers = self.answers.count.load(Ordering::Relaxed);
            if self.answers.is_multiplexed() {
                if answers != self.seen {
                    self.moved = Instant::now();
                }
                (self.seen, self.begun) = (answers, None);
            } else if answers != self.seen || answers % 2 == 1 {
                (self.seen, self.begun) = (answers, None);
            }
            let still = self.moved + self.still;
            let deadline = self.begun.map_or(still, |begun| still.min(begun + self.head));
            if deadline <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(deadline);
            ready!(self.alarm.as_mut().poll(context));
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Poll::Ready(result) = Pin::new(&mut self.stream).poll_read(context, buffer) else {
            return self.wait(context);
        };
        if !self.answers.is_multiplexed() {
            self.moved = Instant::now();
        }
        self.begun = self.begun.or(Some(self.moved));
        // A head that drips is read at once each time, so it is here that it takes too long.
        match self.wait::<()>(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(result),
        }
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    fn moving(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if result.is_pending() {
            return self.wait(context);
        }
        self.sent += if let Poll::Ready(Ok(sent)) = result { sent } else { 0 };
        if !self.answers.is_multiplexed() || self.sent >= PROGRESS {
            (self.moved, self.sent) = (Instant::now(), 0);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.moving(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.moving(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(context);
        if result.is_pending() { self.wait(context) } else { result }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(context);
        if result.is_pending() { self.wait(context) } else { result }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    const SHORT: Duration = Duration::from_millis(30);
    const LONG: Duration = Duration::from_hours(1);

    fn watched(head: Duration, still: Duration) -> (DuplexStream, Watched<DuplexStream>, Arc<Answers>) {
        let (peer, stream) = duplex(4);
        let answers = Arc::<Answers>::default();
        (peer, Watched::new(stream, head, still, Arc::clone(&answers)), answers)
    }

    async fn late(peer: &mut DuplexStream, bytes: &[u8]) {
        sleep(3 * SHORT).await;
        peer.write_all(bytes).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_neither_sends_nor_reads_is_given_up() {
        let (mut peer, mut watched, _) = watched(LONG, SHORT);
        peer.write_all(b"ab").await.unwrap();
        let mut read = [0; 2];
        watched.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"ab");
        assert_eq!(watched.read_exact(&mut read).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let error = watched.write_all(b"more than fits").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_its_time_however_it_drips() {
        let (mut peer, mut watched, answers) = watched(SHORT, LONG);
        // What was answered before takes nothing off.
        answers.begin();
        answers.end();
        let dripping = async {
            while peer.write_all(b"x").await.is_ok() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        let reading = async {
            let error = watched.read_to_end(&mut Vec::new()).await.unwrap_err();
            drop(watched);
            error
        };
        assert_eq!(tokio::join!(reading, dripping).0.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn over_http2_pings_are_no_movement_but_requests_answers_and_many_bytes_are() {
        let (mut peer, mut watched, answers) = watched(SHORT, SHORT);
        answers.multiplex();
        let mut read = [0];
        for _ in 0..10 {
            answers.begin();
            tokio::join!(
                async {
                    sleep(SHORT / 2).await;
                    peer.write_all(b"x").await.unwrap();
                },
                watched.read_exact(&mut read)
            )
            .1
            .unwrap();
        }
        let (much, mut taken) = (vec![0; PROGRESS], vec![0; PROGRESS]);
        for _ in 0..10 {
            let (sent, _) = tokio::join!(watched.write_all(&much), peer.read_exact(&mut taken));
            sent.unwrap();
            sleep(SHORT / 2).await;
            tokio::join!(peer.write_all(b"x"), watched.read_exact(&mut read)).1.unwrap();
        }
        let pinging = async {
            while peer.write_all(b"x").await.is_ok() {
                sleep(SHORT / 4).await;
            }
        };
        let reading = async {
            let error = loop {
                match watched.read_exact(&mut read).await {
                    Ok(_) => watched.write_all(b"").await.unwrap(),
                    Err(error) => break error,
                }
            };
            drop(watched);
            error
        };
        assert_eq!(tokio::join!(reading, pinging).0.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_and_the_next_request_have_more_time() {
        let (mut peer, mut watched, answers) = watched(SHORT, LONG);
        let mut read = [0; 2];
        peer.write_all(b"ab").await.unwrap();
        watched.read_exact(&mut read).await.unwrap();
        answers.begin();
        tokio::join!(late(&mut peer, b"cd"), watched.read_exact(&mut read)).1.unwrap();
        answers.end();
        tokio::join!(late(&mut peer, b"ef"), watched.read_exact(&mut read)).1.unwrap();
        // A request that was answered before anybody looked.
        answers.begin();
        answers.end();
        tokio::join!(late(&mut peer, b"gh"), watched.read_exact(&mut read)).1.unwrap();
        assert_eq!(&read, b"gh");
        let error = watched.read_exact(&mut read).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
