//! Text as the service, a Python program, treats it.

use serde_json::{Map, Value};

use crate::object::json;

/// `text` without the white space around it, as Python's `str.strip` counts it: the four separators of ASCII
/// are white space there.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c))
}

/// The members of a JSON object as Python writes it, with null in place of NaN and the infinities; none where the
/// text is no such object.
pub(super) fn members(text: &str) -> Map<String, Value> {
    match json::parse(text).or_else(|_| json::parse(&without_nan(text))) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// `json` with null in place of NaN and the infinities, which only Python writes: the service shows them so.
fn without_nan(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(character) = rest.chars().next() {
        let nan = ["NaN", "Infinity", "-Infinity"].iter().find_map(|name| rest.strip_prefix(name));
        if let Some(after) = nan {
            text.push_str("null");
            rest = after;
        } else {
            let end = if character == '"' { end_of_string(rest) } else { character.len_utf8() };
            text.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    text
}

/// Where the string that `json` starts with ends.
fn end_of_string(json: &str) -> usize {
    let mut is_escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(json.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_null_but_not_in_a_text() {
        let json = r#"{"NaN": [NaN, -Infinity,Infinity], "a\\\"NaN": "Infinity", "b": "#;
        insta::assert_snapshot!(without_nan(json), @r#"{"NaN": [null, null,null], "a\\\"NaN": "Infinity", "b":"#);
        assert_eq!(without_nan("\"é"), "\"é");
    }
}
