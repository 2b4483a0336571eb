//! Many requests at once, and how long they took.

use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::runtime::Runtime;

/// How many requests of a round are under way at once.
const CONNECTIONS: usize = 8;

/// A server to measure.
pub struct Peer {
    pub url: String,
    pub key: &'static str,
}

/// A request of a round, ready before the clock starts.
pub struct Request {
    pub method: Method,
    pub path: String,
    pub body: Option<String>,
}

/// What sends the requests: one thread, so that it leaves the others to the server.
pub struct Load {
    pub runtime: Runtime,
    http: reqwest::Client,
}

impl Load {
    pub fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            // Whether a server compresses is no difference that is asked for here.
            .no_gzip()
            .no_zstd()
            // The service closes connections that idle for 5 s, as they do while the other is measured.
            .pool_idle_timeout(Duration::from_secs(2))
            .build()
            .unwrap();
        Self { runtime, http }
    }

    /// Sends all requests and returns how long that took, and the answers in no order. An error status ends
    /// the program. The answers are parsed after the clock has stopped.
    pub fn send(&self, peer: &Peer, requests: &[Request]) -> (Duration, Vec<Value>) {
        let exchange = |request: &Request| {
            let mut builder = self.request(peer, request.method.clone(), &request.path);
            if let Some(body) = &request.body {
                builder = builder.header(CONTENT_TYPE, "application/json").body(body.clone());
            }
            async move { builder.send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap() }
        };
        let start = Instant::now();
        let answers = stream::iter(requests).map(exchange).buffer_unordered(CONNECTIONS).collect::<Vec<_>>();
        let answers = self.runtime.block_on(answers);
        let took = start.elapsed();
        (took, answers.iter().map(|answer| serde_json::from_slice(answer).unwrap()).collect())
    }

    /// A request with the server's key.
    pub fn request(&self, peer: &Peer, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", peer.url)).header("X-API-Key", peer.key)
    }
}
