//! The text of the metadata column, with members set.
//!
//! Guarantees: a member that is not set keeps its bytes, whatever Python wrote there: NaN, infinities, half a
//! surrogate pair and any depth included. What cannot be read as a JSON object at all gives way, as it does in
//! the service, to which it is no metadata either.

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::local::members::{first, join, to_text};

/// What Python reads as a number and JSON does not know, and a number of the same length.
const BEYOND_JSON: [(&str, &str); 2] = [("NaN", "0.0"), ("Infinity", "0.000000")];

/// A member of the standing text.
struct Member<'a> {
    /// `None` where it holds half a surrogate pair, so that no member that is set can have it.
    key: Option<String>,
    text: &'a str,
}

/// The text of `standing` once each of `members` is set: a key that is there keeps its place.
pub(super) fn merge(standing: &str, members: &Map<String, Value>) -> String {
    let standing = split(standing).unwrap_or_default();
    let mut texts: Vec<String> = Vec::new();
    for member in &standing {
        match member.key.as_ref().and_then(|key| members.get_key_value(key)) {
            Some((key, value)) => texts.push(to_text(key, value)),
            None => texts.push(member.text.to_owned()),
        }
    }
    let is_new = |key: &String| standing.iter().all(|member| member.key.as_ref() != Some(key));
    texts.extend(members.iter().filter(|(key, _)| is_new(key)).map(|(key, value)| to_text(key, value)));
    join(&texts)
}

/// The members of a JSON object as Python writes it; `None` where the text is none. Of members of one name the
/// last counts.
fn split(text: &str) -> Option<Vec<Member<'_>>> {
    let json = to_json(text);
    first::<IgnoredAny>(&json).filter(|(_, end)| json[*end..].trim().is_empty())?;
    let mut members: Vec<Member<'_>> = Vec::new();
    let mut at = text.find('{').filter(|at| text[..*at].trim().is_empty())? + 1;
    loop {
        at += json[at..].find(|c: char| !matches!(c, ' ' | '\t' | '\r' | '\n' | ','))?;
        if json[at..].starts_with('}') {
            return Some(members);
        }
        let (_, key_length) = first::<IgnoredAny>(&json[at..])?;
        let colon = at + key_length + json[at + key_length..].find(':')?;
        let (_, value_length) = first::<IgnoredAny>(&json[colon + 1..])?;
        let end = colon + 1 + value_length;
        let key = serde_json::from_str(&text[at..at + key_length]).ok();
        members.retain(|member| key.is_none() || member.key != key);
        members.push(Member { key, text: &text[at..end] });
        at = end;
    }
}

/// The text with a number in place of everything that Python alone reads as one; each byte stays in its place.
fn to_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    let mut in_string = false;
    for piece in text.split_inclusive('"') {
        let ends_string = {
            let before = piece.strip_suffix('"').unwrap_or(piece);
            (before.len() - before.trim_end_matches('\\').len()) % 2 == 0
        };
        if in_string {
            json.push_str(piece);
            in_string = !ends_string;
        } else {
            let [(nan, zero), (infinity, longer)] = BEYOND_JSON;
            json.push_str(&piece.replace(nan, zero).replace(infinity, longer));
            in_string = true;
        }
    }
    json
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(standing: &str, members: Value) -> String {
        let Value::Object(members) = members else { panic!("{members} is no object") };
        merge(standing, &members)
    }

    #[test]
    fn members_that_are_not_set_keep_their_bytes() {
        let standing = r#"{"z": 1.50,"a" :  null, "caf\u00e9": NaN, "\ud800": "\udfff, \"NaN\\", "i": [-Infinity, {"}": ","}], "a": 2}"#;
        insta::assert_snapshot!(merged(standing, json!({"café": 1, "z": null, "new": {"é": [1, 2]}})), @r#"{"z": null, "caf\u00e9": 1, "\ud800": "\udfff, \"NaN\\", "i": [-Infinity, {"}": ","}], "a": 2, "new": {"\u00e9": [1, 2]}}"#);
        insta::assert_snapshot!(merged(standing, json!({})), @r#"{"z": 1.50, "caf\u00e9": NaN, "\ud800": "\udfff, \"NaN\\", "i": [-Infinity, {"}": ","}], "a": 2}"#);
    }

    #[test]
    fn depth_is_no_obstacle() {
        let deep = format!(r#"{{"a": {}{}}}"#, "[".repeat(5000), "]".repeat(5000));
        assert_eq!(merged(&deep, json!({"b": 1})), deep.replace("]}", r#"], "b": 1}"#));
    }

    #[test]
    fn what_is_no_object_gives_way() {
        for standing in
            ["", " ", "null", "[1]", "\"a\"", "{\"a\": 1", "{\"a\": 1} x", "{\"a\": nan}", "{\"a\" 1}"]
        {
            assert_eq!(merged(standing, json!({"b": 1})), r#"{"b": 1}"#, "{standing}");
        }
        assert_eq!(merged(" {} ", json!({"b": 1})), r#"{"b": 1}"#);
    }
}
