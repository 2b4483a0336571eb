//! Reading this device by what was noted of it, so that a reading costs what has changed.
//!
//! Guarantees: the tree is the one that a whole reading gives. Where the files say that nothing was written since the last
//! reading, it is what that one found; else every row is compared with its mark. Whatever does not fit together (marks that are
//! damaged, a memory that is not where it was, a count that is not right) ends in a whole reading.
//!
//! Must never: take a memory for deleted that the side still shows when it is asked for it.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::reading::{Reading, Unsaved};
use super::{Error, Progress, Session};
use crate::object::tree::{self, Changes, Difference, Snapshot};
use crate::object::{BlobId, CommitId, ContentHash, Marks, ObjectId, SideName, TreeId};
use crate::reconcile::{Base, missing};
use crate::side::{Change, Side};
use crate::store;

/// What this device holds, as a tree.
#[derive(Clone, Debug)]
pub struct Device {
    /// The memories.
    pub tree: TreeId,
    /// How many they are.
    pub held: usize,
    /// How many of them no search by meaning finds.
    pub lacking: u64,
    /// What to note of this reading; `None` where it is noted already.
    pub(super) marks: Option<Marks>,
}

impl Device {
    /// Whether there is nothing to note of this reading: its files said that all is as it was.
    #[doc(hidden)] // For tests.
    #[must_use]
    pub fn is_noted(&self) -> bool {
        self.marks.is_none()
    }
}

/// So many names are looked up one by one; for more, the whole snapshot is read.
const FEW: usize = 500;

impl Session<'_> {
    /// Reads this device by its marks; `None` where that cannot be done, and [`Session::read`] is to be asked.
    ///
    /// Names in `base` are taken from there: a million memories have as many.
    pub fn read_device(
        &self,
        side: &mut dyn Side,
        base: &Base,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Device>, Error> {
        self.read_device_with(side, Names { base, theirs: None }, progress)
    }

    fn read_device_with(
        &self,
        side: &mut dyn Side,
        names: Names<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Device>, Error> {
        match self.read_by_marks(true, side, names, progress) {
            // What the marks lead to only saves a reading, and is made anew by one.
            Err(Error::Store(store::Error::Damaged { .. })) => {
                self.read_by_marks(false, side, names, progress)
            }
            read => read,
        }
    }

    /// The same; what was noted is used where `trusts_notes` says so.
    fn read_by_marks(
        &self,
        trusts_notes: bool,
        side: &mut dyn Side,
        names: Names<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Device>, Error> {
        if trusts_notes
            && let Some(last) = self.store.last_reading()?
            && last.state.is_some()
            && last.state == side.state()
        {
            let tree = self.store.commit(last.snapshot)?.tree;
            return Ok(Some(Device { tree, held: last.held, lacking: last.lacking, marks: None }));
        }
        let noted = if trusts_notes { self.store.marks()? } else { None };
        let known = noted.as_ref().map(|(snapshot, marks)| Known {
            snapshot: *snapshot,
            held: marks.rows.len(),
            marks: (marks.form.clone(), marks.key),
        });
        let mut changed = Changed::new(self, names, progress);
        let renewed = side
            .changes(noted.map(|(_, marks)| marks), &mut |change| changed.take(change))
            .map_err(Error::side(SideName::Local))?;
        changed.save();
        changed.failure.take().map_or(Ok(()), Err)?;
        let Some(renewed) = renewed else { return Ok(None) };
        // Marks that the side did not use say nothing about what was shown.
        let known = known.filter(|known| known.marks == (renewed.form.clone(), renewed.key));
        changed.into_device(known.as_ref(), renewed)
    }

    /// Reads this device, by its marks where that can be done. When rows were written is not part of it.
    pub fn read_local(
        &self,
        side: &mut dyn Side,
        base: &Base,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Reading, Error> {
        self.read_local_with(side, Names { base, theirs: None }, progress)
    }

    /// The same beside what the server holds: names that it holds and the base does not are taken from there.
    pub fn read_local_beside(
        &self,
        theirs: &Reading,
        side: &mut dyn Side,
        base: &Base,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Reading, Error> {
        self.read_local_with(side, Names { base, theirs: Some(&theirs.snapshot) }, progress)
    }

    fn read_local_with(
        &self,
        side: &mut dyn Side,
        names: Names<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Reading, Error> {
        let base = names.base;
        if let Some(device) = self.read_device_with(side, names, progress)? {
            let mut snapshot = Snapshot::new();
            self.store.visit_snapshot(device.tree, &mut |key, blob| {
                snapshot.insert(names.shared(key), blob);
            })?;
            let unseen: Vec<ContentHash> = missing(base, &snapshot).into_iter().cloned().collect();
            if are_gone(side, &unseen)? {
                let place = self.place(SideName::Local).map(str::to_owned);
                return Ok(Reading { snapshot, place, device: Some(device), ..Reading::default() });
            }
        }
        self.read(SideName::Local, side, base, progress)
    }

    /// What this device holds, and the memories that differ from what both sides agreed on; `None` as for
    /// [`Session::read_device`].
    pub fn changes_here(
        &self,
        side: &mut dyn Side,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<(Device, Vec<Difference>)>, Error> {
        let Some(device) = self.read_device(side, &Base::new(), progress)? else { return Ok(None) };
        let base = self.base_trees()?.map(|base| base.local);
        let changes = self.store.diff(base, device.tree)?;
        let unseen = changes.iter().filter(|(_, _, now)| now.is_none()).map(|(key, ..)| key.clone());
        let are_gone = are_gone(side, &unseen.collect::<Vec<_>>())?;
        Ok(are_gone.then_some((device, changes)))
    }
}

/// Names that are held already.
#[derive(Clone, Copy)]
struct Names<'a> {
    base: &'a Base,
    theirs: Option<&'a Snapshot>,
}

impl Names<'_> {
    /// The name as it is held already, if it is.
    fn shared(self, key: ContentHash) -> ContentHash {
        let in_base = self.base.get_key_value(&key).map(|(known, _)| known);
        let theirs = || Some(self.theirs?.get_key_value(&key)?.0);
        in_base.or_else(theirs).cloned().unwrap_or(key)
    }
}

/// Whether memories that the base holds and this device lacks are all gone: it is asked for them directly.
fn are_gone(side: &mut dyn Side, unseen: &[ContentHash]) -> Result<bool, Error> {
    if unseen.is_empty() {
        return Ok(true);
    }
    let answers = side.get(unseen).map_err(Error::side(SideName::Local))?;
    Ok(answers.iter().all(Option::is_none))
}

/// What was noted of the last reading.
struct Known {
    snapshot: CommitId,
    held: usize,
    /// The form and the key of its marks, which name them.
    marks: (String, [u8; 16]),
}

/// What the rows that differ come to.
struct Changed<'a> {
    session: &'a Session<'a>,
    names: Names<'a>,
    progress: &'a mut dyn FnMut(Progress),
    /// How the names began of rows that are gone, or hold another memory.
    gone: Vec<u64>,
    changes: Changes,
    unsaved: Unsaved,
    failure: Option<Error>,
}

impl<'a> Changed<'a> {
    fn new(session: &'a Session<'a>, names: Names<'a>, progress: &'a mut dyn FnMut(Progress)) -> Self {
        let (unsaved, changes) = (Unsaved::default(), Changes::new());
        Self { session, names, progress, gone: Vec::new(), changes, unsaved, failure: None }
    }

    fn take(&mut self, change: Change) -> ControlFlow<()> {
        let begins = change.is.as_ref().map(|held| tree::beginning(&held.key));
        self.gone.extend(change.was.filter(|was| begins != Some(*was)));
        if let Some(held) = change.is {
            let text = held.memory.to_blob();
            let id = BlobId::of(&text);
            self.changes.insert(self.names.shared(held.key), Some(id));
            if self.unsaved.add(id, text) {
                self.save();
            }
        }
        (self.progress)(Progress::Reading { side: SideName::Local, count: self.changes.len() });
        if self.failure.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn save(&mut self) {
        if let Err(error) = self.unsaved.save(self.session.store) {
            self.failure = Some(Error::Store(error));
        }
    }

    /// `None` where the changes do not fit what was known.
    fn into_device(mut self, known: Option<&Known>, marks: Marks) -> Result<Option<Device>, Error> {
        let store = self.session.store;
        let root = known.map(|known| store.commit(known.snapshot)).transpose()?.map(|commit| commit.tree);
        let Some(gone) = self.names(root)? else { return Ok(None) };
        for key in gone {
            // A row may hold what another one held before.
            self.changes.entry(key).or_insert(None);
        }
        let updated = store.update_snapshot(root, &self.changes)?;
        let before = known.map_or(0, |known| known.held);
        let (held, lacking) = (marks.rows.len(), marks.lacking);
        // What was there and was not named again would be one too many.
        if before + updated.added != held + updated.removed {
            return Ok(None);
        }
        Ok(Some(Device { tree: updated.tree, held, lacking, marks: Some(marks) }))
    }

    /// The memories that are gone; `None` where one of them is not there, or not the only one.
    fn names(&self, root: Option<TreeId>) -> Result<Option<Vec<ContentHash>>, Error> {
        let Some(root) = root else { return Ok(self.gone.is_empty().then(Vec::new)) };
        let store = self.session.store;
        let mut names = Vec::new();
        if self.gone.len() <= FEW {
            for beginning in &self.gone {
                let found = store.find_beginning(root, *beginning)?;
                let Ok([name]) = <[ContentHash; 1]>::try_from(found) else { return Ok(None) };
                names.push(name);
            }
        } else {
            let snapshot = store.snapshot(root)?;
            let by_beginning: HashMap<u64, ContentHash> =
                snapshot.into_keys().map(|key| (tree::beginning(&key), key)).collect();
            for beginning in &self.gone {
                let Some(name) = by_beginning.get(beginning) else { return Ok(None) };
                names.push(name.clone());
            }
        }
        Ok(Some(names))
    }
}
