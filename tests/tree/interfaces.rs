//! The interfaces of `abi`: each is read by program, tests or contracts, compiled by the genuine compiler, and one of its file.

use std::{fs, path::Path};

use super::{files, root};

fn interfaces() -> Vec<String> {
    let all = files(&root().join("abi"));
    let mut names: Vec<_> =
        all.iter().map(|path| path.strip_prefix(root()).expect("below").display().to_string()).collect();
    names.sort();
    assert!(names.len() > 40, "{names:?}");
    names
}

fn texts(folders: &[&str], extension: &str) -> Vec<String> {
    let all = folders.iter().flat_map(|folder| files(&root().join(folder)));
    let all = all.filter(|path| path.extension().is_some_and(|found| found == extension));
    all.map(|path| fs::read_to_string(path).expect("source")).collect()
}

#[test]
fn every_interface_is_used_and_every_one_that_is_used_exists() {
    let mut sources = texts(&["src", "tests", "benches"], "rs");
    sources.extend(
        files(&root().join("contracts"))
            .iter()
            .filter(|path| path.extension().is_some_and(|found| found == "sol") && !path.ends_with("Interfaces.sol"))
            .map(|path| fs::read_to_string(path).expect("source")),
    );
    for name in interfaces() {
        assert!(sources.iter().any(|source| source.contains(&format!("\"{name}\""))), "nothing uses {name}");
    }
    for source in &sources {
        for part in source.split("\"abi/").skip(1) {
            let path = part.split('"').next().expect("a path");
            assert!(!path.ends_with(".sol") || root().join("abi").join(path).is_file(), "there is no abi/{path}");
        }
    }
}

#[test]
fn every_interface_is_compiled_with_the_contracts() {
    let list = fs::read_to_string(root().join("contracts/test/Interfaces.sol")).expect("the list");
    for name in interfaces() {
        assert!(list.contains(&format!("import \"{name}\";")), "contracts/test/Interfaces.sol lacks {name}");
    }
}

#[test]
fn a_file_holds_the_one_interface_that_it_is_named_after() {
    for name in interfaces() {
        let text = fs::read_to_string(root().join(&name)).expect("interface");
        let count = text.lines().filter(|line| line.starts_with("interface ")).count();
        let own = Path::new(&name).file_stem().expect("name").to_string_lossy().into_owned();
        // Those that share structs: the macro resolves no imports.
        let shares = name == "abi/avantis_v1/Venue.sol";
        assert!(shares || (count == 1 && text.contains(&format!("interface {own} {{"))), "{name}: {count} interfaces");
    }
}
