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
        // A maker that gave too few would move the others to foreign texts.
        vectors.into_iter().collect::<Option<_>>().map_or_else(|| self.maker.vectors(texts), Ok)
    }

    fn is_same(&self, made: &[f32], stored: &[f32]) -> bool {
        self.maker.is_same(made, stored)
    }

    fn is_instant(&self) -> bool {
        self.maker.is_instant()
    }

    fn model(&self) -> &str {
        self.maker.model()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use super::*;

    /// A maker of the vector `[length, 1]` that counts the texts it is given, and fails once it made so many.
    #[derive(Debug)]
    struct Counting {
        id: Option<ModelId>,
        made: Mutex<Vec<usize>>,
        most: usize,
    }

    impl Counting {
        fn new(id: Option<&str>, most: usize) -> Arc<Self> {
            Arc::new(Self { id: id.map(ModelId::new), made: Mutex::default(), most })
        }

        /// How many texts each call brought.
        fn calls(&self) -> Vec<usize> {
            self.made.lock().unwrap().clone()
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "the texts are short")]
    fn vector(text: &str) -> Vec<f32> {
        vec![text.len() as f32, if text == "nothing" { f32::NAN } else { 1.0 }]
    }

    impl Maker for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }

        fn id(&self) -> Result<Option<ModelId>, Error> {
            Ok(self.id.clone())
        }

        fn vectors(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
            let mut made = self.made.lock().unwrap();
            if made.iter().sum::<usize>() + texts.len() > self.most {
                return Err(Error::Unusable { path: "model".into(), cause: "interrupted".into() });
            }
            made.push(texts.len());
            Ok(texts.iter().map(|text| vector(text)).collect())
        }

        fn is_same(&self, made: &[f32], stored: &[f32]) -> bool {
            made[0].to_bits() == stored[0].to_bits()
        }
    }

    #[derive(Debug, Default)]
    struct Memory(Mutex<HashMap<(ModelId, String), Vec<f32>>>);

    impl Cache for Memory {
        fn find(&self, model: &ModelId, texts: &[&str]) -> Vec<Option<Vec<f32>>> {
            let kept = self.0.lock().unwrap();
            texts.iter().map(|text| kept.get(&(model.clone(), (*text).to_owned())).cloned()).collect()
        }

        fn keep(&self, model: &ModelId, vectors: &[(&str, &[f32])]) {
            let vectors = vectors.iter().map(|(text, vector)| ((*text).to_owned(), vector.to_vec()));
            self.0.lock().unwrap().extend(vectors.map(|(text, vector)| ((model.clone(), text), vector)));
        }
    }

    fn cached(maker: &Arc<Counting>, cache: &Arc<Memory>) -> Cached {
        Cached::new(Arc::clone(maker) as Arc<dyn Maker>, Arc::clone(cache) as Arc<dyn Cache>)
    }

    #[test]
    fn only_what_is_not_there_is_made_and_all_come_in_their_order() {
        let (maker, cache) = (Counting::new(Some("a"), 9), Arc::default());
        let model = cached(&maker, &cache);
        assert_eq!(model.vectors(&["tea", "water"]).unwrap(), [vector("tea"), vector("water")]);
        let all = ["bread", "water", "oil", "tea"];
        assert_eq!(model.vectors(&all).unwrap(), all.map(vector));
        assert_eq!(model.vectors(&all).unwrap(), all.map(vector));
        assert_eq!(maker.calls(), [2, 2]);

        let other = Counting::new(Some("b"), 9);
        cached(&other, &cache).vectors(&["tea"]).unwrap();
        assert_eq!(other.calls(), [1], "another model's vectors are none of its own");
        assert!(model.is_same(&[3.0, 1.0], &[3.0, 2.0]), "the maker itself says what is the same");
    }

    #[test]
    fn an_interruption_loses_no_more_than_a_batch() {
        let texts: Vec<String> = (0..BATCH * 3).map(|number| format!("Memory {number}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let cache = Arc::default();
        let interrupted = Counting::new(Some("a"), BATCH * 2);
        assert!(cached(&interrupted, &cache).vectors(&texts).is_err());
        let next = Counting::new(Some("a"), usize::MAX);
        assert_eq!(cached(&next, &cache).vectors(&texts).unwrap().len(), texts.len());
        assert_eq!((interrupted.calls(), next.calls()), (vec![BATCH; 2], vec![BATCH]));
    }

    #[test]
    fn what_is_no_number_and_what_has_no_id_is_not_kept() {
        let (maker, cache) = (Counting::new(Some("a"), 9), Arc::default());
        for _ in 0..2 {
            assert!(cached(&maker, &cache).vectors(&["nothing", "tea"]).unwrap()[0][1].is_nan());
        }
        assert_eq!(maker.calls(), [2, 1]);
        let (maker, cache) = (Counting::new(None, 9), Arc::default());
        for _ in 0..2 {
            cached(&maker, &cache).vectors(&["tea"]).unwrap();
        }
        assert_eq!(maker.calls(), [1, 1]);
        assert!(cache.0.lock().unwrap().is_empty());
    }
}
