//! The name that the service gives a text.

use gix_hash::{Kind, hasher};

use super::text::strip;

/// The `content_hash` of a memory with this text: the SHA-256 of what Python's `strip().lower()` makes of it,
/// as 64 hexadecimal digits. Texts that differ in letter case and surrounding space alone share a name.
///
/// Python and Rust lower alike, final sigma included, as far as their versions of Unicode agree: compared over
/// every code point with Python 3.8 to 3.13, they differ in letters that younger versions of Unicode added.
#[must_use]
pub fn content_hash(content: &str) -> String {
    let mut hasher = hasher(Kind::Sha256);
    hasher.update(strip(content).to_lowercase().as_bytes());
    hasher.try_finalize().expect("only SHA-1 can fail, when it detects a collision attack").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_python_computes() {
        // `hashlib.sha256(text.strip().lower().encode()).hexdigest()` of Python 3.11.
        let same =
            |text: &str, lowered: &str| assert_eq!(content_hash(text), content_hash(lowered), "{text:?}");
        assert_eq!(content_hash("Hello"), "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
        assert_eq!(content_hash(" \t"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        same("\u{1c}\u{1f}\u{85}\u{a0}\u{2003}\u{3000}HELLO\u{1d}\u{1e}\n", "hello");
        same("ΟΔΥΣΣΕΥΣ ΣΑΣ. Σ", "οδυσσευς σας. σ");
        same("AΣ\u{301}, AΣ.B", "aς\u{301}, aσ.b");
        same("İSTANBUL ẞ Ǆ", "i\u{307}stanbul ß ǆ");
        assert_ne!(content_hash("\u{200b}a"), content_hash("a"), "no white space to Python");
        assert_ne!(content_hash("\u{feff}a"), content_hash("a"));
        assert_ne!(content_hash("a\0"), content_hash("a"));
    }
}
