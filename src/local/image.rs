//! All that the database has under one name, taken out whole and put back bit for bit: every column of the row,
//! known here or not, the vector with its partition, the links.
//!
//! Guarantees: [`Image::to_row`] is a function of what was there, and [`Image::from_row`] takes nothing but what it
//! wrote, unharmed. What is put back reads as it did, in whatever version of the schema the database is by then:
//! columns that are gone are left out, those that are new keep what they hold.
//!
//! Must never: read a value for what it means.

mod bytes;

use rusqlite::params_from_iter;
use rusqlite::types::ToSql;

use super::rows::Rows;
use crate::object::Memory;

pub(super) use bytes::Damaged;

/// One value, as SQLite holds it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    /// Text in the database's encoding, which need not be valid.
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// The columns of one row of a table, sorted by name; none where there is no row.
pub(super) type Cells = Vec<(String, Cell)>;

/// What the database has under one name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Image {
    /// The row of `memories`, be it a tombstone.
    row: Cells,
    /// Its row of `memory_embeddings`.
    vector: Cells,
    /// The rows of `memory_graph` that begin or end here.
    links: Vec<Cells>,
}

impl Image {
    /// The id of the row, which is also its vector's.
    pub(super) fn id(&self) -> Option<i64> {
        match self.cell("id") {
            Some(Cell::Integer(id)) => Some(*id),
            _ => None,
        }
    }

    /// The vector's bytes.
    pub(super) fn vector(&self) -> Option<&[u8]> {
        bytes(&self.vector)
    }

    /// The row's text, where it can be read.
    pub(super) fn text(&self) -> Option<&str> {
        match self.cell("content") {
            Some(Cell::Text(bytes)) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// Whether its vector is one of the other's text, too, so that nothing takes its place: the other's own may be of
    /// a model that the database has left since.
    pub(super) fn has_vector_for(&self, other: &Self) -> bool {
        let is_pending = self.cell("embedding_pending") == Some(&Cell::Integer(1));
        let is_same = self.cell("content").is_some() && self.cell("content") == other.cell("content");
        is_same && !is_pending && self.is_live() && other.is_live() && self.vector().is_some()
    }

    fn cell(&self, column: &str) -> Option<&Cell> {
        find(&self.row, column)
    }

    fn is_live(&self) -> bool {
        !self.row.is_empty() && matches!(self.cell("deleted_at"), None | Some(Cell::Null))
    }
}

/// The bytes of a row of `memory_embeddings`.
fn bytes(vector: &Cells) -> Option<&[u8]> {
    match find(vector, "content_embedding") {
        Some(Cell::Blob(bytes)) => Some(bytes),
        _ => None,
    }
}

fn find<'a>(cells: &'a Cells, column: &str) -> Option<&'a Cell> {
    cells.iter().find(|(name, _)| name == column).map(|(_, cell)| cell)
}

impl Rows<'_> {
    /// Takes out what is there under a name.
    pub(super) fn image(&self, key: &str) -> rusqlite::Result<Image> {
        let columns: Vec<&str> = self.schema.columns.iter().map(String::as_str).collect();
        let row = self.cells(&columns, "memories WHERE content_hash = ?1", &key)?.pop().unwrap_or_default();
        let mut image = Image { row, ..Image::default() };
        if let Some((vectors, id)) = self.schema.vectors.zip(image.id()) {
            let columns: &[&str] =
                if vectors.store { &["content_embedding", "store"] } else { &["content_embedding"] };
            let found = self.cells(columns, "memory_embeddings WHERE rowid = ?1", &id)?;
            image.vector = found.into_iter().next().unwrap_or_default();
        }
        image.links = self.links(key)?;
        Ok(image)
    }

    /// What is there under a name that has no row.
    pub(super) fn links_alone(&self, key: &str) -> rusqlite::Result<Image> {
        Ok(Image { links: self.links(key)?, ..Image::default() })
    }

    /// The links from and to a name. SQLite plans that question anew for each name, so it is not asked of a database
    /// without links.
    fn links(&self, key: &str) -> rusqlite::Result<Vec<Cells>> {
        let columns: Vec<&str> = self.schema.links.iter().map(String::as_str).collect();
        if columns.is_empty() || !self.connection.prepare_cached("SELECT 1 FROM memory_graph")?.exists([])? {
            return Ok(Vec::new());
        }
        let table =
            "memory_graph WHERE source_hash = ?1 OR target_hash = ?1 ORDER BY source_hash, target_hash";
        self.cells(&columns, table, &key)
    }

    /// Puts back what `image` shows in place of `standing`, which is there now, and returns the row's id where there
    /// is a row afterwards. `returns` says which other memories come back together with this one.
    pub(super) fn put_back(
        &self,
        key: &str,
        standing: &Image,
        image: &Image,
        returns: &dyn Fn(&str) -> bool,
    ) -> rusqlite::Result<Option<i64>> {
        let id = self.put_row_back(standing, image)?;
        if let Some(id) = id {
            self.remove_vector(id)?;
            let vector = if standing.has_vector_for(image) { &standing.vector } else { &image.vector };
            if self.fits(vector) {
                self.put("INSERT INTO memory_embeddings", &self.vector_of(id, image, vector))?;
            }
        }
        match (standing.is_live(), image.is_live()) {
            // Not to memories that were deleted meanwhile and do not return.
            (false, true) => {
                self.put_links_back(key, image, &|other| Ok(!self.is_tombstone(other)? || returns(other)))?;
            }
            // Before it came it may have had links, too: those of others that are still there.
            (true, false) => {
                self.remove_links(key)?;
                self.put_links_back(key, image, &|other| self.is_alive(other))?;
            }
            _ => {}
        }
        Ok(id)
    }

    /// Whether a vector is one of this database's.
    fn fits(&self, vector: &Cells) -> bool {
        let dimension = self.schema.vectors.and_then(|vectors| vectors.dimension);
        bytes(vector).is_some_and(|bytes| dimension.is_some_and(|dimension| bytes.len() == dimension * 4))
    }

    /// The image's vector as this database has its columns.
    fn vector_of(&self, id: i64, image: &Image, vector: &Cells) -> Cells {
        let mut columns = vector.clone();
        columns.push(("rowid".to_owned(), Cell::Integer(id)));
        columns.retain(|(name, _)| name != "store");
        if self.schema.vectors.is_some_and(|vectors| vectors.store) {
            let store = find(&image.vector, "store").or(image.cell("store"));
            let default = || Cell::Text(Memory::DEFAULT_STORE.into());
            columns.push(("store".to_owned(), store.cloned().unwrap_or_else(default)));
        }
        columns
    }

    fn put_row_back(&self, standing: &Image, image: &Image) -> rusqlite::Result<Option<i64>> {
        let Some(wanted) = image.id() else {
            if let Some(id) = standing.id() {
                self.remove_vector(id).and_then(|()| self.erase(id))?;
            }
            return Ok(None);
        };
        let is_free = self.is_free(wanted)?;
        let mut columns = image.row.clone();
        columns.retain(|(name, _)| self.schema.has(name) && name != "id");
        if let Some(id) = standing.id().filter(|id| *id == wanted || !is_free) {
            return self.overwrite(id, standing, &columns).map(|()| Some(id));
        }
        let rest = standing.row.iter().filter(|(name, _)| name != "id" && image.cell(name).is_none());
        columns.extend(rest.cloned());
        if let Some(id) = standing.id() {
            self.remove_vector(id).and_then(|()| self.erase(id))?;
        }
        if is_free {
            columns.push(("id".to_owned(), Cell::Integer(wanted)));
        }
        self.put("INSERT INTO memories", &columns)?;
        Ok(Some(self.connection.last_insert_rowid()))
    }

    /// Puts values into columns of a row that stays.
    fn overwrite(&self, id: i64, standing: &Image, columns: &Cells) -> rusqlite::Result<()> {
        let content = find(columns, "content");
        if self.schema.stale_terms && content != standing.cell("content") {
            // As in `Rows::update`: the trigger takes the new text out before it puts it in.
            self.forget_terms(id)?;
            let sql = "INSERT INTO memory_content_fts (rowid, content) VALUES (?, ?)";
            self.run(sql, [&Cell::Integer(id), content.unwrap_or(&Cell::Null)])?;
        }
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("{} = ?", quoted(name))).collect();
        let sql = format!("UPDATE memories SET {} WHERE id = ?", names.join(", "));
        self.run(&sql, columns.iter().map(|(_, cell)| cell).chain([&Cell::Integer(id)]))
    }

    /// Puts back those links of `key` whose other end `may_be_linked`.
    fn put_links_back(
        &self,
        key: &str,
        image: &Image,
        may_be_linked: &dyn Fn(&str) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<()> {
        for link in &image.links {
            let mut is_wanted = true;
            for end in ["source_hash", "target_hash"] {
                if let Some(Cell::Text(name)) = find(link, end)
                    && let Ok(name) = std::str::from_utf8(name)
                {
                    is_wanted &= name == key || may_be_linked(name)?;
                }
            }
            let mut columns = link.clone();
            columns.retain(|(name, _)| self.schema.links.contains(name));
            if is_wanted && !columns.is_empty() {
                self.put("INSERT OR IGNORE INTO memory_graph", &columns)?;
            }
        }
        Ok(())
    }

    fn is_tombstone(&self, key: &str) -> rusqlite::Result<bool> {
        Ok(!self.is_alive(key)? && self.exists("content_hash = ?1", &key)?)
    }

    fn is_alive(&self, key: &str) -> rusqlite::Result<bool> {
        let is_live = if self.schema.soft_deletes() { "deleted_at IS NULL AND" } else { "" };
        self.exists(&format!("{is_live} content_hash = ?1"), &key)
    }

    fn is_free(&self, id: i64) -> rusqlite::Result<bool> {
        Ok(!self.exists("id = ?1", &id)?)
    }

    fn exists(&self, condition: &str, name: &dyn ToSql) -> rusqlite::Result<bool> {
        let sql = format!("SELECT 1 FROM memories WHERE {condition}");
        self.connection.prepare_cached(&sql)?.exists([name])
    }

    fn cells(&self, columns: &[&str], table: &str, name: &dyn ToSql) -> rusqlite::Result<Vec<Cells>> {
        let names: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
        let mut statement =
            self.connection.prepare_cached(&format!("SELECT {} FROM {table}", names.join(", ")))?;
        let rows = statement.query_map([name], |row| {
            let cell = |(index, name): (usize, &&str)| Ok(((*name).to_owned(), row.get_ref(index)?.into()));
            columns.iter().enumerate().map(cell).collect()
        })?;
        rows.collect()
    }

    fn run<'a>(&self, sql: &str, cells: impl IntoIterator<Item = &'a Cell>) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(params_from_iter(cells)).map(drop)
    }

    fn put(&self, insert: &str, cells: &Cells) -> rusqlite::Result<()> {
        let names: Vec<String> = cells.iter().map(|(name, _)| quoted(name)).collect();
        let places = vec!["?"; cells.len()].join(", ");
        let sql = format!("{insert} ({}) VALUES ({places})", names.join(", "));
        self.run(&sql, cells.iter().map(|(_, cell)| cell))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
