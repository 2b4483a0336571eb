//! The central server: what devices sync with, over the service's own HTTP API.

pub mod certificate;
pub mod files;
pub mod key;
