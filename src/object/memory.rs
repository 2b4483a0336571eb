//! A memory as a value.

use std::collections::BTreeSet;

use super::{BlobId, Metadata, ObjectId, Timestamp};

/// Everything of a memory that memsync keeps in step. Its name, the `content_hash`, is not part of it,
/// nor are `updated_at`, the vector and the service's bookkeeping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The text that is remembered.
    pub content: String,
    /// A set: the order in which a service lists tags means nothing.
    pub tags: BTreeSet<String>,
    /// The service's `memory_type`; `None` for NULL and for the empty text.
    pub memory_type: Option<String>,
    /// Free data, without the service's bookkeeping.
    pub metadata: Metadata,
    /// When the memory was made; `None` where the row holds no number.
    pub created_at: Option<Timestamp>,
    /// The store that holds it; `None` for the service's `default` store and for servers without stores.
    pub store: Option<String>,
    /// The `content_hash` of the memory that took this one's place, where a side records it.
    pub superseded_by: Option<String>,
}

impl Memory {
    /// The name of the store that the service uses where none is named.
    pub const DEFAULT_STORE: &str = "default";

    /// The id of this memory's canonical text.
    #[must_use]
    pub fn id(&self) -> BlobId {
        BlobId::of(&self.to_blob())
    }

    /// The first line of the content that is not blank, as lists show it; empty where there is none.
    #[must_use]
    pub fn first_line(&self) -> &str {
        self.content.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("")
    }
}

/// Splits the service's comma-separated tags column. White space around a tag and empty tags mean nothing.
#[must_use]
pub fn split_tags(column: &str) -> BTreeSet<String> {
    column.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_shows_the_first_line_that_is_not_blank() {
        for (content, line) in [("Tea\nMilk", "Tea"), ("\n \n  Tea \nMilk", "Tea"), (" \n", ""), ("", "")] {
            assert_eq!(Memory { content: content.to_owned(), ..Memory::default() }.first_line(), line);
        }
    }

    #[test]
    fn tags_are_what_stands_between_the_commas() {
        for (column, tags) in
            [("b, a ,b", vec!["a", "b"]), (" ,, ", vec![]), ("", vec![]), ("two words", vec!["two words"])]
        {
            assert_eq!(split_tags(column), tags.into_iter().map(str::to_owned).collect(), "{column:?}");
        }
    }
}
