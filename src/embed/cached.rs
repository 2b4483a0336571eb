//! Makers that keep what they have made.

use std::fmt::Debug;
use std::sync::Arc;

use super::{Error, Maker, ModelId};

/// How many texts are made into vectors before those are kept: an interruption loses no more than these. A model is
/// as fast with so many as with all at once.
const BATCH: usize = 256;

/// Where vectors are kept for later. It may be unable to find or to keep any, and never says so: each can be made again.
pub trait Cache: Debug + Send + Sync {
    /// The vectors of `texts` by `model`, in their order, each the very one that was kept; `None` for what is not there.
    fn find(&self, model: &ModelId, texts: &[&str]) -> Vec<Option<Vec<f32>>>;

    /// Keeps vectors that `model` made of texts.
    fn keep(&self, model: &ModelId, vectors: &[(&str, &[f32])]);
}

/// A maker whose vectors are looked up before they are made. They may prove it as those do that it makes anew, because
/// a maker that has an id makes the same vectors for good.
#[derive(Debug)]
pub struct Cached {
    maker: Arc<dyn Maker>,
    cache: Arc<dyn Cache>,
}

impl Cached {
    /// Keeps the vectors of `maker` in `cache`, unless it has no id.
    #[must_use]
    pub fn new(maker: Arc<dyn Maker>, cache: Arc<dyn Cache>) -> Self {
        Self { maker, cache }
    }

    /// Makes vectors, and keeps them where they are numbers.
    fn make(&self, model: &ModelId, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        let made = self.maker.vectors(texts)?;
        let pairs = texts.iter().zip(&made).map(|(text, vector)| (*text, vector.as_slice()));
        let sound = pairs.filter(|(_, vector)| vector.iter().all(|number| number.is_finite()));
        self.cache.keep(model, &sound.collect::<Vec<_>>());
        Ok(made)
    }
}

impl Maker for Cached {
    fn name(&self) -> &str {
        self.maker.name()
    }

    fn id(&self) -> Result<Option<ModelId>, Error> {
        self.maker.id()
    }

    fn vectors(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        let Some(model) = self.maker.id()? else { return self.maker.vectors(texts) };
        let mut vectors = self.cache.find(&model, texts);
        let missing: Vec<usize> = (0..texts.len()).filter(|index| vectors[*index].is_none()).collect();
        for batch in missing.chunks(BATCH) {
            let lacking: Vec<&str> = batch.iter().map(|index| texts[*index]).collect();
            for (index, made) in batch.iter().zip(self.make(&model, &lacking)?) {
                vectors[*index] = Some(made);
            }
        }
        Ok(vectors.into_iter().flatten().collect())
    }

    fn is_same(&self, made: &[f32], stored: &[f32]) -> bool {
        self.maker.is_same(made, stored)
    }
}
