//! The tags of a memory that arrives, in the form that the service gives them.

use std::collections::HashSet;

use serde_json::Value;

use super::python;
use super::text::strip;

/// The most tags a memory gets; what is beyond is left out.
const MAX_TAGS: usize = 100;

/// The most characters of a tag; what is beyond is cut off.
const MAX_LENGTH: usize = 100;

/// The most characters of a text that is read as a JSON array of tags.
const MAX_JSON: usize = 4096;

/// A value in the place of the tags that can be none; its type in Python's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' object is not iterable")]
pub struct NoTags(pub &'static str);

/// Tags as the service stores them: without space around them, in lower case, each once, a hyphen for every
/// comma (the column separates them by commas).
pub(super) fn normalize(tags: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut normal = Vec::new();
    for tag in tags {
        let tag = strip(tag.as_ref());
        let tag: String = tag.replace(',', "-").chars().take(MAX_LENGTH).collect();
        let tag = tag.to_lowercase();
        if !tag.is_empty() && normal.len() < MAX_TAGS && seen.insert(tag.clone()) {
            normal.push(tag);
        }
    }
    normal
}

/// The tags in the metadata member `tags`, in every form that the service takes: a list, whose texts count; an
/// object, whose keys count; a text of tags with commas between them, or of a JSON array.
pub(super) fn of_metadata(value: &Value) -> Result<Vec<String>, NoTags> {
    Ok(match value {
        Value::Null => Vec::new(),
        Value::String(text) => of_text(strip(text)),
        Value::Array(elements) => elements.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Object(members) => members.keys().cloned().collect(),
        Value::Bool(_) => return Err(NoTags("bool")),
        Value::Number(number) if number.to_string().contains(['.', 'e', 'E']) => return Err(NoTags("float")),
        Value::Number(_) => return Err(NoTags("int")),
    })
}

fn of_text(text: &str) -> Vec<String> {
    if text.starts_with('[') {
        let is_short = text.chars().count() <= MAX_JSON;
        let elements = is_short.then(|| serde_json::from_str::<Vec<Value>>(text).ok()).flatten();
        return elements
            .map_or_else(|| vec![text.to_owned()], |elements| elements.iter().map(python::str).collect());
    }
    text.split(',').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tags_become_what_the_service_stores() {
        // Each read off a database of 12.2.0.
        assert_eq!(normalize(["B", "a", "A", " a ", "x,y", "", "  ", "b"]), ["b", "a", "x-y"]);
        assert_eq!(
            normalize(["\u{1c}a\u{1f}", "\u{85}b", "\u{200b}c", "\u{a0}d"]),
            ["a", "b", "\u{200b}c", "d"]
        );
        assert_eq!(normalize(["İ".repeat(101)]), ["i\u{307}".repeat(100)]);
        let many = normalize((0..10_000).map(|number| format!("t{number}")));
        assert_eq!((many.len(), many[99].as_str()), (100, "t99"));
    }

    #[test]
    fn tags_in_the_metadata_have_many_forms() {
        let read = |value| of_metadata(&value).map(normalize);
        assert_eq!(read(json!("p, Q,,")), Ok(vec!["p".to_owned(), "q".to_owned()]));
        assert_eq!(read(json!(["Q", 5, null, " r "])), Ok(vec!["q".to_owned(), "r".to_owned()]));
        assert_eq!(read(json!({"k1": 1, "k2": 2})), Ok(vec!["k1".to_owned(), "k2".to_owned()]));
        let elements = ["j1", "2", "none", "true", "1.5"].map(str::to_owned).to_vec();
        assert_eq!(read(json!(r#"["j1", 2, null, true, 1.50]"#)), Ok(elements));
        assert_eq!(read(json!("[a,b")), Ok(vec!["[a-b".to_owned()]));
        assert_eq!(read(json!(null)), Ok(vec![]));
        assert_eq!(read(json!(1.5)), Err(NoTags("float")));
        assert_eq!(read(json!(5)), Err(NoTags("int")));
    }
}
