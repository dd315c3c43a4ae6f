//! The house keeps its order: imports point down, or sideways where docs/architecture.md says so; no files import each
//! other in a circle; no two public types have one name.
#![allow(clippy::expect_used)]

mod circles;
mod floors;
mod names;
mod paths;
mod source;
mod tree;
