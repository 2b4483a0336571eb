//! Reading a side: its snapshot, and direct questions for what the snapshot lacks.

use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;

use super::{Device, Error, Progress, Session};
use crate::object::tree::Snapshot;
use crate::object::{BlobId, ContentHash, ObjectId, SideName, Timestamp};
use crate::planted::{self, Mistake};
use crate::reconcile::{Base, missing};
use crate::side::{Found, Side};
use crate::store::{self, IndexEntry, Store};

/// What a side holds.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Every memory that can be carried, and those that cannot as they were when both sides last agreed.
    pub snapshot: Snapshot,
    /// When the side says that each was last written; only the index and `-X newest` look at it, and it is empty where
    /// neither will.
    pub updated_at: HashMap<ContentHash, Timestamp>,
    /// What is there and cannot be carried; it is left alone on both sides.
    pub unreadable: Vec<Unreadable>,
    /// Where it was read: a path or an address, where that is known.
    pub place: Option<String>,
    /// This device as it was read by its marks; `None` of a server, and where every row was read.
    pub device: Option<Device>,
}

/// Something that cannot be carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its name, where it can be one.
    pub key: Option<ContentHash>,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Unreadable {
    /// `3fa9c2d1: why`, or why alone where it has no name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}: {}", key.short(), self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl Reading {
    /// The reading as index rows, sorted by key.
    pub fn index(&self) -> impl Iterator<Item = (&ContentHash, IndexEntry)> + Clone {
        let updated_at = |key| self.updated_at.get(key).copied();
        self.snapshot
            .iter()
            .map(move |(key, blob)| (key, IndexEntry { blob: *blob, updated_at: updated_at(key) }))
    }
}

impl Session<'_> {
    /// Reads a side and keeps every memory as an object, so that whatever a later step replaces can be printed
    /// and restored. Memories that the base holds and the snapshot lacks are asked for directly.
    pub fn read(
        &self,
        name: SideName,
        side: &mut dyn Side,
        base: &Base,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Reading, Error> {
        let known = |key: &ContentHash| {
            let (key, pair) = base.get_key_value(key)?;
            Some((key.clone(), pair.of_side(name)))
        };
        let mut reader =
            Reader { session: self, reading: Reading::default(), unsaved: Unsaved::default(), failure: None };
        side.snapshot(&mut |found| {
            let flow = reader.take(found, &known);
            progress(Progress::Reading { side: name, count: reader.reading.snapshot.len() });
            flow
        })
        .map_err(Error::side(name))?;
        let unseen: Vec<ContentHash> = missing(base, &reader.reading.snapshot).into_iter().cloned().collect();
        if !unseen.is_empty() && reader.failure.is_none() && !planted::makes(Mistake::TrustTheListing) {
            let answers = side.get(&unseen).map_err(Error::side(name))?;
            let _ = answers.into_iter().flatten().try_for_each(|found| reader.take(found, &known));
        }
        reader.save();
        reader.failure.take().map_or(Ok(()), Err)?;
        reader.reading.place = self.place(name).map(str::to_owned);
        Ok(reader.reading)
    }

    /// What the server held when it was last read or written, without asking it again.
    pub fn last_fetched(&self) -> Result<Reading, Error> {
        let mut reading =
            Reading { place: self.store.fact(&self.fetched_place_fact())?, ..Reading::default() };
        for (key, entry) in self.store.index(&self.remote)? {
            reading.updated_at.extend(entry.updated_at.map(|at| (key.clone(), at)));
            reading.snapshot.insert(key, entry.blob);
        }
        Ok(reading)
    }
}

/// Takes in what a side shows.
struct Reader<'a> {
    session: &'a Session<'a>,
    reading: Reading,
    unsaved: Unsaved,
    failure: Option<Error>,
}

/// Memories on their way into the staging database. They go in many at once, and in transactions that no network
/// has a part in, so that others can read it meanwhile.
#[derive(Default)]
pub(super) struct Unsaved {
    texts: Vec<(BlobId, Vec<u8>)>,
    bytes: usize,
}

impl Unsaved {
    /// So many bytes of text are held before they are saved.
    const LIMIT: usize = 16 << 20;

    /// Takes a memory's canonical text, and says whether it is time to save.
    pub(super) fn add(&mut self, id: BlobId, text: Vec<u8>) -> bool {
        self.bytes += text.len() + 64;
        self.texts.push((id, text));
        self.bytes >= Self::LIMIT
    }

    pub(super) fn save(&mut self, store: &Store) -> Result<(), store::Error> {
        let Self { mut texts, .. } = std::mem::take(self);
        // In the order of the index that finds them, which then writes each of its pages once.
        texts.sort_unstable_by_key(|(id, _)| *id);
        store.transaction(|store| texts.iter().try_for_each(|(id, text)| store.put_blob(*id, text)))
    }
}

impl Reader<'_> {
    /// Takes in one row. `known` is what both sides agreed on, with the name as it is held there: a million memories
    /// have as many names, and no tree needs its own copies.
    fn take(
        &mut self,
        found: Found,
        known: &dyn Fn(&ContentHash) -> Option<(ContentHash, BlobId)>,
    ) -> ControlFlow<()> {
        match found {
            Found::Unreadable { key, why } => {
                // It stands in the snapshot as it was when both sides agreed, lest a later look at what was read here
                // takes it for deleted.
                self.reading.snapshot.extend(key.as_ref().and_then(known));
                self.reading.unreadable.push(Unreadable { key, why });
            }
            Found::Memory(held) => {
                let text = held.memory.to_blob();
                let id = BlobId::of(&text);
                let (key, agreed) = known(&held.key).unzip();
                let key = key.unwrap_or(held.key);
                self.reading.updated_at.extend(held.updated_at.map(|at| (key.clone(), at)));
                // What the base holds is kept already.
                let is_full = agreed != Some(id) && self.unsaved.add(id, text);
                self.reading.snapshot.insert(key, id);
                if is_full {
                    self.save();
                }
            }
        }
        if self.failure.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn save(&mut self) {
        if let Err(error) = self.unsaved.save(self.session.store) {
            self.failure = Some(Error::Store(error));
        }
    }
}
