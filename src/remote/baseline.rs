//! The whole database of a server in one consistent cut: `GET /api/sync/baseline`.
//!
//! The answer is fetched whole before anything of it is shown, so that a connection that breaks is simply
//! tried again, in a file where it is large. Then it is read event by event: only one memory is held at a time. An event
//! that is JSON and cannot be read (values nested too deeply, say) hides none of the others.

use std::fmt;
use std::io::BufReader;
use std::ops::ControlFlow;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::body::Body;
use super::failure::{Failure, describe, quote};
use super::record::{Item, Record, Row, name_in};
use crate::object::{Bookkeeping, ContentHash};
use crate::side::Found;

/// One row of the server's database.
pub(super) struct Event {
    /// Its name, where it can be one.
    pub(super) key: Option<ContentHash>,
    /// What it holds.
    pub(super) row: Row,
    /// The latest clock of its event log, in milliseconds since 1970.
    pub(super) clock: i64,
}

/// How much of a file is read at once, in bytes.
const BUFFER: usize = 256 * 1024;

/// Shows what the body of a baseline holds to `visit` until that breaks, and returns how many rows were looked at,
/// tombstones among them. The error says what is wrong with the whole.
#[doc(hidden)] // For the fuzzers.
pub fn read_baseline(
    body: &[u8],
    bookkeeping: &Bookkeeping,
    visit: &mut dyn FnMut(Found) -> ControlFlow<()>,
) -> Result<usize, String> {
    show(&mut Body::Memory(body.to_vec()), bookkeeping, visit).map_err(|failure| describe(&failure))
}

/// The same for a body that may be in a file.
pub(super) fn show(
    body: &mut Body,
    bookkeeping: &Bookkeeping,
    visit: &mut dyn FnMut(Found) -> ControlFlow<()>,
) -> Result<usize, Failure> {
    let mut rows = 0;
    read(body, bookkeeping, &mut |event| {
        rows += 1;
        let found = match event.key {
            Some(key) => event.row.into_found(key),
            None => Some(Found::Unreadable { key: None, why: "its name is none".to_owned() }),
        };
        found.map_or(ControlFlow::Continue(()), &mut *visit)
    })?;
    Ok(rows)
}

/// Shows every row of a baseline, tombstones too, until `visit` breaks.
pub(super) fn read(
    body: &mut Body,
    bookkeeping: &Bookkeeping,
    visit: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let mut reading = Reading { bookkeeping, visit, stopped: false, found: false };
    body.rewind().map_err(Failure::Spool)?;
    let result = match body {
        Body::Memory(bytes) => {
            Baseline(&mut reading).deserialize(&mut serde_json::Deserializer::from_slice(bytes))
        }
        Body::File(file) => {
            let bytes = BufReader::with_capacity(BUFFER, file);
            Baseline(&mut reading).deserialize(&mut serde_json::Deserializer::from_reader(bytes))
        }
    };
    match result {
        _ if reading.stopped => Ok(()),
        Ok(()) if reading.found => Ok(()),
        Ok(()) => Err(Failure::Malformed("its baseline has no events".to_owned())),
        Err(error) if error.is_io() => Err(Failure::Spool(error.into())),
        Err(error) => Err(Failure::Malformed(format!("its baseline cannot be read: {error}"))),
    }
}

struct Reading<'a> {
    bookkeeping: &'a Bookkeeping,
    visit: &'a mut dyn FnMut(Event) -> ControlFlow<()>,
    stopped: bool,
    found: bool,
}

/// The outer object, of which only the member `events` matters.
struct Baseline<'a, 'b>(&'a mut Reading<'b>);

/// The list of events.
struct Events<'a, 'b>(&'a mut Reading<'b>);

impl<'de> DeserializeSeed<'de> for Baseline<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Baseline<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a baseline")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name == "events" {
                self.0.found = true;
                members.next_value_seed(Events(self.0))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Events<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Events<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut events: A) -> Result<(), A::Error> {
        while let Some(event) = events.next_element::<Box<RawValue>>()? {
            if (self.0.visit)(event_of(&event, self.0.bookkeeping)).is_break() {
                self.0.stopped = true;
                return Err(serde::de::Error::custom("nobody wants to see more"));
            }
        }
        Ok(())
    }
}

/// The row that an event shows. Nearly every one is as the service writes them, and is read at half the price of a
/// [`Value`].
fn event_of(event: &RawValue, bookkeeping: &Bookkeeping) -> Event {
    let plain = serde_json::from_str::<Plain>(event.get()).ok();
    plain.and_then(|plain| plain.event(bookkeeping)).unwrap_or_else(|| decode(event, bookkeeping))
}

/// An event as the service writes it.
#[derive(Deserialize)]
struct Plain {
    content_hash: String,
    op: String,
    hlc_physical: i64,
    payload: Item,
}

impl Plain {
    /// The row that it shows; `None` where something about it is odd.
    fn event(self, bookkeeping: &Bookkeeping) -> Option<Event> {
        let key = ContentHash::new(self.content_hash).ok()?;
        let row = match self.op.as_str() {
            "delete" => Row::Tombstone,
            "create" => {
                let record = Record::of(self.payload, bookkeeping).ok()?;
                Row::Live(Some(record).filter(|record| record.held.key == key).map(Box::new)?)
            }
            _ => return None,
        };
        Some(Event { key: Some(key), row, clock: self.hlc_physical })
    }
}

fn decode(event: &RawValue, bookkeeping: &Bookkeeping) -> Event {
    let mut event: Value = match serde_json::from_str(event.get()) {
        Ok(event) => event,
        Err(why) => return outline(event, &why.to_string()),
    };
    let key = event["content_hash"].as_str().and_then(|key| ContentHash::new(key).ok());
    let clock = event["hlc_physical"].as_i64().unwrap_or(0);
    let row = match event["op"].as_str() {
        Some("delete") => Row::Tombstone,
        Some("create") => match Record::decode(event["payload"].take(), bookkeeping) {
            Ok(record) if Some(&record.held.key) == key.as_ref() => Row::Live(Box::new(record)),
            Ok(_) => Row::Unreadable("its event and its payload name different memories".to_owned()),
            Err(why) => Row::Unreadable(quote(&why)),
        },
        _ => Row::Unreadable("its event is neither a create nor a delete".to_owned()),
    };
    Event { key, row, clock }
}

/// What can be told of an event whose payload cannot be read: a deletion is one, whatever it deleted.
fn outline(event: &RawValue, why: &str) -> Event {
    #[derive(Deserialize)]
    struct Outline {
        op: String,
        hlc_physical: i64,
    }
    let (row, clock) = match serde_json::from_str(event.get()) {
        Ok(Outline { op, hlc_physical }) if op == "delete" => (Row::Tombstone, hlc_physical),
        _ => (Row::Unreadable(quote(why)), 0),
    };
    Event { key: name_in(event), row, clock }
}
