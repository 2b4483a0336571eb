//! A side for the tests of the conductor.

use super::*;

/// A side in memory that misbehaves as told.
#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) memories: BTreeMap<ContentHash, Memory>,
    /// Tags are lower-cased on the way in, as the service does.
    pub(super) rewrites: bool,
    /// It has no field for a memory's store.
    pub(super) lacks_stores: bool,
    /// Fails once this many edits were carried out.
    pub(super) dies_after: Option<usize>,
    /// Left out of listings, as when rows move between pages.
    pub(super) unlisted: Option<ContentHash>,
    pub(super) unreadable: Option<ContentHash>,
    /// When each memory was last written, where this side tells.
    pub(super) written: BTreeMap<ContentHash, Timestamp>,
    pub(super) refuses: Option<ContentHash>,
    /// Writes of this memory are acknowledged and not done.
    pub(super) ignores: Option<ContentHash>,
    pub(super) refusals: usize,
    /// Somebody else writes this just before the next edits arrive.
    pub(super) intruder: Option<(ContentHash, Memory)>,
    pub(super) writes: usize,
    /// It has rows, and how often each was written, which no memory shows.
    pub(super) rows: Option<BTreeMap<ContentHash, u8>>,
    /// Dies once so many rows were handed out, before the edit is final.
    pub(super) dies_keeping: Option<usize>,
    pub(super) kept: usize,
    /// Where it dies, the whole program does.
    pub(super) is_killed: bool,
}

impl World {
    pub(super) fn set(&mut self, name: &str, text: &str, tags: &[&str]) {
        let memory = Memory {
            content: text.to_owned(),
            tags: tags.iter().map(ToString::to_string).collect(),
            ..Memory::default()
        };
        self.memories.insert(key(name), memory);
    }

    fn found(&self, key: &ContentHash) -> Option<Found> {
        if self.unreadable.as_ref() == Some(key) {
            return Some(Found::Unreadable { key: Some(key.clone()), why: "not UTF-8".to_owned() });
        }
        let memory = self.memories.get(key)?.clone();
        Some(Found::Memory(Held { key: key.clone(), memory, updated_at: self.written.get(key).copied() }))
    }

    fn carry_out(&mut self, edit: Edit) -> Outcome {
        let held = self.memories.get(&edit.key).map(Memory::id);
        if held != edit.expected {
            return Outcome::Stale;
        }
        if self.refuses.as_ref() == Some(&edit.key) {
            self.refusals += 1;
            return Outcome::Refused(Refusal::Similar { to: key("similar") });
        }
        if self.ignores.as_ref() == Some(&edit.key) {
            return Outcome::Done { now: self.memories.get(&edit.key).cloned() };
        }
        self.writes += 1;
        let mut target = edit.target;
        if let Some(memory) = target.as_mut().filter(|_| self.rewrites) {
            memory.tags = memory.tags.iter().map(|tag| tag.to_lowercase()).collect();
        }
        if let Some(memory) = target.as_mut().filter(|_| self.lacks_stores) {
            memory.store = None;
        }
        if let Some(rows) = &mut self.rows {
            match edit.row.as_ref().map(Row::as_bytes) {
                Some([]) => drop(rows.remove(&edit.key)),
                Some([count, ..]) => drop(rows.insert(edit.key.clone(), *count)),
                None => *rows.entry(edit.key.clone()).or_default() += 1,
            }
        }
        match &target {
            Some(memory) => self.memories.insert(edit.key, memory.clone()),
            None => self.memories.remove(&edit.key),
        };
        Outcome::Done { now: target }
    }

    fn die(&self) -> side::Error {
        if self.is_killed {
            std::panic::resume_unwind(Box::new("killed"));
        }
        side::Error::Protocol { address: "here".to_owned(), detail: "gone".to_owned() }
    }

    /// All that is there under a name.
    fn row(&self, key: &ContentHash) -> Option<Row> {
        let count = self.rows.as_ref()?.get(key);
        Some(Row::from_bytes(count.copied().into_iter().collect()))
    }

    /// Hands out what an edit replaces; false where it dies of that.
    fn keep(
        &mut self,
        row: Option<Row>,
        key: &ContentHash,
        outcome: &Outcome,
        witness: &mut dyn Witness,
    ) -> bool {
        let (Some(row), Outcome::Done { now }) = (row, outcome) else { return true };
        let now = now.as_ref().map(Memory::id);
        let is_kept = witness.keep(vec![Replaced { key: key.clone(), now, row }]).is_ok();
        self.kept += 1;
        is_kept && self.dies_keeping != Some(self.kept)
    }
}

impl Side for World {
    fn snapshot(&mut self, visit: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), side::Error> {
        let keys: Vec<ContentHash> = self.memories.keys().cloned().collect();
        for key in keys.iter().filter(|key| self.unlisted.as_ref() != Some(key)) {
            if visit(self.found(key).expect("it was listed")).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn changes(
        &mut self,
        marks: Option<Marks>,
        visit: &mut dyn FnMut(Change) -> ControlFlow<()>,
    ) -> Result<Option<Marks>, side::Error> {
        if self.unlisted.is_some() || self.unreadable.is_some() {
            return Ok(None);
        }
        let mark = |(key, memory): (&ContentHash, &Memory)| {
            let name = tree::beginning(key);
            let hash = memory.id().as_bytes()[..16].try_into().unwrap();
            Mark { row: name.cast_signed(), name, hash: u128::from_le_bytes(hash) }
        };
        let mut rows: Vec<Mark> = self.memories.iter().map(mark).collect();
        rows.sort_unstable_by_key(|mark| mark.row);
        let old = marks.unwrap_or_default().rows;
        for mark in rows.iter().filter(|mark| !old.contains(mark)) {
            let was = old.iter().find(|old| old.row == mark.row).map(|old| old.name);
            let (key, memory) =
                self.memories.iter().find(|(key, _)| tree::beginning(key) == mark.name).unwrap();
            let updated_at = self.written.get(key).copied();
            let is = Held { key: key.clone(), memory: memory.clone(), updated_at };
            let _ = visit(Change { was, is: Some(is) });
        }
        for mark in old.iter().filter(|old| rows.iter().all(|mark| mark.row != old.row)) {
            let _ = visit(Change { was: Some(mark.name), is: None });
        }
        Ok(Some(Marks { rows, ..Marks::default() }))
    }

    fn get(&mut self, keys: &[ContentHash]) -> Result<Vec<Option<Found>>, side::Error> {
        Ok(keys.iter().map(|key| self.found(key)).collect())
    }

    fn apply(&mut self, edits: Vec<Edit>, witness: &mut dyn Witness) -> Result<(), side::Error> {
        self.memories.extend(self.intruder.take());
        for edit in edits {
            if self.dies_after.is_some_and(|limit| self.writes >= limit) {
                return Err(self.die());
            }
            let (key, row, before) = (edit.key.clone(), self.row(&edit.key), self.clone());
            let outcome = self.carry_out(edit);
            if !self.keep(row, &key, &outcome, witness) {
                let kept = self.kept;
                *self = Self { kept, ..before };
                return Err(self.die());
            }
            witness.report(key, outcome);
        }
        // Killed after the last edit, before anybody has noted it.
        if self.is_killed && self.dies_after.is_some_and(|limit| self.writes >= limit) {
            return Err(self.die());
        }
        Ok(())
    }
}
