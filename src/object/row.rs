//! What a database holds under a name, whole.

use std::fmt;

/// Everything that a database has under one name, be it nothing: columns that memsync does not know, the vector and
/// the links included. Bytes that only the adapter which wrote them can read; equal contents give equal bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Row(Vec<u8>);

impl Row {
    /// Takes bytes that an adapter wrote.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_its_bytes_and_shows_none_of_them() {
        let row = Row::from_bytes(b"secret".to_vec());
        assert_eq!(row.as_bytes(), b"secret");
        assert_eq!(format!("{row:?}"), "Row(6 bytes)");
        assert_ne!(row, Row::from_bytes(Vec::new()));
    }
}
