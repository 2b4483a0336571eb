//! JSON as a value, whatever its keys are.
//!
//! Guarantees: each member keeps its name and its value. `serde_json` alone does not give that: an object whose first
//! key is one of two names of its own becomes another value, since numbers and raw texts travel under these names
//! inside it (read off its source, `Value`'s `Deserialize`).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::Error as _;
use serde_json::value::RawValue;
use serde_json::{Error, Value, from_str};

/// The keys under which `serde_json` hands numbers and raw texts to itself.
const TAKEN: [&str; 2] = ["$serde_json::private::Number", "$serde_json::private::RawValue"];

/// How deep values may lie in each other: as deep as `serde_json` allows.
const MAX_DEPTH: usize = 127;

/// Reads a JSON text. Numbers keep their digits.
pub fn parse(text: &str) -> Result<Value, Error> {
    if may_have_taken_key(text) { parse_parts(text, MAX_DEPTH) } else { from_str(text) }
}

/// Whether `serde_json` may take a part of this text for something else. Then each level has to be read by itself, which
/// costs time: so this is to be false for nearly every text, and wrong on one side only.
#[must_use]
pub fn may_have_taken_key(text: &str) -> bool {
    let text = if text.contains("\\u00") { Cow::Owned(without_escapes(text)) } else { Cow::Borrowed(text) };
    TAKEN.iter().any(|name| text.contains(name))
}

/// The text with the characters of ASCII in place of their numbers.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\\u00");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let character = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.extend(character.map(char::from));
        plain.push_str(character.map_or(part, |_| &part[2..]));
    }
    plain
}

fn parse_parts(text: &str, depth: usize) -> Result<Value, Error> {
    let within = |part: &RawValue| match depth.checked_sub(1) {
        Some(depth) => parse_parts(part.get(), depth),
        None => Err(Error::custom("recursion limit exceeded")),
    };
    match text.trim_start().as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = from_str(text)?;
            members.into_iter().map(|(name, part)| Ok((name, within(part)?))).collect()
        }
        Some(b'[') => from_str::<Vec<&RawValue>>(text)?.into_iter().map(within).collect(),
        _ => from_str(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of which `serde_json` makes another one, or none.
    const ODD: [&str; 6] = [
        r#"{"a":{"$serde_json::private::Number":"5"}}"#,
        r#"{"$serde_json::private::Number":"5"}"#,
        r#"[{"$serde_json::private::Number":"no number"}]"#,
        r#"{"$serde_json::private::RawValue":"{\"a\":1}"}"#,
        r#"{"$serde_json::private::Number":{"$serde_json::private::RawValue":1.50},"a":[],"b":"é"}"#,
        r#"[[{"$serde_json::private::RawValue":null}],1e+400]"#,
    ];

    #[test]
    fn a_key_is_a_key_whatever_it_is_called() {
        for text in ODD {
            assert_eq!(parse(text).unwrap().to_string(), text);
            assert_ne!(from_str::<Value>(text).map(|value| value.to_string()).unwrap_or_default(), text);
            let escaped = text.replace("$s", "\\u0024\\u0073");
            assert_eq!(parse(&escaped).unwrap().to_string(), text, "{escaped}");
        }
    }

    #[test]
    fn everything_else_is_read_as_usual() {
        let deep = |levels: usize, inner: &str| "[".repeat(levels) + inner + &"]".repeat(levels);
        let odd = r#"{"$serde_json::private::Number":1}"#;
        for text in
            ["{\"caf\\u00e9\":\"\\u00\\u00zz\"}", "{\"\\u00e9\":[1,1.0]}", "nul", "", "{\"a\":1,}", "1 2"]
        {
            assert!(!may_have_taken_key(text), "{text}: that would only cost time");
            assert_eq!(parse(text).ok(), from_str(text).ok(), "{text}");
            let both = format!("[{text},{odd}]");
            assert_eq!(parse(&both).is_ok(), from_str::<Value>(text).is_ok(), "{both}");
        }
        for levels in [100, 126, 127, 100_000] {
            let is_read = from_str::<Value>(&deep(levels, "{\"a\":1}")).is_ok();
            assert_eq!(parse(&deep(levels, odd)).is_ok(), is_read, "{levels}");
        }
    }
}
