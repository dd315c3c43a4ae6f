//! Imports point down, or sideways where docs/architecture.md says so.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::tree::Tree;

/// Rooms by floor, lowest first (docs/architecture.md).
const FLOORS: &[&[&str]] = &[
    &["abi", "config", "units", "text", "http"],
    &["chain", "journal"],
    &["plan", "send"],
    &["aave", "onedelta", "dex"],
    &["loops", "perps"],
    &["actions", "trade", "strategy", "report", "localchain"],
    &["watchdog"],
    &["scenarios"],
    &["cli"],
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("directory") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The rooms that a source names: `crate::room` in paths, and in grouped imports.
fn named_rooms(source: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, _) in source.match_indices("crate::") {
        let rest = &source[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for letter in group.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    letter if depth == 0 && (letter.is_alphanumeric() || letter == '_') => word.push(letter),
                    ':' | ',' if depth == 0 && !word.is_empty() => rooms.push(std::mem::take(&mut word)),
                    ',' => word.clear(),
                    _ => {}
                }
            }
            if !word.is_empty() {
                rooms.push(word);
            }
        } else {
            rooms.push(rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect());
        }
    }
    rooms
}

#[test]
fn imports_point_down_or_sideways() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files {
        let relative = file.strip_prefix(&root).expect("below src");
        let Some(room) = relative.components().next().and_then(|part| part.as_os_str().to_str()) else { continue };
        let Some(own) = floor(room) else { continue };
        for named in named_rooms(&fs::read_to_string(&file).expect("source")) {
            let Some(other) = floor(&named) else { continue };
            seen += 1;
            if other > own {
                wrong.push(format!("{}: {room} (floor {own}) imports {named} (floor {other})", relative.display()));
            }
        }
    }
    assert!(seen > 100, "only {seen} imports were found: is the reader of imports broken?");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_has_its_floor() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(root).expect("src") {
        let entry = entry.expect("entry");
        if entry.path().is_dir() {
            let room = entry.file_name().into_string().expect("a room's name");
            assert!(floor(&room).is_some(), "{room} has no floor: add it to the house plan and here");
        }
    }
}

/// The rows of the table in docs/architecture.md under "Sideways imports": who may import whom on one floor.
fn sideways() -> BTreeSet<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let page = fs::read_to_string(page).expect("the page");
    let (_, after) = page.split_once("## Sideways imports\n").expect("the page has a table of sideways imports");
    let table = after.split("\n## ").next().unwrap_or_default();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let named = row.split('`').skip(1).step_by(2);
        let mut names = named.map(|name| name.trim_start_matches("src/").trim_end_matches(".rs").to_owned());
        (names.next().expect("who imports"), names.next().expect("what is imported"))
    })
    .collect()
}

/// The room of a source: `text.rs` is one of its own.
fn room(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

#[test]
fn sideways_imports_are_those_of_the_table() {
    let mut found = BTreeSet::new();
    for (from, imported) in Tree::read().edges() {
        for to in imported.into_keys() {
            let (from, to) = (room(&from), room(&to));
            if from != to && floor(from).is_some() && floor(from) == floor(to) {
                found.insert((from.to_owned(), to.to_owned()));
            }
        }
    }
    let allowed = sideways();
    let new: Vec<_> = found.difference(&allowed).collect();
    assert!(new.is_empty(), "docs/architecture.md does not allow these sideways imports: {new:?}");
    let gone: Vec<_> = allowed.difference(&found).collect();
    assert!(gone.is_empty(), "the table in docs/architecture.md allows what nobody does: {gone:?}");
    for (from, to) in &allowed {
        assert!(!allowed.contains(&(to.clone(), from.clone())), "{from} and {to} import each other");
    }
}
