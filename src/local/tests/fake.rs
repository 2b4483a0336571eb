//! A model that the tests of vectors make up, and databases with its vectors.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::*;
use crate::embed::{self, Maker, ModelId, from_bytes};
use crate::local::pace::Pace;

/// What a test does when the maker is asked for the vectors of some texts.
type Asked = Box<dyn FnMut(&[&str]) -> Result<(), embed::Error> + Send>;

/// A model that is none: each model's vectors are those that the hash makes of the text after the model's name.
pub(super) struct Fake {
    name: &'static str,
    dimension: usize,
    texts: AtomicUsize,
    asked: Mutex<Asked>,
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Fake {
    pub(super) fn new(name: &'static str) -> Arc<Self> {
        Self::with_dimension(name, 384)
    }

    pub(super) fn with_dimension(name: &'static str, dimension: usize) -> Arc<Self> {
        let asked: Asked = Box::new(|_| Ok(()));
        Arc::new(Self { name, dimension, texts: AtomicUsize::new(0), asked: Mutex::new(asked) })
    }

    /// From now on this happens whenever vectors are wanted.
    pub(super) fn when_asked(&self, asked: impl FnMut(&[&str]) -> Result<(), embed::Error> + Send + 'static) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(asked);
    }

    /// How many texts it was given since this was last asked.
    pub(super) fn count(&self) -> usize {
        self.texts.swap(0, Ordering::Relaxed)
    }

    pub(super) fn vector(&self, text: &str) -> Vec<f32> {
        hash_vector(&format!("{}: {text}", self.name), self.dimension)
    }
}

impl Maker for Fake {
    fn name(&self) -> &str {
        self.name
    }

    fn id(&self) -> Result<Option<ModelId>, embed::Error> {
        Ok(None)
    }

    fn vectors(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, embed::Error> {
        self.texts.fetch_add(texts.len(), Ordering::Relaxed);
        // A test may end in the middle what it looks at.
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked(texts)?;
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }
}

/// What a maker whose endpoint does not answer says.
pub(super) fn down() -> embed::Error {
    embed::Error::Endpoint { address: "http://model:80".to_owned(), cause: "connection refused".into() }
}

impl Fixture {
    pub(super) fn path(&self) -> PathBuf {
        self.options().path
    }

    /// The database as a device opens it that has these models.
    pub(super) fn open_with(&self, makers: &[&Arc<Fake>]) -> Database {
        let models = makers.iter().map(|maker| Arc::clone(maker) as Arc<dyn Maker>).collect();
        let mut database = Database::open(Options { makers: Makers::new(models), ..self.options() }).unwrap();
        database.pace = Pace::new([Duration::ZERO; 2]);
        database
    }

    /// Another program gives a memory this vector.
    pub(super) fn give(&self, name: &str, vector: &[f32]) {
        let bytes = embed::to_bytes(vector);
        execute(
            &self.service,
            "INSERT INTO memory_embeddings (rowid, content_embedding, store) \
             SELECT id, ?2, store FROM memories WHERE content_hash = ?1",
            (name, bytes),
        );
    }

    pub(super) fn vector(&self, name: &str) -> Option<Vec<f32>> {
        let sql = "SELECT content_embedding FROM memory_embeddings AS vector JOIN memories ON id = vector.rowid \
                   WHERE content_hash = ?1";
        let bytes: Option<Vec<u8>> =
            self.service.query_row(sql, [name], |row| row.get(0)).optional().unwrap();
        bytes.map(|bytes| from_bytes(&bytes))
    }
}
