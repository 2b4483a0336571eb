//! A world of devices and a server, played from a seed, in which no promise may break.
//!
//! `MEMSYNC_SIMULATE=SECONDS` says for how long new histories are played (60 where nothing is said), and
//! `MEMSYNC_SIMULATE_SEED=N` with which seed they begin. A history that fails is printed as small as it could be made;
//! kept as a file in `kept/`, it is played first each time.

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
