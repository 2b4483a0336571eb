//! The staging database as the cache of all makers of vectors.
//!
//! It lies here and not in `store`, because a command opens the staging database after the makers are built, closes it,
//! or has none at all: this is the place that knows both.

use std::sync::{Mutex, PoisonError};

use crate::embed::{Cache, ModelId, from_bytes, to_bytes};
use crate::store::{Error, VectorCache};

/// The vectors of the staging database that this process writes; empty while it writes none.
#[derive(Debug, Default)]
pub(super) struct Vectors(Mutex<Option<VectorCache>>);

impl Vectors {
    /// From now on vectors are found and kept there.
    pub(super) fn set(&self, cache: VectorCache) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cache);
    }

    /// Asks the cache. One that fails is given up, so that what keeps it from working is waited for only once.
    fn ask<T>(&self, question: impl FnOnce(&VectorCache) -> Result<T, Error>) -> Option<T> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = question(slot.as_ref()?);
        if let Err(error) = &answer {
            tracing::debug!(%error, cause = ?error, "vectors are made without the cache from here on");
            *slot = None;
        }
        answer.ok()
    }
}

impl Cache for Vectors {
    fn find(&self, model: &ModelId, texts: &[&str]) -> Vec<Option<Vec<f32>>> {
        let found = self.ask(|cache| cache.find(model.as_str(), texts));
        let read = |bytes: Option<Vec<u8>>| bytes.map(|bytes| from_bytes(&bytes));
        found.map_or_else(|| vec![None; texts.len()], |found| found.into_iter().map(read).collect())
    }

    fn keep(&self, model: &ModelId, vectors: &[(&str, &[f32])]) {
        let vectors: Vec<_> = vectors.iter().map(|(text, vector)| (*text, to_bytes(vector))).collect();
        self.ask(|cache| cache.keep(model.as_str(), &vectors));
    }
}
