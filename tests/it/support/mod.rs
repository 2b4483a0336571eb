//! What the tests share.

pub mod album;
pub mod arbitrary;
pub mod assistant;
pub mod client;
pub mod database;
pub mod documents;
pub mod endpoint;
pub mod environment;
pub mod gallery;
pub mod git;
pub mod hub;
pub mod install;
pub mod interpose;
pub mod model;
pub mod output;
pub mod rust_source;
pub mod scene;
pub mod service;
pub mod terminal;
pub mod tmux;
pub mod world;

pub use database::Database;
pub use environment::TestEnvironment;
pub use hub::Hub;
pub use service::{Service, Services, Version};
