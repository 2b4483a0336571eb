//! A memory's metadata: what the user put there, without the service's own bookkeeping.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json;

/// The metadata of a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metadata {
    /// A JSON object. Members that are `null` are absent here, because a server can only be told to
    /// set a member to null, never to remove it; nested values are kept as they are.
    Members(BTreeMap<String, Value>),
    /// Text that is no JSON object (NaN, lone surrogates, damage): carried as it is, never looked into.
    Opaque(String),
}

impl Default for Metadata {
    fn default() -> Self {
        Self::Members(BTreeMap::new())
    }
}

impl Metadata {
    /// Reads the text of the service's `metadata` column. Empty text and `null` are no members.
    #[must_use]
    pub fn from_text(text: &str, bookkeeping: &Bookkeeping) -> Self {
        if text.trim().is_empty() {
            return Self::default();
        }
        match json::parse(text) {
            Ok(Value::Object(members)) => Self::from_members(members, bookkeeping),
            Ok(Value::Null) => Self::default(),
            _ => Self::Opaque(text.to_owned()),
        }
    }

    /// Takes the members of a JSON object, leaving out bookkeeping and nulls.
    #[must_use]
    pub fn from_members(
        members: impl IntoIterator<Item = (String, Value)>,
        bookkeeping: &Bookkeeping,
    ) -> Self {
        let kept = members.into_iter().filter(|(key, value)| !value.is_null() && !bookkeeping.owns(key));
        Self::Members(kept.collect())
    }

    /// The members, or `None` where the text could not be read.
    #[must_use]
    pub fn members(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Self::Members(members) => Some(members),
            Self::Opaque(_) => None,
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members().is_some_and(BTreeMap::is_empty)
    }
}

/// Which metadata keys belong to the service or to memsync itself. They are neither part of a blob,
/// nor sent, nor overwritten, so that reading or scoring a memory is no change.
#[derive(Clone, Debug, Default)]
pub struct Bookkeeping {
    extra: Vec<String>,
}

impl Bookkeeping {
    /// The member under which memsync keeps what a server has no field for.
    pub const MEMSYNC: &str = "memsync";

    /// The service's own keys (read off 10.20.6 and 12.2.0) and those of `sync.ignoreMetadata`, where
    /// a trailing `*` stands for any ending.
    #[must_use]
    pub fn with_ignored(extra: Vec<String>) -> Self {
        Self { extra }
    }

    /// Whether `key` is bookkeeping.
    #[must_use]
    pub fn owns(&self, key: &str) -> bool {
        matches!(key, "access_count" | "last_accessed_at" | "access_queries" | Self::MEMSYNC)
            || key.starts_with("quality_")
            || self.extra.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(prefix) => key.starts_with(prefix),
                None => key == pattern,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Metadata {
        Metadata::from_text(text, &Bookkeeping::default())
    }

    #[test]
    fn what_is_no_object_is_carried_as_text_and_nothing_is_nothing() {
        for nothing in ["", " \n", "null", " null ", "{}", r#"{"a":null}"#] {
            assert!(read(nothing).is_empty(), "{nothing:?}");
            assert_eq!(read(nothing), Metadata::default());
        }
        for odd in ["{NaN}", "[]", "1", "\"\"", "nul"] {
            assert_eq!(read(odd), Metadata::Opaque(odd.to_owned()));
            assert!(!read(odd).is_empty(), "{odd:?}");
            assert_eq!(read(odd).members(), None);
        }
        assert!(!read(r#"{"a":1}"#).is_empty());
        assert_eq!(read(r#"{"a":{"b":null}}"#).members().unwrap()["a"].to_string(), r#"{"b":null}"#);
    }

    #[test]
    fn bookkeeping_is_the_services_own_keys_and_those_that_were_asked_for() {
        let usual = Bookkeeping::default();
        let more = Bookkeeping::with_ignored(vec!["seen".to_owned(), "cache_*".to_owned()]);
        for key in
            ["access_count", "last_accessed_at", "access_queries", "memsync", "quality_score", "quality_"]
        {
            assert!(usual.owns(key) && more.owns(key), "{key}");
        }
        for key in ["seen", "cache_x", "cache_"] {
            assert!(!usual.owns(key) && more.owns(key), "{key}");
        }
        for key in ["quality", "access", "seen2", "see", "cache", "my_cache_x", ""] {
            assert!(!usual.owns(key) && !more.owns(key), "{key}");
        }
    }
}
