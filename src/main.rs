//! The memsync program.
fn main() {}
