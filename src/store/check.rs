//! `fsck`: everything that the staging database promises, looked at.
//!
//! Guarantees: not a byte is written. Damage of one part does not keep the others from being looked at.

mod links;
mod objects;
mod rows;
mod schema;

use std::collections::{HashMap, HashSet};
use std::error::Error as _;

use rusqlite::types::ValueRef;

use super::reachable::{CHANGES, Id, ROOTS};
use super::{Error, Store};
use crate::object::{Kind, TreeId};

/// What kind of damage was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Damage {
    /// SQLite finds the file itself damaged.
    File,
    /// A dictionary that objects were compressed with is not there.
    MissingDictionary,
    /// An object's bytes are not those that its id names, or are none of its kind.
    DamagedObject,
    /// Something names an object that is not there, or is of another kind.
    MissingObject,
    /// A tree is not as memsync makes it, so that it would be read wrongly.
    Shape,
    /// A row holds something that cannot be there.
    Row,
    /// A vector is not the one that was kept, so that it will not be used.
    Vector,
}

impl Damage {
    /// Its name for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::MissingDictionary => "missing-dictionary",
            Self::DamagedObject => "damaged-object",
            Self::MissingObject => "missing-object",
            Self::Shape => "shape",
            Self::Row => "row",
            Self::Vector => "vector",
        }
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of damage it is.
    pub damage: Damage,
    /// What is damaged: a ref, an object, a row.
    pub place: String,
    /// How.
    pub problem: String,
}

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// How many objects there are.
    pub objects: usize,
    /// How many of them nothing leads to; `gc` drops them in time.
    pub unreachable: usize,
    /// How many refs there are.
    pub references: usize,
    /// How many vectors are kept to be made only once.
    pub vectors: usize,
}

impl Store {
    /// Looks at everything: the file, each object, and what leads where. With `connectivity_only`, whether everything
    /// that something leads to is there, and no more.
    ///
    /// An error is only what kept the file from being read at all.
    pub fn fsck(&self, connectivity_only: bool) -> Result<Checked, Error> {
        let mut check = Check::new(self);
        if !connectivity_only {
            check.part(Check::file)?;
            check.part(Check::schema)?;
        }
        check.part(|check| check.objects(connectivity_only))?;
        check.part(Check::references)?;
        for root in ROOTS.iter().chain(CHANGES) {
            check.part(|check| check.root(root))?;
        }
        check.part(Check::follow)?;
        if !connectivity_only {
            check.part(Check::types)?;
            check.part(Check::strays)?;
            check.part(|check| check.store.check_reflog())?;
            check.part(|check| check.store.check_facts())?;
            check.part(Check::shapes)?;
            check.part(Check::conflicts)?;
            check.part(|check| check.store.staged().map(drop))?;
            check.part(|check| check.store.journal().map(drop))?;
            check.part(|check| check.store.check_changes())?;
            check.part(Check::sides)?;
            check.part(Check::marks)?;
        }
        check.part(|check| check.vectors(connectivity_only))?;
        Ok(check.result())
    }
}

/// A check under way.
struct Check<'a> {
    store: &'a Store,
    found: Checked,
    /// The objects that are there, by what they are said to be.
    kinds: HashMap<Id, Kind>,
    /// Those of them whose damage is told already.
    damaged: HashSet<Id>,
    /// Blobs that are no memories: no damage unless something takes them for one.
    texts: HashMap<Id, String>,
    /// What something names and that is not there, told once.
    missing: HashSet<Id>,
    reachable: HashSet<Id>,
    /// What is reachable and has not been followed yet.
    open: Vec<(Kind, Id)>,
    /// The commits that are reachable.
    commits: Vec<(Id, TreeId)>,
    bases: Vec<(String, Id)>,
}

impl<'a> Check<'a> {
    fn new(store: &'a Store) -> Self {
        Self {
            store,
            found: Checked::default(),
            kinds: HashMap::new(),
            damaged: HashSet::new(),
            texts: HashMap::new(),
            missing: HashSet::new(),
            reachable: HashSet::new(),
            open: Vec::new(),
            commits: Vec::new(),
            bases: Vec::new(),
        }
    }

    /// One part of the check. Where damage keeps it from going on, that is told, and the next part begins.
    fn part(&mut self, run: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        match run(self) {
            Err(error @ Error::Damaged { .. }) => {
                let (place, problem) = told(&error);
                self.tell(Damage::Row, place, problem);
                Ok(())
            }
            result => result,
        }
    }

    fn tell(&mut self, damage: Damage, place: impl Into<String>, problem: impl Into<String>) {
        let finding = Finding { damage, place: place.into(), problem: problem.into() };
        if !self.found.findings.contains(&finding) {
            self.found.findings.push(finding);
        }
    }

    fn result(mut self) -> Checked {
        self.found.objects = self.kinds.len();
        self.found.unreachable = self.kinds.keys().filter(|id| !self.reachable.contains(*id)).count();
        self.found
    }
}

/// A text, whatever bytes it holds.
fn words(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<String> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{:?}", other.data_type()),
    })
}

/// What is damaged, and how, in the words of an error.
fn told(error: &Error) -> (String, String) {
    let Error::Damaged { what, .. } = error else { return ("the file".to_owned(), error.to_string()) };
    let cause = error.source().map_or_else(|| what.clone(), ToString::to_string);
    (what.clone(), cause)
}
