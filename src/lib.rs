//! memsync keeps the memories of mcp-memory-service in step across devices, the way git keeps work trees.
//!
//! A sync is a value: three trees go in (what both sides held after the last sync, the local database, the
//! server), a plan comes out, the plan is executed, and what was confirmed becomes the next base.
//! `ARCHITECTURE.md` follows one memory through these modules.

pub mod cli;
pub mod config;
pub mod embed;
pub mod error;
pub mod hub;
pub mod local;
pub mod object;
pub mod planted;
pub mod plumbing;
pub mod porcelain;
pub mod reconcile;
pub mod remote;
pub mod side;
pub mod store;
pub mod sync;
pub mod ui;
pub mod workspace;
