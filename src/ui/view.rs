//! Values of the modules below as text for people and as JSON for programs.

mod combined;
pub mod conflict;
pub mod conflict_list;
pub mod diff;
pub mod edited;
pub mod embed;
pub mod explain;
pub mod fsck;
pub mod graph;
pub mod log;
pub mod recall;
pub mod run;
pub mod status;
pub mod text;
pub mod words;
