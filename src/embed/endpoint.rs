//! The service's external endpoint: vectors over HTTP, asked for and answered as `OpenAI`'s API has it.
//!
//! What is sent is what the service sends (`embeddings/external_api.py` of 12.2.0): up to 32 texts at a time, the
//! model's name, and the key as a bearer token. What comes back is believed in nothing: `answer` holds its count, its
//! order and its numbers against what was asked.
//!
//! Guarantees: one vector for each text, in the order of the texts, or an error. A failure that may pass is tried
//! again, but not for long. The key and what the address hides show in no error, log or `Debug`.
//!
//! Must never: follow a redirect, accept a certificate that is not verified, or read an answer without end. It waits
//! for the network, so it must not be asked on a thread that runs asynchronous tasks.

mod answer;
mod failure;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::Serialize;
use tokio::runtime::Runtime;
use url::{Host, Url};

use super::{Error, Maker, ModelId};
use failure::Failure;

/// What the service asks for where `MCP_EXTERNAL_EMBEDDING_MODEL` names no model.
const DEFAULT_MODEL: &str = "nomic-embed-text";

/// How many texts the service sends at a time.
const BATCH: usize = 32;

/// The longest answer that is read, in bytes. 32 vectors of 4,096 numbers are a tenth of it.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;

/// How much of an error's answer is read, in bytes.
const LONGEST_COMPLAINT: usize = 64 * 1024;

/// The endpoint that the service is configured to use.
pub struct Endpoint {
    /// The model and the place, for people.
    name: String,
    /// The place without credentials and query.
    address: String,
    model: String,
    target: Result<Target, Failure>,
    patience: Patience,
    connection: OnceLock<Connection>,
}

/// Where to send texts, and as whom.
struct Target {
    url: Url,
    authorization: Option<HeaderValue>,
}

/// What one process needs to talk to it; made when it is first asked.
struct Connection {
    /// An option, because only an owned one can be dropped on any thread.
    runtime: Option<Runtime>,
    http: Client,
}

/// How long to wait for an answer, and how often to ask again.
#[derive(Clone, Copy)]
struct Patience {
    /// The longest time for an answer, which is the service's own. Who let it pass is not asked again.
    answer: Duration,
    /// The longest time for a request with all its retries.
    whole: Duration,
    /// How often a failed request is sent again.
    retries: usize,
    /// The wait before the first retry; it doubles with each, plus a random part of the same size.
    first_wait: Duration,
    /// The longest wait between two; an endpoint that asks for more is not asked again.
    longest_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(30),
            whole: Duration::from_mins(1),
            retries: 3,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(20),
        }
    }
}

/// What is sent.
#[derive(Serialize)]
struct Question<'a> {
    input: &'a [&'a str],
    model: &'a str,
}

impl Endpoint {
    /// The endpoint at `url` (`MCP_EXTERNAL_EMBEDDING_URL`), where `model` and `key` are what
    /// `MCP_EXTERNAL_EMBEDDING_MODEL` and `MCP_EXTERNAL_EMBEDDING_API_KEY` say. An address that is none is told when
    /// the first vector is wanted, as an endpoint is that does not answer: it is no reason not to write a memory.
    #[must_use]
    pub fn new(url: &str, model: Option<&str>, key: Option<&str>) -> Self {
        let target = Target::new(url, key);
        let address = target.as_ref().map_or_else(|_| "(no address)".to_owned(), |target| shown(&target.url));
        let model = model.unwrap_or(DEFAULT_MODEL).to_owned();
        let name = format!("{model} at {address}");
        let (patience, connection) = (Patience::default(), OnceLock::new());
        Self { name, address, model, target, patience, connection }
    }

    fn connection(&self, target: &Target) -> Result<&Connection, Failure> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        let made = Connection::new(&target.url, self.patience)?;
        Ok(self.connection.get_or_init(|| made))
    }

    fn ask(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Failure> {
        let target = self.target.as_ref().map_err(Failure::again)?;
        let Connection { runtime, http } = self.connection(target)?;
        let runtime = runtime.as_ref().expect("only `drop` takes it");
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            let body = serde_json::to_string(&Question { input: batch, model: &self.model });
            let body = body.expect("texts are JSON");
            let answer = runtime.block_on(async {
                tokio::time::timeout(self.patience.whole, self.send(http, target, &body)).await
            });
            let answer = answer.unwrap_or(Err(Failure::Slow))?;
            vectors.extend(answer::read(&answer, batch.len())?);
        }
        answer::check_lengths(&vectors)?;
        Ok(vectors)
    }

    /// Sends one request until it is answered, or there is no hope that it will be.
    async fn send(&self, http: &Client, target: &Target, body: &str) -> Result<Vec<u8>, Failure> {
        let backoff = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(self.patience.first_wait)
            .with_max_delay(self.patience.longest_wait)
            .with_max_times(self.patience.retries);
        (|| target.exchange(http, body))
            .retry(backoff)
            .when(|failure| failure.is_transient(self.patience.longest_wait))
            .adjust(|failure, wait| wait.map(|wait| wait.max(failure.retry_after().unwrap_or_default())))
            .notify(|failure, wait| tracing::debug!(%failure, ?wait, "asking the endpoint again"))
            .await
    }
}

impl Maker for Endpoint {
    fn name(&self) -> &str {
        &self.name
    }

    /// None: what answers at an address, and under a model's name, may be another one tomorrow.
    fn id(&self) -> Result<Option<ModelId>, Error> {
        Ok(None)
    }

    fn vectors(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        self.ask(texts).map_err(|failure| {
            let address = self.address.clone();
            if failure.concerns_text() {
                Error::Refused { address, cause: failure.into() }
            } else {
                Error::Endpoint { address, cause: failure.into() }
            }
        })
    }

    /// The address is nothing for whoever asks a hub for its model.
    fn model(&self) -> &str {
        &self.model
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Target {
    fn new(url: &str, key: Option<&str>) -> Result<Self, Failure> {
        let url: Url = url.trim().parse().map_err(|_| Failure::Address)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Address);
        }
        // As with Python's `requests`, a name and a password in the address go before the key.
        let key = key.filter(|_| !has_credentials(&url));
        let authorization = key.map(|key| HeaderValue::try_from(format!("Bearer {key}")));
        let mut authorization = authorization.transpose().map_err(|_| Failure::Key)?;
        if let Some(value) = &mut authorization {
            value.set_sensitive(true);
        }
        Ok(Self { url, authorization })
    }

    async fn exchange(&self, http: &Client, body: &str) -> Result<Vec<u8>, Failure> {
        let mut request = http.post(self.url.clone()).header(CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let response = request.body(body.to_owned()).send().await.map_err(Failure::transport)?;
        let status = response.status();
        if status.is_success() {
            return read(response, LONGEST_ANSWER).await?.ok_or(Failure::TooLong);
        }
        let retry_after = response.headers().get(RETRY_AFTER).and_then(seconds);
        let complaint = read(response, LONGEST_COMPLAINT).await.ok().flatten().unwrap_or_default();
        let detail = self.without_secrets(&failure::words_in(&complaint));
        Err(Failure::Status { status, detail, retry_after })
    }

    /// What an endpoint says, which may repeat what it was sent. Where the address holds secrets it is left out, because
    /// there are too many ways to write those.
    fn without_secrets(&self, words: &str) -> String {
        if has_credentials(&self.url) || self.url.query().is_some() {
            return String::new();
        }
        let key = self.authorization.as_ref().and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        key.map_or_else(|| words.to_owned(), |key| words.replace(key, "…"))
    }
}

impl Connection {
    fn new(url: &Url, patience: Patience) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Failure::Runtime)?;
        let builder = Client::builder()
            .tls_backend_preconfigured(tls(url)?)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(patience.answer)
            .user_agent(concat!("memsync/", env!("CARGO_PKG_VERSION")));
        // A proxy is for the network; this machine is never behind one.
        let builder = if is_loopback(url) { builder.no_proxy() } else { builder };
        let http = builder.build().map_err(Failure::transport)?;
        Ok(Self { runtime: Some(runtime), http })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // The hub drops its makers on a thread that runs tasks, where waiting for a runtime's end panics.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Trusts whom the system trusts, or nobody: where it has no certificates, or none are needed.
fn tls(url: &Url) -> Result<ClientConfig, Failure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(Failure::Tls)?;
    let trusting = (url.scheme() == "https").then(|| builder.clone().with_platform_verifier());
    Ok(match trusting {
        Some(Ok(trusting)) => trusting.with_no_client_auth(),
        _ => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    })
}

/// The body, unless it is longer than `longest`.
async fn read(mut response: Response, longest: usize) -> Result<Option<Vec<u8>>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Failure::transport)? {
        if body.len() + chunk.len() > longest {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// A `Retry-After` in seconds, the form that services before models use. A date is passed over: the wait between two
/// requests grows by itself.
fn seconds(value: &HeaderValue) -> Option<Duration> {
    value.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// The address without what may be secret in it: name, password and query.
fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    // Both fail only for addresses that have no host, which http always has.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_query(None);
    shown.set_fragment(None);
    shown.into()
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
