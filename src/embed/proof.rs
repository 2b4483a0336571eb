//! What a sample of a table's vectors says about a maker.
//!
//! A vector of all zeros is the hash of the empty text and what a program leaves that failed: it takes part, but a
//! sample of nothing else proves nobody.

use std::cmp::Reverse;
use std::sync::Arc;

use super::{Error, Maker};

/// A text and the vector that a database has for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The text.
    pub text: String,
    /// The vector.
    pub stored: Vec<f32>,
}

/// What a sample of a table says about where its vectors come from.
#[derive(Debug, Default)]
pub struct Proof {
    /// The maker that reproduces every one of them; `None` where none does, or where there was nothing to prove it by.
    pub maker: Option<Arc<dyn Maker>>,
    /// How many of the sample each maker reproduces, by its name, the most first. None counts twice: what several makers
    /// reproduce is that one's which reproduces the most, so makers are told only where the others do not suffice.
    /// Where one is proven, no other was asked.
    pub counts: Vec<(String, usize)>,
    /// How many no maker reproduces.
    pub unknown: usize,
    /// The makers that could not be asked, by their names.
    pub failures: Vec<(String, Error)>,
}

impl Proof {
    /// That `maker` reproduces all of `count` samples.
    pub(super) fn of(maker: Arc<dyn Maker>, count: usize) -> Self {
        let counts = vec![(maker.name().to_owned(), count)];
        Self { maker: Some(maker), counts, unknown: 0, failures: Vec::new() }
    }
}

/// The samples in the order in which they are worth asking for: a short text costs the least, and tells a maker of
/// another kind, or of another dimension, as well as a long one does.
pub(super) fn shortest_first(samples: &[Sample]) -> Vec<&Sample> {
    let mut ordered: Vec<&Sample> = samples.iter().collect();
    ordered.sort_by_key(|sample| sample.text.len());
    ordered
}

/// Whether no maker whatever makes this vector.
pub(super) fn is_nobodys(sample: &Sample, dimension: usize) -> bool {
    sample.stored.len() != dimension
        || !sample.stored.iter().all(|number| number.is_finite())
        || (!is_evidence(sample) && !sample.text.is_empty())
}

/// Whether the vector says anything about its maker.
pub(super) fn is_evidence(sample: &Sample) -> bool {
    sample.stored.iter().any(|number| *number != 0.0)
}

/// Which makers account for a sample, and for how many vectors each, by which of them each one reproduces. Two files of
/// one model, or its two cuts, reproduce the same but for a few.
pub(super) fn shares(mut makers: Vec<(String, Vec<bool>)>) -> Vec<(String, usize)> {
    let count = |same: &[bool]| same.iter().filter(|same| **same).count();
    let mut shares = Vec::new();
    // The first of equals: that is the likelier one.
    while let Some(most) = (0..makers.len()).min_by_key(|at| Reverse(count(&makers[*at].1)))
        && count(&makers[most].1) > 0
    {
        let (name, taken) = makers.remove(most);
        for (_, same) in &mut makers {
            same.iter_mut().zip(&taken).for_each(|(same, taken)| *same &= !taken);
        }
        shares.push((name, count(&taken)));
    }
    shares
}

/// Whether `maker` reproduces all of `samples`, the first of which is asked for by itself.
pub(super) fn reproduces_all(
    maker: &dyn Maker,
    dimension: usize,
    samples: &[&Sample],
) -> Result<bool, Error> {
    let (first, rest) = samples.split_at(1.min(samples.len()));
    let is_all = |samples| Ok(reproduced(maker, dimension, samples)?.into_iter().all(|same| same));
    Ok(is_all(first)? && is_all(rest)?)
}

/// Which of `samples` `maker` reproduces. One that makes vectors of another dimension is asked for the first alone.
pub(super) fn reproduces_each(
    maker: &dyn Maker,
    dimension: usize,
    samples: &[&Sample],
) -> Result<Vec<bool>, Error> {
    let Some(first) = samples.first() else { return Ok(Vec::new()) };
    let made = maker.vectors(&[&first.text])?;
    if made.first().is_none_or(|made| made.len() != dimension) {
        return Ok(vec![false; samples.len()]);
    }
    reproduced(maker, dimension, samples)
}

fn reproduced(maker: &dyn Maker, dimension: usize, samples: &[&Sample]) -> Result<Vec<bool>, Error> {
    let texts: Vec<&str> = samples.iter().map(|sample| sample.text.as_str()).collect();
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let made = maker.vectors(&texts)?;
    let is_same =
        |made: &Vec<f32>, sample: &Sample| made.len() == dimension && maker.is_same(made, &sample.stored);
    let pairs = samples.iter().enumerate();
    Ok(pairs.map(|(at, sample)| made.get(at).is_some_and(|made| is_same(made, sample))).collect())
}
