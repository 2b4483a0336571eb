//! Vectors for memories that arrive in a device's database.
//!
//! A service finds a memory by meaning through its vector, and only vectors of one and the same maker can be
//! compared. So the maker is never configured here but proven: [`Maker::prove`] takes one only where it
//! reproduces, bit for bit, vectors that the database already holds.
//!
//! Guarantees: pure functions of their arguments. No vector is better than a wrong one: what cannot be
//! proven makes none, because a missing vector can be counted and filled in, a foreign one cannot be told
//! from the others.
//!
//! Must never: touch a file, a socket or a database.

mod hash;

pub use hash::hash_vector;

/// What makes the vectors of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// The service's fallback where it has no model: [`hash_vector`].
    Hash {
        /// How many numbers a vector has.
        dimension: usize,
    },
    /// Something that cannot be reproduced here; memories arrive without a vector.
    None,
}

impl Maker {
    /// Finds the maker of vectors of `dimension` numbers by samples of texts and their stored vectors
    /// (little-endian `f32`, as sqlite-vec hands them out). It has to reproduce all of them.
    ///
    /// No samples prove nothing: an empty database does not say which model its service is going to load,
    /// so its maker is [`Maker::None`].
    pub fn prove<'a>(dimension: usize, samples: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut samples = samples.into_iter().peekable();
        let proven = samples.peek().is_some()
            && samples.all(|(text, stored)| to_bytes(&hash_vector(text, dimension)) == stored);
        if proven { Self::Hash { dimension } } else { Self::None }
    }

    /// The vector of `text` in the form that sqlite-vec stores; `None` where it cannot be made.
    #[must_use]
    pub fn vector(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Hash { dimension } => Some(to_bytes(&hash_vector(text, dimension))),
            Self::None => None,
        }
    }
}

fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|number| number.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maker_is_taken_only_where_it_reproduces_every_sample() {
        let (short, long) = (to_bytes(&hash_vector("short", 8)), to_bytes(&hash_vector("long", 8)));
        let prove = |samples: &[(&str, &[u8])]| Maker::prove(8, samples.iter().copied());

        assert_eq!(prove(&[("short", &short), ("long", &long)]), Maker::Hash { dimension: 8 });
        assert_eq!(prove(&[("short", &short), ("long", &short)]), Maker::None, "one foreign vector");
        assert_eq!(prove(&[("short", &short[4..])]), Maker::None, "another dimension");
        assert_eq!(prove(&[]), Maker::None, "nothing to prove it by");
    }
}
