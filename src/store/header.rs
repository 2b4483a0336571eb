//! What a file is, told from its first bytes, so that a file that is not ours is never even opened by SQLite
//! (which could roll back its journal or make files beside it).
#![expect(clippy::disallowed_methods, reason = "the store owns the staging database")]

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::{Error, schema};

/// SQLite's first page, or the part of it that the schema of the shell scripts fits into.
const LENGTH: u64 = 4096;
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Fails unless `path` is a staging database whose schema version is at most `supported`.
pub(super) fn check(path: &Path, supported: u32) -> Result<(), Error> {
    let foreign = |detail| Err(Error::Foreign { path: path.to_owned(), detail });
    let start = match start_of(path) {
        Ok(start) if start.is_empty() => return Err(Error::NotInitialised { path: path.to_owned() }),
        Ok(start) => start,
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            return Err(Error::NotInitialised { path: path.to_owned() });
        }
        Err(cause) => return Err(Error::io(path, cause)),
    };
    let (Some(found), Some(application)) = (number(&start, 60), number(&start, 68)) else {
        return foreign("it is no SQLite database");
    };
    if !start.starts_with(MAGIC) {
        return foreign("it is no SQLite database");
    }
    if application != schema::APPLICATION_ID.cast_unsigned() {
        let by_scripts = start.windows(21).any(|text| text == b"TABLE staged_memories");
        if by_scripts {
            return Err(Error::Legacy { path: path.to_owned() });
        }
        return foreign("it is another program's SQLite database");
    }
    // The file format's write and read version: 1 for a rollback journal, 2 for a WAL.
    if found == 0 || !matches!(start[18..20], [1 | 2, 1 | 2]) {
        return Err(Error::damaged(path, "its header cannot be read", "a version number is out of range"));
    }
    if found > supported {
        return Err(Error::Newer { path: path.to_owned(), found, supported });
    }
    Ok(())
}

fn start_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)?.take(LENGTH).read_to_end(&mut start)?;
    Ok(start)
}

/// The big-endian number at `offset`, as SQLite keeps it in its header.
fn number(start: &[u8], offset: usize) -> Option<u32> {
    let bytes = start.get(offset..offset + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().expect("the range has four bytes")))
}
