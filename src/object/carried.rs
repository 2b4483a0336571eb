//! What memsync keeps in a memory's metadata where a server has no field for it.

use serde_json::{Map, Number, Value};

use super::{Bookkeeping, Memory, Metadata, Timestamp};

/// The metadata member [`Bookkeeping::MEMSYNC`]: hidden from the blob, but put back into the memory by
/// every side that reads it, so that a third device sees the first device's values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// The memory's own `created_at`, where the server stamps another.
    pub created_at: Option<Timestamp>,
    /// The text of metadata that is no JSON object.
    pub metadata: Option<String>,
    /// The memory's own text, where the server keeps an older spelling of it (letter case, space around it)
    /// and has no way to change it.
    pub content: Option<String>,
}

impl Carried {
    /// Reads the member out of a JSON metadata object; anything unknown or of another type is left aside.
    #[must_use]
    pub fn from_members(members: &Map<String, Value>) -> Self {
        let member = |name| members.get(Bookkeeping::MEMSYNC).and_then(|carried| carried.get(name));
        Self {
            created_at: member("created_at").and_then(Value::as_f64).and_then(Timestamp::new),
            metadata: member("metadata").and_then(Value::as_str).map(str::to_owned),
            content: member("content").and_then(Value::as_str).map(str::to_owned),
        }
    }

    /// The member's value; `None` where nothing is carried.
    #[must_use]
    pub fn to_member(&self) -> Option<Value> {
        let mut member = Map::new();
        if let Some(number) = self.created_at.and_then(|created| Number::from_f64(created.seconds())) {
            member.insert("created_at".to_owned(), Value::Number(number));
        }
        if let Some(text) = &self.metadata {
            member.insert("metadata".to_owned(), Value::from(text.as_str()));
        }
        if let Some(text) = &self.content {
            member.insert("content".to_owned(), Value::from(text.as_str()));
        }
        (!member.is_empty()).then_some(Value::Object(member))
    }

    /// Puts what was carried back in its place.
    pub fn restore(self, memory: &mut Memory) {
        if self.created_at.is_some() {
            memory.created_at = self.created_at;
        }
        if let Some(text) = self.metadata {
            memory.metadata = Metadata::Opaque(text);
        }
        if let Some(text) = self.content {
            memory.content = text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_is_put_back_into_a_memory_that_was_read() {
        let whole = Carried {
            created_at: Timestamp::new(1_712_345_678.25),
            metadata: Some("{NaN}".to_owned()),
            content: Some("Tea".to_owned()),
        };
        let parts = [
            whole.clone(),
            Carried { created_at: whole.created_at, ..Carried::default() },
            Carried { metadata: whole.metadata.clone(), ..Carried::default() },
            Carried { content: whole.content.clone(), ..Carried::default() },
        ];
        for carried in parts {
            let members = Map::from_iter([(Bookkeeping::MEMSYNC.to_owned(), carried.to_member().unwrap())]);
            assert_eq!(Carried::from_members(&members), carried);
            let read =
                Memory { content: "tea".to_owned(), created_at: Timestamp::new(1.0), ..Memory::default() };
            let mut restored = read.clone();
            carried.clone().restore(&mut restored);
            let expected = Memory {
                content: carried.content.unwrap_or(read.content.clone()),
                metadata: carried.metadata.map_or(Metadata::default(), Metadata::Opaque),
                created_at: carried.created_at.or(read.created_at),
                ..read
            };
            assert_eq!(restored, expected);
        }
        assert_eq!(Carried::default().to_member(), None, "nothing is carried as nothing");
        assert_eq!(Carried::from_members(&Map::new()), Carried::default());
    }
}
