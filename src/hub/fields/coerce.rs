//! From JSON to a type, as forgiving as the service's framework (pydantic 2, its lax mode).

use serde_json::{Map, Value};

use super::{MOST_PROBLEMS, Problem};

type Read<T> = Result<T, Vec<Problem>>;

pub(super) fn text(value: &Value) -> Read<String> {
    let refusal = || wrong("string_type", "Input should be a valid string", value);
    value.as_str().map(str::to_owned).ok_or_else(refusal)
}

pub(super) fn integer(value: &Value) -> Read<i64> {
    match value {
        Value::Bool(value) => Ok((*value).into()),
        Value::Number(number) => from_number(&number.to_string()).ok_or_else(|| {
            let message = "Input should be a valid integer, got a number with a fractional part";
            wrong("int_from_float", message, value)
        }),
        Value::String(text) => from_text(text).ok_or_else(|| {
            let message = "Input should be a valid integer, unable to parse string as an integer";
            wrong("int_parsing", message, value)
        }),
        _ => Err(wrong("int_type", "Input should be a valid integer", value)),
    }
}

pub(super) fn number(value: &Value) -> Read<f64> {
    match value {
        Value::Bool(value) => Ok(f64::from(*value)),
        Value::String(text) => float_from_text(text).ok_or_else(|| {
            let message = "Input should be a valid number, unable to parse string as a number";
            wrong("float_parsing", message, value)
        }),
        value => value.as_f64().ok_or_else(|| wrong("float_type", "Input should be a valid number", value)),
    }
}

pub(super) fn boolean(value: &Value) -> Read<bool> {
    let word = match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::String(word) => Some(word.to_ascii_lowercase()),
        Value::Number(number) => from_number(&number.to_string()).map(|number| number.to_string()),
        _ => None,
    };
    match word.as_deref() {
        Some("1" | "on" | "t" | "true" | "y" | "yes") => Ok(true),
        Some("0" | "off" | "f" | "false" | "n" | "no") => Ok(false),
        Some(_) => {
            Err(wrong("bool_parsing", "Input should be a valid boolean, unable to interpret input", value))
        }
        None => Err(wrong("bool_type", "Input should be a valid boolean", value)),
    }
}

pub(super) fn object(value: &Value) -> Read<Map<String, Value>> {
    let refusal = || wrong("dict_type", "Input should be a valid dictionary", value);
    value.as_object().cloned().ok_or_else(refusal)
}

pub(super) fn texts(value: &Value) -> Read<Vec<String>> {
    list(value, text)
}

pub(super) fn objects(value: &Value) -> Read<Vec<Map<String, Value>>> {
    list(value, object)
}

/// Reads every element, and reports those that are wrong, up to as many as a refusal lists.
fn list<T>(value: &Value, read: fn(&Value) -> Read<T>) -> Read<Vec<T>> {
    let Value::Array(elements) = value else {
        return Err(wrong("list_type", "Input should be a valid list", value));
    };
    let (mut found, mut problems) = (Vec::with_capacity(elements.len()), Vec::new());
    for (index, element) in elements.iter().enumerate() {
        match read(element) {
            Ok(element) => found.push(element),
            Err(wrong) => {
                problems.extend(wrong.into_iter().map(|problem| Problem { index: Some(index), ..problem }));
            }
        }
        if problems.len() >= MOST_PROBLEMS {
            break;
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn wrong(kind: &'static str, message: &'static str, value: &Value) -> Vec<Problem> {
    vec![Problem::new(kind, message, value)]
}

/// An integer from a JSON number; what is beyond 64 bits is the nearest that fits.
fn from_number(text: &str) -> Option<i64> {
    if text.contains(['.', 'e', 'E']) {
        let number: f64 = text.parse().ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "it has no fraction, and the cast saturates")]
        return (number.fract() == 0.0).then_some(number as i64);
    }
    text.parse().ok().or(Some(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

/// An integer from a text: spaces around it, a sign, single underscores between digits and a fraction of zeros
/// are allowed.
fn from_text(text: &str) -> Option<i64> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = without_underscores(whole.strip_prefix(['+', '-']).unwrap_or(whole))?;
    let is_integer = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte == b'0');
    let sign = if whole.starts_with('-') { "-" } else { "" };
    is_integer.then(|| from_number(&format!("{sign}{digits}")))?
}

/// A number from a text: spaces around it and single underscores are allowed.
fn float_from_text(text: &str) -> Option<f64> {
    without_underscores(text.trim())?.parse().ok()
}

/// `text` without the underscores between its characters; `None` where one is elsewhere.
fn without_underscores(text: &str) -> Option<String> {
    let is_clean = !text.starts_with('_') && !text.ends_with('_') && !text.contains("__");
    is_clean.then(|| text.replace('_', ""))
}
