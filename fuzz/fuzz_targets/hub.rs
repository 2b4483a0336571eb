//! Requests to the hub, in process: whatever a client sends, the answer is the client's to mend.
//!
//! The input is `METHOD PATH`, lines of headers, an empty line and a body. Two requests are separated by a line `--`.
#![no_main]

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use memsync::embed::Makers;
use memsync::hub::{Key, Options, Server};
use memsync::object::Timestamp;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// How many inputs one database sees, before its size says more about the time of an answer than the request.
const INPUTS: usize = 500;

struct Bench {
    runtime: Runtime,
    router: Router,
    left: usize,
    _server: Server,
    _folder: TempDir,
}

thread_local! {
    static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::with_prefix("memsync-fuzz-").unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let server = Server::bind(Options {
            database: folder.path().join("hub.db"),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            key: Key::new("K"),
            tls: None,
            is_plain_text_fine: true,
            clock: Arc::new(|| Timestamp::new(1_738_324_800.0).unwrap()),
            makers: Makers::default(),
        });
        let server = server.unwrap();
        Self { runtime, router: server.router(), left: INPUTS, _server: server, _folder: folder }
    }

    fn answer(&self, request: Request) {
        let said = format!("{} {}", request.method(), request.uri());
        let (is_endless, router) = (request.uri().path().starts_with("/api/events"), self.router.clone());
        self.runtime.block_on(async {
            let answer = router.oneshot(request).await.unwrap();
            let status = answer.status();
            assert!(!status.is_server_error() || status == StatusCode::NOT_IMPLEMENTED, "{said}: {status}");
            if !is_endless {
                let body = to_bytes(answer.into_body(), usize::MAX);
                tokio::time::timeout(Duration::from_secs(20), body).await.expect("it ends").unwrap();
            }
        });
    }
}

/// A request out of its text; `None` where no client could send it.
fn request(bytes: &[u8]) -> Option<Request> {
    let end = bytes.windows(2).position(|window| window == b"\n\n").unwrap_or(bytes.len());
    let (head, body) = (&bytes[..end], bytes.get(end + 2..).unwrap_or_default());
    let mut lines = head.split(|byte| *byte == b'\n');
    let line = lines.next()?;
    let space = line.iter().position(|byte| *byte == b' ')?;
    let mut request = Request::new(Body::from(body.to_vec()));
    *request.method_mut() = Method::from_bytes(&line[..space]).ok()?;
    *request.uri_mut() = Uri::try_from(&line[space + 1..]).ok()?;
    request.headers_mut().insert("x-api-key", HeaderValue::from_static("K"));
    request.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        request.headers_mut().insert(name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?);
    }
    Some(request)
}

fuzz_target!(|bytes: &[u8]| {
    BENCH.with_borrow_mut(|bench| {
        let ready = bench.get_or_insert_with(Bench::new);
        const BETWEEN: &[u8] = b"\n--\n";
        let at = bytes.windows(BETWEEN.len()).position(|window| window == BETWEEN);
        let (one, other) = at.map_or((bytes, &b""[..]), |at| (&bytes[..at], &bytes[at + BETWEEN.len()..]));
        for request in [one, other].into_iter().filter_map(request) {
            ready.answer(request);
        }
        ready.left -= 1;
        if ready.left == 0 {
            *bench = None;
        }
    });
});
