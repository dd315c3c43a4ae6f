//! Files that import each other in a circle can only be understood together. There are none but those that
//! `known_circles.txt` lists.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::tree::{Edges, Tree, written};

/// The circles that are not opened yet: one a line, by its files.
fn known() -> Vec<Vec<String>> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tree/known_circles.txt");
    let list = fs::read_to_string(list).expect("the list of known circles");
    list.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

/// The strongly connected sets of files, each sorted.
fn circles(edges: &Edges) -> Vec<Vec<&str>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        edges.keys().map(|from| (from.as_str(), reached(edges, from))).collect();
    let mut found = BTreeSet::new();
    for (from, reached) in &reach {
        let circle: Vec<_> =
            reached.iter().filter(|to| reach.get(*to).is_some_and(|back| back.contains(from))).copied().collect();
        if !circle.is_empty() {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

/// All files that `from` imports, and what those import, and so on.
fn reached<'e>(edges: &'e Edges, from: &str) -> BTreeSet<&'e str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = edges.get(from).into_iter().flat_map(|to| to.keys()).map(String::as_str).collect();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(edges.get(file).into_iter().flat_map(|to| to.keys()).map(String::as_str));
        }
    }
    reached
}

/// The circle with the names that tie it.
fn told(edges: &Edges, circle: &[&str]) -> String {
    let mut text = format!("a circle of {} files: {}\n", circle.len(), circle.join(", "));
    for from in circle {
        for to in circle {
            if let Some(names) = edges.get(*from).and_then(|edges| edges.get(*to)) {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                text.push_str(&format!("  {from} -> {to}: {}\n", names.join(", ")));
            }
        }
    }
    text
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let tree = Tree::read();
    let edges = tree.edges();
    let count: usize = edges.values().map(BTreeMap::len).sum();
    assert!(
        tree.files() > 500 && count > 1500,
        "only {} files and {count} imports were found: is the reader of imports broken?",
        tree.files()
    );
    let found = circles(&edges);
    let known = known();
    let new: Vec<_> = found.iter().filter(|circle| !known.iter().any(|known| known == *circle)).collect();
    let new: Vec<_> = new.into_iter().map(|circle| told(&edges, circle)).collect();
    assert!(new.is_empty(), "{} circles:\n{}", new.len(), new.join("\n"));
    let gone: Vec<_> = known.iter().filter(|known| !found.iter().any(|circle| circle == *known)).collect();
    assert!(gone.is_empty(), "these circles are no more: take them off the list\n{gone:#?}");
}

fn names(edges: &Edges, from: &str, to: &str) -> Vec<String> {
    edges.get(from).and_then(|edges| edges.get(to)).into_iter().flatten().cloned().collect()
}

#[test]
fn names_are_followed_to_the_file_that_defines_them() {
    let edges = written(
        "// file: lib.rs
         pub mod room; pub mod other;
         // file: room/mod.rs
         mod one; mod two; mod three; pub use one::{One, one}; pub(crate) use two::Two as Deux;
         // file: room/one.rs
         pub struct One; pub fn one() {}
         // file: room/two.rs
         pub use super::three::Three; pub struct Two; impl Two { fn f() { super::one(); super::three::Three::new() } }
         // file: room/three.rs
         #[cfg(test)] mod tests { use super::super::Deux; }
         pub struct Three; impl Three { fn f() { Box::new(crate::other::again(1)); vec![crate::room::One] } }
         // file: other.rs
         use crate::room; pub fn again() -> room::Deux { room::one() }",
    )
    .edges();
    assert_eq!(names(&edges, "room/two.rs", "room/one.rs"), ["one"]);
    assert_eq!(names(&edges, "room/two.rs", "room/three.rs"), ["Three"]);
    assert_eq!(names(&edges, "room/three.rs", "room/one.rs"), ["One"], "in a macro");
    assert_eq!(names(&edges, "other.rs", "room/two.rs"), ["Two"], "by its new name");
    assert!(!edges.contains_key("room/mod.rs") && names(&edges, "other.rs", "room/mod.rs").is_empty());
    assert!(names(&edges, "room/three.rs", "room/two.rs").is_empty(), "only its tests say it");
    assert_eq!(circles(&edges), [["other.rs", "room/three.rs", "room/two.rs"]]);
    assert!(told(&edges, &["other.rs", "room/two.rs"]).contains("other.rs -> room/two.rs: Two"));
}

#[test]
fn a_room_with_code_of_its_own_is_a_file_like_others() {
    let edges = written(
        "// file: lib.rs
         pub mod room;
         // file: room/mod.rs
         pub mod one; pub use one::One; pub struct Room; fn f() -> One { one::go() }
         // file: room/one.rs
         pub struct One(super::Room); pub fn go() {}",
    )
    .edges();
    assert_eq!(names(&edges, "room/mod.rs", "room/one.rs"), ["One", "go"]);
    assert_eq!(circles(&edges), [["room/mod.rs", "room/one.rs"]]);
}
