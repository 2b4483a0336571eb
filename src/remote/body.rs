//! The body of an answer that may hold a whole database: in memory while it is small, else in a file without a name,
//! so that a server of a million memories can be read with the memory that a thousand take. The file is in the system's
//! folder for temporary files; where that is in memory itself, as `/tmp` is on many systems, `TMPDIR` names another.
//!
//! Must never: leave a file behind. It has no name from its first moment on where the system allows that, and is
//! readable by its owner only.
#![expect(clippy::disallowed_methods, reason = "a large answer lies in a file until it was read")]

use std::fs::File;
use std::io::{self, Seek, Write};

/// From so many bytes on a body is kept in a file.
const LARGE: usize = 16 << 20;

/// A body, whole or on its way.
#[derive(Debug)]
pub(super) enum Body {
    /// Its bytes.
    Memory(Vec<u8>),
    /// A file with its bytes.
    File(File),
}

impl Body {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self::Memory(Vec::new())
    }

    /// Takes the next bytes. The error is that of a file that has no room.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(held) if held.len() + bytes.len() < LARGE => {
                held.extend_from_slice(bytes);
                Ok(())
            }
            Self::Memory(held) => {
                let mut file = tempfile::tempfile()?;
                file.write_all(held)?;
                file.write_all(bytes)?;
                *self = Self::File(file);
                Ok(())
            }
            Self::File(file) => file.write_all(bytes),
        }
    }

    /// Goes back to the first byte.
    pub(super) fn rewind(&mut self) -> io::Result<()> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::File(file) => file.rewind(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_large_body_lies_in_a_file_and_reads_as_it_came() {
        let mut body = Body::new();
        let parts: Vec<Vec<u8>> = (0..40).map(|part| vec![part; 1 << 19]).collect();
        for part in &parts {
            body.push(part).unwrap();
        }
        body.rewind().unwrap();
        let Body::File(mut file) = body else { panic!("20 MB are in memory") };
        let mut read = Vec::new();
        file.read_to_end(&mut read).unwrap();
        assert_eq!(read, parts.concat());
    }
}
