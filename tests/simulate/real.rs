//! Places as people have them: a device's database is a file, the server answers HTTP.
//!
//! Guarantees: a place is worked on as the service works on it, past memsync's own code, and read the same way, so that
//! a mistake of `local` or `remote` shows as a difference and is not made by the tests as well.
//!
//! Must never: depend on a clock, or wait but for the times of files.

mod device;
mod server;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use memsync::object::{Bookkeeping, Carried, Memory, Metadata, Timestamp, split_tags};
use serde_json::{Map, Value};

use crate::place::{Ground, Place};

pub(crate) use device::Device;
pub(crate) use server::{Server, held};

/// Makes real places.
pub(crate) struct Real;

impl Ground for Real {
    fn name(&self) -> &'static str {
        "real"
    }

    fn longest(&self) -> usize {
        20
    }

    fn server(&self) -> Rc<dyn Place> {
        Rc::new(Server::new())
    }

    fn device(&self, _: usize) -> Rc<dyn Place> {
        Rc::new(Device::new())
    }
}

/// What the service keeps of a memory, in its own form.
struct Kept<'a> {
    content: &'a str,
    tags: &'a str,
    memory_type: Option<&'a str>,
    metadata: &'a Map<String, Value>,
    created_at: Option<f64>,
    store: &'a str,
    superseded_by: Option<&'a str>,
}

impl Kept<'_> {
    /// The memory in the form in which a side shows it.
    fn memory(&self) -> Memory {
        let named = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let mut memory = Memory {
            content: self.content.to_owned(),
            tags: split_tags(self.tags),
            memory_type: named(self.memory_type),
            metadata: Metadata::from_members(self.metadata.clone(), &Bookkeeping::default()),
            created_at: self.created_at.and_then(Timestamp::new),
            store: named(Some(self.store)).filter(|store| store != Memory::DEFAULT_STORE),
            superseded_by: named(self.superseded_by),
        };
        Carried::from_members(self.metadata).restore(&mut memory);
        memory
    }
}

/// The metadata once somebody has made `wanted` of what people see of it: bookkeeping stays.
fn with_members(standing: &Map<String, Value>, wanted: &Memory) -> Map<String, Value> {
    let bookkeeping = Bookkeeping::default();
    let mut members = standing.clone();
    members.retain(|name, _| bookkeeping.owns(name));
    members.extend(
        wanted.metadata.members().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())),
    );
    members
}

/// A moment of this century as the service notes it.
#[expect(clippy::cast_precision_loss, reason = "a moment of this century")]
fn seconds(now: i64) -> f64 {
    now as f64
}
