//! Tells the program which commit it was built from, as `BUILT_FROM`, for `--version`.
//!
//! Only release builds name a commit: a development build would be compiled again after every commit. The commit is that of
//! `BUILD_COMMIT` (for images and packages built without git), else git's, else the one that `git archive` wrote into
//! `dist/commit`. Where none of them tells, the version stands alone.

use std::{env, fs, path::Path, process::Command};

const ARCHIVED: &str = "dist/commit";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=BUILD_COMMIT");
    let build = if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        named().or_else(from_git).or_else(archived).map(|commit| format!(" ({commit})")).unwrap_or_default()
    } else {
        " (development build)".to_owned()
    };
    println!("cargo::rustc-env=BUILT_FROM={build}");
}

/// One word of hexadecimal digits, perhaps marked as changed: nothing else gets into the program.
fn commit(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.strip_suffix("-dirty").unwrap_or(text);
    let is_hash = (7..=64).contains(&digits.len()) && digits.chars().all(|letter| letter.is_ascii_hexdigit());
    is_hash.then(|| format!("{}{}", &digits[..digits.len().min(12)], &text[digits.len()..]))
}

fn named() -> Option<String> {
    commit(&env::var("BUILD_COMMIT").ok()?)
}

fn archived() -> Option<String> {
    println!("cargo::rerun-if-changed={ARCHIVED}");
    commit(&fs::read_to_string(ARCHIVED).ok()?)
}

fn git(arguments: &[&str]) -> Option<String> {
    let ran = Command::new("git").args(arguments).output().ok()?;
    let said = String::from_utf8(ran.stdout).ok()?;
    ran.status.success().then(|| said.trim().to_owned())
}

/// The commit of this checkout, with `-dirty` where tracked files differ from it. Not that of a repository which this
/// directory merely lies in, as an unpacked archive may.
fn from_git() -> Option<String> {
    if !git(&["rev-parse", "--show-prefix"])?.is_empty() {
        return None;
    }
    // Run again when another commit is checked out, when the branch moves, and when a source changes.
    let mut watched = vec!["HEAD".to_owned(), "packed-refs".to_owned()];
    watched.extend(git(&["symbolic-ref", "--quiet", "HEAD"]));
    for name in watched {
        let path = git(&["rev-parse", "--git-path", &name])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    for source in ["Cargo.toml", "Cargo.lock", "abi", "src"] {
        if Path::new(source).exists() {
            println!("cargo::rerun-if-changed={source}");
        }
    }
    let hash = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    commit(&if changed.is_empty() { hash } else { format!("{hash}-dirty") })
}
