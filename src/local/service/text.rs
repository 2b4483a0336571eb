//! Text as the service, a Python program, treats it.

/// `text` without the white space around it, as Python's `str.strip` counts it: the four separators of ASCII
/// are white space there.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c))
}
