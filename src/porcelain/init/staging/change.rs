//! What a row of the scripts means.

use std::collections::BTreeSet;

use gix_hash::{Kind, hasher};

use crate::local::service::content_hash;
use crate::object::{Bookkeeping, ContentHash, Memory, Metadata, split_tags};
use crate::store::LegacyRow;

/// The memory that a row is about, by the name that the service gives it; the error says why it is none.
pub(super) fn change(row: &LegacyRow, bookkeeping: &Bookkeeping) -> Result<(ContentHash, Memory), String> {
    // Neither the scripts nor the service take such a memory.
    if row.content.trim().is_empty() {
        return Err("it holds no text".to_owned());
    }
    let metadata = row.metadata.as_deref().map(|text| Metadata::from_text(text, bookkeeping));
    let memory = Memory {
        content: row.content.clone(),
        tags: row.tags.as_deref().map(tags).unwrap_or_default(),
        memory_type: row.memory_type.clone(),
        metadata: metadata.unwrap_or_default(),
        created_at: row.original_created_at.at.or(row.staged_at.at),
        ..Memory::default()
    };
    Ok((key(row)?, memory))
}

/// The scripts hash a text as it is; the service, without the space around it and in lower case. Under the scripts' name
/// the memory would never meet the same one that the service holds.
fn key(row: &LegacyRow) -> Result<ContentHash, String> {
    let is_scripts = row.content_hash.is_empty() || row.content_hash == plain_hash(&row.content);
    let name = if is_scripts { content_hash(&row.content) } else { row.content_hash.clone() };
    ContentHash::new(name).map_err(|error| error.to_string())
}

/// The SHA-256 of a text as it is, in hexadecimal digits.
fn plain_hash(content: &str) -> String {
    let mut hasher = hasher(Kind::Sha256);
    hasher.update(content.as_bytes());
    hasher.try_finalize().expect("only SHA-1 can fail, when it detects a collision attack").to_string()
}

/// A JSON array; or what the scripts make of tags with quotation marks in them, which is none; or the service's own column.
/// No tag holds a comma, because the service could not keep it.
fn tags(text: &str) -> BTreeSet<String> {
    if let Ok(list) = serde_json::from_str::<Vec<serde_json::Value>>(text) {
        let tag = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return list.iter().map(tag).flat_map(|tag| split_tags(&tag)).collect();
    }
    match text.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]")) {
        Some(inside) => inside.split("\",\"").flat_map(split_tags).collect(),
        None => split_tags(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Moment, Operation};

    fn row(content: &str, hash: &str) -> LegacyRow {
        LegacyRow {
            id: "1".to_owned(),
            operation: Operation::Insert,
            content_hash: hash.to_owned(),
            content: content.to_owned(),
            tags: None,
            metadata: None,
            memory_type: None,
            staged_at: Moment::default(),
            original_created_at: Moment::default(),
            source_machine: None,
            conflict_status: "none".to_owned(),
        }
    }

    #[test]
    fn a_memory_has_the_name_that_the_service_gives_it() {
        let name = |content, hash: &str| key(&row(content, hash)).unwrap().to_string();
        let hello = content_hash("hello");
        assert_eq!(name("Hello ", ""), hello);
        assert_eq!(name("Hello ", &plain_hash("Hello ")), hello);
        assert_eq!(name("Hello ", "older-program"), "older-program");
        assert_eq!(name("edited later", &hello), hello);
        assert!(key(&row("Hello", &"x".repeat(1025))).is_err());
    }

    #[test]
    fn tags_are_read_however_they_were_written() {
        let read = |text| tags(text).into_iter().collect::<Vec<_>>().join("|");
        assert_eq!(read(r#"["b","a"]"#), "a|b");
        assert_eq!(read(r#"["say "hi"","b"]"#), r#"b|say "hi""#);
        assert_eq!(read("a,b ,,"), "a|b");
        assert_eq!(read(r#"["a,b",7,null]"#), "7|a|b|null");
        assert_eq!(read("[]"), "");
        assert_eq!(read(""), "");
        assert_eq!(read(r#"["cut"#), r#"["cut"#);
    }
}
