//! A world of devices and a server, played from a seed, in which no promise may break.

#![expect(clippy::disallowed_methods, reason = "tests make folders and databases themselves")]

mod model;
mod place;
mod real;
mod wire;
