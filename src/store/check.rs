//! `fsck`: everything that the staging database promises, looked at.
//!
//! Guarantees: not a byte is written. Damage of one part does not keep the others from being looked at.

mod schema;

use std::collections::{HashMap, HashSet};
use std::error::Error as _;

use rusqlite::types::ValueRef;

use super::codec::Stored;
use super::objects::hex;
use super::reachable::{CHANGES, Id, ROOTS, Root, links};
use super::{Error, RefName, Store};
use crate::object::tree::Shapes;
use crate::object::{Commit, Kind, Memory, ObjectId, TreeId};

/// How many complaints of SQLite's own check are told.
const MOST_PAGES: u32 = 20;

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
            check.part(Check::moments)?;
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

    fn file(&mut self) -> Result<(), Error> {
        let sql = format!("PRAGMA integrity_check({MOST_PAGES})");
        let complaints: Vec<String> = self.store.rows("the file", &sql, [], |row| row.get(0))?;
        for complaint in complaints.iter().flat_map(|text| text.lines()).filter(|line| *line != "ok") {
            self.tell(Damage::File, "the file", complaint);
        }
        Ok(())
    }

    /// Notes which objects there are, and reads them unless told not to.
    fn objects(&mut self, only_names: bool) -> Result<(), Error> {
        let failed = |cause| Error::from_sqlite(self.store.path(), "the objects", cause);
        let columns = if only_names { "id, kind" } else { "id, kind, size, data, dictionary" };
        let sql = format!("SELECT {columns} FROM objects");
        let mut statement = self.store.connection.prepare(&sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let (id, kind) = match (row.get::<_, Id>(0), row.get(1)) {
                (Ok(id), Ok(kind)) => (id, kind),
                (Ok(id), Err(_)) => {
                    self.tell(Damage::DamagedObject, hex(&id), "it is of no known kind");
                    continue;
                }
                _ => {
                    self.tell(Damage::Row, "the objects", "a row has no object id");
                    continue;
                }
            };
            self.kinds.insert(id, kind);
            if !only_names {
                self.object(&id, Stored::read_from(row, 1));
            }
        }
        Ok(())
    }

    /// Reads an object, and parses it as what it is.
    fn object(&mut self, id: &Id, stored: rusqlite::Result<Stored>) {
        let stored = match stored {
            Ok(stored) => stored,
            Err(error) => return self.damage(id, error.to_string()),
        };
        let (kind, dictionary) = (stored.kind, stored.dictionary);
        match self.store.checked(id, stored) {
            Ok(bytes) if kind == Kind::Blob => {
                if let Err(error) = Memory::parse(&bytes) {
                    self.texts.insert(*id, error.to_string());
                }
            }
            Ok(bytes) => {
                if let Err(problem) = links(kind, &bytes) {
                    self.damage(id, problem);
                }
            }
            Err(error) => {
                let known = dictionary.is_none_or(|known| self.store.dictionary(known).is_ok());
                if known {
                    let (_, problem) = told(&error);
                    return self.damage(id, problem);
                }
                self.damaged.insert(*id);
                let place = format!("dictionary {}", dictionary.unwrap_or_default());
                self.tell(Damage::MissingDictionary, place, "it is missing, and objects need it to be read");
            }
        }
    }

    fn damage(&mut self, id: &Id, problem: String) {
        if self.damaged.insert(*id) {
            self.tell(Damage::DamagedObject, self.name(id), problem);
        }
    }

    fn name(&self, id: &Id) -> String {
        self.kinds.get(id).map_or_else(|| hex(id), |kind| format!("{kind} {}", hex(id)))
    }

    fn references(&mut self) -> Result<(), Error> {
        let names: Vec<(String, Option<Vec<u8>>)> =
            self.store.rows("the refs", "SELECT name, target FROM refs ORDER BY name", [], |row| {
                Ok((row.get(0)?, row.get_ref(1)?.as_blob().ok().map(<[u8]>::to_vec)))
            })?;
        self.found.references = names.len();
        for (name, target) in names {
            if let Err(error) = RefName::new(name.as_str()) {
                self.tell(Damage::Row, "the refs", error.to_string());
            }
            let target = target.and_then(|id| Id::try_from(id).ok());
            self.bases.extend(target.filter(|_| name.starts_with("refs/base/")).map(|id| (name, id)));
        }
        Ok(())
    }

    fn root(&mut self, root: &Root) -> Result<(), Error> {
        let store = self.store;
        root.visit(store, i64::MIN, &mut |place, id| {
            match id {
                Some(id) => self.expect(place, root.kind, id),
                None => self.tell(Damage::Row, place, "what it names is no object id"),
            }
            Ok(())
        })
    }

    /// `place` names an object: is it there, and of that kind?
    fn expect(&mut self, place: &str, kind: Kind, id: Id) {
        match self.kinds.get(&id) {
            Some(found) if *found == kind => {}
            Some(found) => {
                let problem = format!("it names {kind} {}, which is a {found}", hex(&id));
                return self.tell(Damage::MissingObject, place, problem);
            }
            None => {
                if self.missing.insert(id) {
                    let problem = format!("it names {kind} {}, which is missing", hex(&id));
                    self.tell(Damage::MissingObject, place, problem);
                }
                return;
            }
        }
        if let Some(problem) = self.texts.remove(&id) {
            self.damage(&id, format!("it is no memory: {problem}"));
        }
        if self.reachable.insert(id) && kind != Kind::Blob {
            self.open.push((kind, id));
        }
    }

    /// Follows what is reachable to its end.
    fn follow(&mut self) -> Result<(), Error> {
        while let Some((kind, id)) = self.open.pop() {
            let Some(bytes) = self.load(&id)? else { continue };
            let place = self.name(&id);
            match links(kind, &bytes) {
                Ok(links) => {
                    for (kind, id) in links {
                        self.expect(&place, kind, id);
                    }
                }
                Err(problem) => self.damage(&id, problem),
            }
            if let Some(commit) = Commit::parse(&bytes).ok().filter(|_| kind == Kind::Commit) {
                self.commits.push((id, commit.tree));
            }
        }
        Ok(())
    }

    /// An object's bytes; `None` where it is missing or damaged, which is told then.
    fn load(&mut self, id: &Id) -> Result<Option<Vec<u8>>, Error> {
        if self.damaged.contains(id) || self.missing.contains(id) {
            return Ok(None);
        }
        match self.store.object(id) {
            Ok(found) => Ok(found.map(|(_, bytes)| bytes)),
            Err(error @ Error::Damaged { .. }) => {
                self.damage(id, told(&error).1);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The trees of all commits, and whether those of the bases are pairs.
    fn shapes(&mut self) -> Result<(), Error> {
        let mut shapes = Shapes::default();
        let bases: HashMap<Id, String> = self.bases.drain(..).map(|(name, id)| (id, name)).collect();
        for (commit, tree) in std::mem::take(&mut self.commits) {
            let is_pair = shapes.check(tree, &mut |id| {
                self.load(id.as_bytes().try_into().expect("an object id has 32 bytes"))
            })?;
            if let Some(base) = bases.get(&commit).filter(|_| is_pair == Some(false)) {
                self.tell(Damage::Shape, base, "it names a snapshot of one side and not a sync");
            }
        }
        for (tree, problem) in shapes.problems {
            self.tell(Damage::Shape, format!("tree {tree}"), problem);
        }
        Ok(())
    }

    fn conflicts(&mut self) -> Result<(), Error> {
        let sql = "SELECT key, remote FROM conflicts WHERE (base_local IS NULL) <> (base_remote IS NULL)";
        let halves = self.store.rows("the conflicts", sql, [], |row| Ok((words(row, 0)?, words(row, 1)?)))?;
        for (key, remote) in &halves {
            let place = format!("the conflict about {key} with {remote}");
            self.tell(Damage::Row, place, "one half of its base is missing");
        }
        if halves.is_empty() {
            for remote in self.distinct("SELECT DISTINCT remote FROM conflicts")? {
                self.part(|check| check.store.conflicts(&remote).map(drop))?;
            }
        }
        Ok(())
    }

    /// The rows that are kept for each side.
    fn sides(&mut self) -> Result<(), Error> {
        for remote in self.distinct("SELECT DISTINCT remote FROM failures")? {
            self.part(|check| check.store.failures(&remote).map(drop))?;
        }
        for side in self.distinct("SELECT DISTINCT side FROM side_index")? {
            self.part(|check| check.store.index(&side).map(drop))?;
        }
        Ok(())
    }

    /// Marks that are damaged are not used, so that the next reading looks at every row.
    fn marks(&mut self) -> Result<(), Error> {
        if !self.store.has_sound_marks()? {
            self.tell(Damage::Row, "the marks of the last reading", "they are not those that were kept");
        }
        Ok(())
    }

    fn vectors(&mut self, only_count: bool) -> Result<(), Error> {
        self.found.vectors = usize::try_from(self.store.count_vectors()?).unwrap_or(usize::MAX);
        if only_count {
            return Ok(());
        }
        for row in self.store.damaged_vectors()? {
            self.tell(Damage::Vector, format!("vector {row}"), "it is not the one that was kept");
        }
        Ok(())
    }

    fn distinct(&self, sql: &str) -> Result<Vec<String>, Error> {
        self.store.rows("the names of the sides", sql, [], |row| words(row, 0))
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
