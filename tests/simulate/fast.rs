//! Places in memory: fast enough for hundreds of histories a minute.
//!
//! The server rewrites what it is sent as mcp-memory-service does over REST, an old version more than a new one; a device
//! keeps rows, with counters that no memory shows, and changes them in transactions.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::rc::Rc;

use memsync::object::{ContentHash, Edit, Memory, Outcome, Row, Timestamp};
use memsync::side::{self, Found, Held, Replaced, Side, Witness};

use crate::place::{Backup, Bytes, Caller, Ground, Memories, Place, Version, Work};

/// One row of a table.
#[derive(Clone, PartialEq)]
struct Raw {
    memory: Memory,
    updated_at: f64,
    searches: u32,
}

impl Raw {
    fn to_row(&self) -> Row {
        let mut bytes = format!("{} {}\n", self.updated_at, self.searches).into_bytes();
        bytes.extend(self.memory.to_blob());
        Row::from_bytes(bytes)
    }

    fn from_row(row: &Row) -> Option<Self> {
        let line = row.as_bytes().iter().position(|byte| *byte == b'\n')?;
        let (head, blob) = row.as_bytes().split_at(line);
        let (updated_at, searches) = std::str::from_utf8(head).ok()?.split_once(' ')?;
        Some(Self {
            memory: Memory::parse(&blob[1..]).ok()?,
            updated_at: updated_at.parse().ok()?,
            searches: searches.parse().ok()?,
        })
    }
}

#[derive(Clone)]
struct Table {
    rows: BTreeMap<ContentHash, Raw>,
    version: Version,
    is_server: bool,
}

impl Table {
    /// What becomes of a memory on its way in.
    fn receive(&self, before: Option<&Memory>, sent: &Memory) -> Memory {
        if !self.is_server {
            return sent.clone();
        }
        let mut held = sent.clone();
        // A change replaces the tags as given; only a new memory's are put in order.
        if before.is_none() || self.version == Version::Old {
            held.tags = held.tags.iter().map(|tag| tag.to_lowercase()).collect();
        }
        if held.tags.is_empty() {
            held.tags.insert("untagged".to_owned());
        }
        let is_known = |name: &String| crate::history::TYPES.contains(&name.as_str());
        if self.version == Version::Old && held.memory_type.as_ref().is_some_and(|name| !is_known(name)) {
            held.memory_type = Some("observation".to_owned());
        }
        held
    }

    fn found(&self, key: &ContentHash) -> Option<Found> {
        let raw = self.rows.get(key)?;
        let held =
            Held { key: key.clone(), memory: raw.memory.clone(), updated_at: Timestamp::new(raw.updated_at) };
        Some(Found::Memory(held))
    }

    /// The row that an edit leaves; `Err` with its outcome where nothing is to be written.
    fn next(&self, edit: &Edit, now: i64) -> Result<Option<Raw>, Box<Outcome>> {
        let held = self.rows.get(&edit.key);
        if held.map(|raw| raw.memory.id()) != edit.expected {
            let is_done = held.is_none() && edit.target.is_none();
            return Err(Box::new(if is_done { Outcome::Done { now: None } } else { Outcome::Stale }));
        }
        let Some(target) = &edit.target else { return Ok(None) };
        if let Some(raw) = edit.row.as_ref().filter(|_| !self.is_server).and_then(Raw::from_row) {
            return Ok(Some(raw));
        }
        let memory = self.receive(held.map(|raw| &raw.memory), target);
        let searches = held.map_or(0, |raw| raw.searches);
        #[expect(clippy::cast_precision_loss, reason = "a moment of this century")]
        Ok(Some(Raw { memory, updated_at: now as f64, searches }))
    }

    fn put(&mut self, key: &ContentHash, raw: Option<Raw>) {
        match raw {
            Some(raw) => drop(self.rows.insert(key.clone(), raw)),
            None => drop(self.rows.remove(key)),
        }
    }
}

/// A place in memory.
pub(crate) struct InMemory {
    table: Rc<RefCell<Table>>,
}

/// Makes places in memory.
pub(crate) struct Fast;

impl Ground for Fast {
    fn name(&self) -> &'static str {
        "fast"
    }

    fn longest(&self) -> usize {
        200
    }

    fn server(&self) -> Rc<dyn Place> {
        Rc::new(InMemory::new(true))
    }

    fn device(&self, _: usize) -> Rc<dyn Place> {
        Rc::new(InMemory::new(false))
    }
}

impl InMemory {
    fn new(is_server: bool) -> Self {
        let table = Table { rows: BTreeMap::new(), version: Version::New, is_server };
        Self { table: Rc::new(RefCell::new(table)) }
    }
}

impl Place for InMemory {
    fn memories(&self) -> Memories {
        self.table.borrow().rows.iter().map(|(key, raw)| (key.clone(), raw.memory.clone())).collect()
    }

    fn memory(&self, key: &ContentHash) -> Option<Memory> {
        self.table.borrow().rows.get(key).map(|raw| raw.memory.clone())
    }

    fn work(&self, work: &Work, now: i64) {
        let mut table = self.table.borrow_mut();
        #[expect(clippy::cast_precision_loss, reason = "a moment of this century")]
        let updated_at = now as f64;
        match work {
            Work::Create(key, memory) => {
                let memory = table.receive(None, memory);
                table.rows.entry(key.clone()).or_insert(Raw { memory, updated_at, searches: 0 });
            }
            Work::Change(key, memory) => {
                let before = table.rows.get(key).map(|raw| raw.memory.clone());
                let memory = table.receive(before.as_ref(), memory);
                if let Some(raw) = table.rows.get_mut(key) {
                    (raw.memory, raw.updated_at) = (memory, updated_at);
                }
            }
            Work::Delete(key) => drop(table.rows.remove(key)),
            Work::Search(key) => {
                if let Some(raw) = table.rows.get_mut(key) {
                    raw.searches += 1;
                    raw.updated_at = updated_at;
                }
            }
            Work::Purge => {}
        }
    }

    fn side(&self, caller: &Caller) -> Result<Box<dyn Side>, side::Error> {
        Ok(Box::new(Handle { table: Rc::clone(&self.table), now: caller.now }))
    }

    fn back_up(&self) -> Backup {
        Backup(Rc::new(self.table.borrow().clone()))
    }

    fn restore(&self, backup: &Backup) {
        let kept = backup.0.downcast_ref::<Table>().expect("a place restores its own backups");
        // The backup holds memories; which service runs is another matter.
        self.table.borrow_mut().rows.clone_from(&kept.rows);
    }

    fn replace_by_empty(&self) {
        self.table.borrow_mut().rows.clear();
    }

    fn set_version(&self, version: Version) {
        self.table.borrow_mut().version = version;
    }

    fn bytes(&self) -> Bytes {
        let table = self.table.borrow();
        let row = |(key, raw): (&ContentHash, &Raw)| (key.to_string(), raw.to_row().as_bytes().to_vec());
        table.rows.iter().map(row).collect()
    }
}

/// A handle on a place in memory.
struct Handle {
    table: Rc<RefCell<Table>>,
    now: i64,
}

impl Handle {
    /// All edits in one transaction, as a device's database does it.
    fn transaction(&self, edits: &[Edit], witness: &mut dyn Witness) -> Result<(), side::Error> {
        let mut next = self.table.borrow().clone();
        let (mut outcomes, mut replaced) = (Vec::new(), Vec::new());
        for edit in edits {
            let outcome = match next.next(edit, self.now) {
                Err(outcome) => *outcome,
                Ok(raw) => {
                    let now = raw.as_ref().map(|raw| raw.memory.clone());
                    let before = next.rows.get(&edit.key).map(Raw::to_row);
                    replaced.push(Replaced {
                        key: edit.key.clone(),
                        now: now.as_ref().map(Memory::id),
                        row: before.unwrap_or_else(|| Row::from_bytes(Vec::new())),
                    });
                    next.put(&edit.key, raw);
                    Outcome::Done { now }
                }
            };
            outcomes.push((edit.key.clone(), outcome));
        }
        if !replaced.is_empty() {
            let failed = |cause| side::Error::Unkept { path: "memory".into(), cause };
            witness.keep(replaced).map_err(failed)?;
        }
        *self.table.borrow_mut() = next;
        for (key, outcome) in outcomes {
            witness.report(key, outcome);
        }
        Ok(())
    }

    fn one_by_one(&self, edits: &[Edit], witness: &mut dyn Witness) {
        for edit in edits {
            let mut table = self.table.borrow_mut();
            let outcome = match table.next(edit, self.now) {
                Err(outcome) => *outcome,
                Ok(raw) => {
                    let now = raw.as_ref().map(|raw| raw.memory.clone());
                    table.put(&edit.key, raw);
                    Outcome::Done { now }
                }
            };
            drop(table);
            witness.report(edit.key.clone(), outcome);
        }
    }
}

impl Side for Handle {
    fn snapshot(&mut self, visit: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), side::Error> {
        let keys: Vec<ContentHash> = self.table.borrow().rows.keys().cloned().collect();
        for key in keys {
            // Somebody may have deleted it since the listing began.
            let found = self.table.borrow().found(&key);
            if found.is_some_and(|found| visit(found).is_break()) {
                break;
            }
        }
        Ok(())
    }

    fn get(&mut self, keys: &[ContentHash]) -> Result<Vec<Option<Found>>, side::Error> {
        let table = self.table.borrow();
        Ok(keys.iter().map(|key| table.found(key)).collect())
    }

    fn apply(&mut self, edits: Vec<Edit>, witness: &mut dyn Witness) -> Result<(), side::Error> {
        if !self.table.borrow().is_server {
            return self.transaction(&edits, witness);
        }
        self.one_by_one(&edits, witness);
        Ok(())
    }
}
