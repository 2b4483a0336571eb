//! The hub, `memsync serve`, held against the real service and against what a network does to a server.

mod conditional;
mod crash;
mod differential;
mod events;
mod fuzz;
mod hostile;
mod lasting;
mod meaning;
mod normal;
mod official;
pub mod random;
mod requests;
mod searches;
mod spoil;
mod sse;
mod stop;
mod turns;
mod wire;
