//! The vectors of the texts that a request is about, made before the database is asked or changed.
//!
//! Guarantees: what takes long was done before: where the maker is a model, no connection ever waits for it, and a
//! text without a vector is [noted](Vectors::is_lacking), so that it can get one later.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::embed::{Maker, to_bytes};

/// Vectors by their texts. By default there are none.
#[derive(Clone, Debug, Default)]
pub struct Vectors {
    /// What makes them when they are asked for.
    instant: Option<Arc<dyn Maker>>,
    /// As they are stored.
    ready: HashMap<String, Vec<u8>>,
    is_lacking: Cell<bool>,
}

impl Vectors {
    /// The vectors of all texts: `maker` must be [instant](Maker::is_instant).
    #[must_use]
    pub fn instant(maker: Arc<dyn Maker>) -> Self {
        Self { instant: Some(maker), ..Self::default() }
    }

    /// Adds the vector of a text.
    pub fn insert(&mut self, text: String, vector: &[f32]) {
        self.ready.insert(text, to_bytes(vector));
    }

    /// Whether there is a vector of `text` that was made ahead, by a model: one that tells something about meaning.
    #[must_use]
    pub fn has_meaning(&self, text: &str) -> bool {
        self.ready.contains_key(text)
    }

    /// Whether a vector was asked for that is not there.
    #[must_use]
    pub fn is_lacking(&self) -> bool {
        self.is_lacking.get()
    }

    /// The vector of `text` as it is stored; `None` where it is not there.
    pub(super) fn get(&self, text: &str) -> Option<Vec<u8>> {
        let vector = match &self.instant {
            Some(maker) => {
                maker.vectors(&[text]).ok().and_then(|made| made.first().map(|made| to_bytes(made)))
            }
            None => self.ready.get(text).cloned(),
        };
        self.is_lacking.set(self.is_lacking.get() || vector.is_none());
        vector
    }
}
