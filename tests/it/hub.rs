//! The hub, `memsync serve`, held against the real service and against what a network does to a server.

mod conditional;
mod crash;
pub mod differential;
mod events;
mod fuzz;
mod hostile;
mod lasting;
mod meaning;
pub mod normal;
mod official;
pub mod random;
pub mod requests;
mod searches;
mod spoil;
mod sse;
mod stop;
mod turns;
pub mod wire;
