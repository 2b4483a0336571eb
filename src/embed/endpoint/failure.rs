//! Why the endpoint gave no vectors, and whether asking again may help.
//!
//! What an endpoint says is untrusted: it is cut to one short line before it is quoted.

use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("MCP_EXTERNAL_EMBEDDING_URL is no address that begins with http:// or https://")]
    Address,
    #[error("MCP_EXTERNAL_EMBEDDING_API_KEY holds characters that no key has")]
    Key,
    #[error("this system lets no program wait for the network")]
    Runtime(#[source] io::Error),
    #[error("this system has no encryption to use")]
    Tls(#[source] rustls::Error),
    #[error("it cannot be reached, or fell silent")]
    Transport(#[source] reqwest::Error),
    #[error("it answered {status}{}{detail}", if .detail.is_empty() { "" } else { ": " })]
    Status {
        status: StatusCode,
        detail: String,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    #[error("it fails again and again")]
    Slow,
    #[error("its answer does not end")]
    TooLong,
    #[error("its answer is no list of vectors (line {line}, column {column})")]
    Json { line: usize, column: usize },
    #[error("its answer has {answered} vectors for {asked} texts")]
    Count { asked: usize, answered: usize },
    #[error("its answer has a vector for text {index}, and it was sent {asked}, counted from 0")]
    Index { index: i64, asked: usize },
    #[error("its answer has two vectors for text {index}")]
    Duplicate { index: i64 },
    #[error("its answer has a vector without numbers")]
    Empty,
    #[error("its answer has a vector with a number that is none")]
    NotFinite,
    #[error("its answers have vectors of {one} and of {other} numbers")]
    Lengths { one: usize, other: usize },
}

impl Failure {
    /// A failed exchange; the address in the error may hold a password.
    pub(super) fn transport(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }

    /// The same for each use of settings that cannot be used.
    pub(super) fn again(&self) -> Self {
        if matches!(self, Self::Key) { Self::Key } else { Self::Address }
    }

    /// Whether the same request may do better in a while that is not longer than `longest`.
    pub(super) fn is_transient(&self, longest: Duration) -> bool {
        match self {
            // Silence was waited for long enough.
            Self::Transport(error) => !error.is_builder() && !error.is_timeout(),
            Self::Status { status, .. } => {
                let is_passing =
                    matches!(*status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
                (is_passing || status.is_server_error())
                    && self.retry_after().is_none_or(|asked| asked <= longest)
            }
            _ => false,
        }
    }

    /// Whether it is about the texts that were sent, so that others may fare better. One that is too long gets any of
    /// these, depending on the server.
    pub(super) fn concerns_text(&self) -> bool {
        let statuses =
            [StatusCode::BAD_REQUEST, StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNPROCESSABLE_ENTITY];
        matches!(self, Self::Status { status, .. } if statuses.contains(status))
    }

    /// How long the endpoint asks to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// An endpoint's own sentence in the body of an error's answer, where the service looks for it too, as one line of at
/// most 200 characters.
pub(super) fn words_in(body: &[u8]) -> String {
    const LONGEST: usize = 200;
    let words = serde_json::from_slice::<Value>(body).ok().and_then(|answer| {
        let places = [&answer["error"]["message"], &answer["error"], &answer["detail"], &answer["message"]];
        places.into_iter().find_map(Value::as_str).map(str::to_owned)
    });
    let words = words.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    let words: Vec<&str> =
        words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(LONGEST).collect()
}
