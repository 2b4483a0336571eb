//! The body of a request, which is one JSON object.

use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::{Fields, Problem, Said, python, unprocessable};
use crate::hub::failure::Failure;
use crate::hub::limits::read_body;
use crate::object;

/// The largest body, in bytes, that is parsed where other requests wait meanwhile.
const SMALL: usize = 64 * 1024;

/// The members of a JSON body, as an extractor.
#[derive(Debug)]
pub(in crate::hub) struct Body(pub(in crate::hub) Fields);

impl<S: Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let is_json = is_json(request.headers());
        let bytes = read_body(request.into_body()).await?;
        if bytes.len() <= SMALL {
            return Fields::of_body(&bytes, is_json).map(Self);
        }
        let fields = spawn_blocking(move || Fields::of_body(&bytes, is_json)).await;
        fields.map_err(|_| Failure::bug())?.map(Self)
    }
}

impl Fields {
    /// The members of a body; what is not sent as JSON is a text to the service.
    pub(super) fn of_body(bytes: &[u8], is_json: bool) -> Result<Self, Failure> {
        if bytes.is_empty() {
            return Err(whole(Problem::new("missing", "Field required", &Value::Null)));
        }
        let value = if is_json { parse(bytes)? } else { String::from_utf8_lossy(bytes).into() };
        if !value.is_object() {
            let message = "Input should be a valid dictionary or object to extract fields from";
            return Err(whole(Problem::new("model_attributes_type", message, &value)));
        }
        Ok(Self { place: "body", said: Said::Body(value), problems: Vec::new() })
    }
}

fn whole(problem: Problem) -> Failure {
    unprocessable(vec![problem.into_json(&[json!("body")])])
}

fn parse(bytes: &[u8]) -> Result<Value, Failure> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Failure::new(StatusCode::BAD_REQUEST, "There was an error parsing the body"))?;
    // Some editors begin a file with a byte order mark, and the service reads past it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    object::json::parse(text).map_err(|_| {
        let (position, message) = python::mistake(text);
        let context = Some(json!({ "error": message }));
        let problem = Problem { context, ..Problem::new("json_invalid", "JSON decode error", &json!({})) };
        unprocessable(vec![problem.into_json(&[json!("body"), json!(position)])])
    })
}

/// Whether a body is declared as `application/json`, or as a type built on it.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.strip_prefix("application/").is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
}
