//! What is shipped beside the program: image and units.

use std::{fs, path::Path};

use clap::Parser;
use trimtab::cli::Cli;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shipped() -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join("dist")).expect("dist").map(|entry| entry.expect("entry").path());
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        (name, fs::read_to_string(path).expect("text"))
    };
    entries.map(read).collect()
}

/// A line with the lines that it goes on in.
fn joined(text: &str) -> Vec<String> {
    text.replace("\\\n", " ").lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn every_source_that_the_image_copies_is_in_the_tree() {
    let dockerfile = fs::read_to_string(root().join("dist/Dockerfile")).expect("Dockerfile");
    let ignored = fs::read_to_string(root().join("dist/Dockerfile.dockerignore")).expect("list");
    let mut copied = Vec::new();
    for line in joined(&dockerfile) {
        let mut words = line.split_whitespace();
        if !matches!(words.next(), Some("COPY" | "ADD")) || line.contains("--from=") {
            continue;
        }
        let words: Vec<&str> = words.filter(|word| !word.starts_with("--")).collect();
        let (_, sources) = words.split_last().expect("a destination");
        for source in sources {
            assert!(root().join(source).exists(), "dist/Dockerfile copies {source}, which does not exist");
            assert!(
                !ignored.lines().any(|line| line == *source),
                "{source} is ignored by dist/Dockerfile.dockerignore"
            );
            copied.push((*source).to_owned());
        }
    }
    for needed in ["Cargo.toml", "Cargo.lock", "src", "benches"] {
        assert!(copied.iter().any(|source| source == needed), "the build needs {needed}: {copied:?}");
    }
}

#[test]
fn units_and_image_call_the_program_with_commands_and_flags_that_it_has() {
    let mut called = Vec::new();
    for (name, text) in shipped() {
        for line in joined(&text) {
            let words = if let Some(command) = line.strip_prefix("ExecStart=") {
                command.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
            } else if let Some((_, list)) = line.split_once("CMD [") {
                let words: Vec<String> = serde_json::from_str(&format!("[{list}")).expect("a list");
                words.into_iter().skip_while(|word| word == "trimtab").collect()
            } else {
                continue;
            };
            called.push((name.clone(), words));
        }
    }
    assert!(called.len() >= 5, "{called:?}");
    for (name, words) in called {
        let parsed = Cli::try_parse_from(std::iter::once("trimtab".to_owned()).chain(words.clone()));
        assert!(
            parsed.is_ok(),
            "dist/{name}: {words:?}: {}",
            parsed.err().map(|error| error.to_string()).unwrap_or_default()
        );
    }
}
