//! Whether everything that something names is there, and where it leads.

use std::collections::HashMap;

use super::{Check, Damage, Id, told};
use crate::object::tree::Shapes;
use crate::object::{Commit, Kind, ObjectId};
use crate::store::objects::hex;
use crate::store::reachable::{Root, links};
use crate::store::{Error, RefName};

impl Check<'_> {
    pub(super) fn references(&mut self) -> Result<(), Error> {
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

    pub(super) fn root(&mut self, root: &Root) -> Result<(), Error> {
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
    pub(super) fn follow(&mut self) -> Result<(), Error> {
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
    pub(super) fn shapes(&mut self) -> Result<(), Error> {
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
}
