//! From a socket to the endpoints, and to the end of it all.
//!
//! Guarantees: what is listened at beyond this device asks for a key, and is encrypted unless that was given up
//! in so many words. A stop lets the requests under way end, and leaves the database file complete.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::time::{sleep, timeout};
use tower::{ServiceExt, service_fn};

use crate::embed::Makers;
use crate::local;
use crate::side;

use super::connection::{Answers, HEAD, STILL, Watched};
use super::places::{Place, Places};
use super::request::Peer;
use super::tls::{HTTP2, Tls};
use super::{Clock, Hub, Key, files, filling, router};

/// How long a client may take for a TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The largest head of a request, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;

/// How often a client that speaks HTTP/2 is asked whether it is still there.
const PING: Duration = Duration::from_secs(30);

/// How many requests a client that speaks HTTP/2 may send at once.
const STREAMS: u32 = 32;

/// How long requests may take to end once the hub is to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How long nothing is accepted after the system had no room for one more connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What to serve, where and to whom.
pub struct Options {
    /// The database, which is made where there is none.
    pub database: PathBuf,
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// What every device must show. Without one, only programs on this device are answered.
    pub key: Option<Key>,
    /// What encrypts.
    pub tls: Option<Tls>,
    /// Whether others than this device may be answered without TLS: key and memories can then be read on the way.
    pub is_plain_text_fine: bool,
    /// Where the present moment comes from.
    pub clock: Clock,
    /// What could make the vectors: one of them is settled upon when the hub starts, see [`Makers`].
    pub makers: Makers,
}

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Others than this device would be answered without a key.
    #[error("listening at {0} needs an API key: everybody on the network could read and change the memories")]
    NoKey(SocketAddr),
    /// Others than this device would be answered without TLS.
    #[error("listening at {0} needs TLS: everybody on the way could read the API key and the memories")]
    NoTls(SocketAddr),
    /// The folder of the database cannot be made.
    #[error(transparent)]
    Folder(#[from] files::Error),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] side::Error),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The system gives no threads.
    #[error("cannot start")]
    Start(#[source] io::Error),
}

/// A hub that listens already: who connects now is answered once it runs.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
    hub: Arc<Hub>,
}

impl Server {
    /// Opens the database and listens.
    pub fn bind(options: Options) -> Result<Self, Error> {
        let Options { database, listen, key, tls, is_plain_text_fine, clock, makers } = options;
        check_exposure(listen, key.is_some(), tls.is_some() || is_plain_text_fine)?;
        let failed = |cause| Error::Listen { address: listen, cause };
        let listener = TcpListener::bind(listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        files::create_folder(&database)?;
        local::prepare(&database)?;
        let hub = Arc::new(Hub::open(&database, makers, clock)?.with_key(key));
        Ok(Self { listener, address, tls, hub })
    }

    /// Where it listens, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoints with their limits, to be asked without a socket.
    #[doc(hidden)] // For the fuzzers.
    pub fn router(&self) -> Router {
        router(&self.hub)
    }

    /// The address as a client takes it.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Serves until `stop` has ended once: then takes no more connections, lets the requests under way end and
    /// the writes that wait be done, for ten seconds at most. When `stop` ends again it leaves at once. `ready` is
    /// called once `stop` is listened to.
    pub fn run(self, ready: impl FnOnce(), stop: impl AsyncFnMut()) -> Result<(), Error> {
        let runtime = runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::Start)?;
        let result = runtime.block_on(self.serve(ready, stop));
        // What is still under way had its time.
        runtime.shutdown_background();
        result
    }

    async fn serve(self, ready: impl FnOnce(), mut stop: impl AsyncFnMut()) -> Result<(), Error> {
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(Error::Start)?;
        let graceful = GracefulShutdown::new();
        let door = Door { tls: self.tls, router: router(&self.hub), places: Arc::default() };
        let filling = tokio::spawn(filling::fill(Arc::clone(&self.hub)));
        let open = async {
            ready();
            door.accept(&listener, &graceful).await;
        };
        tokio::select! {
            // In this order: whoever was told that it runs may ask it to stop.
            biased;
            () = stop() => {}
            () = open => {}
        }
        filling.abort();
        tracing::info!("stopping");
        drop((listener, door));
        self.hub.announcements.close();
        let ending = async {
            if timeout(GRACE, graceful.shutdown()).await.is_err() {
                tracing::warn!("some requests did not end in time");
            }
            self.hub.database.close().await;
            tracing::info!("stopped");
        };
        tokio::select! {
            () = ending => {}
            () = stop() => tracing::warn!("stopped at once"),
        }
        Ok(())
    }
}

/// Refuses to listen beyond this device without a key, or without TLS or somebody who said that none is needed.
pub fn check_exposure(listen: SocketAddr, has_key: bool, is_private: bool) -> Result<(), Error> {
    match (listen.ip().is_loopback(), has_key, is_private) {
        (true, ..) | (false, true, true) => Ok(()),
        (false, false, _) => Err(Error::NoKey(listen)),
        (false, true, false) => Err(Error::NoTls(listen)),
    }
}

/// What lets connections in.
struct Door {
    tls: Option<Tls>,
    router: Router,
    places: Arc<Places>,
}

impl Door {
    /// Lets connections in, for ever.
    async fn accept(&self, listener: &tokio::net::TcpListener, graceful: &GracefulShutdown) {
        let mut is_failing = false;
        loop {
            let accepted = listener.accept().await;
            let was_failing = std::mem::replace(&mut is_failing, accepted.is_err());
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    if !was_failing {
                        tracing::warn!(%error, "a connection could not be accepted");
                    }
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let Some(place) = self.places.take(peer.ip()) else { continue };
            let (tls, router) = (self.tls.clone(), self.router.clone());
            tokio::spawn(welcome(stream, peer, tls, router, graceful.watcher(), place));
        }
    }
}

/// Answers the requests of one connection.
async fn welcome(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Tls>,
    router: Router,
    watcher: Watcher,
    _place: Place,
) {
    // Only a matter of speed.
    let _ = stream.set_nodelay(true);
    let answers = Arc::<Answers>::default();
    let stream = Watched::new(stream, HEAD, STILL, Arc::clone(&answers));
    let Some(tls) = tls else { return converse(stream, false, peer, router, answers, watcher).await };
    match timeout(HANDSHAKE, tls.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
            converse(stream, is_http2, peer, router, answers, watcher).await;
        }
        Ok(Err(error)) => tracing::debug!(peer = %peer.ip(), %error, "a TLS handshake failed"),
        Err(_) => tracing::debug!(peer = %peer.ip(), "a TLS handshake took too long"),
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    is_http2: bool,
    peer: SocketAddr,
    router: Router,
    answers: Arc<Answers>,
    watcher: Watcher,
) {
    if is_http2 {
        answers.multiplex();
    }
    let service = service_fn(move |mut request: Request<_>| {
        request.extensions_mut().insert(Peer(peer));
        let (answer, answers) = (router.clone().oneshot(request), Arc::clone(&answers));
        async move {
            answers.begin();
            if is_http2 {
                return answer.await.map(|response| response.map(|body| progress(body, answers)));
            }
            let answer = answer.await;
            answers.end();
            answer
        }
    });
    let builder = builder();
    // What is spoken is known: looking for it would be one more thing to wait for.
    let builder = if is_http2 { builder.http2_only() } else { builder.http1_only() };
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(peer = %peer.ip(), error, "a connection ended early");
    }
}

/// The same body, each piece of which is a sign of life.
fn progress(body: Body, answers: Arc<Answers>) -> Body {
    Body::new(body.map_frame(move |frame| {
        answers.progress();
        frame
    }))
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().header_read_timeout(None).max_buf_size(LARGEST_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(LARGEST_HEAD.try_into().unwrap_or(u32::MAX));
    builder
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use tokio::sync::Notify;

    use super::*;
    use crate::object::Timestamp;

    #[test]
    fn whoever_was_told_that_it_runs_may_ask_it_to_stop() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            database: folder.path().join("hub.db"),
            listen: "127.0.0.1:0".parse().unwrap(),
            key: None,
            tls: None,
            is_plain_text_fine: false,
            clock: Arc::new(|| Timestamp::new(1_738_324_800.0).unwrap()),
            makers: Makers::default(),
        };
        let (is_listening, told) = (Cell::new(false), Notify::new());
        let ready = || {
            assert!(is_listening.get());
            told.notify_one();
        };
        let stop = async || {
            if is_listening.replace(true) {
                pending::<()>().await;
            }
            told.notified().await;
        };
        Server::bind(options).unwrap().run(ready, stop).unwrap();
    }
}
