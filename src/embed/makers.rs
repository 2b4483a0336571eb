//! All the makers that could be meant, and the proof that picks one.

use std::path::PathBuf;
use std::sync::Arc;

use super::proof::{is_evidence, is_nobodys, reproduces_all, reproduces_each, shares, shortest_first};
use super::{Error, Hash, Maker, NoMaker, Proof, Sample, hash_vector};

/// The makers that could not be asked, by their names.
type Failures = Vec<(String, Error)>;

/// When the service fills a table without vectors with hash vectors, where it has no model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashRule {
    /// Only where there are no memories either.
    #[default]
    IfEmpty,
    /// Whatever there is (`MCP_MEMORY_ALLOW_HASH_EMBEDDINGS=1`).
    Always,
    /// Nowhere (`MCP_MEMORY_ALLOW_HASH_EMBEDDINGS=0`).
    Never,
}

impl HashRule {
    fn allows(self, holds_memories: bool) -> bool {
        match self {
            Self::IfEmpty => !holds_memories,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// The makers of this machine. Clones share what was loaded.
#[derive(Clone, Debug, Default)]
pub struct Makers {
    /// Without the hash vectors, which everybody can make.
    pub(super) models: Vec<Arc<dyn Maker>>,
    /// Which of them the service would take for a table without vectors.
    pub(super) default: Option<usize>,
    pub(super) hash: HashRule,
    pub(super) places: Vec<PathBuf>,
}

impl Makers {
    /// These models, in the order in which the service would try them; the first is its default. The service's hash
    /// vectors come after them.
    #[must_use]
    pub fn new(models: Vec<Arc<dyn Maker>>) -> Self {
        let default = (!models.is_empty()).then_some(0);
        Self { models, default, ..Self::default() }
    }

    /// The same makers, each in what `wrap` makes of it.
    #[must_use]
    pub fn wrapped(self, wrap: impl FnMut(Arc<dyn Maker>) -> Arc<dyn Maker>) -> Self {
        Self { models: self.models.into_iter().map(wrap).collect(), ..self }
    }

    /// The model that the service would take for a table without vectors.
    #[must_use]
    pub fn usual(&self) -> Option<&Arc<dyn Maker>> {
        self.models.get(self.default?)
    }

    /// The models, in their order, whether or not they can be loaded.
    #[must_use]
    pub fn models(&self) -> &[Arc<dyn Maker>] {
        &self.models
    }

    /// Where models were looked for, found or not.
    #[must_use]
    pub fn places(&self) -> &[PathBuf] {
        &self.places
    }

    /// All makers for vectors of `dimension` numbers: the hash, which costs next to nothing, before any model.
    #[must_use]
    pub fn candidates(&self, dimension: usize) -> Vec<Arc<dyn Maker>> {
        let hash: Arc<dyn Maker> = Arc::new(Hash::new(dimension));
        [hash].into_iter().chain(self.models.iter().cloned()).collect()
    }

    /// The maker of a table whose vectors have `dimension` numbers: the first that reproduces all of `samples`. Asks
    /// no more than it must: a maker that misses one is asked no further, and none is asked where none can be meant.
    pub fn pick(&self, dimension: usize, samples: &[Sample]) -> Result<Arc<dyn Maker>, NoMaker> {
        self.attempt(dimension, &shortest_first(samples)).map_err(|mut failures| {
            // The first may be the maker that is meant, so it is what people should hear of.
            if failures.is_empty() { NoMaker::Unproven } else { NoMaker::Failed(failures.remove(0).1) }
        })
    }

    fn attempt(&self, dimension: usize, samples: &[&Sample]) -> Result<Arc<dyn Maker>, Failures> {
        let is_hopeless = samples.iter().any(|sample| is_nobodys(sample, dimension));
        if is_hopeless || !samples.iter().any(|sample| is_evidence(sample)) {
            return Err(Failures::new());
        }
        let hash = Hash::new(dimension);
        let is_hash = |sample: &&&Sample| hash.is_same(&hash_vector(&sample.text, dimension), &sample.stored);
        // They cost next to nothing, so they are looked for before any model is loaded.
        match samples.iter().filter(is_hash).count() {
            0 => self.attempt_models(dimension, samples),
            all if all == samples.len() => Ok(Arc::new(hash)),
            _ => Err(Failures::new()),
        }
    }

    fn attempt_models(&self, dimension: usize, samples: &[&Sample]) -> Result<Arc<dyn Maker>, Failures> {
        let mut failures = Failures::new();
        for maker in &self.models {
            match reproduces_all(maker.as_ref(), dimension, samples) {
                Ok(true) => return Ok(Arc::clone(maker)),
                Ok(false) => {}
                Err(error) => failures.push((maker.name().to_owned(), error)),
            }
        }
        Err(failures)
    }

    /// The same as [`Self::pick`], and where there is no such maker, how many of `samples` each reproduces, which
    /// takes asking all of them that have not failed already.
    #[must_use]
    pub fn prove(&self, dimension: usize, samples: &[Sample]) -> Proof {
        let ordered = shortest_first(samples);
        match self.attempt(dimension, &ordered) {
            Ok(maker) => Proof::of(maker, samples.len()),
            Err(failures) => self.count_others(dimension, &ordered, failures),
        }
    }

    /// How many of `samples` each maker reproduces, which takes asking all of them. None of them is proven.
    #[must_use]
    pub fn count(&self, dimension: usize, samples: &[Sample]) -> Proof {
        self.count_others(dimension, &shortest_first(samples), Failures::new())
    }

    /// The same, without asking the makers that have failed already.
    fn count_others(&self, dimension: usize, samples: &[&Sample], failures: Failures) -> Proof {
        let mut proof = Proof { failures, ..Proof::default() };
        let mut made = Vec::new();
        for maker in self.candidates(dimension) {
            if proof.failures.iter().any(|(name, _)| name == maker.name()) {
                continue;
            }
            match reproduces_each(maker.as_ref(), dimension, samples) {
                Ok(same) => made.push((maker.name().to_owned(), same)),
                Err(error) => proof.failures.push((maker.name().to_owned(), error)),
            }
        }
        proof.counts = shares(made);
        proof.unknown = samples.len() - proof.counts.iter().map(|(_, count)| count).sum::<usize>();
        proof
    }

    /// What the service would use for a table without vectors, whose vectors shall have `dimension` numbers.
    /// `holds_memories` says whether there are memories, which then lack theirs.
    ///
    /// Where the service goes on to its next model because the first one failed, memsync does not: what failed here
    /// may work there, and then the table would hold vectors of two models.
    pub fn for_empty(&self, dimension: usize, holds_memories: bool) -> Result<Arc<dyn Maker>, NoMaker> {
        let Some(model) = self.usual() else {
            return self.hash_for_empty(dimension, holds_memories);
        };
        // The text that the service asks for too.
        let made = model.vectors(&["test"]).map_err(NoMaker::Failed)?;
        match made.first().map_or(0, Vec::len) {
            length if length == dimension => Ok(Arc::clone(model)),
            made => Err(NoMaker::Dimension { name: model.name().to_owned(), made, wanted: dimension }),
        }
    }

    fn hash_for_empty(&self, dimension: usize, holds_memories: bool) -> Result<Arc<dyn Maker>, NoMaker> {
        if self.hash.allows(holds_memories) {
            return Ok(Arc::new(Hash::new(dimension)));
        }
        Err(NoMaker::NotFound { places: self.places.clone(), hash: self.hash })
    }
}

#[cfg(test)]
mod tests;
