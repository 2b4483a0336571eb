//! How a conflict ends.

use std::fmt;

use super::{BlobId, SideName};

/// The decision on a memory that both sides changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The whole version of one side, be it that the memory is gone.
    Side(SideName),
    /// Another memory, in this device's form; `None` where it is to be gone on both sides.
    Merged(Option<BlobId>),
}

impl Resolution {
    /// Git's word for it: `ours`, `theirs` or `merged`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Side(side) => side.version(),
            Self::Merged(_) => "merged",
        }
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolution_goes_by_gits_words() {
        let all =
            [Resolution::Side(SideName::Local), Resolution::Side(SideName::Remote), Resolution::Merged(None)];
        assert_eq!(all.map(|one| one.to_string()), ["ours", "theirs", "merged"]);
        assert_eq!([SideName::Local, SideName::Remote].map(|side| side.to_string()), ["local", "remote"]);
    }
}
