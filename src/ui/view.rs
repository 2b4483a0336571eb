//! Values of the modules below as text for people and as JSON for programs.

pub mod diff;
pub mod fsck;
pub mod log;
pub mod run;
pub mod status;
pub mod text;
