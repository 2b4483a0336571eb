//! The service's vectors where it has no embedding model: numbers out of a SHA-256 stream.

use gix_hash::{Kind, hasher};

use super::{Error, Maker, ModelId};

/// The maker of [`hash_vector`]s.
#[derive(Clone, Copy, Debug)]
pub struct Hash {
    dimension: usize,
}

impl Hash {
    /// Makes vectors of `dimension` numbers.
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        Self { dimension }
    }
}

impl Maker for Hash {
    fn name(&self) -> &'static str {
        "hash vectors"
    }

    fn id(&self) -> Result<Option<ModelId>, Error> {
        Ok(None)
    }

    fn vectors(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        Ok(texts.iter().map(|text| hash_vector(text, self.dimension)).collect())
    }

    fn is_same(&self, made: &[f32], stored: &[f32]) -> bool {
        made == stored
    }

    fn is_instant(&self) -> bool {
        true
    }

    /// The service keeps the name of the model that it does not have.
    fn model(&self) -> &'static str {
        "all-MiniLM-L6-v2"
    }
}

/// What one number of the stream is divided by, which puts all of them between -1 and 1.
const SCALE: f64 = 2_147_483_648.0;

/// The vector of `text`, bit for bit the one that the service stores: the digests of the text, the byte
/// 0x1f and a counter, read as little-endian integers. The empty text is all zeros.
#[must_use]
pub fn hash_vector(text: &str, dimension: usize) -> Vec<f32> {
    if text.is_empty() {
        return vec![0.0; dimension];
    }
    let mut prefix = hasher(Kind::Sha256);
    prefix.update(text.as_bytes());
    prefix.update(&[0x1f]);
    let digest = |counter: u32| {
        let mut stream = prefix.clone();
        stream.update(&counter.to_le_bytes());
        stream.try_finalize().expect("only SHA-1 can fail, when it detects a collision attack")
    };
    (0..).map(digest).flat_map(|digest| numbers(digest.as_slice())).take(dimension).collect()
}

fn numbers(digest: &[u8]) -> Vec<f32> {
    let (words, _) = digest.as_chunks::<4>();
    words.iter().map(|word| scale(i32::from_le_bytes(*word))).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "sqlite-vec stores f32, rounded from f64 by the service")]
fn scale(number: i32) -> f32 {
    (f64::from(number) / SCALE) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_service() {
        // `_HashEmbeddingModel(10).encode(["föx"])` of 12.2.0, through sqlite_vec.serialize_float32.
        let expected: [u32; 10] = [
            0xbf71_d480,
            0xbf3d_ad9a,
            0xbf0e_eab6,
            0x3efd_522a,
            0x3e94_4ac5,
            0xbec8_825c,
            0xbf47_124d,
            0xbf0a_b004,
            0x3ecc_64d1,
            0x3e98_3681,
        ];
        let bits: Vec<u32> = hash_vector("föx", 10).into_iter().map(f32::to_bits).collect();
        assert_eq!(bits, expected);
        assert_eq!(hash_vector("", 3), [0.0; 3]);
    }
}
