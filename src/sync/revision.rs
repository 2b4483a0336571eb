//! Names for commits and objects, git's where they have a meaning here.
//!
//! - `HEAD`, `@`: the last sync with the remote of the session. `origin`: what that server held when it was last read or written.
//!   `local`: what this device held. `base/NAME` and full names such as `refs/remotes/NAME`.
//! - `3fa9c2d1`: an object's id, or at least four of its first digits.
//! - `HEAD~3`: three syncs before. `HEAD^`: the sync before; `HEAD^2`: what this device held before that sync;
//!   `HEAD^3`: what the server held. These numbers hold for the first sync too, which has no sync before it.
//! - `@{u}`, `@{upstream}`: the server's ref. `@{2}`: the ref two moves ago. `@{yesterday}`, `@{2 weeks ago}`,
//!   `@{2026-11-20}`: the ref at that time; at its beginning, where a day is named.
//! - `COMMIT:HASH`: a memory in a commit, in a sync in this device's form; `COMMIT:remote/HASH` is the server's form.
//!   `COMMIT:local`, `COMMIT:remote`, `COMMIT^{tree}`: trees.
//!
//! Guarantees: what is named is one thing or an error with the candidates; a ref goes before an id, a whole id or hash
//! before the beginning of another one.
//!
//! Must never: read the clock, or look at a side: names are about what the staging database holds.

mod error;
mod grammar;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Error, Session, Zone, base_reference, local_reference, remote_reference};
use crate::object::{BlobId, CommitId, ContentHash, Kind, TreeId};
use crate::store::{RefName, ReflogEntry};
use grammar::{Expression, Part, Selector, Step};

pub use error::RevisionError;

/// The fewest characters that name something by its beginning.
const SHORTEST: usize = 4;
/// How many candidates an error lists.
const CANDIDATES: usize = 6;

/// What a name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A sync, or a snapshot of one side.
    Commit(CommitId),
    /// What a side held, or a part of it, or both sides of a sync.
    Tree(TreeId),
    /// One version of a memory, by its id.
    Version(BlobId),
    /// A memory, by its hash. The version is that of the commit where one was named; otherwise the newest that
    /// memsync has seen: on this device, else on the server, else in the last sync.
    Memory(ContentHash, BlobId),
}

impl Named {
    /// The kind of object that is named.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Commit(_) => Kind::Commit,
            Self::Tree(_) => Kind::Tree,
            Self::Version(_) | Self::Memory(..) => Kind::Blob,
        }
    }

    /// The object's id in hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Commit(id) => id.to_string(),
            Self::Tree(id) => id.to_string(),
            Self::Version(id) | Self::Memory(_, id) => id.to_string(),
        }
    }
}

impl Session<'_> {
    /// The commit that `name` names to somebody in `zone`, at the moment of the session.
    pub fn revision(&self, name: &str, zone: &Zone) -> Result<CommitId, RevisionError> {
        let expression = parse(name)?;
        match expression.part {
            Part::Whole => self.commit_of(name, &expression, zone),
            Part::Tree | Part::Path(_) => {
                let kind = self.object_of(name, &expression, zone)?.kind();
                Err(RevisionError::NotACommit { name: name.to_owned(), kind })
            }
        }
    }

    /// The object that `name` names: a commit, a tree, a version of a memory, or a memory by its hash.
    pub fn named(&self, name: &str, zone: &Zone) -> Result<Named, RevisionError> {
        match parse(name).and_then(|expression| self.object_of(name, &expression, zone)) {
            // A memory may be called like anything.
            Err(
                error @ (RevisionError::Unknown { .. }
                | RevisionError::IsMemory { .. }
                | RevisionError::Malformed { .. }),
            ) => self.memory_called(name)?.ok_or(error),
            result => result,
        }
    }

    /// The ref that is meant by a full or a short name, as git looks for them; `None` where there is none. HEAD is one
    /// also before the first sync.
    pub fn find_reference(&self, name: &str) -> Result<Option<RefName>, Error> {
        if matches!(name, "" | "@" | "HEAD") {
            return Ok(Some(base_reference(&self.remote)?));
        }
        for prefix in ["", "refs/", "refs/heads/", "refs/remotes/"] {
            if let Ok(reference) = RefName::new(format!("{prefix}{name}"))
                && self.store.reference(&reference)?.is_some()
            {
                return Ok(Some(reference));
            }
        }
        Ok(None)
    }

    /// The memories whose hash begins with `prefix`, of all that memsync has last seen on this device, on the server
    /// and in the last sync, each with its version. A whole hash stands for itself.
    pub fn memories_called(&self, prefix: &str) -> Result<Vec<(ContentHash, BlobId)>, Error> {
        let trees = self.newest_trees()?;
        if let Ok(key) = ContentHash::new(prefix) {
            for tree in &trees {
                if let Some(blob) = self.store.find(*tree, &key)? {
                    return Ok(vec![(key, blob)]);
                }
            }
        }
        let mut found: Vec<(ContentHash, BlobId)> = Vec::new();
        let mut seen: BTreeSet<ContentHash> = BTreeSet::new();
        for tree in trees {
            let snapshot = self.store.snapshot(tree)?;
            let matching = snapshot.into_iter().filter(|(key, _)| key.as_str().starts_with(prefix));
            found.extend(matching.filter(|(key, _)| seen.insert(key.clone())));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The trees where a memory is looked for, the first one first.
    fn newest_trees(&self) -> Result<Vec<TreeId>, Error> {
        let mut trees = Vec::new();
        for reference in [local_reference(), remote_reference(&self.remote)?] {
            if let Some(commit) = self.store.reference(&reference)? {
                trees.push(self.store.commit(commit)?.tree);
            }
        }
        if let Some(commit) = self.store.reference(&base_reference(&self.remote)?)? {
            trees.push(self.sides_at(commit)?.0);
        }
        trees.dedup();
        Ok(trees)
    }

    /// What an expression leads to.
    fn object_of(
        &self,
        name: &str,
        expression: &Expression<'_>,
        zone: &Zone,
    ) -> Result<Named, RevisionError> {
        if expression.start == name {
            return self.plain(name);
        }
        let commit = self.commit_of(name, expression, zone)?;
        match expression.part {
            Part::Whole => Ok(Named::Commit(commit)),
            Part::Tree => Ok(Named::Tree(self.store.commit(commit)?.tree)),
            Part::Path(path) => self.within(commit, path),
        }
    }

    /// A name without operators.
    fn plain(&self, name: &str) -> Result<Named, RevisionError> {
        if let Some(reference) = self.find_reference(name)? {
            return Ok(Named::Commit(self.target(&reference, name)?));
        }
        long_enough(name)?;
        let memories = self.memories_called(name)?;
        if let Some((key, blob)) = memories.iter().find(|(key, _)| key.as_str() == name) {
            return Ok(Named::Memory(key.clone(), *blob));
        }
        let objects = self.store.objects_with_prefix(name, CANDIDATES)?;
        match (memories.as_slice(), objects.as_slice()) {
            ([], []) => Err(RevisionError::Unknown { name: name.to_owned() }),
            ([(key, blob)], []) => Ok(Named::Memory(key.clone(), *blob)),
            ([], [(kind, id)]) => object(*kind, id),
            (memories, objects) => {
                let memories = memories.iter().map(|(key, _)| format!("memory {key}"));
                let objects = objects.iter().map(|(kind, id)| format!("{kind} {id}"));
                let candidates = memories.chain(objects).take(CANDIDATES).collect();
                Err(RevisionError::Ambiguous { name: name.to_owned(), candidates })
            }
        }
    }

    /// The memory that has `name`, or alone begins with it.
    fn memory_called(&self, name: &str) -> Result<Option<Named>, RevisionError> {
        if long_enough(name).is_err() {
            return Ok(None);
        }
        let mut found = self.memories_called(name)?;
        Ok(if found.len() == 1 { found.pop().map(|(key, blob)| Named::Memory(key, blob)) } else { None })
    }

    /// What `COMMIT:path` names.
    fn within(&self, commit: CommitId, path: &str) -> Result<Named, RevisionError> {
        let (tree, hash) = match self.sides_at(commit) {
            Ok((local, remote)) => match path.split_once('/') {
                _ if path == "local" => return Ok(Named::Tree(local)),
                _ if path == "remote" => return Ok(Named::Tree(remote)),
                Some(("local", hash)) => (local, hash),
                Some(("remote", hash)) => (remote, hash),
                _ => (local, path),
            },
            // A snapshot of one side.
            Err(_) => (self.store.commit(commit)?.tree, path),
        };
        self.memory_in(tree, hash)?
            .map(|(key, blob)| Named::Memory(key, blob))
            .ok_or_else(|| RevisionError::NoMemory { commit, name: hash.to_owned() })
    }

    /// The memory of a snapshot that has this hash, or alone begins with it.
    fn memory_in(&self, tree: TreeId, hash: &str) -> Result<Option<(ContentHash, BlobId)>, RevisionError> {
        if let Ok(key) = ContentHash::new(hash)
            && let Some(blob) = self.store.find(tree, &key)?
        {
            return Ok(Some((key, blob)));
        }
        long_enough(hash)?;
        let snapshot = self.store.snapshot(tree)?;
        let mut found = snapshot.into_iter().filter(|(key, _)| key.as_str().starts_with(hash));
        let first = found.next();
        let others: Vec<String> =
            found.map(|(key, _)| format!("memory {key}")).take(CANDIDATES - 1).collect();
        match first {
            Some((key, _)) if !others.is_empty() => {
                let candidates = [vec![format!("memory {key}")], others].concat();
                Err(RevisionError::Ambiguous { name: hash.to_owned(), candidates })
            }
            first => Ok(first),
        }
    }

    /// The commit that an expression leads to, whatever is asked of it.
    fn commit_of(
        &self,
        name: &str,
        expression: &Expression<'_>,
        zone: &Zone,
    ) -> Result<CommitId, RevisionError> {
        let mut commit = self.start(name, expression, zone)?;
        for step in &expression.steps {
            commit = match step {
                Step::Before(number) => self.go_back(name, commit, *number)?,
                Step::Parent(number) => self.parent(name, commit, *number)?,
            };
        }
        Ok(commit)
    }

    fn start(&self, name: &str, expression: &Expression<'_>, zone: &Zone) -> Result<CommitId, RevisionError> {
        let Some(mut reference) = self.find_reference(expression.start)? else {
            if expression.selectors.is_empty() {
                return self.commit_called(expression.start);
            }
            return Err(RevisionError::Unknown { name: expression.start.to_owned() });
        };
        for (place, selector) in expression.selectors.iter().enumerate() {
            let is_last = place + 1 == expression.selectors.len();
            match selector {
                Selector::Upstream => reference = self.upstream(&reference, name)?,
                _ if !is_last => {
                    let problem = "only @{u} can stand before another @{…}";
                    return Err(RevisionError::Malformed { name: name.to_owned(), problem });
                }
                Selector::Moves(number) => return self.moves_ago(&reference, name, *number),
                Selector::At(when) => {
                    let now = Timestamp::from_second(self.now).unwrap_or_default();
                    let moment = when.resolve(now, zone).map_or(i64::MIN, Timestamp::as_second);
                    return self.at(&reference, name, moment);
                }
            }
        }
        self.target(&reference, name)
    }

    fn target(&self, reference: &RefName, name: &str) -> Result<CommitId, RevisionError> {
        let is_head = *reference == base_reference(&self.remote)?;
        self.store.reference(reference)?.ok_or_else(|| {
            if is_head {
                RevisionError::NoSync { remote: self.remote.clone() }
            } else {
                RevisionError::Unknown { name: name.to_owned() }
            }
        })
    }

    /// A commit by its id or the beginning of it: other kinds of objects do not count, as in git.
    fn commit_called(&self, name: &str) -> Result<CommitId, RevisionError> {
        long_enough(name)?;
        let objects = self.store.objects_with_prefix(name, usize::MAX)?;
        let commits: Vec<&String> =
            objects.iter().filter(|(kind, _)| *kind == Kind::Commit).map(|(_, id)| id).collect();
        match (commits.as_slice(), objects.as_slice()) {
            ([id], _) => id.parse().map_err(|_| RevisionError::Unknown { name: name.to_owned() }),
            ([], []) => Err(match self.memory_called(name)? {
                Some(Named::Memory(key, _)) => RevisionError::IsMemory { name: key.to_string() },
                _ => RevisionError::Unknown { name: name.to_owned() },
            }),
            ([], [(kind, _), ..]) => Err(RevisionError::NotACommit { name: name.to_owned(), kind: *kind }),
            (commits, _) => {
                let candidates = commits.iter().take(CANDIDATES).map(|id| format!("commit {id}")).collect();
                Err(RevisionError::Ambiguous { name: name.to_owned(), candidates })
            }
        }
    }

    /// The server's ref that belongs to a ref.
    fn upstream(&self, reference: &RefName, name: &str) -> Result<RefName, RevisionError> {
        let remote = match reference.as_str().strip_prefix("refs/base/") {
            Some(remote) => remote,
            None if *reference == local_reference() => &self.remote,
            None => return Err(RevisionError::NoUpstream { name: name.to_owned() }),
        };
        Ok(remote_reference(remote)?)
    }

    fn moves_ago(&self, reference: &RefName, name: &str, number: usize) -> Result<CommitId, RevisionError> {
        let log = self.store.reflog(reference)?;
        let Some(entry) = log.get(number) else {
            return Err(RevisionError::TooFewMoves { reference: reference.clone(), entries: log.len() });
        };
        entry.new.ok_or_else(|| RevisionError::Unknown { name: name.to_owned() })
    }

    /// Where a ref was at that moment, seconds since 1970 in UTC.
    fn at(&self, reference: &RefName, name: &str, moment: i64) -> Result<CommitId, RevisionError> {
        let log = self.store.reflog(reference)?;
        let then: Option<&ReflogEntry> = log.iter().find(|entry| entry.at <= moment);
        let unknown = || RevisionError::Unknown { name: name.to_owned() };
        match (then, log.last()) {
            (Some(entry), _) => entry.new.ok_or_else(unknown),
            (None, Some(first)) => Err(RevisionError::TooLongAgo {
                reference: reference.clone(),
                name: name.to_owned(),
                since: first.at,
            }),
            (None, None) => Err(unknown()),
        }
    }

    fn go_back(&self, name: &str, mut commit: CommitId, number: usize) -> Result<CommitId, RevisionError> {
        for _ in 0..number {
            let before = self.origins(commit)?.before;
            commit = before.ok_or_else(|| RevisionError::NoAncestor { name: name.to_owned(), commit })?;
        }
        Ok(commit)
    }

    fn parent(&self, name: &str, commit: CommitId, number: usize) -> Result<CommitId, RevisionError> {
        let origins = self.origins(commit)?;
        let parent = match number {
            0 => Some(commit),
            1 => return self.go_back(name, commit, 1),
            2 => origins.local,
            3 => origins.remote,
            _ => None,
        };
        parent.ok_or_else(|| RevisionError::NoParent { name: name.to_owned(), commit, number })
    }
}

fn parse(name: &str) -> Result<Expression<'_>, RevisionError> {
    grammar::parse(name).map_err(|problem| RevisionError::Malformed { name: name.to_owned(), problem })
}

/// Refuses a beginning that is too short to mean one thing for long.
fn long_enough(name: &str) -> Result<(), RevisionError> {
    if name.chars().count() < SHORTEST {
        return Err(RevisionError::TooShort { name: name.to_owned() });
    }
    Ok(())
}

fn object(kind: Kind, id: &str) -> Result<Named, RevisionError> {
    let named = match kind {
        Kind::Commit => id.parse().map(Named::Commit),
        Kind::Tree => id.parse().map(Named::Tree),
        Kind::Blob => id.parse().map(Named::Version),
    };
    // Only in a damaged file can an object have a name that is no id.
    named.map_err(|_| RevisionError::Unknown { name: id.to_owned() })
}
