//! What holds of the tree itself: floors, cited pages, interfaces, and the commands that the pages show.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;

mod circles;
mod docs_examples;
mod floors;
mod interfaces;
mod names;
mod paths;
mod references;
mod source;
mod tree;

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder, but not what is installed there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path());
    let entries = entries.filter(|path| !path.ends_with("node_modules"));
    let mut found: Vec<_> = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    found.sort();
    found
}
