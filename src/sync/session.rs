//! What all steps of one run share.

use crate::object::SideName;
use crate::store::Store;

/// One run of memsync against one remote.
#[derive(Clone)]
pub struct Session<'a> {
    /// The staging database.
    pub store: &'a Store,
    /// The remote's name.
    pub remote: String,
    /// This device's name.
    pub device: String,
    /// Where each side is, where that is known: a path and an address.
    pub places: Vec<(SideName, String)>,
    /// The moment of the run, seconds since 1970 in UTC.
    pub now: i64,
}

impl Session<'_> {
    /// Where a side is, where that is known.
    pub(super) fn place(&self, name: SideName) -> Option<&str> {
        self.places.iter().find(|(side, _)| *side == name).map(|(_, place)| place.as_str())
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many memories of this side were read.
    Reading {
        /// The side.
        side: SideName,
        /// Memories so far.
        count: usize,
    },
    /// So many edits of this side have an outcome.
    Writing {
        /// The side.
        side: SideName,
        /// Edits so far.
        count: usize,
        /// Edits in all.
        total: usize,
    },
}
