//! From JSON to a type, as forgiving as the service's framework (pydantic 2, its lax mode).

use serde_json::{Map, Value};

use super::Problem;

type Read<T> = Result<T, Vec<Problem>>;

pub(super) fn text(value: &Value) -> Read<String> {
    let refusal = || wrong("string_type", "Input should be a valid string", value);
    value.as_str().map(str::to_owned).ok_or_else(refusal)
}

pub(super) fn integer(value: &Value) -> Read<i64> {
    match value {
        Value::Bool(value) => Ok((*value).into()),
        Value::Number(number) => from_number(&number.to_string()).ok_or_else(|| {
            wrong(
                "int_from_float",
                "Input should be a valid integer, got a number with a fractional part",
                value,
            )
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
        Value::Bool(value) => Ok((*value).into()),
        Value::Number(number) => {
            number.as_f64().ok_or_else(|| wrong("float_type", "Input should be a valid number", value))
        }
        Value::String(text) => parse(text).ok_or_else(|| {
            let message = "Input should be a valid number, unable to parse string as a number";
            wrong("float_parsing", message, value)
        }),
        _ => Err(wrong("float_type", "Input should be a valid number", value)),
    }
}

pub(super) fn boolean(value: &Value) -> Read<bool> {
    let word = match value {
        Value::Bool(value) => return Ok(*value),
        Value::String(word) => word.to_ascii_lowercase(),
        Value::Number(number) => from_number(&number.to_string()).unwrap_or(2).to_string(),
        _ => return Err(wrong("bool_type", "Input should be a valid boolean", value)),
    };
    match word.as_str() {
        "1" | "on" | "t" | "true" | "y" | "yes" => Ok(true),
        "0" | "off" | "f" | "false" | "n" | "no" => Ok(false),
        _ => Err(wrong("bool_parsing", "Input should be a valid boolean, unable to interpret input", value)),
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

/// Reads every element, and reports every one that is wrong.
fn list<T>(value: &Value, read: fn(&Value) -> Read<T>) -> Read<Vec<T>> {
    let Value::Array(elements) = value else {
        return Err(wrong("list_type", "Input should be a valid list", value));
    };
    let (mut found, mut problems) = (Vec::with_capacity(elements.len()), Vec::new());
    for (index, element) in elements.iter().enumerate() {
        match read(element) {
            Ok(element) => found.push(element),
            Err(wrong) => {
                problems.extend(wrong.into_iter().map(|problem| Problem { index: Some(index), ..problem }))
            }
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn wrong(kind: &'static str, message: &'static str, value: &Value) -> Vec<Problem> {
    vec![Problem::new(kind, message, value.clone())]
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
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let is_clean = |digits: &str| {
        digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_integer = is_clean(digits) && fraction.bytes().all(|byte| byte == b'0');
    is_integer.then(|| from_number(&whole.replace(['_', '+'], "")))?
}

/// A number from a text.
fn parse(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}
