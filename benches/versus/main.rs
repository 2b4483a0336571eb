//! memsync beside what people would use instead, in one run.

fn main() {}
