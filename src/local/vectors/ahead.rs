//! The vectors that edits need, made before the transactions that write them.
#![expect(clippy::disallowed_methods, reason = "edits wait for their vectors only so long")]

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::Batch;
use crate::embed::{Maker, from_bytes, to_bytes};
use crate::local::apply::BATCH;
use crate::local::image::Image;
use crate::local::rows::Rows;
use crate::local::{Database, write};
use crate::object::{ContentHash, Edit};
use crate::side;

/// How many texts a maker is given at once, and how many bytes of text: enough for all cores, and little enough that
/// whoever waits sees it go on.
pub(super) const TEXTS: usize = 64;
pub(in crate::local) const BYTES: usize = 256 * 1024;

/// How many edits get their vectors before any of them is written, and after how long no more join them: a quick
/// maker must not break transactions up, and a slow one must not keep back what is done. Six batches are shared evenly by
/// transactions of one, two, three or six.
const EDITS: usize = 6 * BATCH;
const LONG_ENOUGH: Duration = Duration::from_millis(200);

/// Edits, and the vectors that were made for them.
#[derive(Default)]
pub(in crate::local) struct Window {
    /// The next edits, in their order.
    pub(in crate::local) edits: Vec<Edit>,
    /// The vectors that they need, as they are stored.
    pub(in crate::local) made: Made,
}

/// Vectors by the memory that they are for.
#[derive(Default)]
pub(in crate::local) struct Made {
    /// SQLite's counter of changes of the schema when they were made: they fit no other table.
    pub(in crate::local) version: i64,
    vectors: HashMap<ContentHash, Vec<u8>>,
    /// The memories whose kept vectors are not this database's, or may not be.
    unproven: HashSet<ContentHash>,
}

impl Made {
    /// The vector of `key`; `None` where it needs none, or none could be made.
    pub(in crate::local) fn of(&self, key: &ContentHash) -> Option<Vec<u8>> {
        self.vectors.get(key).cloned()
    }

    /// Whether the vector that was kept with the row of `key` must not come back.
    pub(in crate::local) fn replaces(&self, key: &ContentHash) -> bool {
        self.unproven.contains(key)
    }
}

/// A text that needs a vector.
struct Need {
    key: ContentHash,
    text: String,
    /// The vector that was kept of it, which need not be made anew if this would be the same.
    kept: Option<Vec<f32>>,
}

impl Need {
    /// Whether the kept vector is the one that `maker` made.
    fn is_met_by(&self, vector: Option<&[f32]>, maker: &dyn Maker) -> bool {
        vector.zip(self.kept.as_deref()).is_some_and(|(vector, kept)| maker.is_same(vector, kept))
    }
}

impl Database {
    /// Takes the first of `edits`, and makes the vectors that they need. None are left once the window is empty.
    pub(in crate::local) fn look_ahead(
        &mut self,
        edits: &mut impl Iterator<Item = Edit>,
    ) -> Result<Window, side::Error> {
        let began = Instant::now();
        self.refresh()?;
        let mut window = Window::default();
        window.made.version = self.schema.version;
        while window.edits.len() < EDITS && began.elapsed() < LONG_ENOUGH {
            let (mut needs, mut bytes) = (Vec::new(), 0);
            let before = window.edits.len();
            while needs.len() < TEXTS
                && bytes < BYTES
                && window.edits.len() < EDITS
                && let Some(edit) = edits.next()
            {
                if let Some(need) = self.need(&edit).map_err(|error| self.reading(error))? {
                    bytes += need.text.len();
                    needs.push(need);
                }
                window.edits.push(edit);
            }
            if window.edits.len() == before {
                break;
            }
            self.meet(needs, &mut window.made)?;
        }
        Ok(window)
    }

    /// What an edit needs, by what the row holds now. Where that changes before the edit is carried out, it expects
    /// something else, or its row is left without a vector until that is filled in.
    fn need(&self, edit: &Edit) -> rusqlite::Result<Option<Need>> {
        let Some(target) = &edit.target else { return Ok(None) };
        let need = |text: &str, kept| Need { key: edit.key.clone(), text: text.to_owned(), kept };
        if let Some(image) = edit.row.as_ref().and_then(|row| Image::from_row(row).ok()) {
            let standing =
                Rows { connection: &self.connection, schema: &self.schema }.image(edit.key.as_str())?;
            if standing.has_vector_for(&image) {
                return Ok(None);
            }
            let text = image.text().unwrap_or(&target.content);
            return Ok(image.vector().map(|vector| need(text, Some(from_bytes(vector)))));
        }
        if edit.expected.is_some() {
            let standing = write::find(&self.connection, &self.schema, &self.options.bookkeeping, &edit.key)?;
            if let Some(Ok(standing)) = standing
                && standing.held.memory.content == target.content
            {
                return Ok(None);
            }
        }
        Ok(Some(need(&target.content, None)))
    }

    fn meet(&mut self, needs: Vec<Need>, made: &mut Made) -> Result<(), side::Error> {
        let texts: Vec<&str> = needs.iter().map(|need| need.text.as_str()).collect();
        if texts.is_empty() {
            return Ok(());
        }
        match self.make(&texts)? {
            // They are of other tables than those before; whoever writes will find that out.
            _ if made.version != self.schema.version => {}
            Ok(Batch { maker, vectors, .. }) => {
                for (need, vector) in needs.into_iter().zip(vectors) {
                    if need.is_met_by(vector.as_deref(), maker.as_ref()) {
                        continue;
                    }
                    made.unproven.insert(need.key.clone());
                    made.vectors.extend(vector.map(|vector| (need.key, to_bytes(&vector))));
                }
            }
            // Whose vectors are the database's can be told later, and those of another maker would stay for good.
            Err(why) if why.may_pass() => {
                made.unproven.extend(needs.into_iter().map(|need| need.key));
            }
            Err(_) => {}
        }
        Ok(())
    }
}
