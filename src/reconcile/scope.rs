//! Which memories a command is about.

use crate::object::{Memory, Timestamp};

/// A selection of memories; everything where nothing is set. Several values of one kind are alternatives,
/// several kinds must all match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// The memory has one of these tags.
    pub tags: Vec<String>,
    /// The memory has one of these types.
    pub types: Vec<String>,
    /// The memory is in one of these stores.
    pub stores: Vec<String>,
    /// The memory was made at or after this moment.
    pub since: Option<Timestamp>,
}

impl Scope {
    /// Whether every memory matches.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a memory matches. A memory is in scope while either side's version does, so leaving the scope
    /// is never a deletion.
    #[must_use]
    pub fn contains(&self, memory: &Memory) -> bool {
        let among =
            |wanted: &[String], value: &str| wanted.is_empty() || wanted.iter().any(|one| one == value);
        let tagged = self.tags.is_empty() || self.tags.iter().any(|tag| memory.tags.contains(tag));
        tagged
            && among(&self.types, memory.memory_type.as_deref().unwrap_or(""))
            && among(&self.stores, memory.store.as_deref().unwrap_or(Memory::DEFAULT_STORE))
            && self.since.is_none_or(|since| memory.created_at.is_some_and(|created| created >= since))
    }
}
