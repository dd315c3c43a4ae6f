//! What is shipped beside the program: image and units.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use clap::{CommandFactory, Parser};
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
    for needed in ["Cargo.toml", "Cargo.lock", "build.rs", "abi", "src", "benches"] {
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

/// Every command by the name of its page: `trimtab-loop-open`.
fn commands(command: &clap::Command, name: &str) -> Vec<String> {
    let inner = command.get_subcommands().filter(|inner| inner.get_name() != "help");
    let inner = inner.flat_map(|inner| commands(inner, &format!("{name}-{}", inner.get_name())));
    std::iter::once(name.to_owned()).chain(inner).collect()
}

#[test]
fn every_command_has_its_manual_page() {
    let home = tempfile::tempdir().expect("directory");
    let dir = home.path().join("share/man/man1");
    let ran = Command::new(env!("CARGO_BIN_EXE_trimtab")).arg("man").arg("--dir").arg(&dir).output().expect("ran");
    assert!(ran.status.success() && ran.stdout.is_empty() && ran.stderr.is_empty(), "{ran:?}");
    let commands = commands(&Cli::command(), "trimtab");
    assert!(commands.len() > 50, "{commands:?}");
    for name in &commands {
        let page = fs::read_to_string(dir.join(format!("{name}.1"))).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(page.contains(".SH NAME") && page.contains(&name.replace('-', "\\-")), "{name}: {page}");
    }
}

#[test]
fn a_directory_for_pages_that_cannot_be_written_is_named_with_the_flag() {
    let ran =
        Command::new(env!("CARGO_BIN_EXE_trimtab")).args(["man", "--dir", "/dev/null/pages"]).output().expect("ran");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(3), "{said}");
    assert!(said.contains("--dir /dev/null/pages: ") && said.contains("name a directory"), "{said}");
}

#[test]
fn the_version_is_that_of_the_package_and_says_which_build_it_is() {
    let ran = Command::new(env!("CARGO_BIN_EXE_trimtab")).arg("--version").output().expect("ran");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let build = said.trim().strip_prefix(concat!("trimtab ", env!("CARGO_PKG_VERSION"))).expect("name and version");
    if cfg!(debug_assertions) {
        assert_eq!(build, " (development build)");
    } else {
        let commit = build.trim_matches([' ', '(', ')']);
        assert!(commit.is_empty() || commit.len() >= 7, "{said}");
    }
}

/// What installs, run with a cargo that has built already, into an empty directory.
fn install(prefix: &Path, flag: &[&str]) -> String {
    let target = prefix.with_file_name("target");
    let release = target.join("release");
    fs::create_dir_all(&release).expect("directory");
    if !release.join("trimtab").exists() {
        symlink(env!("CARGO_BIN_EXE_trimtab"), release.join("trimtab")).expect("link");
    }
    let ran = Command::new(root().join("script/install"))
        .args(flag)
        .env("PREFIX", prefix)
        .env("CARGO", "true")
        .env("CARGO_TARGET_DIR", &target)
        .env_remove("DESTDIR")
        .env_remove("SUDO")
        .output()
        .expect("script");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("directory").map(|entry| entry.expect("entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn what_is_installed_works_and_is_taken_away_whole() {
    let home = tempfile::tempdir().expect("directory");
    let prefix = home.path().join("prefix");
    let said = install(&prefix, &[]);
    assert!(said.contains("is not in PATH"), "{said}");
    let version = Command::new(prefix.join("bin/trimtab")).arg("--version").output().expect("installed");
    assert!(version.status.success(), "{version:?}");
    for file in ["man/man1/trimtab-loop-open.1", "bash-completion/completions/trimtab", "doc/trimtab/watchdog.md"] {
        let text =
            fs::read_to_string(prefix.join("share").join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains("trimtab"), "{file}");
    }
    let somebodys = prefix.join("share/man/man1/other.1");
    fs::write(&somebodys, "another program's").expect("written");
    install(&prefix, &["--remove"]);
    assert_eq!(files(&prefix), [somebodys]);
}
