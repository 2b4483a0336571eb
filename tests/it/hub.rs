//! The hub, `memsync serve`, held against the real service and against what a network does to a server.

mod differential;
mod events;
mod normal;
mod official;
mod random;
mod requests;
mod spoil;
mod turns;
mod wire;
