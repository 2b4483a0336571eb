//! A remote of either kind.

use std::ops::ControlFlow;

use super::{File, Http};
use crate::object::{ContentHash, Edit};
use crate::side::{Error, Found, Side, Witness};

/// The way to a remote.
pub enum Transport {
    /// A server.
    Http(Box<Http>),
    /// A database file.
    File(Box<File>),
}

impl Transport {
    /// How many requests were sent, retries included; a file takes none.
    #[must_use]
    pub fn requests(&self) -> u64 {
        match self {
            Self::Http(http) => http.requests(),
            Self::File(_) => 0,
        }
    }

    /// How many of them asked for a change.
    #[must_use]
    pub fn writes(&self) -> u64 {
        match self {
            Self::Http(http) => http.writes(),
            Self::File(_) => 0,
        }
    }

    fn side(&mut self) -> &mut dyn Side {
        match self {
            Self::Http(http) => http.as_mut(),
            Self::File(file) => file.as_mut(),
        }
    }
}

impl Side for Transport {
    fn snapshot(&mut self, visit: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), Error> {
        self.side().snapshot(visit)
    }

    fn get(&mut self, keys: &[ContentHash]) -> Result<Vec<Option<Found>>, Error> {
        self.side().get(keys)
    }

    fn apply(&mut self, edits: Vec<Edit>, witness: &mut dyn Witness) -> Result<(), Error> {
        self.side().apply(edits, witness)
    }
}
