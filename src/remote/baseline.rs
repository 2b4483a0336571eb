//! The whole database of a server in one consistent cut: `GET /api/sync/baseline`.
//!
//! The answer is fetched whole before anything of it is shown, so that a connection that breaks is simply
//! tried again, in a file where it is large. Then it is read event by event: only one memory is held at a time.

use std::fmt;
use std::io::BufReader;
use std::marker::PhantomData;
use std::ops::ControlFlow;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::body::Body;
use super::failure::{Failure, quote};
use super::record::{Item, Record, Row};
use crate::object::{Bookkeeping, ContentHash};

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

/// Shows every row of a baseline, tombstones too, until `visit` breaks.
///
/// Nearly every event is as the service writes them, and is read in one go, at half the price of a [`Value`]. From the
/// first one on that is not, all are read as whatever they are.
pub(super) fn read(
    body: &mut Body,
    bookkeeping: &Bookkeeping,
    visit: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let mut reading = Reading { bookkeeping, visit, stopped: false, found: false, shown: 0, skipped: 0 };
    let mut result = parse::<Plain>(body, &mut reading)?;
    if result.is_err() && !reading.stopped {
        reading.skipped = reading.shown;
        result = parse::<Value>(body, &mut reading)?;
    }
    match result {
        _ if reading.stopped => Ok(()),
        Ok(()) if reading.found => Ok(()),
        Ok(()) => Err(Failure::Malformed("its baseline has no events".to_owned())),
        Err(error) => Err(Failure::Malformed(format!("its baseline cannot be read: {error}"))),
    }
}

/// Reads a baseline from its beginning; the inner error is about its JSON.
fn parse<E: Source>(body: &mut Body, reading: &mut Reading<'_>) -> Result<serde_json::Result<()>, Failure> {
    let unreadable = |cause| Failure::Malformed(format!("its baseline cannot be read again: {cause}"));
    body.rewind().map_err(unreadable)?;
    let baseline = Baseline::<E>(reading, PhantomData);
    Ok(match body {
        Body::Memory(bytes) => baseline.deserialize(&mut serde_json::Deserializer::from_slice(bytes)),
        Body::File(file) => {
            let bytes = BufReader::with_capacity(BUFFER, file);
            baseline.deserialize(&mut serde_json::Deserializer::from_reader(bytes))
        }
    })
}

struct Reading<'a> {
    bookkeeping: &'a Bookkeeping,
    visit: &'a mut dyn FnMut(Event) -> ControlFlow<()>,
    stopped: bool,
    found: bool,
    /// How many events were shown.
    shown: usize,
    /// How many events an earlier attempt has shown already.
    skipped: usize,
}

/// The outer object, of which only the member `events` matters.
struct Baseline<'a, 'b, E>(&'a mut Reading<'b>, PhantomData<E>);

/// The list of events.
struct Events<'a, 'b, E>(&'a mut Reading<'b>, PhantomData<E>);

/// An event in JSON.
trait Source: DeserializeOwned {
    /// The row that it shows; `None` where it takes a [`Value`] to tell.
    fn event(self, bookkeeping: &Bookkeeping) -> Option<Event>;
}

impl<'de, E: Source> DeserializeSeed<'de> for Baseline<'_, '_, E> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, E: Source> Visitor<'de> for Baseline<'_, '_, E> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a baseline")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name == "events" {
                self.0.found = true;
                members.next_value_seed(Events::<E>(self.0, PhantomData))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de, E: Source> DeserializeSeed<'de> for Events<'_, '_, E> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, E: Source> Visitor<'de> for Events<'_, '_, E> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut events: A) -> Result<(), A::Error> {
        let reading = self.0;
        for _ in 0..reading.skipped {
            events.next_element::<IgnoredAny>()?;
        }
        while let Some(event) = events.next_element::<E>()? {
            let Some(event) = event.event(reading.bookkeeping) else {
                return Err(serde::de::Error::custom("an event is odd"));
            };
            reading.shown += 1;
            if (reading.visit)(event).is_break() {
                reading.stopped = true;
                return Err(serde::de::Error::custom("nobody wants to see more"));
            }
        }
        Ok(())
    }
}

/// An event as the service writes it.
#[derive(Deserialize)]
struct Plain {
    content_hash: String,
    op: String,
    hlc_physical: i64,
    payload: Item<Option<String>>,
}

impl Source for Plain {
    fn event(self, bookkeeping: &Bookkeeping) -> Option<Event> {
        let key = ContentHash::new(self.content_hash).ok()?;
        let row = match self.op.as_str() {
            "delete" => Row::Tombstone,
            "create" => {
                let record = Record::of(self.payload.whole()?, bookkeeping).ok()?;
                Row::Live(Some(record).filter(|record| record.held.key == key).map(Box::new)?)
            }
            _ => return None,
        };
        Some(Event { key: Some(key), row, clock: self.hlc_physical })
    }
}

impl Source for Value {
    fn event(self, bookkeeping: &Bookkeeping) -> Option<Event> {
        Some(decode(self, bookkeeping))
    }
}

fn decode(mut event: Value, bookkeeping: &Bookkeeping) -> Event {
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
