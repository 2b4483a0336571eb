//! Which side a word is about.

use std::fmt;

use serde::{Deserialize, Serialize};

/// In every phase and message, ours is this device and theirs the server; never swapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SideName {
    /// This device's database: ours.
    Local,
    /// The server: theirs.
    Remote,
}

impl SideName {
    /// The side across from this one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Local => Self::Remote,
            Self::Remote => Self::Local,
        }
    }

    /// Git's word for this side's version: `ours` or `theirs`.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::Local => "ours",
            Self::Remote => "theirs",
        }
    }
}

impl fmt::Display for SideName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Remote => "remote",
        })
    }
}
