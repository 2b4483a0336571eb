//! Trees as git shows them: entry by entry, with their paths.

use std::cmp::Ordering;

use super::{Error, key_of};
use crate::object::{BlobId, ContentHash, Kind, ObjectId, TreeId};

/// What an entry of a tree leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child {
    /// A memory.
    Blob(BlobId),
    /// A part of the tree.
    Tree(TreeId),
}

impl Child {
    /// The kind of object.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Blob(_) => Kind::Blob,
            Self::Tree(_) => Kind::Tree,
        }
    }

    /// The mode that the entry has in git, six octal digits.
    #[must_use]
    pub fn mode(self) -> &'static str {
        match self {
            Self::Blob(_) => "100644",
            Self::Tree(_) => "040000",
        }
    }

    /// The object's id in hexadecimal digits.
    #[must_use]
    pub fn id(self) -> String {
        match self {
            Self::Blob(id) => id.to_string(),
            Self::Tree(id) => id.to_string(),
        }
    }
}

/// A path that differs between two trees; in both it is the same kind of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed<'a> {
    /// The path, parts separated by `/`.
    pub path: &'a str,
    /// What it was; `None` where it was not there.
    pub old: Option<Child>,
    /// What it is; `None` where it is gone.
    pub new: Option<Child>,
}

impl Changed<'_> {
    /// What the entry is, or was before it was gone.
    #[must_use]
    pub fn child(&self) -> Option<Child> {
        self.new.or(self.old)
    }
}

/// The memory that a path belongs to; `None` for a path that leads to none.
#[must_use]
pub fn key_at(path: &str) -> Option<ContentHash> {
    key_of(path.rsplit('/').next()?)
}

/// Gives every path that differs between two trees to `visit`, in git's order; a missing tree is an empty one. A subtree
/// that differs is gone into where `enters` says so of its path, and else given itself. Only trees that differ are
/// loaded, one path's worth of them at a time.
pub fn walk<E>(
    old: Option<TreeId>,
    new: Option<TreeId>,
    enters: &dyn Fn(&str) -> bool,
    load: &mut dyn FnMut(TreeId) -> Result<Vec<u8>, E>,
    visit: &mut dyn FnMut(Changed<'_>) -> Result<(), E>,
) -> Result<(), Error<E>> {
    Walk { enters, load, visit }.go("", old, new)
}

struct Walk<'a, E> {
    enters: &'a dyn Fn(&str) -> bool,
    load: &'a mut dyn FnMut(TreeId) -> Result<Vec<u8>, E>,
    visit: &'a mut dyn FnMut(Changed<'_>) -> Result<(), E>,
}

impl<E> Walk<'_, E> {
    fn go(&mut self, folder: &str, old: Option<TreeId>, new: Option<TreeId>) -> Result<(), Error<E>> {
        let (mut old, mut new) =
            (self.entries(old)?.into_iter().peekable(), self.entries(new)?.into_iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(one), Some(other)) => one.order.cmp(&other.order),
            };
            let before = old.next_if(|_| order.is_le());
            let after = new.next_if(|_| order.is_ge());
            let name = before.as_ref().or(after.as_ref()).map(Entry::name).unwrap_or_default().to_owned();
            let (before, after) = (before.map(|entry| entry.child), after.map(|entry| entry.child));
            if before != after {
                self.changed(&format!("{folder}{name}"), before, after)?;
            }
        }
    }

    fn changed(&mut self, path: &str, old: Option<Child>, new: Option<Child>) -> Result<(), Error<E>> {
        let tree = |child: Option<Child>| match child {
            Some(Child::Tree(id)) => Some(id),
            _ => None,
        };
        let trees = (tree(old), tree(new));
        if trees != (None, None) && (self.enters)(path) {
            return self.go(&format!("{path}/"), trees.0, trees.1);
        }
        (self.visit)(Changed { path, old, new }).map_err(Error::Load)
    }

    fn entries(&mut self, id: Option<TreeId>) -> Result<Vec<Entry>, Error<E>> {
        let Some(id) = id else { return Ok(Vec::new()) };
        let bytes = (self.load)(id).map_err(Error::Load)?;
        entries(&bytes).map_err(|problem| Error::Malformed { id, problem })
    }
}

/// One entry of a tree.
struct Entry {
    /// Its name; that of a tree with a `/` behind, which is how git sorts them.
    order: String,
    child: Child,
}

impl Entry {
    fn name(&self) -> &str {
        self.order.trim_end_matches('/')
    }
}

fn entries(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let tree = gix_object::TreeRef::from_bytes(bytes, gix_hash::Kind::Sha256).map_err(|e| e.to_string())?;
    let entry = |entry: gix_object::tree::EntryRef<'_>| {
        let name = std::str::from_utf8(entry.filename).map_err(|e| e.to_string())?;
        let (id, invalid) = (entry.oid.as_bytes(), |error: crate::object::InvalidId| error.to_string());
        Ok(if entry.mode.is_tree() {
            Entry { order: format!("{name}/"), child: Child::Tree(TreeId::from_bytes(id).map_err(invalid)?) }
        } else {
            Entry { order: name.to_owned(), child: Child::Blob(BlobId::from_bytes(id).map_err(invalid)?) }
        })
    };
    tree.entries.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    use super::super::{Difference, MAX_LEAF, Snapshot, diff, write};
    use super::*;

    /// A path that a walk met, what it was and what it is.
    type Met = (String, Option<Child>, Option<Child>);

    #[derive(Default)]
    struct Trees(BTreeMap<TreeId, Vec<u8>>);

    impl Trees {
        fn write(&mut self, snapshot: &Snapshot) -> TreeId {
            let Ok(id) = write::<Infallible>(snapshot, &mut |id, bytes| {
                self.0.insert(id, bytes);
                Ok(())
            });
            id
        }

        /// Every path that differs, in the order of the walk, with what it was and is; and how many trees were read.
        fn walk(&self, ends: [Option<TreeId>; 2], enters: bool) -> (Vec<Met>, usize) {
            let (mut found, mut loads) = (Vec::new(), 0);
            let mut load = |id| {
                loads += 1;
                Ok::<_, Infallible>(self.0[&id].clone())
            };
            let mut visit = |changed: Changed<'_>| {
                assert_eq!(changed.child(), changed.new.or(changed.old));
                found.push((changed.path.to_owned(), changed.old, changed.new));
                Ok(())
            };
            walk(ends[0], ends[1], &|_| enters, &mut load, &mut visit).unwrap();
            (found, loads)
        }
    }

    fn snapshot(numbers: impl Iterator<Item = usize>, text: &str) -> Snapshot {
        let key = |n: usize| match n % 7 {
            0 => format!("odd {n}"),
            _ => BlobId::of(n.to_string().as_bytes()).to_string(),
        };
        let blob = |n: usize| BlobId::of(if n.is_multiple_of(5) { text.as_bytes() } else { b"same" });
        numbers.map(|n| (ContentHash::new(key(n)).unwrap(), blob(n))).collect()
    }

    /// The memories that differ, as the paths tell: one that moved to another path is no difference.
    fn told(found: &[Met]) -> Vec<Difference> {
        let blob = |child: &Child| match child {
            Child::Blob(id) => *id,
            Child::Tree(id) => panic!("every tree is gone into, yet {id} is given"),
        };
        let mut told: BTreeMap<ContentHash, [Option<BlobId>; 2]> = BTreeMap::new();
        for (path, old, new) in found {
            let ends = told.entry(key_at(path).unwrap()).or_default();
            ends[0] = ends[0].or(old.as_ref().map(blob));
            ends[1] = ends[1].or(new.as_ref().map(blob));
        }
        told.into_iter()
            .filter(|(_, ends)| ends[0] != ends[1])
            .map(|(key, [old, new])| (key, old, new))
            .collect()
    }

    #[test]
    fn a_walk_meets_what_differs_in_the_order_of_the_paths() {
        let mut trees = Trees::default();
        let sizes = [0, 1, MAX_LEAF, MAX_LEAF + 1, 900];
        for (from, to) in sizes.into_iter().flat_map(|from| sizes.map(|to| (from, to))) {
            let (from, to) = (snapshot(0..from, "old"), snapshot(3..to.max(3), "new"));
            let ends = [trees.write(&from), trees.write(&to)];
            let (found, _) = trees.walk(ends.map(Some), true);
            assert!(found.is_sorted_by(|one, next| one.0 < next.0));
            let expected =
                diff(Some(ends[0]), Some(ends[1]), &mut |id| Ok::<_, Infallible>(trees.0[&id].clone()))
                    .unwrap();
            assert_eq!(told(&found), expected);
            let (found, _) = trees.walk([None, Some(ends[1])], true);
            assert_eq!(
                told(&found),
                to.iter().map(|(key, id)| (key.clone(), None, Some(*id))).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn what_is_equal_is_not_read_and_what_is_not_entered_is_given_itself() {
        let mut trees = Trees::default();
        let before = snapshot(0..900, "old");
        let mut after = before.clone();
        let key = after.keys().nth(700).unwrap().clone();
        after.insert(key.clone(), BlobId::of(b"changed"));
        let ends = [trees.write(&before), trees.write(&after)].map(Some);
        let (found, loads) = trees.walk(ends, true);
        let path = format!("{}/{key}", &key.as_str()[..1]);
        let [old, new] = [Child::Blob(before[&key]), Child::Blob(after[&key])];
        assert_eq!((found.as_slice(), loads), ([(path.clone(), Some(old), Some(new))].as_slice(), 4));
        assert_eq!((key_at(&path), key_at(&path[..1])), (Some(key), None));
        assert_eq!(
            (old.kind(), old.mode(), old.id()),
            (Kind::Blob, "100644", before[&key_at(&path).unwrap()].to_string())
        );

        let (found, loads) = trees.walk(ends, false);
        let [(folder, Some(Child::Tree(old)), Some(new))] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((folder.as_str(), loads), (&path[..1], 2));
        assert_eq!((new.kind(), new.mode()), (Kind::Tree, "040000"));
        assert!(trees.0.keys().any(|id| id.to_string() == new.id()) && old.to_string() != new.id());
        assert_eq!(trees.walk([ends[0], ends[0]], true).0, []);
    }

    #[test]
    fn a_walk_says_what_is_damaged() {
        let id = TreeId::of(b"x");
        let damaged =
            walk(Some(id), None, &|_| true, &mut |_| Ok::<_, Infallible>(b"x".to_vec()), &mut |_| Ok(()));
        assert!(damaged.unwrap_err().to_string().starts_with(&format!("tree {id} is damaged")));
        let gone = walk(None, Some(id), &|_| true, &mut |_| Err("gone"), &mut |_| Ok(()));
        assert_eq!(gone.unwrap_err().to_string(), "gone");
    }
}
