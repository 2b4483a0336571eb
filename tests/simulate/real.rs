//! Places as people have them: a device's database is a file; the server answers HTTP, or is a file that all share.
//!
//! Guarantees: a place is worked on as the service works on it, past memsync's own code, and read the same way, so that
//! a mistake of `local` or `remote` shows as a difference and is not made by the tests as well. What a row means to people
//! is said here once more, in a few lines of its own ([`Kept`]). Shared with memsync are the schema of a new database
//! (`prepare`, held against the service's own in `local`), the hash that stands for a model (`hash_vector`, held against the
//! service's own in `embed`), and the bare types of `object`: without them nothing could be compared.
//!
//! Must never: depend on a clock, or wait but for the times of files.

mod device;
mod server;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use memsync::object::{Memory, Metadata, Timestamp};
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

/// Makes real devices with a database file as their remote.
#[cfg(not(feature = "planted"))]
pub(crate) struct Shared;

#[cfg(not(feature = "planted"))]
impl Ground for Shared {
    fn name(&self) -> &'static str {
        "shared"
    }

    fn longest(&self) -> usize {
        Real.longest()
    }

    fn server(&self) -> Rc<dyn Place> {
        Rc::new(Device::shared())
    }

    fn device(&self, number: usize) -> Rc<dyn Place> {
        Real.device(number)
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
    /// The memory in the form in which a side shows it. What memsync could not put anywhere else in a server's row stands in the
    /// metadata under [`CARRIED`], and counts instead of what the row says.
    fn memory(&self) -> Memory {
        let named = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let carried = |name| self.metadata.get(CARRIED).and_then(|carried| carried.get(name));
        let carried_text = |name| carried(name).and_then(Value::as_str).map(str::to_owned);
        let created_at = carried("created_at").and_then(Value::as_f64).or(self.created_at);
        let tags = self.tags.split(',').map(str::trim).filter(|tag| !tag.is_empty());
        let members = self.metadata.iter().filter(|(name, value)| !is_bookkeeping(name) && !value.is_null());
        let members = members.map(|(name, value)| (name.clone(), value.clone()));
        Memory {
            content: carried_text("content").unwrap_or_else(|| self.content.to_owned()),
            tags: tags.map(str::to_owned).collect(),
            memory_type: named(self.memory_type),
            metadata: carried_text("metadata")
                .map_or_else(|| Metadata::Members(members.collect()), Metadata::Opaque),
            created_at: created_at.and_then(Timestamp::new),
            store: named(Some(self.store)).filter(|store| store != "default"),
            superseded_by: named(self.superseded_by),
        }
    }
}

/// The metadata member in which memsync carries what a server has no field for.
const CARRIED: &str = "memsync";

/// Whether a metadata member is the service's or memsync's own: `record_access` in the service's `models/memory.py` writes
/// the first three, its folder `quality/` those that begin alike.
fn is_bookkeeping(name: &str) -> bool {
    let own = ["access_count", "last_accessed_at", "access_queries", CARRIED];
    own.contains(&name) || name.starts_with("quality_")
}

/// The metadata once somebody has made `wanted` of what people see of it: bookkeeping stays.
fn with_members(standing: &Map<String, Value>, wanted: &Memory) -> Map<String, Value> {
    let mut members = standing.clone();
    members.retain(|name, _| is_bookkeeping(name));
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
