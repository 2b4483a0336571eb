//! The name of a memory.

use std::borrow::Borrow;
use std::fmt;

/// A memory's name: the service's `content_hash`, taken as it is.
///
/// Usually 64 hexadecimal digits, but rows written by old versions or by other programs may hold any
/// text, so it is never recomputed and never trusted to be a hash.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash(Box<str>);

/// A text that cannot name a memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The text is empty.
    #[error("the content_hash is empty")]
    Empty,
    /// The text is longer than [`ContentHash::MAX_BYTES`].
    #[error("the content_hash has {0} bytes; at most {max} can be a name", max = ContentHash::MAX_BYTES)]
    TooLong(usize),
}

impl ContentHash {
    /// The longest key that fits a git tree entry once every byte is escaped.
    pub const MAX_BYTES: usize = 1024;

    /// Accepts any text of 1 to [`ContentHash::MAX_BYTES`] bytes.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, InvalidKey> {
        let text = text.into();
        match text.len() {
            0 => Err(InvalidKey::Empty),
            length if length > Self::MAX_BYTES => Err(InvalidKey::TooLong(length)),
            _ => Ok(Self(text)),
        }
    }

    /// The key as the service stores it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the key looks as the service makes them: 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn is_hex(&self) -> bool {
        self.0.len() == 64 && self.0.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// The first eight characters, as messages show it.
    #[must_use]
    pub fn short(&self) -> &str {
        match self.0.char_indices().nth(8) {
            Some((end, _)) => &self.0[..end],
            None => &self.0,
        }
    }
}

impl Borrow<str> for ContentHash {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({:?})", &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> ContentHash {
        ContentHash::new(text).unwrap()
    }

    #[test]
    fn any_text_up_to_the_limit_is_a_name() {
        assert_eq!(ContentHash::new(""), Err(InvalidKey::Empty));
        let longest = "x".repeat(ContentHash::MAX_BYTES);
        assert_eq!(key(&longest).as_str(), longest);
        assert_eq!(ContentHash::new(longest + "x"), Err(InvalidKey::TooLong(1025)));
    }

    #[test]
    fn a_hash_has_64_lower_case_digits() {
        let hash = "0123456789abcdef".repeat(4);
        assert!(key(&hash).is_hex());
        for odd in [&hash[1..], &format!("{hash}0"), &hash.to_uppercase(), &hash.replace('0', "g")] {
            assert!(!key(odd).is_hex(), "{odd}");
        }
    }

    #[test]
    fn a_name_is_shown_whole_or_by_its_first_eight_characters() {
        for (whole, short) in
            [("0123456789", "01234567"), ("12345678", "12345678"), ("é", "é"), ("ééééééééé", "éééééééé")]
        {
            assert_eq!(key(whole).short(), short);
            assert_eq!(key(whole).to_string(), whole);
        }
        assert_eq!(format!("{:?}", key("a\n")), r#"ContentHash("a\n")"#);
    }
}
