//! Why a request came to nothing, and what that means: try again, one memory's outcome, or an error for the
//! whole side.
//!
//! What a server says is untrusted: it is cut to one short line before it is quoted.

use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use super::trust::{self, Rejected};
use crate::side::{self, Cause};

/// Why a request came to nothing, after the retries.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection, or one that broke or fell silent before the answer was whole.
    Transport(Cause),
    /// The server's certificate was not accepted.
    Certificate(Box<Rejected>),
    /// What the server answers is too large for memory, and this device could not keep it in a file.
    Spool(io::Error),
    /// The server asks to be left alone for longer than [`Patience::longest_wait`](super::Patience::longest_wait).
    Busy { status: StatusCode, asked: Duration },
    /// The server answered with an error.
    Status { status: StatusCode, detail: String, retry_after: Option<Duration> },
    /// The answer is not what the API promises.
    Malformed(String),
}

impl Failure {
    /// Whether the same request may do better in a while.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Transport(_) => true,
            Self::Status { status, .. } => is_passing(*status),
            Self::Certificate(_) | Self::Spool(_) | Self::Busy { .. } | Self::Malformed(_) => false,
        }
    }

    /// The error status that the server answered with, where it is about this one request.
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the server has no such endpoint.
    pub(super) fn is_missing_endpoint(&self) -> bool {
        matches!(
            self.status(),
            Some(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED)
        )
    }

    /// The error for the whole side that the failure stands for, where the server is at `address` and was
    /// given a key or not.
    pub(super) fn into_side_error(self, address: String, has_key: bool) -> side::Error {
        match self {
            Self::Transport(cause) => side::Error::Unreachable { address, cause },
            Self::Certificate(rejected) => {
                let Rejected { presented, pinned, cause } = *rejected;
                let sha256 = presented.to_string();
                if let Some(pinned) = pinned {
                    return side::Error::ChangedCertificate { address, sha256, pinned: pinned.to_string() };
                }
                side::Error::UntrustedCertificate { address, sha256, cause: trust::objection(&cause).into() }
            }
            Self::Spool(cause) => side::Error::Spool { address, cause: cause.into() },
            Self::Status { status: StatusCode::UNAUTHORIZED, .. } => {
                let detail = if has_key { "the API key is wrong" } else { "no API key was given" };
                side::Error::Unauthorized { address, detail: detail.to_owned() }
            }
            Self::Status { status: StatusCode::FORBIDDEN, detail, .. } => side::Error::Unauthorized {
                address,
                detail: format!("the API key does not allow this ({detail})"),
            },
            passing if passing.is_transient() || matches!(passing, Self::Busy { .. }) => {
                side::Error::Unreachable { address, cause: describe(&passing).into() }
            }
            other => side::Error::Protocol { address, detail: describe(&other) },
        }
    }
}

/// Whether a request that was answered with this status may do better in a while.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS) || status.is_server_error()
}

/// A failure as a part of a sentence.
pub(super) fn describe(failure: &Failure) -> String {
    match failure {
        Failure::Transport(cause) => cause.to_string(),
        Failure::Certificate(rejected) => rejected.cause.to_string(),
        Failure::Spool(cause) => cause.to_string(),
        Failure::Busy { status, asked } => {
            format!("it answered {status} and asks to be left alone for {} s", asked.as_secs())
        }
        Failure::Status { status, detail, .. } if detail.is_empty() => format!("it answered {status}"),
        Failure::Status { status, detail, .. } => format!("it answered {status}: {detail}"),
        Failure::Malformed(detail) => detail.clone(),
    }
}

/// A server's words as one line of at most 200 characters.
pub(super) fn quote(words: &str) -> String {
    const LONGEST: usize = 200;
    let line: Vec<&str> = words.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let line = line.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A server's own sentence in the body of an error answer, quoted.
pub(super) fn words_in(body: &[u8]) -> String {
    let words = serde_json::from_slice(body).ok().and_then(|value| words_of(&value));
    quote(&words.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned()))
}

/// The sentence in an error answer: `{"detail": "…"}`, or the description in `{"detail": {…}}` or `{…}`.
fn words_of(answer: &Value) -> Option<String> {
    let detail = answer.get("detail").unwrap_or(answer);
    let words = [detail.as_str(), detail["error_description"].as_str(), detail["error"].as_str()];
    words.into_iter().flatten().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_are_quoted_as_one_short_line() {
        assert_eq!(quote(" a\r\n\tb\u{1b}[31m "), "a b [31m");
        assert_eq!(quote(&"é".repeat(500)).chars().count(), 201);
    }
}
