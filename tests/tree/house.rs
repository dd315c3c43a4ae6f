//! The house keeps its floors: imports point down, or sideways where docs/architecture.md says so.
use std::{
    fs,
    path::{Path, PathBuf},
};

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
