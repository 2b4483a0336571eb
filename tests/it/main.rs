//! Every integration test of memsync, in one program so that it links once.
//!
//! A file holds what is tested together (a command, the objects, the journeys of several devices);
//! `support` holds the environment that they run in.

#![expect(
    clippy::disallowed_methods,
    reason = "tests make folders, read the environment and start programs themselves"
)]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]
#![expect(unreachable_pub, reason = "`pub` marks what a helper offers the tests; nothing is exported")]

mod apply;
mod architecture;
mod canonical;
mod checkout;
mod completions;
mod config;
mod conflict_matrix;
mod conflicts;
mod crash_matrix;
mod damage;
mod demo;
mod diff;
mod digest;
mod edits;
mod embed;
mod embed_endpoint;
mod errors;
mod explain;
mod fast_export;
mod fetch;
mod files;
mod findable;
mod fsck;
mod gc;
mod help;
mod histories;
mod hub;
mod import_staging;
mod init;
mod init_server;
mod journeys;
mod log;
mod man;
mod marks;
mod merge;
mod merge_text;
mod mergetool;
mod mutants;
mod objects;
mod plumbing;
mod prepare;
mod progress;
mod pull;
mod push;
mod reflog;
mod remote;
mod resolve;
mod restore;
mod scale;
mod serve;
mod service;
mod service_model;
mod shapes;
mod show;
mod stash;
mod status;
mod support;
mod sync;
mod trust;
mod undo;
mod vectors;
