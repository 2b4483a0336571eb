//! A snapshot made from another one, reading and writing only the trees above what changes.
//!
//! Guarantees: the result is the tree that [`super::write`] makes of the changed snapshot, id for id.

use std::borrow::Cow;
use std::collections::BTreeMap;

use gix_object::tree::{Entry, EntryKind};

use super::{Error, MAX_LEAF, Node, Snapshot, entry, fan, put, sorted, write_from, write_level};
use crate::object::{BlobId, ContentHash, ObjectId, TreeId};

/// What memories shall be, by name: `None` where one shall be absent.
pub type Changes = BTreeMap<ContentHash, Option<BlobId>>;

/// A change, and the digits that lead to it.
struct Change<'a> {
    digits: Cow<'a, str>,
    key: &'a ContentHash,
    blob: Option<BlobId>,
}

/// A snapshot that was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Updated {
    /// Its root.
    pub tree: TreeId,
    /// How many memories came, where they were absent before.
    pub added: usize,
    /// How many memories went that were there before.
    pub removed: usize,
}

/// Gives every tree object of the changed snapshot that may be new to `write`, children before parents. `load` is asked
/// for what is below `root`, which may be missing for an empty snapshot, and for what was given to `write`.
pub fn update<E>(
    root: Option<TreeId>,
    changes: &Changes,
    load: &mut impl FnMut(TreeId) -> Result<Vec<u8>, E>,
    write: &mut impl FnMut(TreeId, Vec<u8>) -> Result<(), E>,
) -> Result<Updated, Error<E>> {
    let held = match root {
        None => Snapshot::new(),
        Some(tree) if changes.is_empty() => return Ok(Updated { tree, added: 0, removed: 0 }),
        Some(root) => {
            let node = Node::load(root, load)?;
            if !node.subtrees.is_empty() {
                let mut sorted: Vec<Change<'_>> =
                    changes.iter().map(|(key, blob)| Change { digits: fan(key), key, blob: *blob }).collect();
                sorted.sort_unstable_by(|a, b| a.digits.cmp(&b.digits));
                let mut update = Update { load, write, added: 0, removed: 0 };
                let tree = update.fan(node.subtrees, &sorted, 0)?;
                return Ok(Updated { tree, added: update.added, removed: update.removed });
            }
            node.memories
        }
    };
    // The changes may be all memories that there will be, and are not held once more.
    let named = changes.iter().filter_map(|(key, blob)| Some((key, (*blob)?)));
    let kept = held.iter().filter(|(key, _)| !changes.contains_key(*key)).map(|(key, blob)| (key, *blob));
    let is_held = |key: &ContentHash| held.contains_key(key);
    let added = named.clone().filter(|(key, _)| !is_held(key)).count();
    let removed = changes.iter().filter(|(key, blob)| blob.is_none() && is_held(key)).count();
    let tree = write_from(named, kept.collect(), 0, write).map_err(Error::Load)?;
    Ok(Updated { tree, added, removed })
}

struct Update<'a, L, W> {
    load: &'a mut L,
    write: &'a mut W,
    added: usize,
    removed: usize,
}

impl<L, W> Update<'_, L, W> {
    /// The tree below `depth` digits once the changes, which all are below them, are made; that of nothing where it
    /// holds nothing any more.
    fn level<E>(
        &mut self,
        old: Option<TreeId>,
        changes: &[Change<'_>],
        depth: usize,
    ) -> Result<TreeId, Error<E>>
    where
        L: FnMut(TreeId) -> Result<Vec<u8>, E>,
        W: FnMut(TreeId, Vec<u8>) -> Result<(), E>,
    {
        let Some(old) = old else { return self.grow(changes, depth) };
        let node = Node::load(old, self.load)?;
        if !node.subtrees.is_empty() {
            return self.fan(node.subtrees, changes, depth);
        }
        self.leaf(node.memories, changes, depth)
    }

    fn leaf<E>(
        &mut self,
        mut memories: Snapshot,
        changes: &[Change<'_>],
        depth: usize,
    ) -> Result<TreeId, Error<E>>
    where
        W: FnMut(TreeId, Vec<u8>) -> Result<(), E>,
    {
        for change in changes {
            match change.blob {
                Some(blob) => self.added += usize::from(memories.insert(change.key.clone(), blob).is_none()),
                None => self.removed += usize::from(memories.remove(change.key).is_some()),
            }
        }
        self.flat(&memories, depth)
    }

    /// A tree where there was none.
    fn grow<E>(&mut self, changes: &[Change<'_>], depth: usize) -> Result<TreeId, Error<E>>
    where
        W: FnMut(TreeId, Vec<u8>) -> Result<(), E>,
    {
        let named: Vec<_> = changes.iter().filter_map(|change| Some((change.key, change.blob?))).collect();
        self.added += named.len();
        write_level(&named, depth, self.write).map_err(Error::Load)
    }

    fn flat<E>(&mut self, memories: &Snapshot, depth: usize) -> Result<TreeId, Error<E>>
    where
        W: FnMut(TreeId, Vec<u8>) -> Result<(), E>,
    {
        let named = memories.iter().map(|(key, blob)| (key, *blob));
        write_level(&sorted(named.collect()), depth, self.write).map_err(Error::Load)
    }

    fn fan<E>(
        &mut self,
        mut subtrees: BTreeMap<String, TreeId>,
        changes: &[Change<'_>],
        depth: usize,
    ) -> Result<TreeId, Error<E>>
    where
        L: FnMut(TreeId) -> Result<Vec<u8>, E>,
        W: FnMut(TreeId, Vec<u8>) -> Result<(), E>,
    {
        let nothing = TreeId::of(&[]);
        for part in changes.chunk_by(|a, b| a.digits.as_bytes()[depth] == b.digits.as_bytes()[depth]) {
            let digit = part[0].digits[depth..=depth].to_owned();
            let subtree = self.level(subtrees.get(&digit).copied(), part, depth + 1)?;
            if subtree == nothing {
                subtrees.remove(&digit);
            } else {
                subtrees.insert(digit, subtree);
            }
        }
        if changes.iter().any(|change| change.blob.is_none())
            && let Some(memories) = self.few(subtrees.values().copied())?
        {
            return self.flat(&memories, depth);
        }
        let entries: Vec<Entry> =
            subtrees.iter().map(|(name, id)| entry(EntryKind::Tree, name, id)).collect();
        put(entries, self.write).map_err(Error::Load)
    }

    /// The memories of these trees where one tree can hold them all.
    fn few<E>(&mut self, trees: impl Iterator<Item = TreeId>) -> Result<Option<Snapshot>, Error<E>>
    where
        L: FnMut(TreeId) -> Result<Vec<u8>, E>,
    {
        let mut memories = Snapshot::new();
        for id in trees {
            let node = Node::load(id, self.load)?;
            memories.extend(node.memories);
            // What is fanned out holds more than one tree may.
            if !node.subtrees.is_empty() || memories.len() > MAX_LEAF {
                return Ok(None);
            }
        }
        Ok(Some(memories))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::convert::Infallible;

    use super::super::write;
    use super::*;

    #[derive(Default)]
    struct Objects {
        trees: RefCell<BTreeMap<TreeId, Vec<u8>>>,
        loads: RefCell<usize>,
    }

    impl Objects {
        fn write(&self, snapshot: &Snapshot) -> TreeId {
            let Ok(id) = write(snapshot, &mut |id, bytes| {
                self.keep(id, bytes);
                Ok::<_, Infallible>(())
            });
            id
        }

        fn keep(&self, id: TreeId, bytes: Vec<u8>) {
            self.trees.borrow_mut().insert(id, bytes);
        }

        fn update(&self, root: TreeId, changes: &Changes) -> Updated {
            let mut load = |id| {
                *self.loads.borrow_mut() += 1;
                Ok::<_, Infallible>(self.trees.borrow()[&id].clone())
            };
            update(Some(root), changes, &mut load, &mut |id, bytes| {
                self.keep(id, bytes);
                Ok(())
            })
            .unwrap()
        }
    }

    fn key(number: usize) -> ContentHash {
        let hash = BlobId::of(number.to_string().as_bytes()).to_string();
        ContentHash::new(if number.is_multiple_of(37) { format!("odd/../{number}") } else { hash }).unwrap()
    }

    /// Numbers that look like chance and are the same each time.
    fn numbers() -> impl FnMut(usize) -> usize {
        let mut state = 1_u64;
        move |below| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        }
    }

    #[test]
    fn where_nothing_changed_nothing_is_read() {
        for size in [0, 64, 1_030] {
            let objects = Objects::default();
            let root = objects.write(&(0..size).map(|number| (key(number), BlobId::of(b"old"))).collect());
            let updated = objects.update(root, &Changes::new());
            assert_eq!(updated, Updated { tree: root, added: 0, removed: 0 });
            assert_eq!(*objects.loads.borrow(), 0, "of {size} memories");
        }
    }

    #[test]
    fn a_changed_tree_is_the_one_that_is_written_anew() {
        let mut random = numbers();
        for round in 0..120 {
            let objects = Objects::default();
            // Around the size of one tree and that of two levels, where shapes change.
            let size = [0, 1, 60, 64, 65, 70, 300, 1_030][round % 8];
            let mut snapshot: Snapshot = (0..size).map(|number| (key(number), BlobId::of(b"old"))).collect();
            let mut root = objects.write(&snapshot);
            for _ in 0..4 {
                let mut changes = Changes::new();
                let most = [2, 20, 400, 1_100][random(4)];
                for _ in 0..=random(most) {
                    let blob = (random(3) > 0).then(|| BlobId::of(&random(9).to_le_bytes()));
                    changes.insert(key(random(size + 40)), blob);
                }
                let (mut added, mut removed) = (0, 0);
                for (key, blob) in &changes {
                    match blob {
                        Some(blob) => added += usize::from(snapshot.insert(key.clone(), *blob).is_none()),
                        None => removed += usize::from(snapshot.remove(key).is_some()),
                    }
                }
                let updated = objects.update(root, &changes);
                let tree = objects.write(&snapshot);
                assert_eq!(updated, Updated { tree, added, removed }, "round {round}");
                root = tree;
            }
        }
    }

    #[test]
    fn one_change_among_many_reads_and_writes_a_handful_of_trees() {
        let objects = Objects::default();
        let snapshot: Snapshot = (0..20_000).map(|number| (key(number), BlobId::of(b"old"))).collect();
        let root = objects.write(&snapshot);
        let written = objects.trees.borrow().len();
        objects.update(root, &[(key(777), Some(BlobId::of(b"new")))].into());
        assert!(objects.trees.borrow().len() - written <= 4);
        assert!(*objects.loads.borrow() <= 4);
        objects.update(root, &[(key(778), None)].into());
        assert!(*objects.loads.borrow() <= 30, "{}", objects.loads.borrow());
        let unchanged = objects.update(root, &Changes::new());
        assert_eq!(unchanged, Updated { tree: root, added: 0, removed: 0 });
    }
}
