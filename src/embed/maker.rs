//! The trait that all makers of vectors share.

use std::fmt;

use super::Error;

/// How near two vectors of a model must be to be of one and the same text. Two engines differ by about 1e-6; a text
/// that was cut at another length, or another model, differs by a tenth and more.
const SAME: f64 = 0.999;

/// What names a model, its weights and where it cuts texts, in a cache: equal ids mean equal vectors, for good.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelId(String);

impl ModelId {
    /// The id `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Something that makes vectors of texts. What it needs is loaded when it is first asked for one.
pub trait Maker: fmt::Debug + Send + Sync {
    /// What people call it, such as `all-MiniLM-L6-v2 (ONNX, 128 tokens)`.
    fn name(&self) -> &str;

    /// What its vectors may be kept under for later; `None` where the same name may stand for other vectors
    /// tomorrow, or where making one costs no more than looking it up.
    fn id(&self) -> Result<Option<ModelId>, Error>;

    /// A vector for each of `texts`, in their order and all of one length. Many at once cost less.
    fn vectors(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error>;

    /// Whether `made` and `stored` are vectors of one text by this maker.
    fn is_same(&self, made: &[f32], stored: &[f32]) -> bool {
        made.len() == stored.len() && cosine(made, stored) > SAME
    }

    /// Whether a vector costs so little that it is not worth making ahead of when it is needed, nor keeping.
    fn is_instant(&self) -> bool {
        false
    }

    /// The model's name as the service speaks of it, without what tells its files and its cut from others.
    fn model(&self) -> &str {
        let name = self.name();
        name.split_once(" (").map_or(name, |(model, _)| model)
    }
}

/// The cosine of the angle between two vectors; 0 where one of them is all zeros.
#[must_use]
pub fn cosine(one: &[f32], other: &[f32]) -> f64 {
    let dot = |one: &[f32], other: &[f32]| -> f64 {
        one.iter().zip(other).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    let length = (dot(one, one) * dot(other, other)).sqrt();
    if length > 0.0 { dot(one, other) / length } else { 0.0 }
}

/// A vector in the form that sqlite-vec stores: little-endian `f32`.
#[must_use]
pub fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// A vector as sqlite-vec stores it; what is left of less than four bytes is left out.
#[must_use]
pub fn from_bytes(bytes: &[u8]) -> Vec<f32> {
    let (numbers, _) = bytes.as_chunks::<4>();
    numbers.iter().map(|number| f32::from_le_bytes(*number)).collect()
}
