//! The commands for scripts, named after git's, one file a command: they print one thing each and ask nothing.
//!
//! Each has its `Args`, which is its part of the command line, and `run`, which does the work and says what the
//! process ends with.
//!
//! Must never: read the environment or the clock (`workspace` has both), print other than through `ui`, or change
//! what their output says they change not.

pub mod cat_file;
pub mod diff_tree;
pub mod fast_export;
pub mod for_each_ref;
pub mod fsck;
pub mod gc;
pub mod hash_object;
pub mod ls_tree;
pub mod rev_parse;
pub mod shared;
pub mod show_ref;
pub mod write_tree;
