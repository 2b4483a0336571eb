//! The tags that memories have, counted.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::Serialize;

use crate::side;

use super::Reader;
use super::record::{UNTAGGED, tags};

/// A tag, and how often memories have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TagCount {
    /// The tag, letter case included.
    pub tag: String,
    /// How often: a memory that has it twice counts twice.
    pub count: u64,
}

/// Tags in the order in which they were first seen.
#[derive(Default)]
struct Counter {
    tags: Vec<TagCount>,
    places: HashMap<String, usize>,
}

impl Reader {
    /// The tags of a store's memories, the most frequent first and equally frequent ones by name. A memory
    /// without tags has the tag `untagged`, as in [`super::Record`].
    ///
    /// Where `store` is `None`, which means all stores, the service counts only what is written there, and lists
    /// equally frequent tags by the row that was the first to have them.
    pub fn tags(&self, store: Option<&str>) -> Result<Vec<TagCount>, side::Error> {
        let sql = "SELECT tags FROM memories WHERE +deleted_at IS NULL AND (?1 IS NULL OR store = ?1)";
        let mut counter = Counter::default();
        self.at_one_moment(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([store])?;
            while let Some(row) = rows.next()? {
                let Ok(column) = row.get_ref(0)?.as_str_or_null() else { continue };
                let column = column.unwrap_or_default();
                let is_untagged = store.is_some() && tags(column).next().is_none();
                tags(column).chain(is_untagged.then_some(UNTAGGED)).for_each(|tag| counter.add(tag));
            }
            Ok(())
        })?;
        let mut tags = counter.tags;
        if store.is_some() {
            tags.sort_unstable_by(|left, right| left.tag.cmp(&right.tag));
        }
        tags.sort_by_key(|tag| Reverse(tag.count));
        Ok(tags)
    }
}

impl Counter {
    fn add(&mut self, tag: &str) {
        if let Some(place) = self.places.get(tag) {
            self.tags[*place].count += 1;
        } else {
            self.places.insert(tag.to_owned(), self.tags.len());
            self.tags.push(TagCount { tag: tag.to_owned(), count: 1 });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::local::service::fixture::Fixture;
    use crate::object::Timestamp;

    #[test]
    fn the_most_frequent_tags_come_first() {
        let fixture = Fixture::new();
        fixture.execute(
            "INSERT INTO memories (content_hash, content, tags, store, deleted_at) VALUES
             ('1', '', 'z, b,b', 'default', NULL), ('2', '', '', 'default', NULL), ('3', '', 'a', 'default', NULL),
             ('4', '', 'a', 'work', NULL), ('5', '', NULL, 'work', NULL), ('6', '', 'z', 'default', 1),
             ('7', '', X'FF', 'default', NULL)",
        );
        let tags = |store| {
            let tags = fixture.writer.reader.tags(store).unwrap();
            tags.iter().map(|tag| format!("{} {}", tag.tag, tag.count)).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(tags(Some("default")), "b 2, a 1, untagged 1, z 1");
        assert_eq!(tags(Some("nowhere")), "");
        assert_eq!(tags(None), "b 2, a 2, z 1");
        let statistics = fixture.writer.reader.statistics(Timestamp::new(0.0).unwrap()).unwrap();
        assert_eq!(
            (statistics.total_memories, statistics.missing_embeddings, statistics.unique_tags),
            (6, 6, 3)
        );
    }
}
