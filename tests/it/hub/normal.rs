//! Answers without what no two servers share: the moment, random names, durations, and where they listen.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::wire::Answer;

/// What differs between two runs that were told the same.
pub struct Normaliser {
    /// When the test started.
    pub started: Timestamp,
    /// `host:port` of the server whose answers these are.
    pub host: String,
}

/// Headers that say something about the answer.
const HEADERS: &[&str] = &[
    "content-type",
    "location",
    "allow",
    "www-authenticate",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
    "cache-control",
    "content-encoding",
];

/// Members whose values say nothing of a server: durations, the machine, and a file that grows as its pages happen
/// to be written.
const OF_THE_RUN: &[&str] = &[
    "processing_time_ms",
    "uptime_seconds",
    "uptime_formatted",
    "memory_percent",
    "disk_percent",
    "database_size_mb",
    "database_size_bytes",
];

impl Normaliser {
    /// The answer as a value to compare: status, the headers that matter, and the body.
    pub fn answer(&self, answer: &Answer) -> Value {
        let headers: Map<String, Value> = HEADERS
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.text(answer.header(name)?))))
            .collect();
        let body = answer.json().map_or_else(|| json!(answer.text()), |body| self.value(&body));
        json!({ "status": answer.status, "headers": headers, "body": body })
    }

    /// A part of an answer as a value to compare.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => self.object(members),
            Value::Array(items) => self.array(items),
            Value::String(text) => self.text(text),
            Value::Number(_) => self.moment(value).unwrap_or_else(|| value.clone()),
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }

    fn object(&self, members: &Map<String, Value>) -> Value {
        let mut normal: Map<String, Value> =
            members.iter().map(|(name, value)| (name.clone(), self.value(value))).collect();
        // A clock counts on where two writes fall into one millisecond.
        if normal.get("hlc_physical") == Some(&json!("<now in ms>")) {
            normal.insert("hlc_logical".to_owned(), json!("<count>"));
        }
        for name in OF_THE_RUN {
            if let Some(value) = normal.get_mut(*name)
                && !value.is_null()
            {
                *value = json!(format!("<{name}>"));
            }
        }
        self.baseline_id(members, &mut normal);
        Value::Object(normal)
    }

    /// The id of a baseline event is made from the row's `updated_at`, so it is only compared where that was given.
    fn baseline_id(&self, members: &Map<String, Value>, normal: &mut Map<String, Value>) {
        let id = members.get("event_id").and_then(Value::as_str).unwrap_or_default();
        if id.starts_with("bl-") {
            let updated = members.get("payload").and_then(|payload| payload.get("updated_at"));
            if updated.is_none_or(|updated| self.moment(updated).is_some()) {
                normal.insert("event_id".to_owned(), json!(format!("<bl- and {} digits>", id.len() - 3)));
            }
        }
    }

    /// A list; the clock `[physical, logical, agent]` that a memory made again carries is one.
    fn array(&self, items: &[Value]) -> Value {
        let mut normal: Vec<Value> = items.iter().map(|item| self.value(item)).collect();
        if let [physical, logical, _] = normal.as_mut_slice()
            && *physical == json!("<now in ms>")
        {
            *logical = json!("<count>");
        }
        Value::Array(normal)
    }

    /// A number that means a moment of this test, in seconds or milliseconds.
    fn moment(&self, value: &Value) -> Option<Value> {
        let number = value.as_f64()?;
        let started = self.started.as_duration().as_secs_f64();
        let during = |number: f64| (number - started).abs() < 1800.0;
        if during(number) {
            let whole = value.as_i64().is_some();
            return Some(json!(if whole { "<now in whole seconds>" } else { "<now>" }));
        }
        during(number / 1000.0).then(|| json!("<now in ms>"))
    }

    fn text(&self, text: &str) -> Value {
        let text = text.replace(&self.host, "<host>");
        if let Some(shape) = self.moment_in_words(&text) {
            return json!(shape);
        }
        // Which tags matched is a set there, in another order in every process.
        if let Some((mode, tags)) = text.split_once("): ")
            && mode.starts_with("Tags match (")
        {
            let mut tags: Vec<&str> = tags.split(", ").collect();
            tags.sort_unstable();
            return json!(format!("{mode}): {}", tags.join(", ")));
        }
        json!(without_uuids(&text))
    }

    /// An ISO time of this test, with the zone as it is written and the fraction as long as it is.
    fn moment_in_words(&self, text: &str) -> Option<String> {
        let (date_time, rest) = text.split_at_checked(19)?;
        let moment: Timestamp = format!("{}Z", date_time.replace(' ', "T")).parse().ok()?;
        let during = moment.duration_since(self.started).as_secs().abs() < 1800;
        let shape: String = rest.chars().map(|c| if c.is_ascii_digit() { 'f' } else { c }).collect();
        (during && (rest.is_empty() || rest.starts_with(['.', 'Z', '+']))).then(|| {
            let shape = if rest.contains("+00:00") { shape.replace("+ff:ff", "+00:00") } else { shape };
            format!("<now{}{shape}>", &text[10..11])
        })
    }
}

/// The text with every random UUID (version 4) as a word.
fn without_uuids(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let uuid = rest.get(..36).filter(|candidate| is_uuid(candidate));
        let length = uuid.map_or(first.len_utf8(), str::len);
        out.push_str(if uuid.is_some() { "<uuid>" } else { &rest[..length] });
        rest = &rest[length..];
    }
    out
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        14 => byte == b'4',
        _ => byte.is_ascii_hexdigit(),
    })
}
