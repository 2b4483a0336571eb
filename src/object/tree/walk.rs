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
