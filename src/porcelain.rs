//! The commands for people, one file a command.
//!
//! Each has its `Args`, which is its part of the command line, and `run`, which does the work and says what the
//! process ends with. What several commands take on the command line is in [`shared`].
//!
//! Must never: read the environment or the clock (`workspace` has both), print other than through `ui`, or end the
//! process.

pub mod apply;
pub mod checkout;
pub mod completions;
pub mod config;
pub mod conflicts;
pub mod demo;
pub mod diff;
pub mod digest;
pub mod embed;
pub mod explain;
pub mod fetch;
pub mod init;
pub mod log;
pub mod man;
pub mod merge;
pub mod mergetool;
pub mod pull;
pub mod push;
pub mod reflog;
pub mod remote;
pub mod resolve;
pub mod restore;
pub mod serve;
pub mod shared;
pub mod show;
pub mod stash;
pub mod status;
pub mod sync;
pub mod undo;
