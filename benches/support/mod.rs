//! What both benchmarks share: a replica of their own with an account that acts on it, and recordings of its answers.
//!
//! Everything goes through the library as the command line does; nothing is measured on a path of its own.

pub mod desk;
pub mod recording;
