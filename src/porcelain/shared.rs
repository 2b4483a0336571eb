//! What commands have in common, so that no command needs another.

pub(crate) mod answer;
pub mod arguments;
pub(crate) mod edits;
pub(crate) mod exchange;
pub(crate) mod generated;
pub(crate) mod history;
pub(crate) mod reading;
pub(crate) mod recall;
pub(crate) mod selection;
pub(crate) mod signals;
pub(crate) mod vectors;
pub(crate) mod words;
