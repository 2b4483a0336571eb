//! One HTTP exchange with the server: authenticated, timed out, retried, counted.
//!
//! Every request may be sent twice (an answer can get lost), so callers only send what is harmless to
//! repeat. Redirects are not followed, because the key must never reach another host.

use std::cell::Cell;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, LOCATION, RETRY_AFTER,
};
use reqwest::{Method, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::body::Body;
use super::failure::{Failure, is_passing, quote, words_in};
use super::trust::{self, LastRejected};
use super::{ApiKey, RemoteUrl, Trust};
use crate::object::{Timestamp, json};
use crate::side::{self, Cause};

/// How long to wait for a server, and how often to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The longest time to wait for a connection.
    pub connect: Duration,
    /// The longest time to wait without receiving a byte of an answer.
    pub answer: Duration,
    /// How often a failed request is sent again.
    pub retries: usize,
    /// The wait before the first retry; it doubles with each, plus a random part of the same size.
    pub first_wait: Duration,
    /// The longest wait between retries. A server whose `Retry-After` asks for more is not asked again.
    pub longest_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_mins(1),
            retries: 3,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(30),
        }
    }
}

/// A successful answer.
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    /// The strong entity tag of what the answer shows, with its quotes. (A weak one is good for no condition.)
    pub(super) etag: Option<String>,
}

impl Answer {
    /// Reads the answer's JSON.
    pub(super) fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let start = String::from_utf8_lossy(&self.body[..self.body.len().min(200)]);
            Failure::Malformed(format!("{error}, in an answer that starts with \"{}\"", quote(&start)))
        })
    }

    /// Reads an answer that may hold a memory.
    pub(super) fn value(&self) -> Result<Value, Failure> {
        let text = self.json::<&RawValue>()?.get();
        json::parse(text).map_err(|error| Failure::Malformed(error.to_string()))
    }
}

/// A connection to one server.
pub(super) struct Client {
    http: reqwest::Client,
    url: RemoteUrl,
    key: Option<ApiKey>,
    last_rejected: LastRejected,
    patience: Patience,
    requests: Cell<u64>,
    writes: Cell<u64>,
    /// The server's clock, as its latest answer said.
    server_time: Cell<Option<Timestamp>>,
}

impl Client {
    /// Prepares a connection; nothing is sent yet.
    pub(super) fn new(
        url: RemoteUrl,
        key: Option<ApiKey>,
        trust: &Trust,
        patience: Patience,
    ) -> Result<Self, side::Error> {
        let unusable = |cause: Cause| side::Error::Unreachable { address: url.to_string(), cause };
        let (tls, last_rejected) = trust::client_config(trust).map_err(|error| unusable(Box::new(error)))?;
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(patience.connect)
            .read_timeout(patience.answer)
            .user_agent(concat!("memsync/", env!("CARGO_PKG_VERSION")));
        // A proxy is for the network; this machine is never behind one.
        let builder = if url.is_loopback() { builder.no_proxy() } else { builder };
        let http = builder.build().map_err(|error| unusable(Box::new(error)))?;
        let (requests, writes, server_time) = (Cell::new(0), Cell::new(0), Cell::new(None));
        Ok(Self { http, url, key, last_rejected, patience, requests, writes, server_time })
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.get()
    }

    pub(super) fn writes(&self) -> u64 {
        self.writes.get()
    }

    /// The server's clock at its latest answer, in whole seconds; `None` before the first one.
    pub(super) fn server_time(&self) -> Option<Timestamp> {
        self.server_time.get()
    }

    /// Fetches an endpoint and reads its JSON.
    pub(super) async fn get<T: DeserializeOwned>(&self, endpoint: &str) -> Result<T, Failure> {
        self.send(Method::GET, endpoint, None, &[]).await?.json()
    }

    /// Sends a request, with a JSON body if there is one, and returns the whole of a successful answer.
    pub(super) async fn send(
        &self,
        method: Method,
        endpoint: &str,
        body: Option<String>,
        headers: &[(HeaderName, &str)],
    ) -> Result<Answer, Failure> {
        self.retry(|| async {
            let response = self.exchange(&method, endpoint, body.as_deref(), headers).await?;
            let etag = strong_etag(response.headers());
            Ok(Answer { body: self.read_body(response, usize::MAX).await?, etag })
        })
        .await
    }

    /// Fetches an answer that may be too large for memory, whole.
    pub(super) async fn fetch(&self, endpoint: &str) -> Result<Body, Failure> {
        self.retry(|| async {
            let mut response = self.exchange(&Method::GET, endpoint, None, &[]).await?;
            let mut body = Body::new();
            while let Some(chunk) = response.chunk().await.map_err(|error| self.transport(error))? {
                body.push(&chunk).map_err(Failure::Spool)?;
            }
            Ok(body)
        })
        .await
    }

    async fn retry<T, F>(&self, attempt: impl FnMut() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let backoff = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(self.patience.first_wait)
            .with_max_delay(self.patience.longest_wait)
            .with_max_times(self.patience.retries);
        attempt
            .retry(backoff)
            .when(Failure::is_transient)
            .adjust(|failure, wait| match failure {
                Failure::Status { retry_after: Some(asked), .. } => wait.map(|wait| wait.max(*asked)),
                _ => wait,
            })
            .notify(|failure, wait| tracing::debug!(?failure, ?wait, "trying again"))
            .await
    }

    /// One attempt, and the head of a successful answer.
    async fn exchange(
        &self,
        method: &Method,
        endpoint: &str,
        body: Option<&str>,
        headers: &[(HeaderName, &str)],
    ) -> Result<Response, Failure> {
        tracing::debug!(%method, endpoint, "request");
        self.requests.set(self.requests.get() + 1);
        if *method != Method::GET {
            self.writes.set(self.writes.get() + 1);
        }
        let mut request = self.http.request(method.clone(), self.url.endpoint(endpoint));
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key.header());
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_owned());
        }
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let response = request.send().await.map_err(|error| self.transport(error))?;
        let date = date_in(response.headers(), DATE);
        self.server_time.set(date.and_then(|date| Timestamp::new(date.as_duration().as_secs_f64())));
        match response.status() {
            status if status.is_success() => Ok(response),
            status if status.is_redirection() => Err(Failure::Malformed(redirected(response.headers()))),
            status => Err(self.refused(status, response).await),
        }
    }

    /// What an error status means, in the server's words as far as they go.
    async fn refused(&self, status: StatusCode, response: Response) -> Failure {
        const ENOUGH: usize = 64 * 1024;
        let retry_after = retry_after(response.headers());
        if let Some(asked) = retry_after
            && asked > self.patience.longest_wait
            && is_passing(status)
        {
            return Failure::Busy { status, asked };
        }
        let body = self.read_body(response, ENOUGH).await.unwrap_or_default();
        Failure::Status { status, detail: words_in(&body), retry_after }
    }

    async fn read_body(&self, mut response: Response, enough: usize) -> Result<Vec<u8>, Failure> {
        // The announced length saves growing the buffer, but is not believed beyond what is usual.
        const USUAL: u64 = 256 * 1024 * 1024;
        let announced = response.content_length().unwrap_or(0).min(USUAL);
        let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or(0).min(enough));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.transport(error))? {
            body.extend_from_slice(&chunk);
            if body.len() >= enough {
                break;
            }
        }
        Ok(body)
    }

    /// The error for the whole side that a failed request stands for.
    pub(super) fn side_error(&self, failure: Failure) -> side::Error {
        failure.into_side_error(self.url.to_string(), self.key.is_some())
    }

    fn transport(&self, error: reqwest::Error) -> Failure {
        match self.last_rejected.take() {
            Some(rejected) => Failure::Certificate(Box::new(rejected)),
            None => Failure::Transport(Box::new(error.without_url())),
        }
    }
}

fn strong_etag(headers: &HeaderMap) -> Option<String> {
    let etag = headers.get(ETAG)?.to_str().ok()?;
    etag.starts_with('"').then(|| etag.to_owned())
}

fn redirected(headers: &HeaderMap) -> String {
    let place = headers.get(LOCATION).map(|place| String::from_utf8_lossy(place.as_bytes()).into_owned());
    format!(
        "it redirects to {}, and the key is sent to no other place: if that is the server, give its URL instead",
        quote(&place.unwrap_or_default())
    )
}

/// How long the server asks to wait: a number of seconds, or a date, measured against its own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let asked = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let wait = date_in(headers, RETRY_AFTER)?.duration_since(date_in(headers, DATE)?);
    Duration::try_from(wait).ok()
}

fn date_in(headers: &HeaderMap, name: HeaderName) -> Option<jiff::Timestamp> {
    DateTimeParser::new().parse_timestamp(headers.get(name)?.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strong_entity_tag_is_kept() {
        let kept = |etag: &'static str| strong_etag(&[(ETAG, etag.parse().unwrap())].into_iter().collect());
        assert_eq!(kept("\"a1\"").as_deref(), Some("\"a1\""));
        assert_eq!([kept("W/\"a1\""), kept("a1")], [None, None]);
    }

    #[test]
    fn retry_after_is_a_number_of_seconds_or_a_date_on_the_servers_clock() {
        let asked = |retry_after: &'static str| {
            let headers = [(RETRY_AFTER, retry_after), (DATE, "Sun, 06 Nov 1994 08:49:37 GMT")];
            super::retry_after(
                &headers.map(|(name, value)| (name, value.parse().unwrap())).into_iter().collect(),
            )
        };
        assert_eq!(asked("120"), Some(Duration::from_mins(2)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:07 GMT"), Some(Duration::from_secs(30)));
        assert_eq!([asked("Sun, 06 Nov 1994 08:49:07 GMT"), asked("soon")], [None, None]);
    }
}
