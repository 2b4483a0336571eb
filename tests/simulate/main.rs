//! A world of devices and a server, played from a seed, in which no promise may break.
//!
//! Each run plays new histories for a minute, `MEMSYNC_SIMULATE=SECONDS` for so long, and `MEMSYNC_SIMULATE_SEED=N` says with which
//! seed to begin. A history that fails is printed as small as it could be made; kept as a file in `kept/`, it is played first
//! each time. With the feature `planted` the program makes mistakes on purpose, and each has to be found.

#![expect(clippy::disallowed_methods, reason = "tests make folders and databases themselves")]

mod commands;
mod explore;
mod fast;
mod faults;
mod history;
mod invariants;
mod ledger;
mod model;
mod place;
#[cfg(feature = "planted")]
mod planted;
mod real;
mod wire;
mod world;
