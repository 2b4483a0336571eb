//! Whether every object is what its id and its kind say.

use super::{Check, Damage, Id, told};
use crate::object::{Kind, Memory};
use crate::store::Error;
use crate::store::codec::Stored;
use crate::store::objects::hex;
use crate::store::reachable::links;

impl Check<'_> {
    /// Notes which objects there are, and reads them unless told not to.
    pub(super) fn objects(&mut self, only_names: bool) -> Result<(), Error> {
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

    pub(super) fn damage(&mut self, id: &Id, problem: String) {
        if self.damaged.insert(*id) {
            self.tell(Damage::DamagedObject, self.name(id), problem);
        }
    }

    pub(super) fn name(&self, id: &Id) -> String {
        self.kinds.get(id).map_or_else(|| hex(id), |kind| format!("{kind} {}", hex(id)))
    }
}
