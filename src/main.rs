//! The `trimtab` program.
fn main() {}
