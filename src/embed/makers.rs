//! All the makers that could be meant, and the proof that picks one.

use std::sync::Arc;

use super::{Error, Hash, Maker};

/// A text and the vector that a database has for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The text.
    pub text: String,
    /// The vector.
    pub stored: Vec<f32>,
}

/// The makers of this machine, in the order in which the service would try them.
#[derive(Clone, Debug, Default)]
pub struct Makers {
    models: Vec<Arc<dyn Maker>>,
}

/// What a sample of a table says about where its vectors come from.
#[derive(Debug, Default)]
pub struct Proof {
    /// The maker that reproduces every one of them; `None` where none does, or where there was nothing to prove it by.
    pub maker: Option<Arc<dyn Maker>>,
    /// How many of the sample each maker reproduces, by its name, the most first; makers of none are left out.
    pub counts: Vec<(String, usize)>,
    /// How many no maker reproduces.
    pub unknown: usize,
    /// The makers that could not be asked.
    pub failures: Vec<(String, Error)>,
}

impl Makers {
    /// These models, in this order; the service's hash vectors come after them.
    #[must_use]
    pub fn new(models: Vec<Arc<dyn Maker>>) -> Self {
        Self { models }
    }

    /// The same makers, each in what `wrap` makes of it.
    #[must_use]
    pub fn wrapped(self, wrap: impl FnMut(Arc<dyn Maker>) -> Arc<dyn Maker>) -> Self {
        Self { models: self.models.into_iter().map(wrap).collect(), ..self }
    }

    /// Finds the maker of a table whose vectors have `dimension` numbers: the first that reproduces all of `samples`.
    #[must_use]
    pub fn prove(&self, dimension: usize, samples: &[Sample]) -> Proof {
        let hash: Arc<dyn Maker> = Arc::new(Hash::new(dimension));
        let texts: Vec<&str> = samples.iter().map(|sample| sample.text.as_str()).collect();
        let mut proof = Proof::default();
        let mut known = vec![false; samples.len()];
        // The hash costs next to nothing, so it is asked before any model is loaded.
        for maker in [&hash].into_iter().chain(&self.models) {
            match maker.vectors(&texts) {
                Ok(made) => {
                    let same: Vec<bool> = made
                        .iter()
                        .zip(samples)
                        .map(|(made, sample)| maker.is_same(made, &sample.stored))
                        .collect();
                    let count = same.iter().filter(|same| **same).count();
                    known.iter_mut().zip(same).for_each(|(known, same)| *known |= same);
                    if count > 0 {
                        proof.counts.push((maker.name().to_owned(), count));
                    }
                    if count == samples.len() && count > 0 {
                        proof.maker = Some(Arc::clone(maker));
                        break;
                    }
                }
                Err(error) => proof.failures.push((maker.name().to_owned(), error)),
            }
        }
        proof.counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        proof.unknown = known.iter().filter(|known| !**known).count();
        proof
    }

    /// What the service would use for a table without vectors, whose vectors shall have `dimension` numbers; `None`
    /// where that cannot be had. `holds_memories` says whether there are memories that lack theirs.
    #[must_use]
    pub fn for_empty(&self, dimension: usize, holds_memories: bool) -> Option<Arc<dyn Maker>> {
        let fits = |maker: &&Arc<dyn Maker>| {
            maker.vectors(&["test"]).is_ok_and(|made| made.iter().all(|made| made.len() == dimension))
        };
        let model = self.models.iter().find(fits).cloned();
        model.or_else(|| (!holds_memories).then(|| Arc::new(Hash::new(dimension)) as Arc<dyn Maker>))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::hash_vector;

    #[test]
    fn a_maker_is_taken_only_where_it_reproduces_every_sample() {
        let sample = |text: &str, of: &str, dimension| Sample {
            text: text.to_owned(),
            stored: hash_vector(of, dimension),
        };
        let prove = |samples: &[Sample]| Makers::default().prove(8, samples);

        let proof = prove(&[sample("short", "short", 8), sample("long", "long", 8)]);
        assert_eq!(proof.maker.unwrap().name(), "hash vectors");
        let mixed = prove(&[sample("short", "short", 8), sample("long", "short", 8)]);
        assert!(mixed.maker.is_none(), "one foreign vector");
        assert_eq!((mixed.counts, mixed.unknown), (vec![("hash vectors".to_owned(), 1)], 1));
        assert!(prove(&[sample("short", "short", 7)]).maker.is_none(), "another dimension");
        assert!(prove(&[]).maker.is_none(), "nothing to prove it by");
    }
}
