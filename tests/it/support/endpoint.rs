//! An embedding endpoint with a model of its own, such as a user may name in `MCP_EXTERNAL_EMBEDDING_URL`.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// How many numbers its vectors have, as many as all-MiniLM-L6-v2's.
const DIMENSION: usize = 384;

/// The running endpoint; it ends when it goes out of scope.
pub struct Endpoint {
    address: SocketAddr,
    log: Log,
    _runtime: Runtime,
}

/// A request as the endpoint saw it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The header that says who asks.
    pub authorization: Option<String>,
    /// The question.
    pub body: Value,
}

type Log = Arc<Mutex<Vec<Asked>>>;

impl Endpoint {
    /// Starts it on loopback.
    pub fn start() -> Self {
        Self::with_dimension(DIMENSION)
    }

    /// Starts one whose vectors have so many numbers.
    pub fn with_dimension(dimension: usize) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let log = Log::default();
        let answer =
            post(move |State(log): State<Log>, headers: HeaderMap, Json(request): Json<Value>| async move {
                Json(answer(&log, &headers, &request, dimension))
            });
        let router = Router::new().route("/v1/embeddings", answer).with_state(Arc::clone(&log));
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await
        });
        Self { address, log, _runtime: runtime }
    }

    /// What `MCP_EXTERNAL_EMBEDDING_URL` must be.
    pub fn url(&self) -> String {
        format!("http://{}/v1/embeddings", self.address)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.log.lock().unwrap().clone()
    }
}

fn answer(log: &Log, headers: &HeaderMap, request: &Value, dimension: usize) -> Value {
    let authorization = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    log.lock().unwrap().push(Asked { authorization, body: request.clone() });
    let texts = match &request["input"] {
        Value::Array(texts) => texts.iter().map(|text| text.as_str().unwrap()).collect(),
        text => vec![text.as_str().unwrap()],
    };
    let vectors = texts.into_iter().enumerate();
    let data: Vec<Value> = vectors
        .map(|(index, text)| json!({ "index": index, "embedding": vector(text, dimension) }))
        .collect();
    json!({ "object": "list", "data": data, "model": request["model"] })
}

/// Which letters follow each other how often, of length 1.
fn vector(text: &str, dimension: usize) -> Vec<f64> {
    let mut counts = vec![0.0; dimension];
    counts[0] = 1.0;
    for pair in text.as_bytes().windows(2) {
        counts[(usize::from(pair[0]) * 31 + usize::from(pair[1])) % dimension] += 1.0;
    }
    let length = counts.iter().map(|count| count * count).sum::<f64>().sqrt();
    counts.into_iter().map(|count| count / length).collect()
}
